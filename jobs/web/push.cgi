#!/bin/sh
# Takes one POST of samples into the store.
exec mx-ingest cgi --store /var/lib/mx/store
