#!/bin/sh
# Answers one request of Prometheus' HTTP API.
exec mx-query cgi --store /var/lib/mx/store
