# One answer of a server that is not as Prometheus' is, by the first word of the path.
read -r method path rest
case $path in
  /deny/*) printf 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 12\r\n\r\nGo away now\n' ;;
  /html/*) printf 'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>hi</html>' ;;
  /short/*) printf 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"status":' ;;
  /slow/*) sleep 5 ;;
  /echo/*)
    while read -r name value && [ "$name" != "$(printf '\r')" ]; do
      case $name in [Aa]uthorization:) who=${value%?} ;; esac
    done
    body='{"status":"success","data":{"resultType":"string","result":[60,"'$who'"]}}'
    printf 'HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n%s' "${#body}" "$body" ;;
  /bad/*)
    body='{"status":"error","errorType":"bad_data","error":"1:3: parse error: no"}'
    printf 'HTTP/1.1 400 Bad Request\r\nContent-Length: %s\r\n\r\n%s' "${#body}" "$body" ;;
  /part/*)
    # VictoriaMetrics where some of its storage is away.
    body='{"status":"success","isPartial":true,"data":{"resultType":"vector","result":['
    body=$body'{"metric":{"a":"1"},"value":[60,"1"]},{"metric":{"a":"2"},"value":[60,"2"]}]}}'
    case $path in *label*) body='{"status":"success","isPartial":true,"data":["a"]}' ;; esac
    printf 'HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n%s' "${#body}" "$body" ;;
  /odd/*)
    # Times of its own, as VictoriaMetrics may have them, a histogram, a warning.
    body='{"status":"success","warnings":["partial"],"data":{"resultType":"matrix","result":['
    body=$body'{"metric":{"__name__":"b"},"values":[[7,"1"],[67.5,"NaN"]]},'
    body=$body'{"metric":{"__name__":"a"},"values":[[7,"+Inf"]]},'
    body=$body'{"metric":{"__name__":"h"},"histograms":[[7,{"count":"1"}]]}]}}'
    printf 'HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n%s' "${#body}" "$body" ;;
esac
