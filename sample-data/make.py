#!/usr/bin/env python3
"""Makes the files beside it: one morning in a small web shop, in every format that mx-ingest reads.

The story, 2026-11-20, UTC: at 01:30 release 2 is deployed; web-2 begins to leak memory and is killed and
restarted at 04:10 (its counters begin anew); web-3 is down from 03:00 to 03:20 and answers nothing (a gap);
from 04:40 to 05:00 the database is slow and one request in five fails. The same every time it is run.
"""
import gzip
import io
import json
import math
import random
import struct

START, STEP, STEPS = 1795132800, 60, 360
rng = random.Random(20261120)


def at(hour, minute):
    return (hour * 60 + minute) * 60


def shop(out):
    counters = {}
    for metric, kind, text in [
            ("http_requests_total", "counter", "Requests answered."),
            ("process_resident_memory_bytes", "gauge", "Memory in use."),
            ("process_start_time_seconds", "gauge", "When the process started."),
            ("up", "gauge", "Whether the target answered.")]:
        out.write(f"# HELP {metric} {text}\n# TYPE {metric} {kind}\n")
    memory = {"web-1": 180e6, "web-2": 180e6, "web-3": 180e6}
    started = {name: START - 86400 for name in memory}
    for k in range(STEPS):
        t = k * STEP
        ms = (START + t) * 1000
        for name in memory:
            down = name == "web-3" and at(3, 0) <= t < at(3, 20)
            out.write(f'up{{job="shop",instance="{name}"}} {0 if down else 1} {ms}\n')
            if down:
                continue
            if name == "web-2" and t == at(4, 10):
                memory[name], started[name] = 160e6, START + t
                counters = {key: (0 if key[0] == name else n) for key, n in counters.items()}
            leak = 1.35e6 if name == "web-2" and t > at(1, 30) else 0
            memory[name] += leak + rng.randint(-40, 40) * 4096
            load = 20 + 12 * math.sin(k / 57) + rng.random() * 4
            failing = 0.2 if at(4, 40) <= t < at(5, 0) else 0.002
            for code, share in [("200", 1 - failing), ("500", failing)]:
                key = (name, code)
                counters[key] = counters.get(key, 1000 if code == "200" else 3) + round(load * 60 * share)
                out.write(f'http_requests_total{{job="shop",instance="{name}",code="{code}"}} {counters[key]} {ms}\n')
            out.write(f'process_resident_memory_bytes{{job="shop",instance="{name}"}} {int(memory[name] // 4096 * 4096)} {ms}\n')
            out.write(f'process_start_time_seconds{{job="shop",instance="{name}"}} {started[name]} {ms}\n')


def room(out):
    warmth = {"office": 21.0, "server": 24.5}
    for k in range(0, STEPS, 2):
        for place in warmth:
            warmth[place] += rng.uniform(-0.12, 0.12)
            humid = 40 + 5 * math.sin(k / 90) + rng.random()
            out.write(f"room,place={place} temperature={warmth[place]:.2f},humidity={humid:.1f} {(START + k * STEP) * 10**9}\n")


def solar(out):
    out.write("time,panel,power,voltage\n")
    for k in range(0, STEPS, 5):
        for panel in ("east", "west"):
            sun = max(0.0, math.sin((k - 60) / 300 * math.pi)) * (1 if panel == "east" else 0.6)
            stamp = f"2026-11-20T{k // 60:02}:{k % 60:02}:00Z"
            out.write(f"{stamp},{panel},{sun * 380 + rng.random() * 4:.1f},{229 + rng.random() * 3:.1f}\n")


def deploys(out):
    for hour, minute, release in [(1, 30, "2"), (4, 12, "2"), (5, 5, "3")]:
        out.write(json.dumps({"metricName": "deploys", "timestamp": (START + at(hour, minute)) * 1000,
                              "value": 1, "labels": {"app": "shop", "release": release}}) + "\n")


def queue(out):
    length = 3
    for k in range(STEPS):
        slow = at(4, 40) <= k * STEP < at(5, 0)
        length = max(0, length + rng.choice([4, 7, 9] if slow else [-6, -1, 0, 1, 2]))
        out.write(f"shop.queue.length {length} {START + k * STEP}\n")


