package import MxJSON
import MxModel
import MxTime

/// A dashboard as the page over all of them lists it.
package struct SiteEntry: Equatable, Sendable {
  package var name: String
  package var title: String
  package var description: String
  package var tags: [String]
  package var panels: Int

  package init(name: String, title: String, description: String, tags: [String], panels: Int) {
    self.name = name
    self.title = title
    self.description = description
    self.tags = tags
    self.panels = panels
  }

  /// Equal for lists that say the same.
  package static func mark(of entries: [SiteEntry]) -> String {
    var bytes: [UInt8] = []
    for entry in entries {
      let texts = [entry.name, entry.title, entry.description, "\(entry.panels)"] + entry.tags
      for text in texts {
        bytes += text.utf8
        bytes.append(0)
      }
      bytes.append(1)
    }
    return ContentMark.of(bytes)
  }
}

/// The page over all dashboards: what burns first, then all of them with their tags.
package struct SitePage {
  let entries: [SiteEntry]
  /// Nil: nothing evaluates alerts here.
  let alerts: [SiteAlert]?
  let options: RenderOptions

  package init(entries: [SiteEntry], alerts: [SiteAlert]?, options: RenderOptions) {
    self.entries = entries
    self.alerts = alerts
    self.options = options
  }

  package func page() -> [UInt8] {
    var body = Markup()
    body.raw("<header class=\"top\"><h1>Dashboards</h1>")
    if let banner = options.banner {
      body.element("p", banner, .class("banner"), .text("role", "alert"))
    }
    body.raw("<div class=\"bar\" id=\"bar\"></div></header>\n<main>\n")
    drawAlerts(&body)
    drawEntries(&body)
    body.raw("</main>\n")
    body.element("footer", options.footer, .class("foot"))
    let sheet = Stylesheet.text(theme: options.theme, rules: [], places: [], more: Self.sheet)
    var page = Markup()
    PageHead(title: "Dashboards", sheet: sheet, scriptHash: SiteScript.hash).draw(&page)
    page.append(body)
    page.script(SiteScript.text)
    page.raw("</body></html>\n")
    return page.bytes
  }

  private func drawAlerts(_ body: inout Markup) {
    guard let alerts else { return }
    let firing = AlertListDrawing.chosen(alerts, AlertListOptions(), Interpolation())
      .filter(\.isForPeople)
    let loud = firing.count { $0.isFiring && $0.hold == nil }
    let quiet = firing.count { $0.isFiring && $0.hold != nil }
    let pending = firing.count { !$0.isFiring }
    if firing.isEmpty { return body.raw("<p class=\"calm\">No alert is firing.</p>\n") }
    body.open(
      "section", .class("alarm", loud == 0 ? "quiet" : ""), .text("aria-labelledby", "firing"))
    var title =
      loud == 0 ? "No alert is firing" : "\(loud) alert\(loud == 1 ? " is" : "s are") firing"
    if quiet > 0 { title += loud == 0 ? " but \(quiet) kept quiet" : ", \(quiet) more kept quiet" }
    if pending > 0 { title += ", \(pending) pending" }
    body.element("h2", title, .text("id", "firing"))
    body.raw("<ul class=\"alerts\">\n")
    var canvas = Canvas(zone: .utc, now: 0)
    for alert in firing.prefix(200) { AlertItem.draw(alert, &canvas) }
    body.append(canvas.markup)
    body.raw("</ul></section>\n")
  }

  private func drawEntries(_ body: inout Markup) {
    if entries.isEmpty { return body.raw("<p class=\"calm\">There are no dashboards yet.</p>\n") }
    body.raw("<ul class=\"cards\">\n")
    for entry in entries {
      body.raw("<li><a ")
      body.raw("href=\"")
      // Of letters, digits, `-` and `_`.
      body.text(entry.name + ".html")
      body.raw("\">")
      body.element("strong", entry.title.isEmpty ? entry.name : entry.title)
      if !entry.description.isEmpty {
        body.element("span", String(entry.description.prefix(300)), .class("about"))
      }
      body.raw("</a><p>")
      body.element(
        "span", "\(entry.panels) panel\(entry.panels == 1 ? "" : "s")", .class("note"))
      for tag in entry.tags.prefix(12) {
        body.element("span", tag, .class("tag"), .text("data-tag", tag))
      }
      body.raw("</p></li>\n")
    }
    body.raw("</ul>\n")
  }

  private static let sheet = """
    .cards{list-style:none;padding:0;margin:14px 0;display:grid;gap:10px;\
    grid-template-columns:repeat(auto-fill,minmax(min(300px,100%),1fr))}
    .cards li{background:var(--panel);border:1px solid var(--edge);border-radius:8px;\
    padding:12px 14px;display:flex;flex-direction:column;gap:6px}
    .cards li:hover{border-color:var(--dim)}
    .cards a{text-decoration:none;color:var(--text);display:grid;gap:2px;flex:1;align-content:start}
    .cards strong{font-weight:600;font-size:15px}.cards .about{color:var(--dim);font-size:13px}
    .cards p{margin:0;display:flex;flex-wrap:wrap;gap:6px;align-items:center}
    .tag{font:inherit;font-size:12px;border:1px solid var(--edge);border-radius:10px;padding:0 8px;\
    background:none;color:var(--dim)}button.tag{cursor:pointer}
    .tag[aria-pressed=true]{border-color:var(--link);color:var(--link);font-weight:600}
    .alarm{background:var(--badbg);border-radius:8px;padding:12px 16px}
    .alarm h2{margin:0 0 4px;font-size:15px;color:var(--bad)}
    .alarm.quiet{background:var(--panel);border:1px solid var(--edge)}\
    .alarm.quiet h2{color:var(--text)}
    .calm{color:var(--dim);margin:4px 0}
    .bar label{color:var(--dim)}.bar input{margin-left:6px;font:inherit;font-size:14px;color:var(--text);background:var(--panel);width:280px;\
    max-width:100%;border:1px solid var(--edge);border-radius:6px;padding:5px 10px}
    """
}

