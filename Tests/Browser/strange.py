"""Texts that would do something if they were ever taken for more than text: nothing may run."""
import json
import os

import fixture
from pages import NOW, clean, equal, true

ATTACKS = [
    "<script>window.hacked=1</script>", "</script><script>window.hacked=2</script>",
    "</style><script>window.hacked=3</script>", "</title><img src=x onerror=window.hacked=4>",
    "\"><img src=x onerror=window.hacked=5>", "' onmouseover='window.hacked=6' x='",
    "</text></svg><svg onload=window.hacked=7>", "</template><script>window.hacked=8</script>",
    "<!--<script>", "-->", "]]><script>window.hacked=9</script>", "javascript:window.hacked=10",
    "[x](javascript:window.hacked=11)", "[x](data:text/html,<script>window.hacked=12</script>)",
    "![x](https://evil.example/x.png)", "url(https://evil.example/y)",
    "}*{background:url(//evil.example/z)}", "<style>*{display:none}</style>",
    "<iframe src=https://evil.example></iframe>", "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/s.css>", "\u2028window.hacked=13\u2029",
    "{{constructor.constructor('window.hacked=14')()}}", "${window.hacked=15}", "__proto__",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.hacked=16>",
    "&lt;script&gt;window.hacked=17&lt;/script&gt;", "\\u003cscript\\u003ewindow.hacked=18",
]