def latency(out):
    """OpenMetrics: how long answers took, a histogram of all instances with a timestamp in seconds."""
    bounds, counts, total = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0], [0] * 8, 0.0
    out.write("# TYPE http_request_duration_seconds histogram\n# UNIT http_request_duration_seconds seconds\n"
              "# HELP http_request_duration_seconds Time from request to answer.\n")
    for k in range(0, STEPS, 5):
        slow = at(4, 40) <= k * STEP < at(5, 0)
        for _ in range(400):
            took = rng.lognormvariate(0.3 if slow else -2.2, 0.6)
            total += took
            for place, bound in enumerate(bounds + [math.inf]):
                counts[place] += took <= bound
        stamp = START + k * STEP
        for bound, count in zip(bounds + ["+Inf"], counts):
            out.write(f'http_request_duration_seconds_bucket{{job="shop",le="{bound}"}} {count} {stamp}\n')
        out.write(f'http_request_duration_seconds_count{{job="shop"}} {counts[-1]} {stamp}\n')
        out.write(f'http_request_duration_seconds_sum{{job="shop"}} {total:.3f} {stamp}\n')
    out.write("# EOF\n")


def orders(out):
    """JSON: what was sold, a counter by kind of payment; nothing is sold while the database is slow."""
    families = []
    for method, pace in [("card", 3), ("invoice", 1)]:
        sold, samples = 500, []
        for k in range(0, STEPS, 5):
            slow = at(4, 40) <= k * STEP < at(5, 0)
            sold += 0 if slow else rng.randint(pace, pace * 4)
            samples.append({"timestamp": (START + k * STEP) * 1000, "value": sold})
        families.append({"name": "orders_total", "type": "counter", "help": "Orders placed.",
                         "labels": {"job": "shop", "payment": method}, "samples": samples})
    json.dump(families, out)
    out.write("\n")


def payments(out):
    """OTLP/JSON, as a collector's file exporter writes it: how many payments are under way."""
    points = []
    for k in range(0, STEPS, 5):
        slow = at(4, 40) <= k * STEP < at(5, 0)
        points.append({"timeUnixNano": str((START + k * STEP) * 10**9), "asInt": str(rng.randint(30, 60) if slow else rng.randint(0, 6)),
                       "attributes": [{"key": "provider", "value": {"stringValue": "bank"}}]})
    json.dump({"resourceMetrics": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "payments"}}]},
        "scopeMetrics": [{"scope": {"name": "shop"}, "metrics": [
            {"name": "payments.active", "unit": "1", "description": "Payments under way.", "gauge": {"dataPoints": points}}]}]}]}, out)
    out.write("\n")


def varint(number):
    out = bytearray()
    while number >= 128:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out + bytes([number]))


def field(number, body):
    return varint(number << 3 | 2) + varint(len(body)) + body


def cellar(out):
    """The body of a Prometheus remote write, protobuf in snappy: a sensor that another Prometheus sends on."""
    labels = [("__name__", "cellar_temperature_celsius"), ("job", "cellar")]
    series = b"".join(field(1, field(1, name.encode()) + field(2, value.encode())) for name, value in labels)
    for k in range(0, STEPS, 10):
        value = round(8 + math.sin(k / 60) + rng.uniform(-0.1, 0.1), 2)
        series += field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + varint((START + k * STEP) * 1000))
    body = field(1, series)
    packed = varint(len(body))
    for start in range(0, len(body), 60):  # snappy's literals: a length below 60, then the bytes
        part = body[start:start + 60]
        packed += bytes([(len(part) - 1) << 2]) + part
    out.write(packed)


def backups(out):
    """CSV with a value a line, gzip: how large the nightly backups of a month were; the 12th is missing."""
    text = "time;name;value;host\n"
    for day in range(1, 20):
        if day != 12:
            text += f"2026-11-{day:02}T02:30:00Z;backup_bytes;{4_000_000_000 + day * 31_000_000 + rng.randint(0, 9_000_000)};db1\n"
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        file.write(text.encode())
    out.write(packed.getvalue())


for name, write in [("shop.prom", shop), ("room.influx", room), ("solar.csv", solar),
                    ("deploys.ndjson", deploys), ("queue.graphite", queue), ("latency.openmetrics", latency),
                    ("orders.json", orders), ("payments.otlp.json", payments), ("cellar.remote-write", cellar),
                    ("backups.csv.gz", backups)]:
    binary = name.endswith((".gz", ".remote-write"))
    with open(name, "wb" if binary else "w") as out:
        write(out)
