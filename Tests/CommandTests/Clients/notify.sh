# notify.sh CLIENTS: mx-alert tells servers that answer, fail, hang and close. Prints what
# came of it.
clients=$1
trap 'kill $servers 2>/dev/null' EXIT
port() { while [ ! -s "$1" ]; do sleep 0.05; done; cat "$1"; }
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost 2>/dev/null || rm -f cert.pem
python3 "$clients/hooks.py" . & servers=$!
http=$(port http.port)
smtp=$(port smtp.port)
printf 's3cret' > password
cat > rules.yml <<'END'
groups:
  - name: g
    rules:
      - {alert: Down, expr: up == 0, annotations: {summary: 'down'}}
END
cat > notify.yml <<END
route: {receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1m}
receivers:
  - name: hook
    webhook_configs: [{url: 'http://127.0.0.1:$http/s3cret/hook', timeout: 1s}]
  - name: mail
    email_configs:
      - {to: ops@example.org, from: mx@example.org, smarthost: '127.0.0.1:$smtp',
         require_tls: false, auth_username: ann, auth_password_file: password}
  - name: wrong
    email_configs:
      - {to: ops@example.org, from: mx@example.org, smarthost: '127.0.0.1:$smtp',
         require_tls: false, auth_username: ann, auth_password: s3cretbutwrong}
END
if [ -s cert.pem ]; then
  cat >> notify.yml <<END
  - name: safe
    email_configs:
      - {to: ops@example.org, from: mx@example.org, smarthost: 'localhost:$(port smtps.port)',
         auth_username: ann, auth_password_file: password, tls_config: {ca_file: cert.pem}}
END
fi

sample() { echo "up{host=\"a\"} $1 $2000" | mx-ingest --format prometheus -; }
at() {
  mx-alert run --rules rules.yml --notify notify.yml --delay 0s --now "$1" >> out 2>> err
  echo "at $1 exit $?"
}

start=1795132800
sample 1 $start
at $start
sample 0 $((start + 60))
# 500, then 429 with a pause of ten minutes, a server that hangs, one that closes.
printf '500\n429 600\nhang\nclose\n200\n' > answers
at $((start + 60))
at $((start + 61))
at $((start + 120))
at $((start + 400))
at $((start + 800))
at $((start + 1200))
at $((start + 1800))
sample 0 $((start + 1801))
at $((start + 1860))
sed 's/^/log /' log

# The same notices, straight away.
for receiver in mail wrong safe; do
  [ $receiver = safe ] && [ ! -s cert.pem ] && { echo "no openssl"; continue; }
  mx-alert notify-test --receiver $receiver --notify notify.yml --now $start >> out 2> err.$receiver
  echo "$receiver exit $?"
  cat err.$receiver >> err
done
grep -e '^auth' -e '^mail' log
mx-alert history --format csv > history 2>> err
mx-alert history --format json >> history 2>> err
if grep -l s3cret out err history mx-store/state/* 2>/dev/null; then echo "SECRET SEEN"; fi
mx-alert history --format csv --now $((start + 1860)) \
  | awk -F, '$2 == "notice" { print $12, $13, $14 }' | sed 's/.*\(hook.webhook\)/\1/'
