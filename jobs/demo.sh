#!/usr/bin/env bash
# demo.sh TOOLS: shows each tool at work, and says what it did. It grows with
# the tools; what one cannot do yet is not shown.
set -euo pipefail
tools=$1
count=0

# Prints a command as a user would type it, then runs it.
show() {
  printf '\n$ %s\n' "$*"
  "$tools/$1" "${@:2}"
  count=$((count + 1))
}

for tool in mx-ingest mx-compact mx-rollup mx-query mx-alert mx-render; do
  show "$tool" --version
  printf '\n$ %s --help | sed -n 1,8p\n' "$tool"
  "$tools/$tool" --help | sed -n 1,8p
  count=$((count + 1))
done

printf '\nWhat happened: %d commands of the tools in %s ran; nothing was written.\n' "$count" "$tools"
printf "Where to look next: '%s/mx-query --help', and README.md.\n" "$tools"
