# source.sh CLIENTS: mx-query asks mx-query over HTTP; every format must say the same as
# from the store itself. Prints what differs.
clients=$1
trap 'kill $servers 2>/dev/null' EXIT
port() { while [ ! -s "$1" ]; do sleep 0.05; done; cat "$1"; }

cat > shop.om <<'END'
# TYPE requests counter
# HELP requests Answered.
requests_total{job="web",code="200"} 100 1795132800
requests_total{job="web",code="200"} 160 1795132860
requests_total{job="web",code="500"} 1 1795132800
requests_total{job="web",code="500"} 4 1795132860
# TYPE odd gauge
odd{of="NaN"} NaN 1795132860
odd{of="infinity"} -Inf 1795132860
odd{of="quotes \"and\" ☃"} 1e-300 1795132860
# EOF
END
mx-ingest shop.om || exit 1
python3 "$clients/serve.py" good.port mx-query cgi --lookback 5m & servers=$!
python3 "$clients/serve.py" bad.port sh "$clients/faults.sh" & servers="$servers $!"
good=http://127.0.0.1:$(port good.port)/prometheus
bad=http://127.0.0.1:$(port bad.port)

same() {
  mx-query "$@" > here 2> here.err
  here=$?
  mx-query --source "$good/" "$@" > there 2> there.err
  there=$?
  if [ $here = $there ] && cmp -s here there && cmp -s here.err there.err; then
    echo "same: $*"
  else
    echo "OTHER: $* (exit $here, $there)"
    diff here there
    diff here.err there.err
  fi
}
for format in table csv tsv json ndjson prom-json openmetrics influx plot; do
  same --lookback 5m --at 1795132860 --format $format 'requests_total' 'sum(requests_total) * 2'
  same --lookback 5m --at 1795132860 --format $format 'odd'
  same --lookback 5m --from 1795132800 --to 1795132920 --step 30s --format $format 'requests_total'
done
same --at 1795132860 --format prom-json 'requests_total[5m]'
same --at 1795132860 --format prom-json '1 + 1'
same --at 1795132860 --format prom-json '"text"'
same --lookback 5m --at 1795132860 'quantile(2, requests_total)'
same --at 1795132860 'requests_total > 1000'
same series --match 'requests_total{code="200"}'
same series
same labels
same values code
same metrics
same metrics --format prom-json
long=$(printf '%.0s ' $(seq 3000))
same --lookback 5m --at 1795132860 "requests_total$long"

# What goes wrong is told, and nothing secret with it.
tell() {
  mx-query "$@"
  echo "exit $?"
}
tell --source "$good" --at 1795132860 'sum(' 2>&1 | sed "s|$good|URL|"
tell --source "$good" --now 1795132900 --at 1795132860 --format csv --require-fresh 1m 'sum(requests_total)' 2>&1
tell --source "$good" --now 1795142900 --at 1795132860 --format csv --require-fresh 1m 'sum(requests_total)' 2>&1
export PASSWORD=verysecret
for path in deny html short bad; do
  tell --source "http://alice:\${PASSWORD}@${bad#http://}/$path" up 2>&1 | sed "s|$bad|URL|"
done
echo tokentoken > token
printf 'authorization: {credentials_file: token}\n' > http.yml
tell --source "$bad/echo" --http-config http.yml --at 60 --format csv --no-header up 2>&1
printf 'basic_auth: {username: x}\nauthorisation: {}\n' > bad.yml
tell --source "$bad/echo" --http-config bad.yml up 2>&1 | head -n 1
tell --source "$bad/slow" --timeout 100ms up 2>&1 | sed "s|$bad|URL|" | tail -n 1
tell --source "$bad/odd" --from 0 --to 60 --step 1m --format csv up 2>&1
tell --source "$bad/part" --at 60 --format csv --no-header part 2>&1
tell labels --source "$bad/part" 2>&1
tell --source "$bad/part" --at 60 --limit query_series=1 part 2>&1 | tail -n 1
tell --source "http://127.0.0.1:1" up 2>&1 | tail -n 1
tell --source "ftp://x" up 2>&1
tell --source 'http://${NO_SUCH_NAME}' up 2>&1
