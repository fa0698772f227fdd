#!/usr/bin/env bash
# demo.sh [TOOLS [DIR]]: shows each tool at work on sample data and on this host, and says what it did.
# TOOLS is where the tools lie (those on the PATH), DIR what everything that it makes lies in
# (mx-demo; .build/demo in the source tree). Nothing else is touched, nothing is sent anywhere.
set -euo pipefail
from=$PWD
tools=${1:-$(dirname "$(command -v mx-query || echo none/mx-query)")}
[ -x "$tools/mx-query" ] || { echo "demo: no mx-query in $tools: name the directory of the tools" >&2; exit 2; }
tools=$(cd "$tools" && pwd)
cd "$(dirname "$0")"
if [ -d sample-data ]; then
  # Installed: the examples lie side by side.
  rules=rules work=$from/mx-demo
else
  cd ..
  rules=jobs/rules work=.build/demo
fi
if [ $# -gt 1 ]; then
  case $2 in /*) work=$2 ;; *) work=$from/$2 ;; esac
fi
if [ -e "$work" ] && [ "$work" != .build/demo ] && [ ! -e "$work/.mx-demo" ]; then
  echo "demo: $work exists and was not made by the demo: name another directory" >&2
  exit 2
fi
rm -rf "$work"
mkdir -p "$work"
touch "$work/.mx-demo"
export MX_STORE=$work/store
started=$(date +%s%N)
count=0

# Prints a command as a user would type it, then runs it. An answer of 'no'
# (exit 1) is an answer.
show() {
  local word words='' code=0
  for word in "$@"; do
    # Quoted where a shell would need it.
    case $word in *[!A-Za-z0-9_./:=@%+,-]*) word="'$word'" ;; esac
    words+=" $word"
  done
  printf '\n$%s\n' "$words"
  "$tools/$1" "${@:2}" || code=$?
  [ "$code" -le 1 ] || { echo "demo: '$words' ended with exit code $code" >&2; exit "$code"; }
  count=$((count + 1))
}
say() { printf '\n== %s\n' "$1"; }

say '1. Samples in: files of ten kinds, and this machine; the format is recognised'
show mx-ingest -v sample-data/shop.prom sample-data/room.influx sample-data/queue.graphite \
  sample-data/deploys.ndjson sample-data/latency.openmetrics sample-data/orders.json \
  sample-data/payments.otlp.json sample-data/cellar.remote-write sample-data/backups.csv.gz
show mx-ingest -v --csv-time time --csv-name solar --csv-label panel sample-data/solar.csv
show mx-ingest host -v

say '2. The store: one directory, small and checked'
show mx-compact -v
show mx-compact stats
show mx-compact verify --deep -v

say '3. Rollups: windows of 1m, 5m and 1h, for questions about months'
# A window of fewer than three samples would save nothing and is not kept: these are hours.
show mx-rollup -v
show mx-rollup status

say '4. Questions in PromQL: at 04:50 the database was slow, and one request in five failed'
show mx-query --at 2026-11-20T04:50:00Z 'sum by (code) (rate(http_requests_total[5m]))'
show mx-query --from 2026-11-20T00:00:00Z --to 2026-11-20T06:00:00Z --format plot \
  'process_resident_memory_bytes{instance="web-2"} / 1024^2'
show mx-query --from 2026-11-20T00:00:00Z --to 2026-11-20T06:00:00Z --step 2h --format csv \
  --time-format rfc3339 'avg by (place) (avg_over_time(room_temperature[1h]))'
show mx-query 'node_load1'

say '5. An alert fires and resolves; its notices go to a file'
cat > "$work/notify.yml" <<YAML
route: {receiver: log, group_by: [alertname]}
receivers:
  - name: log
    x-mx: {file_configs: [{path: $work/notices.log}]}
YAML
printf '\n$ cat %s/notify.yml\n' "$work"
cat "$work/notify.yml"
# Three runs at three moments of that morning; each catches up on every minute since the last.
for time in 04:30 04:56 05:20; do
  show mx-alert run -v --rules "$rules/shop.yml" --notify "$work/notify.yml" \
    --now "2026-11-20T$time:00Z"
done
show mx-alert history
printf '\n$ cut -c 1-160 %s/notices.log\n' "$work"
cut -c 1-160 "$work/notices.log"

say '6. Dashboards: JSON of Grafana in, pages out'
show mx-render -v --out "$work/site" reports/shop.json reports/host.json

whole=$(cd "$work" && pwd)
elapsed=$((($(date +%s%N) - started) / 1000000))
samples=$("$tools/mx-compact" stats | sed -n 's/^samples  *//p')
cat <<END

== Done: $count commands in $((elapsed / 1000)).$(printf '%03d' $((elapsed % 1000))) s
   $samples samples, of a web shop's morning and of this machine, are in $work/store; they were
   merged, checked, rolled up and asked. The alert ShopErrors fired at 04:46 and resolved at 05:03:
   $work/notices.log tells it in $(wc -l < "$work/notices.log") lines. Two dashboards were drawn.
   Look at the pages:   $whole/site/index.html
   Ask yourself:        export MX_STORE=$whole/store PATH=$tools:\$PATH
                        mx-query metrics
   Then your own:       docs/guide/getting-started.md, or README.md
END
