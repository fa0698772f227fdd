import Glibc
import MxModel
import Synchronization

/// The page's one style sheet. It is part of the page, and the page's policy
/// allows it by its hash: nothing else can style anything, no attribute and no
/// second sheet.
enum Stylesheet {
  /// A sheet and the base64 of its SHA-256, by which the policy knows it.
  struct Text {
    fileprivate(set) var text: String
    fileprivate(set) var hash: String
  }

  /// `rules` are those of the panels; see `rules(inks:margins:)`.
  static func text(
    theme: Theme, rules: Set<String>, places: Set<GridPosition>, more: String = ""
  ) -> Text {
    let scheme = theme == .auto ? "light dark" : theme.rawValue
    var own = ":root{color-scheme:\(scheme)}\n"
    own += rules.sorted().joined()
    own += places.map(rule).sorted().joined()
    own += narrow + more
    // There is no text of a dashboard in it but colours, which were numbers in between;
    // were there a `<`, the page must not be made.
    precondition(!own.utf8.contains(0x3C), "BUG: markup within a style sheet")
    return last.withLock { last in
      if let last, last.own == own { return last.text }
      var hash = common.hash
      hash.update(Array(own.utf8))
      let text = Text(text: common.text + own, hash: SHA256.base64(hash.digest))
      last = (own, text)
      return text
    }
  }

  /// What was made last: dashboards of one kind have the same rules and places.
  private static let last = Mutex<(own: String, text: Text)?>(nil)

  /// Tells the rules of this program from those of another one.
  static let mark = ContentMark.of(Array((common.text + narrow).utf8))

  /// What all pages begin with.
  private static let common = {
    let text = ":root{\(colors)}\n" + base
    var hash = SHA256()
    hash.update(Array(text.utf8))
    return (text: text, hash: hash)
  }()

  /// What a panel needs beside the base: its colours and the margins of its plots.
  static func rules(inks: Set<Ink>, margins: Set<Canvas.Margins>) -> [String] {
    inks.sorted { $0.className < $1.className }.map(rule)
      + margins.sorted().map { one in
        ".\(one.className){width:calc(100% - \(one.left + one.right)px);"
          + "margin:0 \(one.right)px 0 \(one.left)px}"
      }
  }

  private static func rule(_ place: GridPosition) -> String {
    ".\(place.className){grid-area:\(place.y + 1)/\(place.x + 1)"
      + "/span \(place.height)/span \(place.width)}"
  }

  private static func rule(_ ink: Ink) -> String {
    let (light, dark) = ink.values
    return ".\(ink.className){--c:\(pair("#" + light, "#" + dark));"
      + "--on:\(pair(Contrast.on(light), Contrast.on(dark)))}"
  }

  /// The browser takes the one that fits the page's colour scheme.
  private static func pair(_ light: String, _ dark: String) -> String {
    light == dark ? light : "light-dark(\(light),\(dark))"
  }

  private static let colors = [
    ("bg", "#f3f4f6", "#0f1115"), ("panel", "#fff", "#181b1f"), ("edge", "#dde1e6", "#2b3037"),
    ("text", "#1f2328", "#dfe3e8"), ("dim", "#59636e", "#9aa4af"), ("grid", "#e6e9ed", "#292e35"),
    ("zero", "#aab2bb", "#5b6570"), ("hover", "#1f232810", "#ffffff12"),
    ("link", "#0b5cad", "#79b8ff"), ("bad", "#a40e26", "#ff8a94"), ("badbg", "#ffebee", "#3a1a1f"),
    ("shade", "#1f232826", "#0009"),
  ].map { name, light, dark in "--\(name):\(pair(light, dark))" }.joined(separator: ";")

