"""Screenshots of what ships, beside reviewed ones (reviewed/*.png).

Compared are the mean colours of blocks of the pictures, so that another font or another hinting of it
passes, and a panel that is gone, moved or of another colour does not. MX_REVIEW=write writes new
ones: look at them before they are committed.
"""
import math
import os
import random
import struct
import zlib

import fixture
from pages import NOW, clean, equal, true

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reviewed")
WIDTH, SCALE, BLOCK = 1400, 0.25, 10
# Levels of 255 that a block may differ by, and how many of a thousand blocks may differ by more.
LEVELS, SHARE = 26, 12


def pixels(data):
    """(width, rows of RGB bytes) of a PNG of 8 bits a channel, not interlaced."""
    at, body = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
        elif kind == b"IDAT":
            body += data[at + 8:at + 8 + size]
        at += size + 12
    equal(depth, 8, "bits a channel")
    count = {2: 3, 6: 4}[colour]
    raw, stride = zlib.decompress(body), width * count
    rows, above = [], bytearray(stride)
    for y in range(height):
        start = y * (stride + 1)
        row = bytearray(raw[start + 1:start + 1 + stride])
        unfilter(raw[start], row, above, count)
        rows.append(row)
        above = row
    return width, count, rows


def unfilter(kind, row, above, count):
    for i in range(len(row)) if kind else ():
        left = row[i - count] if i >= count else 0
        up, corner = above[i], above[i - count] if i >= count else 0
        if kind == 1:
            add = left
        elif kind == 2:
            add = up
        elif kind == 3:
            add = (left + up) // 2
        else:
            guess = left + up - corner
            add = min((left, up, corner), key=lambda v: abs(guess - v))
        row[i] = (row[i] + add) & 255


def blocks(data):
    """Mean colours, row by row."""
    width, count, rows = pixels(data)
    result = []
    for top in range(0, len(rows), BLOCK):
        line = []
        for start in range(0, width, BLOCK):
            sums, n = [0, 0, 0], 0
            for row in rows[top:top + BLOCK]:
                for x in range(start, min(start + BLOCK, width)):
                    for c in range(3):
                        sums[c] += row[x * count + c]
                    n += 1
            line.append([s / n for s in sums])
        result.append(line)
    return result


