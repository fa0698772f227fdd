import MxModel

/// The page's one script, written by hand, without a library.
///
/// A page is complete without it: every panel is drawn by mx-render. The script
/// adds what needs a reader at hand: crosshair, zoom, switching, refreshing. It is
/// part of the page and allowed by its hash; it asks its own origin only, makes no
/// markup from data (text goes in as text), and draws anew only what was zoomed
/// or hidden. docs/pages.md says what passes between page and script.
enum PageScript {
  /// One function, so that nothing of it is global.
  static let text: String = {
    let parts = [
      tools, formats, charts, legend, painting, hover, views, refreshing, export, controls,
    ]
    var bytes = Array("(()=>{'use strict';\n".utf8)
    for part in parts { appendStripped(part, to: &bytes) }
    return String(decoding: bytes, as: UTF8.self) + "})();\n"
  }()

  /// Without comment lines and indentation: a page carries the code alone.
  private static func appendStripped(_ part: StaticString, to bytes: inout [UInt8]) {
    let text = UnsafeBufferPointer(start: part.utf8Start, count: part.utf8CodeUnitCount)
    for line in text.split(separator: 0x0A) {
      let code = line.drop { $0 == 0x20 }
      if code.isEmpty || code.starts(with: [0x2F, 0x2F]) { continue }
      bytes += code
      bytes.append(0x0A)
    }
  }

  /// The base64 of its SHA-256, as a policy names it.
  static let hash = SHA256.base64(SHA256.hash(Array(text.utf8)))

  /// Small helpers, and what the page says of itself.
  static let tools: StaticString = #"""
    const $ = (selector, root = document) => root.querySelector(selector);
    const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
    const SVG = 'http://www.w3.org/2000/svg';
    const root = document.documentElement;
    const parse = element => element ? JSON.parse(element.textContent) : null;
    const page = parse($('#mx'));
    if (!page) return;
    const isFile = location.protocol === 'file:';
    const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
    function make(name, attributes, ...children) {
      const element = document.createElement(name);
      set(element, attributes);
      element.append(...children);
      return element;
    }
    function draw(name, attributes, text) {
      const element = document.createElementNS(SVG, name);
      set(element, attributes);
      if (text !== undefined) element.textContent = text;
      return element;
    }
    function set(element, attributes = {}) {
      for (const [name, value] of Object.entries(attributes))
        if (value !== undefined && value !== false) element.setAttribute(name, value);
    }
    """#
}
