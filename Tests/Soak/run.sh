#!/usr/bin/env bash
# run.sh RELEASE-DIR DAYS: mx-soak in a directory of its own. As root its disk is one in memory, small
# enough to be filled up; elsewhere that part is left out, aloud.
set -euo pipefail
release=$(cd "$1" && pwd) days=$2
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
clean() { umount -q "$work/disk" 2>/dev/null || true; rm -rf --one-file-system "$work"; }
trap clean EXIT
mkdir "$work/disk"
mount -t tmpfs -o size=1g,mode=755 soak "$work/disk" 2>/dev/null || true
time "$release/mx-soak" --days "$days" "$work" "$PWD"
