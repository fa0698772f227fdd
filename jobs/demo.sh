#!/usr/bin/env bash
# demo.sh TOOLS: shows each tool at work on sample-data, and says what it did.
set -euo pipefail
tools=$1
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"
work=.build/demo
rm -rf "$work"
mkdir -p "$work"
export MX_STORE=$work/store
count=0

# Prints a command as a user would type it, then runs it. An answer of 'no'
# (exit 1) is an answer.
show() {
  printf '\n$ %s\n' "$*"
  local code=0
  "$tools/$1" "${@:2}" || code=$?
  [ "$code" -le 1 ] || { echo "demo: '$*' ended with exit code $code" >&2; exit "$code"; }
  count=$((count + 1))
}

echo "== samples in: five formats, one store"
show mx-ingest -v sample-data/shop.prom sample-data/room.influx sample-data/deploys.ndjson sample-data/queue.graphite
show mx-ingest -v --csv-time time --csv-name solar --csv-label panel sample-data/solar.csv
echo
echo "== the store: small, and checked"
show mx-compact -v
show mx-compact stats
show mx-compact verify --deep -v
echo
echo "== questions in PromQL"
show mx-query --at 2026-11-20T04:50:00Z 'sum by (code) (rate(http_requests_total[5m]))'
show mx-query --at 2026-11-20T04:05:00Z 'process_resident_memory_bytes / 1024^2'
show mx-query --from 2026-11-20T00:00:00Z --to 2026-11-20T06:00:00Z --step 1h --format csv \
  'avg by (place) (avg_over_time(room_temperature[1h]))'


echo
echo "== alerts: the morning evaluated step by step, as cron would have"
# The first run starts at its present; the later ones catch up on every minute.
show mx-alert run --rules jobs/rules/shop.yml --now 2026-11-20T04:30:00Z
show mx-alert run --rules jobs/rules/shop.yml --now 2026-11-20T04:56:00Z
show mx-alert status --now 2026-11-20T04:56:00Z
show mx-alert run --rules jobs/rules/shop.yml --now 2026-11-20T05:20:00Z
show mx-alert history

echo
echo "== rollups: coarser windows, computed once"
show mx-rollup -v --now 2026-11-20T12:00:00Z
show mx-rollup status --now 2026-11-20T12:00:00Z

echo
echo "== dashboards: Grafana's JSON in, pages out"
show mx-render -v --out "$work/site" reports/shop.json

printf '\n%d commands ran. The store is %s, the pages are below %s/site:\n' "$count" "$MX_STORE" "$work"
find "$work/site" -name '*.html' | sort | sed 's|^|  |'
