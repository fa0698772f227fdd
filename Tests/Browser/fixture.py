"""A store, dashboards over it, and a web server: what the browser tests look at."""
import csv
import functools
import http.server
import io
import json
import math
import os
import subprocess
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# 2026-11-20T06:00:00Z, and the three hours before it, a sample every 15 s.
NOW = 1795154400
START = NOW - 3 * 3600
HOSTS = ["alpha", "beta", "gamma"]


class Fixture:
    def __init__(self, tools, directory):
        self.tools, self.directory = tools, directory
        self.store = os.path.join(directory, "store")
        self.site = os.path.join(directory, "site")
        self.served = None

    def run(self, tool, *words, codes=(0,), stdin=None):
        answer = subprocess.run(
            [os.path.join(self.tools, tool), "--store", self.store, *words], input=stdin,
            capture_output=True, text=True, cwd=ROOT)
        if answer.returncode not in codes:
            raise AssertionError(f"{tool} {' '.join(words)}: {answer.returncode}\n{answer.stderr}")
        return answer.stdout

    def ingest(self, text):
        self.run("mx-ingest", "--format", "openmetrics", "-", stdin=text + "# EOF\n")

    def render(self, *words, out="site", codes=(0,)):
        self.run("mx-render", "--out", os.path.join(self.directory, out), *words, codes=codes)

    def query(self, expr, at):
        """{host: value as mx-query prints it} at an instant."""
        text = self.run("mx-query", "--format", "csv", "--at", at, expr, codes=(0, 1))
        return {row["host"]: row["value"] for row in csv.DictReader(io.StringIO(text))}

    def fill(self):
        self.ingest(gauges() + histogram())
        self.alert({"High": "wave > 75"}, "{{ $labels.host }} is high", (NOW - 7200, NOW))
        self.run("mx-alert", "silence", "add", "--now", str(NOW), "--author", "ann", "--for", "2h",
                 "--comment", "known", "host=beta")

    def alert(self, rules, summary, times):
        """Evaluates rules up to each of `times`."""
        path = os.path.join(self.directory, "rules.yml")
        with open(path, "w") as file:
            json.dump({"groups": [{"name": "g", "interval": "1m", "rules": [
                {"alert": name, "expr": expr, "labels": {"severity": "page"},
                 "annotations": {"summary": summary}} for name, expr in rules.items()]}]}, file)
        for at in times:
            self.run("mx-alert", "run", "--rules", path, "--now", str(at), "--delay", "0s",
                     "--max-catchup", "2d")

    def write(self, name, dashboard):
        path = os.path.join(self.directory, name + ".json")
        with open(path, "w") as file:
            json.dump(dashboard, file)
        return path

    def serve(self):
        """The address of a web server over the whole directory."""
        if self.served is None:
            handler = functools.partial(Quiet, directory=self.directory)
            self.served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
            threading.Thread(target=self.served.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.served.server_port}/"

    def file(self, name):
        return "file://" + os.path.join(self.directory, name)

    def stop(self):
        if self.served:
            self.served.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Says nothing, and fails on request."""
    fails = False

    def do_GET(self):
        if Quiet.fails:
            self.send_error(503)
        else:
            super().do_GET()

    def log_message(self, *words):
        pass


def gauges():
    """A wave a host; beta has none from 04:00 to 04:20."""
    text = "# TYPE wave gauge\n"
    for number, host in enumerate(HOSTS):
        for t in range(START, NOW + 1, 15):
            if host == "beta" and START + 3600 <= t < START + 4800:
                continue
            value = 50 + 30 * math.sin(t / 900 + number) + number * 5
            text += f'wave{{host="{host}"}} {value!r} {t}\n'
    text += "# TYPE state gauge\n"
    for host in HOSTS:
        for t in range(START, NOW + 1, 15):
            text += f'state{{host="{host}"}} {(t // 1800 + len(host)) % 3} {t}\n'
    return text


def histogram():
    text = "# TYPE took histogram\n"
    for k, t in enumerate(range(START, NOW + 1, 60)):
        for bound, share in (("0.1", 0.4), ("0.5", 0.8), ("1", 0.95), ("+Inf", 1)):
            text += f'took_bucket{{le="{bound}"}} {int(k * 100 * share)} {t}\n'
        text += f"took_count {k * 100} {t}\ntook_sum {k * 30} {t}\n"
    return text


def panel(number, kind, expr, x, y, **more):
    targets = [{"refId": "A", "expr": expr, "legendFormat": "{{host}}"}] if expr else []
    result = {"id": number, "type": kind, "title": f"{kind} {number}", "targets": targets,
              "gridPos": {"x": x, "y": y, "w": 8, "h": 7}}
    result.update(more)
    return result


def dashboard():
    """Every panel type, two variables: three hosts, and sixty values to search."""
    kinds = [
        panel(1, "timeseries", 'wave{host=~"$host"}', 0, 0, fieldConfig={"defaults": {
            "unit": "percent", "custom": {"fillOpacity": 10}}},
              links=[{"title": "Run book", "url": "https://example.com/run?of=$host"}]),
        panel(2, "timeseries", "wave", 8, 0, fieldConfig={"defaults": {"custom": {
            "stacking": {"mode": "normal"}, "fillOpacity": 30}}}),
        panel(3, "timeseries", "wave", 16, 0, fieldConfig={"defaults": {"unit": "bytes",
              "custom": {"drawStyle": "bars"}}}, options={"legend": {
                  "displayMode": "table", "placement": "bottom", "calcs": ["mean", "max"]}}),
        panel(4, "stat", 'wave{host="alpha"}', 0, 7, options={"graphMode": "area"}),
        panel(5, "gauge", "wave", 8, 7, fieldConfig={"defaults": {"min": 0, "max": 100}}),
        panel(6, "bargauge", "wave", 16, 7),
        panel(7, "piechart", "wave", 0, 14),
        panel(8, "table", "", 8, 14, targets=[{
            "refId": "A", "expr": "wave", "format": "table", "instant": True}]),
        panel(9, "heatmap", "", 16, 14, targets=[{
            "refId": "A", "expr": "sum by (le) (rate(took_bucket[5m]))", "format": "heatmap",
            "legendFormat": "{{le}}"}]),
        panel(10, "histogram", "wave", 0, 21),
        panel(11, "state-timeline", "state", 8, 21),
        panel(12, "status-history", "state", 16, 21),
        panel(13, "text", "", 0, 28, options={"mode": "markdown", "content": "**bold** words"}),
        panel(14, "barchart", "wave", 8, 28),
        panel(15, "timeseries", "wave", 16, 28, fieldConfig={"defaults": {
            "custom": {"thresholdsStyle": {"mode": "line+area"}},
            "thresholds": {"mode": "absolute", "steps": [
                {"value": None, "color": "green"}, {"value": 60, "color": "red"}]}}}),
        panel(16, "alertlist", "", 0, 35),
        panel(17, "dashlist", "", 8, 35, options={"tags": ["test"]}),
        panel(18, "table", "", 16, 35, targets=[{
            "refId": "A", "expr": "wave", "format": "table", "instant": True}],
            fieldConfig={"defaults": {"links": [{
                "title": "All of ${__data.fields.host}",
                "url": "/d/every/x?var-host=${__data.fields.host}"}]}}),
        {"id": 20, "type": "row", "title": "Below", "collapsed": True,
         "gridPos": {"x": 0, "y": 42, "w": 24, "h": 1},
         "panels": [panel(21, "timeseries", "rate(took_count[5m])", 0, 43)]},
    ]
    many = ", ".join(f"value-{n}" for n in range(60))
    return {
        "uid": "every", "title": "Every panel", "schemaVersion": 39, "tags": ["test", "all"],
        "timezone": "utc", "time": {"from": "now-3h", "to": "now"}, "refresh": "",
        "templating": {"list": [
            {"name": "host", "label": "Host", "type": "query", "query": "label_values(wave, host)",
             "includeAll": True, "multi": True, "current": {"value": ["$__all"]}},
            {"name": "many", "label": "Many", "type": "custom", "query": many,
             "current": {"value": "value-0"}}]},
        "links": [{"type": "dashboards", "tags": ["test"], "title": "Dashboards", "asDropdown": True,
                   "keepTime": True, "includeVars": True},
                  {"title": "Nowhere", "url": "/d/nowhere/x"}],
        "annotations": {"list": [
            {"name": "Alerts", "datasource": {"type": "mx-alerts"}, "expr": "", "iconColor": "red"},
            {"name": "High", "datasource": {"type": "prometheus"}, "iconColor": "purple",
             "expr": 'wave{host="alpha"} > bool 70', "titleFormat": "{{host}} is high"}]},
        "panels": kinds}