def dashboard(attack):
    """`attack` wherever an author or a store can put a text."""
    config = {"defaults": {
        "unit": attack, "displayName": attack + "${__field.labels.evil}", "noValue": attack,
        "links": [{"title": attack, "url": attack},
                  {"title": "${__value.text}" + attack, "url": "/d/strange/?x=${__field.labels.evil}"}],
        "color": {"mode": "fixed", "fixedColor": attack},
        "custom": {"axisLabel": attack, "thresholdsStyle": {"mode": "line+area"}},
        "thresholds": {"mode": "absolute", "steps": [{"value": None, "color": attack},
                                                     {"value": 1, "color": attack}]},
        "mappings": [{"type": "value", "options": {"1": {"text": attack, "color": attack}}}]}}
    kinds = ["timeseries", "stat", "gauge", "bargauge", "barchart", "piechart", "table", "heatmap",
             "histogram", "state-timeline", "status-history", "text", "alertlist", "dashlist", attack]
    panels = [{
        "id": n, "type": kind, "title": attack, "description": attack, "timeFrom": "1h",
        "gridPos": {"x": n % 3 * 8, "y": n // 3 * 7, "w": 8, "h": 7}, "fieldConfig": config,
        "links": [{"title": attack, "url": attack}],
        "options": {"content": attack, "mode": ["markdown", "html", "code"][n % 3],
                    "textMode": "value_and_name", "graphMode": "area",
                    "legend": {"displayMode": ["list", "table"][n % 2], "calcs": ["mean"]}},
        "targets": [{"refId": "A", "expr": "strange", "legendFormat": attack + "{{evil}}"}]}
        for n, kind in enumerate(kinds)]
    return {"uid": "strange", "title": attack, "description": attack, "tags": [attack],
            "schemaVersion": 39, "time": {"from": "now-1h", "to": "now"},
            "templating": {"list": [
                {"name": "evil", "label": attack, "type": "custom", "query": "x," + attack.replace(",", ""),
                 "current": {"value": attack}},
                {"name": "every", "label": attack, "type": "query", "query": "label_values(strange, evil)",
                 "includeAll": True, "current": {"value": ["$__all"]}}]},
            "links": [{"title": attack, "url": attack, "tooltip": attack},
                      {"type": "dashboards", "tags": [], "title": attack, "asDropdown": True}],
            "annotations": {"list": [
                {"name": attack, "datasource": {"type": "mx-alerts"}, "expr": ""},
                {"name": attack, "expr": "strange > bool 1", "titleFormat": attack, "iconColor": attack,
                 "textFormat": "{{evil}}", "tagKeys": "evil"}]},
            "panels": panels}


def test_nothing_that_was_read_is_run(world, browser):
    lines = "".join(json.dumps({
        "metric": {"__name__": "strange", "evil": attack, "n": str(number)},
        "values": [1, 2], "timestamps": [(fixture.NOW - 60) * 1000, fixture.NOW * 1000]}) + "\n"
        for number, attack in enumerate(ATTACKS))
    world.run("mx-ingest", "--format", "json", "-", stdin=lines)
    # Alerts have the labels and what people wrote about them.
    world.alert({"Strange": "strange > 1"}, "{{ $labels.evil }}", (fixture.NOW,))
    for attack in ATTACKS[:12]:
        world.run("mx-alert", "silence", "add", "--now", str(fixture.NOW), "--author", attack, "--for",
                  "2h", "--comment", attack, "n=" + str(ATTACKS.index(attack)))
    page = browser.page()
    for number, attack in enumerate(ATTACKS):
        path = world.write("strange", dashboard(attack))
        out = f"strange-{number}"
        for more in ([], ["--inline"]) if number % 8 == 0 else ([],):
            where = out + ("-inline" if more else "")
            world.render("--now", NOW, "--max-pages", "2", *more, path, out=where, codes=(0, 1))
            page.open(world.serve() + where + "/strange.html")
            use(page)
            equal(page.evaluate("window.hacked"), None, repr(attack))
            foreign = page.evaluate("""document.querySelectorAll(`img,iframe,object,embed,base,form:not(.span),
              [onerror],[onload],[onmouseover],[style*=url],a[href^="javascript"],a[href^="data"]`).length""")
            equal(foreign, 0, repr(attack))
            scripts = page.evaluate("""[...document.scripts].filter(s=>s.type!=='application/json').length""")
            equal(scripts, 1, repr(attack))
        for name in sorted(os.listdir(os.path.join(world.directory, out, "strange"))):
            if name.endswith(".svg"):
                page.open(world.serve() + out + "/strange/" + name, ready=False)
                equal(page.evaluate("window.hacked"), None, repr(attack) + " in " + name)
                true(page.evaluate("document.documentElement.localName==='svg'"), name + " is no SVG")
                equal(page.evaluate("document.querySelectorAll('script,image,foreignObject').length"), 0)
        page.open(world.serve() + out + "/index.html", ready=False)
        equal(page.evaluate("window.hacked"), None, repr(attack) + " in the index")
        equal(page.evaluate("document.scripts.length"), 1, repr(attack) + " in the index")
    # A picture shown by itself has no page to say that there is no icon.
    page.errors = [e for e in page.errors if "favicon" not in e]
    clean(page, world)


def use(page):
    """Touches whatever makes something of a text."""
    page.evaluate("""(()=>{
      for(const plot of document.querySelectorAll('svg.plot')){
        const b=plot.getBoundingClientRect();
        plot.dispatchEvent(new PointerEvent('pointermove',{bubbles:true,clientX:b.right-5,clientY:b.top+9}));
        plot.focus();
      }
      for(const d of document.querySelectorAll('details'))d.open=true;
      for(const n of document.querySelectorAll('.legend [aria-pressed]'))n.click();
    })()""")
    page.pause(0.1)
    page.evaluate("""(()=>{
      for(const a of [...document.querySelectorAll('details.var a')].slice(0,4))a.click();
    })()""")
    page.pause(0.1)


def test_an_address_can_run_nothing(world, browser):
    page = browser.page()
    for attack in ATTACKS[:8]:
        quoted = "".join(f"%{byte:02x}" for byte in attack.encode())
        for name in ("from", "to", "var-host", "var-many", "hide", "tz", "theme", "refresh", "panel"):
            page.open("about:blank", ready=False)
            page.open(f"{world.serve()}site/every.html#{name}={quoted}")
            equal(page.evaluate("window.hacked"), None, name + "=" + attack)
    clean(page, world)


def test_a_message_runs_nothing(world, browser):
    path = world.write("strange", dashboard(ATTACKS[1]))
    text = world.run("mx-render", "mail", "--now", NOW, "--to", "a@example.org", path, codes=(0, 1))
    import email
    message = email.message_from_string(text)
    html = next(p for p in message.walk() if p.get_content_type() == "text/html")
    name = os.path.join(world.directory, "mail.html")
    with open(name, "wb") as file:
        file.write(html.get_payload(decode=True))
    page = browser.page()
    page.open(world.serve() + "mail.html", ready=False)
    equal(page.evaluate("window.hacked"), None)
    equal(page.evaluate("document.scripts.length"), 0, "scripts")
    page.errors = [e for e in page.errors if "favicon" not in e and "cid:" not in e]
    page.requests = [r for r in page.requests if not r.startswith("cid:")]
    clean(page, world)
