"""Each control of a page, used as a reader would, and what then stands on the page."""
import json
import re
from xml.etree import ElementTree

import fixture

NOW = "2026-11-20T06:00:00Z"
HOST = "details.var[data-v='0']"


def equal(found, wanted, what=""):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r}, not {wanted!r}")


def true(found, what):
    if not found:
        raise AssertionError(what)


def site(world, out="site", *words):
    """The dashboard of all panels, rendered once a kind of page."""
    if out not in made:
        path = world.write("every", fixture.dashboard())
        world.render("--now", NOW, *words, path, out=out)
        made.add(out)
    return world.serve() + out + "/every.html"


made = set()


def opened(browser, address, **options):
    page = browser.page(**options)
    page.open(address)
    return page


def clean(page, world):
    """No error was said, and nothing was asked of anybody else."""
    equal(page.errors, [], "errors")
    foreign = [r for r in page.requests if not r.startswith((world.serve(), "file://", "data:", "blob:"))]
    equal(foreign, [], "requests to others")
    page.close()


def tip(page):
    """The crosshair's time and {series: (shown, exact)}."""
    return page.evaluate("""(()=>{const t=document.querySelector('.tip');if(t.hidden)return null;
      return {time:t.querySelector('b').textContent,rows:Object.fromEntries([...t.querySelectorAll('tr')]
      .map(r=>[r.cells[0].textContent,[r.cells[1].textContent,r.cells[2].textContent]]))}})()""")


def test_hover_shows_what_mx_query_prints(world, browser):
    page = opened(browser, site(world))
    page.hover("#p1 svg.plot", 0.75)
    shown = tip(page)
    at = shown["time"].replace(" UTC", "Z").replace(" ", "T", 1)
    # Both are text: not a digit may differ.
    wanted = world.query("wave", at)
    equal(sorted(wanted), sorted(fixture.HOSTS), "hosts that mx-query knows")
    for host in fixture.HOSTS:
        equal(shown["rows"][host][1], wanted[host], host)
        true(shown["rows"][host][0].endswith("%"), "the unit")
    # Every chart shows the moment.
    equal(page.evaluate("document.querySelectorAll('#p2 .cross, #p3 .cross').length"), 2, "lines")
    equal(page.evaluate("document.querySelectorAll('#p1 .dot').length"), 3, "dots")
    clean(page, world)


def test_a_gap_is_not_bridged(world, browser):
    page = opened(browser, site(world))
    # In the middle of the gap: 04:10 of 03:00 to 06:00.
    page.hover("#p1 svg.plot", 70 / 180)
    equal(sorted(tip(page)["rows"]), ["alpha", "gamma"], "series with a value")
    line = "document.querySelector('#p1 path.line[data-s=\"1\"]').getAttribute('d').match(/M/g).length"
    equal(page.evaluate(line), 2, "pieces of the line")
    page.drag("#p1 svg.plot", 0.2, 0.6)
    equal(page.evaluate(line), 2, "pieces of the line, zoomed")
    clean(page, world)


def test_zoom_and_back(world, browser):
    page = opened(browser, site(world))
    ticks = "[...document.querySelectorAll('#p1 .tx text')].map(e=>e.textContent).join()"
    line = "document.querySelector('#p1 path.line').getAttribute('d')"
    before = page.evaluate(ticks), page.evaluate(line), page.evaluate("location.hash")
    page.drag("#p1 svg.plot", 0.5, 0.75)
    true(page.evaluate(ticks) != before[0], "the axis changed")
    true(page.evaluate(line) != before[1], "the line changed")
    true("from=" in page.evaluate("location.hash"), "the address has it")
    true(page.evaluate("!document.getElementById('back').hidden"), "a way back is offered")
    true("04:30" in page.evaluate("document.getElementById('range').textContent"), "the range")
    page.click("#back")
    equal(page.evaluate(ticks), before[0], "the axis")
    equal(page.evaluate(line), before[1], "the line is what it was")
    page.evaluate("history.back()")
    page.pause(0.2)
    true(page.evaluate(line) != before[1], "the browser's own way back")
    page.key("Escape")
    equal(page.evaluate(line), before[1], "escape zooms out")
    clean(page, world)