def compare(name, data):
    path = os.path.join(HERE, name + ".png")
    if os.environ.get("MX_REVIEW") == "write":
        os.makedirs(HERE, exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
    with open(path, "rb") as file:
        wanted = blocks(file.read())
    found = blocks(data)
    if os.environ.get("MX_PICTURES"):
        with open(os.path.join(os.environ["MX_PICTURES"], name + "-found.png"), "wb") as file:
            file.write(data)
    true(abs(len(found) - len(wanted)) <= 1 and len(found[0]) == len(wanted[0]),
         f"{name}: {len(found[0])}x{len(found)} blocks, not {len(wanted[0])}x{len(wanted)}")
    bad = [(x, y) for y, (one, other) in enumerate(zip(found, wanted)) for x, (a, b) in
           enumerate(zip(one, other)) if max(abs(p - q) for p, q in zip(a, b)) > LEVELS]
    limit = len(found) * len(found[0]) * SHARE // 1000
    places = [f"{int(x * BLOCK / SCALE)},{int(y * BLOCK / SCALE)}" for x, y in bad[:8]]
    true(len(bad) <= limit, f"{name}: {len(bad)} blocks differ, at most {limit} may; at {places}")


def test_what_ships_looks_as_it_was_reviewed(world, browser):
    shipped = fixture.Fixture(world.tools, os.path.join(world.directory, "shipped"))
    os.makedirs(shipped.directory)
    shipped.ingest(hosts() + runs())
    shipped.run("mx-ingest", *(f"sample-data/{name}" for name in (
        "shop.prom", "room.influx", "queue.graphite", "latency.openmetrics", "orders.json",
        "payments.otlp.json")))
    shipped.run("mx-ingest", "--csv-time", "time", "--csv-name", "solar", "--csv-label", "panel",
                "sample-data/solar.csv")
    shipped.alert({"TargetDown": "up == 0", "Busy": "node_load1 > 5.2"},
                  "{{ $labels.instance }} needs you", (fixture.NOW - 86000, fixture.NOW))
    shipped.run("mx-alert", "silence", "add", "--now", str(fixture.NOW), "--author", "ann", "--for",
                "2h", "--comment", "known", "alertname=Busy")
    shipped.render("--now", NOW, *(f"reports/{name}.json" for name in ("host", "shop", "mx", "alerts")))
    for name in ("host", "mx-shop", "mx", "alerts", "index"):
        for dark in (False, True):
            page = browser.page(width=WIDTH, height=1200, dark=dark, zone="UTC")
            page.open(shipped.file("site/" + name + ".html"), ready=name != "index")
            # How old the data are depends on when this is run.
            page.evaluate("document.getElementById('age')?.remove()")
            height = min(page.evaluate("document.documentElement.scrollHeight"), 2400)
            page.resize(WIDTH, int(height))
            page.pause(0.3)
            compare(f"{name}-{'dark' if dark else 'light'}", page.picture(WIDTH, int(height), SCALE))
            clean(page, world)


def test_the_comparison_sees_what_it_must(world, browser):
    page = browser.page(width=400, height=300)
    page.open("data:text/html,<body style='background:white'>", ready=False)
    plain = page.picture(400, 300, SCALE)
    page.evaluate("document.body.innerHTML='<p style=\"font:16px serif\">A few words of text</p>'")
    words = page.picture(400, 300, SCALE)
    page.evaluate("document.body.innerHTML='<svg width=300 height=200><rect width=300 height=200 fill=teal />'")
    panel = page.picture(400, 300, SCALE)

    def far(one, other):
        return sum(max(abs(p - q) for p, q in zip(a, b)) > LEVELS for x, y in
                   zip(blocks(one), blocks(other)) for a, b in zip(x, y))
    true(far(plain, words) <= 3, "words are not much")
    true(far(plain, panel) > 20, "a panel is")
    page.close()


# What the dashboards ask for, the same on every day and machine.

def lines(name, kind, labels, values):
    """Lines of a series, a sample a step."""
    return "".join(f"{name}{{{labels}}} {value!r} {t}\n" for t, value in values)


def family(name, kind, series):
    return f"# TYPE {name} {kind}\n" + "".join(
        lines(name + ("_total" if kind == "counter" else ""), kind, labels, values)
        for labels, values in series)


def span(step, hours=24):
    return range(fixture.NOW - hours * 3600 + step, fixture.NOW + 1, step)


def wave(t, number, low, high):
    return low + (high - low) * (0.5 + 0.5 * math.sin(t / (5000 + 900 * number) + number))


def counted(step, rate, hours=7):
    """A counter that grows by `rate(t)` a second."""
    total, result = 0.0, []
    for t in span(step, hours):
        total += rate(t) * step
        result.append((t, round(total, 3)))
    return result


def hosts():
    text = ""
    names = ["db1", "web1", "web2"]
    each = [(n, f'instance="{name}",job="host"') for n, name in enumerate(names)]
    gauges = {
        "node_boot_time_seconds": lambda t, n: fixture.NOW - 86400 * (3 + 40 * n),
        "node_load1": lambda t, n: round(wave(t, n, 0.5, 4 + n), 2),
        "node_load5": lambda t, n: round(wave(t - 200, n, 0.8, 3 + n), 2),
        "node_load15": lambda t, n: round(wave(t - 600, n, 1, 2.5 + n), 2),
        "node_memory_MemTotal_bytes": lambda t, n: 16 << 30,
        "node_memory_MemAvailable_bytes": lambda t, n: int(wave(t, n, 4e9, 1e10)),
        "node_memory_MemFree_bytes": lambda t, n: int(wave(t, n, 1e9, 4e9)),
        "node_memory_Cached_bytes": lambda t, n: int(wave(t, n, 2e9, 5e9)),
        "node_memory_Buffers_bytes": lambda t, n: 4 << 20,
    }
    for name, value in gauges.items():
        text += family(name, "gauge", [(labels, [(t, value(t, n)) for t in span(60, 7)])
                                       for n, labels in each])
    disks = [(n, labels, k, mount) for n, labels in each for k, mount in enumerate(["/", "/var"])]
    for name, share in (("size", 1), ("avail", None)):
        text += family(f"node_filesystem_{name}_bytes", "gauge", [
            (f'{labels},device="sd{k}",fstype="ext4",mountpoint="{mount}"',
             [(t, int(2e11 * (k + 1) * (share or wave(t / 9, n + k, 0.1 + 0.2 * n, 0.7))))
              for t in span(60, 7)]) for n, labels, k, mount in disks])
    modes = [("idle", 0.7), ("user", 0.15), ("system", 0.08), ("iowait", 0.05), ("softirq", 0.02)]
    text += family("node_cpu_seconds", "counter", [
        (f'{labels},cpu="{cpu}",mode="{mode}"',
         counted(60, lambda t: share + (0.4 if mode == "user" else -0.4 if mode == "idle" else 0)
                 * wave(t, n, 0, 1) * 0.9)) for n, labels in each for cpu in (0, 1)
        for mode, share in modes])
    for name, rate in (("read_bytes", 4e6), ("written_bytes", 9e6), ("io_time_seconds", 0.3)):
        text += family("node_disk_" + name, "counter", [
            (f'{labels},device="sda"', counted(60, lambda t: wave(t, n, 0, rate)))
            for n, labels in each])
    for name, rate in (("receive_bytes", 2e6), ("transmit_bytes", 1e6), ("receive_errs", 0.01),
                       ("transmit_errs", 0), ("receive_drop", 0.1), ("transmit_drop", 0)):
        text += family("node_network_" + name, "counter", [
            (f'{labels},device="eth0"', counted(60, lambda t: wave(t, n, 0, rate)))
            for n, labels in each])
    return text


def runs():
    chance = random.Random(7)
    tools = [("mx-ingest", "scrape", 60, 0.4, 1800), ("mx-ingest", "host", 60, 0.05, 700),
             ("mx-rollup", "", 300, 1, 0), ("mx-alert", "run", 60, 0.2, 0),
             ("mx-render", "", 300, 0.9, 0)]
    targets = [f'job="node",instance="host{n}:9100"' for n in (1, 2, 3)]

    def down(t, label):
        return fixture.NOW - 9 * 3600 < t < fixture.NOW - 8 * 3600 and "host2" in label

    def each(value):
        return [(f'job="mx",tool="{tool}",verb="{verb}"',
                 [(t, value(t, verb, long, many)) for t in span(step)])
                for tool, verb, step, long, many in tools]
    text = family("mx_run_duration_seconds", "gauge", each(
        lambda t, verb, long, many: round(long * (1 + 0.3 * math.sin(t / 5000) + 0.2 * chance.random()), 3)))
    text += family("mx_run_end_timestamp_seconds", "gauge", each(
        lambda t, verb, long, many: t - 0.5))
    text += family("mx_run_exit_code", "gauge", each(
        lambda t, verb, long, many: 5 if verb == "scrape" and down(t, "host2") else 0))
    text += family("mx_run_samples", "gauge", each(
        lambda t, verb, long, many: int(many * (1 + 0.1 * chance.random())))[:2])
    for name, value in (("up", lambda t, n, label: 0 if down(t, label) else 1),
                        ("scrape_duration_seconds", lambda t, n, label: round(wave(t, n, 0.01, 0.05), 4)),
                        ("scrape_samples_scraped", lambda t, n, label: 700 + 30 * n),
                        ("scrape_samples_post_metric_relabeling", lambda t, n, label: 700 + 30 * n),
                        ("scrape_series_added", lambda t, n, label: 5 if t % 7200 == 0 else 0)):
        text += family(name, "gauge", [(label, [(t, value(t, n, label)) for t in span(60)])
                                       for n, label in enumerate(targets)])
    return text