  private static let base = """
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--bg);color:var(--text);font:14px/1.45 system-ui,-apple-system,\
    "Segoe UI",Roboto,"Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
    main,.top{max-width:1460px;margin:0 auto;padding:0 16px}
    .top{padding-top:18px;padding-bottom:12px;display:flex;flex-wrap:wrap;gap:4px 24px;\
    align-items:baseline}
    h1{font-size:22px;line-height:1.2;margin:0;font-weight:600;letter-spacing:-.01em}
    .top .about{width:100%;margin:0;color:var(--dim)}
    .crumbs{flex-basis:100%;font-size:12.5px}.crumbs a{color:var(--dim);text-decoration:none}
    .crumbs a:hover{text-decoration:underline}
    .when{color:var(--dim);margin:0 0 0 auto;display:flex;flex-wrap:wrap;gap:2px 14px}
    .age.old{color:var(--bad);font-weight:600}
    .trouble,.missing{flex-basis:100%;margin:6px 0 0;padding:8px 12px;border-radius:6px}
    .trouble{background:var(--badbg);color:var(--bad)}
    .missing{background:var(--panel);border:1px solid var(--edge);max-width:1428px;\
    margin:8px auto;padding:18px 22px}
    .missing p{margin:0 0 8px}
    .bar{display:flex;flex-wrap:wrap;gap:6px;flex-basis:100%;margin:6px 0 0;align-items:center}
    .menu{position:relative;margin:0;font-size:13px;min-width:0}
    .menu>summary,.bar>button,.bar>select,.missing button,.menu form button,.menu input{\
    font:inherit;font-size:13px;color:var(--text);background:var(--panel);\
    border:1px solid var(--edge);border-radius:6px;padding:3px 9px;min-height:28px;cursor:pointer}
    .bar>select{appearance:none;padding-right:24px;background:var(--panel) \
    url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='8' height='4'%3E\
    %3Cpath d='M0 0h8L4 4z' fill='%237d8792'/%3E%3C/svg%3E") right 9px center no-repeat}
    #refresh{margin-left:auto}
    .menu .absent>*{color:var(--dim);font-style:italic}
    .menu>summary{display:flex;gap:6px;align-items:center;list-style:none;max-width:340px}
    .menu>summary::-webkit-details-marker{display:none}
    .menu>summary::after{content:"";border:4px solid transparent;border-top-color:var(--dim);\
    border-bottom:0;flex:none}
    .menu>summary b{font-weight:400;color:var(--dim)}
    .menu .value{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .menu>summary:hover,.bar>button:hover,.bar>select:hover,.missing button:hover{\
    border-color:var(--dim)}
    .menu>ul{list-style:none;margin:0;padding:0;max-height:min(420px,60vh);overflow:auto}
    .menu[open]>summary~*{position:absolute;z-index:5;top:calc(100% + 4px);left:0;min-width:200px;\
    max-width:min(420px,92vw);background:var(--panel);border:1px solid var(--edge);\
    border-radius:7px;box-shadow:0 6px 22px var(--shade);padding:4px}
    .menu li>*{display:block;width:100%;text-align:left;font:inherit;color:var(--text);\
    background:none;border:0;border-radius:5px;padding:4px 10px;text-decoration:none;\
    overflow-wrap:anywhere}
    .menu li>[href],.menu li>button{cursor:pointer}
    .menu li>:not([href]):not(button){color:var(--dim)}
    .menu li>[href]:hover,.menu li>button:hover{background:var(--hover)}
    .menu li>[aria-current]{font-weight:600}
    .scripted .menu li:not(.absent)>*{color:var(--text)}
    .menu[open]>input[type=search]~ul{top:calc(100% + 42px)}
    .menu[open]>input[type=search]{height:34px;cursor:text}
    .menu[open]>ul+form{left:204px;display:grid;gap:8px;padding:10px}
    .menu form label{display:grid;gap:2px;color:var(--dim);font-size:12px}
    .menu form input{cursor:text}
    .panel>.more{position:absolute;top:3px;right:4px;opacity:0}
    .panel:hover>.more,.more:focus-within,.more[open]{opacity:1}
    .more>summary{border:0;background:var(--panel);padding:0;width:26px;min-height:24px;\
    justify-content:center;font-weight:700}.more>summary::after{display:none}
    .more[open]>summary~*{left:auto;right:0;min-width:140px}
    @media (hover:none){.panel>.more{opacity:.7}.panel>header.head{padding-right:30px}}
    .tip{position:fixed;z-index:9;pointer-events:none;background:var(--panel);max-width:94vw;\
    border:1px solid var(--edge);border-radius:7px;box-shadow:0 6px 22px var(--shade);\
    padding:6px 10px;font-size:12px;line-height:19px}
    .tip table{width:auto;font-size:12px}.tip td{border:0;padding:0 0 0 14px;max-width:340px}
    .tip td:first-child{padding-left:0}.tip td.num{font-weight:600}
    .tip td.exact{font-weight:400;color:var(--dim)}.tip p{margin:0;color:var(--dim)}
    .spoken{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
    .cross{stroke:var(--dim);stroke-dasharray:3 3;pointer-events:none}
    .dot{fill:var(--c);stroke:var(--panel);stroke-width:1.5;pointer-events:none}
    .chosen{fill:var(--link);fill-opacity:.15;pointer-events:none}
    .scripted svg.plot{cursor:crosshair;touch-action:pan-y}
    .legend .name[aria-pressed]{cursor:pointer}.legend .name[aria-pressed]:hover{\
    text-decoration:underline}
    .legend .off{opacity:.45}.legend .off .name{text-decoration:line-through}
    .stale main{opacity:.75}
    .banner{flex-basis:100%;margin:8px 0 0;padding:8px 12px;border-radius:6px;\
    background:var(--badbg);color:var(--bad);font-weight:600}
    details{margin:0 0 8px}
    summary{cursor:pointer;padding:6px 2px;border-radius:5px}
    summary h2{display:inline;font-size:15px;font-weight:600;margin:0 0 0 2px}
    summary .count{color:var(--dim);font-size:12.5px;margin-left:8px}
    .grid{display:grid;grid-template-columns:repeat(24,minmax(0,1fr));grid-auto-rows:30px;gap:8px;\
    margin-bottom:8px}
    .panel{position:relative;background:var(--panel);border:1px solid var(--edge);border-radius:7px;display:flex;\
    flex-direction:column;min-width:0;min-height:0}
    .panel.bare{background:none;border-color:transparent}
    .panel>header{display:flex;gap:8px;align-items:baseline;padding:7px 12px 0;height:29px;\
    flex:none;min-width:0}
    h3{font-size:13.5px;line-height:20px;font-weight:600;margin:0;white-space:nowrap;overflow:hidden;\
    text-overflow:ellipsis}
    .panel>header .note{margin-left:auto;white-space:nowrap}
    .info{flex:none;color:var(--dim);font:italic 600 10px/13px Georgia,serif;cursor:help;width:15px;\
    height:15px;border:1px solid;border-radius:50%;text-align:center;align-self:center}
    .body{flex:1;min-height:0;display:flex;flex-direction:column;padding:3px 10px 8px}
    .body.right{flex-direction:row;gap:8px}
    .body.right .pic{flex:1;min-width:0}
    .body.right .legend{flex:0 1 auto;max-width:45%;min-width:20%;max-height:100%}
    .body.right div.legend{max-width:64%}
    .pic{min-width:0}
    .note{color:var(--dim);font-size:12px;margin:0}
    .failed{color:var(--bad);font-size:12.5px;margin:0 0 4px;overflow-wrap:anywhere}
    .empty{margin:auto;color:var(--dim);text-align:center;padding:6px}
    .empty p{margin:0 0 2px}
    svg{display:block;overflow:hidden}
    svg.plot{overflow:visible}
    text{fill:var(--dim)}.tick{font-size:11px}
    .end{text-anchor:end}.mid{text-anchor:middle}
    line.grid{display:inline;stroke:var(--grid)}line.zero{stroke:var(--zero)}
    .line,.dots,.threshold{fill:none;stroke:var(--c);vector-effect:non-scaling-stroke;\
    stroke-linejoin:round;stroke-linecap:round}.line,.threshold{stroke-width:1.4}
    .w2{stroke-width:2}.w3{stroke-width:3}.dash{stroke-dasharray:7 4}
    .threshold{stroke-width:1.3;stroke-linecap:butt}
    .area,.fill{fill:var(--c)}.zone-area{fill:var(--c);fill-opacity:.09}
    .track{fill:var(--grid)}
    .track-line,.gauge-line{fill:none;stroke:var(--grid)}.gauge-line{stroke:var(--c)}
    .slice{fill:var(--c);stroke:var(--panel);stroke-width:.7}
    .strong{font-weight:600}
    .heat{fill:var(--c)}.state{fill:var(--c)}.state-text{pointer-events:none}
    .hover rect,.hover-cells rect{fill:transparent}
    .hover rect:hover,.hover-cells rect:hover{fill:var(--hover)}
    .scale{display:flex;gap:6px;align-items:center;margin:0 0 0 auto;font-size:11px;color:var(--dim)}
    text.part{fill:var(--on)}
    .legend{margin:4px 0 0;padding:0;list-style:none;overflow:auto;min-height:0;flex:1 1 0;\
    font-size:12px;line-height:18px}
    ul.legend{display:flex;flex-wrap:wrap;gap:1px 14px;align-content:flex-start}
    .right ul.legend{display:block}
    .legend li{max-width:100%;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
    .swatch{display:inline-block;width:13px;height:4px;border-radius:2px;background:var(--c);\
    margin:0 6px 3px 0;vertical-align:middle}
    .swatch.dash{background:linear-gradient(90deg,var(--c) 40%,transparent 40% 60%,var(--c) 60%)}
    .calc{color:var(--dim);margin-left:8px}
    table{border-collapse:collapse;font-size:12.5px}table:where(:not([width])){width:100%}
    th{font-weight:400;text-align:left}
    td,th{padding:2px 10px 2px 0;border-bottom:1px solid var(--grid);white-space:nowrap;\
    max-width:420px;overflow:hidden;text-overflow:ellipsis}
    tr:last-child>*{border-bottom:0}
    thead th{color:var(--dim);font-weight:600;font-size:12px;position:sticky;top:0;\
    background:var(--panel)}
    tfoot td{font-weight:600;border-top:1px solid var(--zero);position:sticky;bottom:0;\
    background:var(--panel)}
    .legend table{font-size:12px}.legend td,.legend th{padding:1px 9px 1px 0;max-width:300px}
    .legend tbody th{min-width:72px}
    .legend th .name{display:-webkit-inline-box;-webkit-box-orient:vertical;-webkit-line-clamp:1;\
    white-space:normal;overflow-wrap:anywhere;max-width:calc(100% - 19px);vertical-align:top}
    .num{text-align:right}.center{text-align:center}
    .scroll{overflow:auto;min-height:0;flex:1}
    .scroll td,.scroll th{padding:4px 12px 4px 0}
    td.tinted{color:var(--c);font-weight:600}
    td.filled{background:var(--c);color:var(--on);padding-left:8px}
    table.fixed{table-layout:fixed}
    .other{border-top:1px solid var(--grid)}.other>summary{padding:4px 0;font-size:12.5px}
    .cellgauge{display:flex;justify-content:space-between;align-items:center;gap:8px}
    .cellbar{flex:none}
    .cellspark{position:relative;width:120px;height:22px}
    .an .band{fill:var(--c);fill-opacity:.09}
    .an .mark{stroke:var(--c);stroke-dasharray:4 3}.an .foot-mark{fill:var(--c)}
    .tip p.happened{color:var(--text);max-width:420px}
    .alerts,.boards{list-style:none;margin:0;padding:0}
    .alerts li{display:flex;gap:10px;padding:5px 0;align-items:baseline}
    .alerts li+li,.boards li+li{border-top:1px solid var(--grid)}
    .alerts li>div{display:flex;flex-wrap:wrap;gap:0 12px;min-width:0;overflow-wrap:anywhere}
    .state-word{flex:none;font-size:11.5px;font-weight:600;border-radius:9px;padding:0 8px;\
    background:var(--grid);color:var(--text);min-width:64px;text-align:center}
    .alerts .firing .state-word{background:var(--bad);color:var(--panel)}
    .alerts .held strong{font-weight:400}.hold{font-style:italic}.labels{flex-basis:100%}
    h4.group{margin:8px 0 2px;font-size:12.5px;color:var(--dim)}
    .boards li{padding:4px 0;display:flex;flex-wrap:wrap;gap:4px 8px}
    .goto{flex:none;text-decoration:none;padding:0 3px;font-size:13px;line-height:1}
    .dead{color:var(--dim)}
    .links{display:flex;flex-wrap:wrap;gap:4px 16px;flex-basis:100%;align-items:center;font-size:13px}
    .links>a,.links>.dead{overflow-wrap:anywhere}
    a.cell,a.tile{color:inherit}a.tile{text-decoration:none}
    .tag{font-size:12px;border:1px solid var(--edge);border-radius:10px;padding:0 8px;color:var(--dim)}
    .tiles{display:grid;gap:6px;flex:1;min-height:0;grid-auto-rows:minmax(0,1fr)}
    .tile{position:relative;border-radius:5px;overflow:hidden;display:flex;align-items:center}
    .tile>.chart{position:relative;max-height:100%}
    .tile.filled{background:var(--c)}.tile.filled text{fill:var(--on)}
    .tile.filled .line{stroke:var(--on)}.tile.filled .area{fill:var(--on)}
    .spark{position:absolute;left:0;right:0;bottom:0}
    text.value{fill:var(--text);font-weight:600}text.tinted{fill:var(--c)}
    .tile text.label{fill:var(--dim)}.tile.filled text.label{fill:var(--on)}
    .name{overflow:hidden;text-overflow:ellipsis}
    text.name{fill:var(--text)}
    .prose{overflow:auto;min-height:0;flex:1;overflow-wrap:anywhere}
    .prose>:first-child{margin-top:2px}.prose p{margin:6px 0}
    .prose h4{font-size:17px;margin:10px 0 4px}.prose h5{font-size:15px;margin:8px 0 4px}
    .prose h6{font-size:13.5px;margin:8px 0 4px}
    .prose ul,.prose ol{margin:4px 0;padding-left:22px}
    .prose blockquote{margin:6px 0;padding-left:10px;border-left:3px solid var(--edge);\
    color:var(--dim)}
    code,pre{font:12.5px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace}
    code{background:var(--grid);border-radius:3px;padding:0 3px}
    pre{background:var(--grid);padding:8px;border-radius:5px;overflow:auto}pre code{padding:0}
    hr{border:0;border-top:1px solid var(--edge)}
    a{color:var(--link)}
    :focus-visible{outline:2px solid var(--link);outline-offset:1px}
    .foot{color:var(--dim);font-size:12px;padding:4px 16px 24px;max-width:1460px;margin:0 auto}
    [hidden]{display:none!important}
    @media print{:root{color-scheme:light!important}body{background:#fff;font-size:11px}\
    .bar,.crumbs,.more,.tip,.age{display:none}.panel{break-inside:avoid}.legend,.scroll,\
    .prose{overflow:visible}main,.top{max-width:none;padding:0}summary::marker{content:""}}

    """

