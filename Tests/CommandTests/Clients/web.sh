# web.sh CLIENTS PYTHON: a web server runs mx-query cgi, client libraries ask it. Exits 77
# where there is no web server.
clients=$1
python=$2
server=$(PATH=$PATH:/usr/sbin command -v lighttpd) || exit 77
trap 'kill $servers 2>/dev/null' EXIT

cat > shop.om <<'END'
# TYPE requests counter
# HELP requests Answered.
requests_total{job="web",code="200"} 100 1795132800
requests_total{job="web",code="200"} 160 1795132860
requests_total{job="web",code="500"} 1 1795132800
requests_total{job="web",code="500"} 4 1795132860
# TYPE temperature gauge
temperature{place="a b/c"} -1.5 1795132860
# EOF
END
mx-ingest shop.om || exit 1
here=$PWD
printf '#!/bin/sh\nexec %s cgi --store %s/mx-store\n' "$(command -v mx-query)" "$here" > api.cgi
chmod 755 api.cgi
for try in 1 2 3 4 5; do
  port=$((20000 + ($$ * 7 + try * 991) % 40000))
  cat > lighttpd.conf <<END
server.modules = ( "mod_alias", "mod_cgi" )
server.bind = "127.0.0.1"
server.port = $port
server.document-root = "$here"
server.upload-dirs = ( "$here" )
alias.url = ( "/prometheus" => "$here/api.cgi" )
\$HTTP["url"] =~ "^/prometheus" { cgi.assign = ( ".cgi" => "" ) }
END
  "$server" -D -f lighttpd.conf 2> lighttpd.log & servers=$!
  for wait in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    sleep 0.1
    kill -0 $servers 2>/dev/null || continue 2
    "$python" "$clients/ask.py" "http://127.0.0.1:$port/prometheus" --ping && break 2
  done
done
"$python" "$clients/ask.py" "http://127.0.0.1:$port/prometheus"
