"""Asks mx-query cgi behind a web server, and compares with mx-query itself.

    ask.py URL [--ping]

Uses prometheus-api-client where it is installed, and always plain HTTP.
"""
import json
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

url = sys.argv[1]
failures = 0


def get(path, data=None, **parameters):
    query = urllib.parse.urlencode(parameters, doseq=True)
    body = urllib.parse.urlencode(data).encode() if data else None
    try:
        with urllib.request.urlopen(f"{url}/api/v1/{path}?{query}", body, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def mx(*arguments):
    command = ["mx-query", "--format", "prom-json", *arguments]
    return json.loads(subprocess.run(command, capture_output=True, check=False).stdout)


def same(name, found, expected):
    global failures
    if found == expected:
        print(f"same: {name}")
    else:
        failures += 1
        print(f"OTHER: {name}\n  found    {found}\n  expected {expected}")


if "--ping" in sys.argv:
    try:
        sys.exit(0 if get("status/buildinfo")[0] == 200 else 1)
    except OSError:
        sys.exit(1)

for expr in ["requests_total", "sum by (job) (rate(requests_total[5m]))", "1 + 1",
             "requests_total[5m]", 'temperature{place="a b/c"}', "quantile(2, requests_total)"]:
    same(expr, get("query", query=expr, time=1795132860)[1], mx("--at", "1795132860", expr))
    same(f"{expr} posted", get("query", data={"query": expr, "time": "2026-11-20T00:01:00Z"})[1],
         mx("--at", "1795132860", expr))
same("a range", get("query_range", query="requests_total", start=1795132800, end=1795132860, step="30s")[1],
     mx("--from", "1795132800", "--to", "1795132860", "--step", "30s", "requests_total"))
same("series", get("series", **{"match[]": "requests_total"})[1],
     mx("series", "--match", "requests_total"))
same("labels", get("labels")[1], mx("labels"))
same("values", get("label/place/values")[1], mx("values", "place"))
same("a refused method", get("nothing")[0], 404)
status, answer = get("query", query="rate(")
same("a bad query", (status, answer["errorType"]), (400, "bad_data"))
status, answer = get("query_range", query="up", start=0, end=1795132860, step=1)
same("too many points", (status, answer["errorType"]), (400, "bad_data"))

try:
    from prometheus_api_client import PrometheusConnect
    from datetime import datetime, timezone
except ImportError:
    print("no prometheus_api_client: plain HTTP only")
    sys.exit(failures > 0)

client = PrometheusConnect(url=url)
same("connection", client.check_prometheus_connection(), True)
same("all metrics", client.all_metrics(), mx("metrics") and mx("values", "__name__")["data"])
same("label values", client.get_label_values("code"), ["200", "500"])
same("label names", client.get_label_names(), mx("labels")["data"])
expr = "sum by (code) (requests_total)"
same("custom query", client.custom_query(expr, params={"time": 1795132860}),
     mx("--at", "1795132860", expr)["data"]["result"])
start = datetime.fromtimestamp(1795132800, timezone.utc)
end = datetime.fromtimestamp(1795132860, timezone.utc)
same("custom range", client.custom_query_range(expr, start, end, "30"),
     mx("--from", "1795132800", "--to", "1795132860", "--step", "30s", expr)["data"]["result"])
same("current value", client.get_current_metric_value("requests_total", {"code": "500"},
                                                      params={"time": 1795132860}),
     mx("--at", "1795132860", 'requests_total{code="500"}')["data"]["result"])
found = client.get_metric_range_data("requests_total", {"code": "200"}, start_time=start, end_time=end)
same("range data", [point for series in found for point in series["values"]],
     [[1795132860, "160"]])
same("metadata", client.get_metric_metadata("requests")[0]["help"], "Answered.")
sys.exit(failures > 0)