  /// Behind the places of panels, which it takes away.
  private static let narrow = """
    .cols2{grid-template-columns:repeat(2,minmax(0,1fr))}\
    .cols3{grid-template-columns:repeat(3,minmax(0,1fr))}\
    .cols4{grid-template-columns:repeat(4,minmax(0,1fr))}\
    .cols5{grid-template-columns:repeat(5,minmax(0,1fr))}\
    .cols6{grid-template-columns:repeat(6,minmax(0,1fr))}\
    .cols7{grid-template-columns:repeat(7,minmax(0,1fr))}\
    .cols8{grid-template-columns:repeat(8,minmax(0,1fr))}\
    .cols9{grid-template-columns:repeat(9,minmax(0,1fr))}\
    .cols10{grid-template-columns:repeat(10,minmax(0,1fr))}\
    .cols11{grid-template-columns:repeat(11,minmax(0,1fr))}\
    .cols12{grid-template-columns:repeat(12,minmax(0,1fr))}\
    @media (max-width:1000px){.t1{display:none}}\
    @media (max-width:699px){main,.top{padding-left:8px;padding-right:8px}.grid{display:block}\
    .panel{margin-bottom:8px}.when{margin-left:0}\
    .menu[open]>ul+form{left:0;top:calc(100% + 300px)}.menu>summary{max-width:86vw}\
    .t2{display:none}.body.right{display:block}\
    .body.right .legend{max-width:none}.legend,.scroll,.prose{max-height:60vh}.legend{flex:none;\
    max-height:170px}.tiles{grid-template-columns:repeat(auto-fit,minmax(140px,1fr))}}\
    @media (max-width:699px){table.fixed{table-layout:auto;width:auto}}\
    @media (max-width:460px){h1{font-size:19px}td,th{max-width:220px}}
    """
}

extension GridPosition {
  var className: String { "g\(x)-\(y)-\(width)-\(height)" }
}

/// Readable on a colour: black or white, whichever differs more (WCAG's measure).
enum Contrast {
  static func on(_ hex: String) -> String {
    let ground = luminance(UInt32(hex, radix: 16) ?? 0)
    return (ground + 0.05) / 0.05 > 1.05 / (ground + 0.05) ? "#111" : "#fff"
  }

  static func ratio(_ one: UInt32, _ other: UInt32) -> Double {
    let (a, b) = (luminance(one), luminance(other))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
  }

  static func luminance(_ color: UInt32) -> Double {
    func linear(_ shift: UInt32) -> Double {
      let part = Double(color >> shift & 255) / 255
      return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear(16) + 0.7152 * linear(8) + 0.0722 * linear(0)
  }
}