def test_the_legend_tells_of_what_is_seen(world, browser):
    page = opened(browser, site(world))
    texts = "[...document.querySelectorAll('#p3 .legend [data-calc]')].map(e=>e.textContent)"
    before = page.evaluate(texts)
    page.drag("#p3 svg.plot", 0.5, 0.75)
    shown = page.evaluate("""(()=>{const d=JSON.parse(document.querySelector('#p3 script.d').textContent);
      const [a,b]=['from','to'].map(n=>Date.parse(new URLSearchParams(location.hash.slice(1)).get(n))
        ||+new URLSearchParams(location.hash.slice(1)).get(n));
      return d.s.map(s=>{const [first,step]=d.g[s.g];
        return Math.max(...s.v.filter((v,i)=>v!==null&&first+i*step>=a&&first+i*step<=b))})})()""")
    after = page.evaluate(texts)
    equal(len(after), 6, "numbers")
    true(all(one != other for one, other in zip(after[::2], before[::2])), f"means: {after}")
    for text, most in zip(after[1::2], shown):
        true(abs(float(text.split()[0]) - most) < 0.06, f"{text}, not {most}")
    page.click("#back")
    equal(page.evaluate(texts), before, "as it was drawn")
    clean(page, world)


# Numbers that mx-render and the page's script have to write alike.
UNITS = [
    ("short", 1234567), ("none", 1234.5), ("percentunit", 0.4236), ("bytes", 1536), ("kbytes", 0.5),
    ("Bps", 0.25), ("kwatt", 1500), ("volt", 0.0042), ("farad", 1e-12), ("s", 0.0021), ("s", 200000),
    ("ms", 1500), ("dtdurations", 90061), ("dthms", 93784), ("dtdhms", 93784), ("clockms", 3723004),
    ("clocks", 61), ("locale", 1234567.8912), ("sci", 1500), ("sci", 0.00025), ("hex0x", 255),
    ("bool_yes_no", 1), ("reqps", 12345), ("currencyEUR", 1500), ("currencySEK", 1500),
    ("pressurepsi", 2500), ("si:mW", 5000), ("suffix:rows", 1500), ("runs", 12.345), ("sishort", 0.07),
    ("currency:financial:€:suffix", 1234567.5), ("dateTimeAsIso", 1795154400000),
    ("dateTimeAsUS", 1795154400000), ("dateTimeAsUS", 1795110000000), ("humidity", 43.21), ("currency:$", 0.5),
]


