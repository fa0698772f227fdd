"""What a page shows besides its answers: links, marks on graphs, alerts and the other dashboards."""
from pages import clean, equal, opened, site, tip, true


def test_links_take_range_and_values_along(world, browser):
    page = opened(browser, site(world))
    page.drag("#p1 svg.plot", 0.5, 0.75)
    page.evaluate("document.querySelector('.links details').open=true")
    page.hover(".links details a")
    link = page.evaluate("document.querySelector('.links details a').href")
    true(link.startswith(world.serve() + "site/every.html#from=1795"), link)
    true("var-host=%24__all" in link, link)
    equal(page.evaluate("document.querySelector('.links .dead').textContent"), "Nowhere")
    run = page.evaluate("(()=>{const a=document.querySelector('#p1 header a');"
                        "return [a.href,a.rel,a.title]})()")
    equal(run, ["https://example.com/run?of=alpha%2Cbeta%2Cgamma", "noopener noreferrer nofollow",
                "Run book"])
    cell = page.evaluate("(()=>{const a=document.querySelector('#p18 tbody tr:nth-child(2) a');"
                         "return [a.getAttribute('href'),a.title]})()")
    equal(cell, ["every.html#var-host=beta", "All of beta"], "a cell's link")
    clean(page, world)


def test_links_of_swapped_panels_lead_to_the_same_place(world, browser):
    page = opened(browser, site(world, "many", "--max-pages", "5"))
    page.evaluate("document.querySelector(\"details.var[data-v='0'] [data-o=beta]\").click()")
    page.wait("location.hash.includes('var-host=beta')")
    page.wait("document.querySelectorAll('#p1 path.line').length===1")
    equal(page.evaluate("document.querySelector('#p17 a').href"),
          world.serve() + "many/every.html", "from where the page is, not from where its panels lie")
    clean(page, world)


def test_what_happened_is_marked_and_told(world, browser):
    page = opened(browser, site(world))
    true(page.evaluate("document.querySelectorAll('#p1 .an .band').length") >= 2, "bands")
    where = "document.querySelector('#p1 .an .band').getAttribute('x')"
    before = page.evaluate(where)
    equal(page.evaluate("document.querySelectorAll('#p9 .an').length"), 0, "marks on a heatmap")
    # The last of them fires at the end.
    page.hover("#p1 svg.plot", 0.999)
    told = page.evaluate("[...document.querySelectorAll('.tip .happened')].map(p=>p.textContent).join()")
    true("High firing: " in told and " is high [host=" in told, told)
    true(tip(page)["rows"], "the values are told as well")
    page.drag("#p1 svg.plot", 0.25, 0.75)
    true(page.evaluate(where) != before, "the band moves with the zoom")
    page.click("#back")
    equal(page.evaluate(where), before, "and back")
    clean(page, world)


def test_alerts_are_listed_with_who_keeps_them_quiet(world, browser):
    page = opened(browser, site(world))
    items = page.evaluate("[...document.querySelectorAll('#p16 li')].map(i=>i.className+' '+i.textContent)")
    held = [item for item in items if item.startswith("held silenced")]
    true(held and "silenced by ann until 2026-11-20 08:00:00: known" in held[0], items)
    # What somebody should look at comes first.
    true(items[0].startswith("firing firing"), items)
    equal(page.evaluate("document.querySelector('#p17 a').textContent"), "Every panel")
    page.open(world.serve() + "site/index.html", ready=False)
    true("kept quiet" in page.evaluate("document.getElementById('firing').textContent"), "the index")
    clean(page, world)


def test_bars_states_and_heat_say_their_numbers(world, browser):
    page = browser.page(script=False)
    page.open(site(world), ready=False)
    for panel, words in (("p14", "alpha"), ("p11", "beta"), ("p9", "0.1"), ("p10", " to ")):
        titles = page.evaluate(
            f"[...document.querySelectorAll('#{panel} title')].map(t=>t.textContent).join('|')")
        true(words in titles and ": " in titles, panel + ": " + titles[:200])
    clean(page, world)