/// The script of that page: search by words, and by tags.
enum SiteScript {
  static let text = #"""
    (()=>{'use strict';
    const cards=[...document.querySelectorAll('.cards li')],bar=document.getElementById('bar');
    if(!cards.length)return;
    const input=document.createElement('input');
    input.type='search';
    const label=document.createElement('label');
    label.append('Search ',input);
    const count=document.createElement('span');
    count.className='note';count.setAttribute('role','status');
    bar.append(label,count);
    let tag='';
    const tags=[...document.querySelectorAll('.tag')].map(old=>{
      const button=document.createElement('button');
      button.className='tag';button.textContent=old.textContent;button.dataset.tag=old.dataset.tag;
      button.onclick=()=>{tag=tag===button.dataset.tag?'':button.dataset.tag;show();};
      old.replaceWith(button);
      return button;
    });
    function show(){
      const words=input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown=0;
      for(const card of cards){
        const text=card.textContent.toLowerCase();
        const has=!tag||[...card.querySelectorAll('.tag')].some(t=>t.dataset.tag===tag);
        card.hidden=!(has&&words.every(w=>text.includes(w)));
        if(!card.hidden)shown++;
      }
      for(const button of tags)button.setAttribute('aria-pressed',button.dataset.tag===tag);
      count.textContent=words.length||tag?`${shown} of ${cards.length}`:'';
      const state=new URLSearchParams();
      if(input.value)state.set('q',input.value);
      if(tag)state.set('tag',tag);
      const path=location.pathname.split('/').pop();
      history.replaceState(null,'',state.size?'#'+state:path+location.search);
    }
    input.oninput=show;
    const asked=new URLSearchParams(location.hash.slice(1));
    input.value=asked.get('q')??'';tag=asked.get('tag')??'';
    show();
    })();

    """#

  static let hash = SHA256.base64(SHA256.hash(Array(text.utf8)))
}

extension SiteEntry {
  package func write(_ writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("name", name)
    writer.member("title", title)
    writer.member("description", description)
    writer.member("panels", Int64(panels))
    writer.name("tags")
    writer.beginArray()
    for tag in tags { writer.string(tag) }
    writer.endArray()
    writer.endObject()
  }

  package init?(_ json: JSONValue) {
    guard let name = json["name"]?.string, FileName.plain(name) == name,
      let title = json["title"]?.string, let description = json["description"]?.string,
      let panels = json["panels"]?.int, let tags = json["tags"]?.array
    else { return nil }
    self.init(
      name: name, title: title, description: description, tags: tags.compactMap(\.string),
      panels: Int(clamping: panels))
  }
}