def test_the_script_writes_numbers_as_mx_render_does(world, browser):
    panels = [{
        "id": n, "type": "timeseries", "title": unit, "gridPos": {"x": n % 6 * 4, "y": n // 6 * 5, "w": 4, "h": 5},
        "fieldConfig": {"defaults": {"unit": unit}}, "options": {"legend": {
            "displayMode": ["list", "table"][n % 2], "calcs": ["mean", "p90", "median", "lastNotNull"]}},
        "targets": [{"refId": "A", "expr": f"vector({value!r})", "legendFormat": "x"}],
    } for n, (unit, value) in enumerate(UNITS)]
    path = world.write("units", {"uid": "units", "title": "Units", "time": {"from": "now-3h", "to": "now"},
                                 "timezone": "utc", "panels": panels})
    world.render("--now", NOW, path, out="units")
    page = opened(browser, world.serve() + "units/units.html", height=2400)
    texts = "[...document.querySelectorAll('.legend [data-calc]')].map(e=>e.textContent)"
    before = page.evaluate(texts)
    equal(len(before), 4 * len(UNITS), "numbers")
    page.drag("#p1 svg.plot", 0.3, 0.8)
    true("from=" in page.evaluate("location.hash"), "zoomed")
    for (unit, value), one, other in zip([u for u in UNITS for _ in range(4)], before, page.evaluate(texts)):
        equal(other, one, f"{unit} of {value}")
    clean(page, world)


def test_the_legend_hides_and_shows(world, browser):
    page = opened(browser, site(world))
    line = "document.querySelector('#p1 path.line[data-s=\"%d\"]').getAttribute('d')"
    whole = page.evaluate(line % 0)
    page.click("#p1 .legend [data-n='beta'] .name")
    equal(page.evaluate(line % 1), "", "beta's line")
    equal(page.evaluate("document.querySelector('#p1 [data-n=beta] .name').ariaPressed"), "false")
    true("hide=p1%3Abeta" in page.evaluate("location.hash"), "the address has it")
    page.hover("#p1 svg.plot", 0.75)
    equal(sorted(tip(page)["rows"]), ["alpha", "gamma"], "what the crosshair names")
    # A stack closes over what is hidden.
    top = "document.querySelector('#p2 path.line[data-s=\"2\"]').getAttribute('d')"
    stacked = page.evaluate(top)
    page.click("#p2 .legend [data-n='alpha'] .name")
    true(page.evaluate(top) != stacked, "the stack is lower")
    page.click("#p1 .legend [data-n='beta'] .name")
    equal(page.evaluate(line % 0), whole, "all again")
    page.click("#p1 .legend [data-n='gamma'] .name", modifiers=8)
    equal([page.evaluate(line % n) == "" for n in range(3)], [True, True, False], "gamma alone")
    page.evaluate("document.querySelector('#p1 [data-n=gamma] .name').focus()")
    page.key("Enter")
    equal(page.evaluate(line % 2), "", "by keyboard")
    clean(page, world)


def test_variables_swap_data_without_loading(world, browser):
    address = site(world, "views", "--max-pages", "100", "--ranges", "1h")
    page = opened(browser, address)
    loads = page.loads
    page.click(HOST + " summary")
    page.evaluate(f"document.querySelector(\"{HOST} [data-o='beta']\").click()")
    page.wait("document.querySelectorAll('#p1 .legend li').length===1")
    equal(page.evaluate("document.querySelector('#p1 .legend').textContent"), "beta")
    equal(page.loads, loads, "loads")
    equal(page.evaluate(f"document.querySelector(\"{HOST} .value\").textContent"), "beta")
    true("var-host=beta" in page.evaluate("location.hash"), "the address has it")
    page.hover("#p1 svg.plot", 0.75)
    equal(sorted(tip(page)["rows"]), ["beta"], "what the crosshair names")
    page.evaluate("history.back()")
    page.wait("document.querySelectorAll('#p1 .legend li').length===3")
    # A link to it opens it.
    page.open("about:blank", ready=False)
    page.open(address + "#var-host=gamma&from=now-1h&to=now")
    page.wait("document.querySelector('#p1 .legend').textContent==='gamma'")
    true("05:00" in page.evaluate("document.getElementById('range').textContent"), "its range")
    clean(page, world)


def test_many_values_can_be_searched(world, browser):
    page = opened(browser, site(world, "views", "--max-pages", "100", "--ranges", "1h"))
    page.click("details.var[data-v='1'] summary")
    page.type("59")
    shown = "[...document.querySelectorAll(\"details.var[data-v='1'] li\")].filter(e=>!e.hidden).length"
    equal(page.evaluate(shown), 1, "values that match")
    page.key("Enter")
    page.wait("location.hash.includes('value-59')")
    equal(page.evaluate(f"document.querySelectorAll(\"{HOST} input\").length"), 0, "of three")
    clean(page, world)


def test_ranges_are_swapped_zoomed_or_said_to_be_missing(world, browser):
    page = opened(browser, site(world, "views", "--max-pages", "100", "--ranges", "1h"))
    pick = ("[...document.querySelectorAll('#ranges button')].find(b=>b.textContent===%s).click()")
    text = "document.getElementById('range').textContent"
    page.evaluate(pick % "'Last 1 hour'")
    page.wait(text + ".startsWith('2026-11-20 05:00')")
    # A part of what is there.
    page.evaluate(pick % "'Last 30 minutes'")
    page.wait(text + ".startsWith('2026-11-20 05:30')")
    # And what is not there says how to make it.
    page.evaluate(pick % "'Last 30 days'")
    page.wait("!document.querySelector('.missing').hidden")
    said = page.evaluate("document.querySelector('.missing').textContent")
    true("--ranges 1h,30d" in said and "every.json" in said, said)
    true(page.evaluate("document.querySelector('main').hidden"), "no panel pretends")
    page.click(".missing button")
    page.wait("document.querySelector('.missing').hidden")
    # An absolute one.
    page.evaluate("""document.querySelector('#ranges').open=true;
      const [a,b]=document.querySelectorAll('#ranges input');
      a.value='2026-11-20T04:00:00';b.value='2026-11-20T04:30:00';
      document.querySelector('#ranges form').requestSubmit()""")
    page.wait(text + ".startsWith('2026-11-20 04:00')")
    page.evaluate("location.hash='from=2026-11-19T00:00:00Z&to=2026-11-19T01:00:00Z'")
    page.wait("!document.querySelector('.missing').hidden")
    said = page.evaluate("document.querySelector('.missing').textContent")
    true("--from 2026-11-19T00:00:00Z --to 2026-11-19T01:00:00Z" in said, said)
    clean(page, world)


def test_a_value_that_was_not_rendered_is_said(world, browser):
    page = opened(browser, site(world))
    page.evaluate(f"document.querySelector(\"{HOST} [data-o='beta']\").click()")
    page.wait("!document.querySelector('.missing').hidden")
    said = page.evaluate("document.querySelector('.missing').textContent")
    true("Host beta" in said and "--max-pages" in said, said)
    page.evaluate("location.hash='var-host=nobody'")
    page.wait("document.querySelector('.missing').textContent.includes('--var host=nobody')")
    clean(page, world)


def live(world, name, value, **more):
    """A dashboard of one gauge that grows now; returns the command that renders it."""
    import time
    now = int(time.time())
    world.ingest(f'# TYPE {name} gauge\n{name} {value} {now}\n')
    path = world.write(name, {
        "uid": name, "title": "Live", "schemaVersion": 39, "timezone": "utc",
        "time": {"from": "now-5m", "to": "now"},
        "panels": [{"id": 1, "type": "stat", "title": "Now", "gridPos": {"x": 0, "y": 0, "w": 8, "h": 6},
                    "targets": [{"refId": "A", "expr": name, "instant": True}]},
                   {"id": 2, "type": "text", "title": "Words", "options": {"content": "same"},
                    "gridPos": {"x": 8, "y": 0, "w": 8, "h": 6}}], **more})
    return path


def test_refresh_fetches_only_what_changed(world, browser):
    world.render(live(world, "pulse", 1), out="live")
    page = opened(browser, world.serve() + "live/pulse.html#refresh=5s")
    page.evaluate("window.kept=document.querySelector('#p2 .prose'); window.same=1")
    equal(page.evaluate("document.querySelector('#p1 text.value').textContent"), "1")
    asked = len(page.requests)
    world.render(live(world, "pulse", 42), out="live")
    page.wait("document.querySelector('#p1 text.value').textContent==='42'", 20)
    equal(page.evaluate("window.same"), 1, "the page was loaded anew")
    true(page.evaluate("window.kept.isConnected"), "what did not change was touched")
    names = {r.split("/live/")[1] for r in page.requests[asked:]}
    equal(names, {"pulse/default.json", "pulse/default/p1.html"}, "what was fetched")
    true("old" not in page.evaluate("document.getElementById('age').className"), "the age is red")
    clean(page, world)


def test_refresh_that_fails_says_stale_and_recovers(world, browser):
    world.render(live(world, "beat", 1), out="live")
    page = opened(browser, world.serve() + "live/beat.html#refresh=5s")
    # Time runs faster for the page: what waits five seconds waits a twentieth.
    page.evaluate("""clearTimeout(0);const s=window.setTimeout;window.waits=[];
      window.setTimeout=(f,t)=>{window.waits.push(t);return s(f,t/20)}""")
    fixture.Quiet.fails = True
    try:
        page.wait("document.documentElement.classList.contains('stale')", 20)
        true("Stale since" in page.evaluate("document.querySelector('.trouble').textContent"), "said")
        page.wait("window.waits.filter(t=>t>=20000).length>0", 20)
    finally:
        fixture.Quiet.fails = False
    page.wait("!document.documentElement.classList.contains('stale')", 40)
    page.errors = [e for e in page.errors if "503" not in e]
    clean(page, world)


def test_an_inline_page_fetches_itself(world, browser):
    path = live(world, "alone", 1)
    world.render("--inline", path, out="inline")
    page = opened(browser, world.serve() + "inline/alone.html#refresh=5s")
    world.render("--inline", live(world, "alone", 7), out="inline")
    page.wait("document.querySelector('#p1 text.value').textContent==='7'", 20)
    equal({r.split("/inline/")[1].split("#")[0] for r in page.requests}, {"alone.html"}, "requests")
    clean(page, world)


def test_an_inline_page_holds_its_views(world, browser):
    site(world, "whole", "--inline", "--max-pages", "3", "--ranges", "1h")
    page = opened(browser, world.file("whole/every.html"))
    page.evaluate(f"document.querySelector(\"{HOST} [data-o='alpha']\").click()")
    page.wait("document.querySelectorAll('#p1 .legend li').length===1")
    page.evaluate("location.hash='from=now-1h&to=now'")
    page.wait("document.getElementById('range').textContent.startsWith('2026-11-20 05:00')")
    page.evaluate("location.hash=''")
    page.wait("document.querySelectorAll('#p1 .legend li').length===3")
    page.hover("#p1 svg.plot", 0.75)
    equal(len(tip(page)["rows"]), 3, "rows")
    equal(len(page.requests), 1, "requests")
    clean(page, world)


def test_a_file_reloads_and_keeps_its_state(world, browser):
    world.render(live(world, "filed", 3), out="live")
    page = opened(browser, world.file("live/filed.html") + "#refresh=5s&theme=dark")
    world.render(live(world, "filed", 4), out="live")
    page.wait("document.querySelector('#p1 text.value')?.textContent==='4'", 20)
    equal(page.evaluate("document.documentElement.style.colorScheme"), "dark", "its state")
    clean(page, world)


def test_nothing_is_fetched_while_hidden(world, browser):
    world.render(live(world, "hidden", 3), out="live")
    page = opened(browser, world.serve() + "live/hidden.html")
    page.evaluate("""Object.defineProperty(document,'hidden',{get:()=>window.away,configurable:true});
      window.away=true;const s=document.getElementById('refresh');s.value='5s';s.onchange()""")
    asked = len(page.requests)
    page.pause(6)
    equal(len(page.requests), asked, "requests while hidden")
    page.evaluate("window.away=false;document.dispatchEvent(new Event('visibilitychange'))")
    page.until(lambda: len(page.requests) > asked)
    clean(page, world)


def test_old_data_turn_red(world, browser):
    page = opened(browser, site(world))
    page.wait("document.getElementById('age').classList.contains('old')")
    true("old" in page.evaluate("document.getElementById('age').textContent"), "it says how old")
    clean(page, world)


def test_the_heap_is_flat_after_a_thousand_rounds(world, browser):
    path = live(world, "rounds", 0)
    world.render(path, out="live")
    # Chromium's own network log would be counted too: the answers come from the page.
    page = opened(browser, world.serve() + "live/rounds.html")
    index = page.evaluate("fetch('rounds/default.json').then(r=>r.json())")
    html = page.evaluate("fetch('rounds/default/p1.html').then(r=>r.text())")
    page.evaluate(f"""window.rounds=0;const index={json.dumps(index)},html={json.dumps(html)};
      window.fetch=async path=>{{
        const isIndex=path.endsWith('.json');
        if(isIndex){{window.rounds++;index.panels.p1.h='mark'+window.rounds;}}
        return {{ok:true,text:async()=>isIndex?JSON.stringify(index):html}};
      }};
      const s=window.setTimeout;window.setTimeout=(f,t)=>s(f,0);
      const r=document.getElementById('refresh');r.value='5s';r.onchange()""")
    page.wait("window.rounds>=100", 60)
    early = page.heap()
    page.wait("window.rounds>=1100", 240)
    late = page.heap()
    true(late - early < 400_000, f"{early} bytes after 100 rounds, {late} after 1100")
    clean(page, world)


def test_times_in_the_readers_zone(world, browser):
    page = opened(browser, site(world), zone="Asia/Tokyo")
    ticks = "document.querySelector('#p1 .tx').textContent"
    true("UTC" in page.evaluate(ticks), "UTC at first")
    page.evaluate("const z=document.getElementById('zone');z.value='';z.onchange()")
    page.wait(ticks + ".includes('GMT+9')")
    true("15:00" in page.evaluate("document.getElementById('range').textContent"), "15:00 in Tokyo")
    page.hover("#p1 svg.plot", 1)
    true(tip(page)["time"].startswith("2026-11-20 1"), tip(page)["time"])
    clean(page, world)


def test_csv_and_svg_of_a_panel(world, browser):
    page = opened(browser, site(world))
    page.evaluate("""window.saved=[];URL.createObjectURL=blob=>{window.saved.push(blob);return '#'};
      HTMLAnchorElement.prototype.click=function(){window.name_=this.download}""")
    press = ("[...document.querySelectorAll('#%s .more button')].find(b=>b.textContent==='Save as %s')"
             ".click()")
    page.evaluate(press % ("p1", "CSV"))
    rows = page.evaluate("window.saved.pop().text()").splitlines()
    equal(rows[0], "time,alpha,beta,gamma", "columns")
    time, *values = rows[-1].split(",")
    answer = world.query("wave", time)
    equal(values, [answer[host] for host in fixture.HOSTS], "exact values")
    true(any(row.split(",")[2] == "" for row in rows), "the gap is empty")
    page.evaluate(press % ("p8", "CSV"))
    true("host" in page.evaluate("window.saved.pop().text()").splitlines()[0], "a table")
    for panel in ("p1", "p4", "p5", "p7", "p9", "p11"):
        page.evaluate(press % (panel, "SVG"))
        text = page.evaluate("window.saved.pop().text()")
        # Not by the page: its policy would refuse the picture's own style there.
        true(ElementTree.fromstring(text).tag.endswith("svg") and len(text) > 1000, panel)
    clean(page, world)


def test_all_by_keyboard(world, browser):
    page = opened(browser, site(world))
    page.evaluate("document.querySelector('#p1 svg.plot').focus()")
    page.key("End")
    first = tip(page)["time"]
    true(first.startswith("2026-11-20 0"), first)
    page.key("ArrowLeft")
    true(tip(page)["time"] < first, "one sample back")
    true("alpha" in page.evaluate("document.querySelector('.spoken').textContent"), "it is spoken")
    page.key("+")
    true(page.evaluate("location.hash.includes('from=')"), "zoomed in")
    page.key("Escape")
    page.key("Escape")
    true(not page.evaluate("location.hash.includes('from=')"), "and out")
    page.evaluate(f"document.querySelector(\"{HOST} summary\").focus()")
    page.key("Enter")
    page.key("ArrowDown")
    equal(page.evaluate("document.activeElement.dataset.o"), "$__all", "the first value")
    page.key("Escape")
    equal(page.evaluate("document.activeElement.localName"), "summary", "back on the menu")
    clean(page, world)


def test_everything_is_there_without_javascript(world, browser):
    address = site(world, "views", "--max-pages", "100", "--ranges", "1h")
    page = browser.page(script=False)
    page.open(address, ready=False)
    tree = page.send("DOM.getDocument", {"depth": -1})["root"]
    html = page.send("DOM.getOuterHTML", {"nodeId": tree["nodeId"]})["outerHTML"]
    for number in range(1, 16):
        true(f'id="p{number}"' in html, f"panel {number}")
    true("<title>2026-11-20" in html, "values on hovering")
    true("2026-11-20 03:00 – 2026-11-20 06:00 UTC" in html, "the range")
    links = re.findall(r'href="(every/[^"]+)"', html)
    true("every/1h.html" in links and "every/host-beta.html" in links, str(links[:5]))
    page.open(world.serve() + "views/every/host-beta.html", ready=False)
    tree = page.send("DOM.getDocument", {"depth": -1})["root"]
    html = page.send("DOM.getOuterHTML", {"nodeId": tree["nodeId"]})["outerHTML"]
    true('href="host-beta--1h.html"' in html or 'href="../every/host-beta--1h.html"' in html, "on")
    clean(page, world)


def test_the_page_over_all_dashboards(world, browser):
    site(world)
    page = browser.page()
    page.open(world.serve() + "site/index.html", ready=False)
    equal(page.evaluate("document.querySelectorAll('.cards li').length"), 1, "dashboards")
    page.evaluate("const i=document.querySelector('input');i.value='nothing';i.oninput()")
    equal(page.evaluate("document.querySelectorAll('.cards li:not([hidden])').length"), 0, "found")
    page.evaluate("const j=document.querySelector('input');j.value='every';j.oninput()")
    equal(page.evaluate("document.querySelectorAll('.cards li:not([hidden])').length"), 1, "found")
    page.evaluate("document.querySelector('.tag').click()")
    true("tag=" in page.evaluate("location.hash"), "the address has it")
    page.click(".cards a")
    page.wait("document.documentElement.dataset.ready")
    clean(page, world)


def test_ten_thousand_points_move_smoothly(world, browser):
    text = "# TYPE dense gauge\n"
    for t in range(10_000):
        text += f"dense {(t * 7919) % 1000} {fixture.NOW - 10_000 + t}\n"
    world.ingest(text)
    path = world.write("dense", {
        "uid": "dense", "title": "Dense", "time": {"from": "now-10000s", "to": "now"},
        "panels": [{"id": 1, "type": "timeseries", "title": "Dense", "maxDataPoints": 11000,
                    "interval": "1s", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 9},
                    "targets": [{"refId": "A", "expr": "dense"}]}]})
    world.render("--now", NOW, path, out="dense")
    page = opened(browser, world.serve() + "dense/dense.html")
    count = page.evaluate("JSON.parse(document.querySelector('#p1 script.d').textContent).g[0][2]")
    true(count >= 10_000, f"{count} points")
    left, top, width, height = page.box("#p1 svg.plot")
    # The work of a move, in the page's own time: the rest of a frame is the browser's.
    spent = page.evaluate(f"""(async()=>{{
      const plot=document.querySelector('#p1 svg.plot');let frames=0;const start=performance.now();
      for(let i=0;i<120;i++){{
        plot.dispatchEvent(new PointerEvent('pointermove',{{bubbles:true,
          clientX:{left}+{width}*i/120,clientY:{top}+{height}/2}}));
        await new Promise(requestAnimationFrame);frames++;
      }}
      return (performance.now()-start)/frames}})()""")
    true(spent < 33, f"{spent:.1f} ms a frame")
    true(tip(page), "the crosshair follows")
    clean(page, world)
