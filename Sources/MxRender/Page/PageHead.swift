import MxModel

/// The head of a page: its policy, by which the browser itself refuses whatever is
/// not ours, its title and its sheet.
struct PageHead {
  let title: String
  let sheet: Stylesheet.Text
  let scriptHash: String

  /// Up to the body's start.
  func draw(_ page: inout Markup) {
    let policy =
      "default-src 'none'; script-src 'sha256-\(scriptHash)'; style-src 'sha256-\(sheet.hash)'; "
      + "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"
    page.raw("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n")
    page.open(
      "meta", .text("http-equiv", "Content-Security-Policy"), .text("content", policy))
    page.raw("\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n")
    page.raw("<meta name=\"referrer\" content=\"no-referrer\">\n")
    // Or every page would ask its server for /favicon.ico.
    page.raw("<link rel=\"icon\" href=\"data:,\">\n")
    page.element("title", title)
    page.raw("\n<style>")
    page.sheet(sheet)
    page.raw("</style></head>\n<body>\n")
  }
}

extension Markup {
  /// A style sheet of our own.
  fileprivate mutating func sheet(_ sheet: Stylesheet.Text) { trusted(sheet.text) }

  /// Our script, as it was hashed; it holds no text of anybody else.
  mutating func script(_ text: String) {
    raw("<script>")
    trusted(text)
    raw("</script>\n")
  }

  /// What `Plan.fragment` made, perhaps in an earlier run.
  mutating func fragment(_ html: ArraySlice<UInt8>) { trusted(html) }
}
