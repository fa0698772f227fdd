extension PageScript {
  /// A panel as CSV and as SVG.
  static let export: StaticString = #"""
    function save(name, type, text) {
      const address = URL.createObjectURL(new Blob([text], {type}));
      const link = make('a', {href: address, download: name});
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 1000);
    }
    const titleOf = panel => $('h3', panel.element)?.textContent ?? '';
    const fileName = panel => (titleOf(panel) || panel.id).replace(/[^\w.-]+/g, '-');
    const cell = text => /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
    // Exact values by time; what stands in a table as it stands there.
    function csvOf(panel) {
      const series = seriesOf(panel);
      if (!series.length) return $$('tr', panel.element).map(row =>
        $$('th, td', row).map(c => cell(c.textContent)).join(',')).join('\n') + '\n';
      const times = new Set(), [a, b] = panel.view ? [panel.view.a, panel.view.b] : [-Infinity, Infinity];
      for (const s of series) for (let i = 0; i < s.grid.count; i++) {
        const t = s.grid.at(i);
        if (t >= a && t <= b && s.values[i] === s.values[i]) times.add(t);
      }
      const rows = [['time', ...series.map(s => s.n)].map(cell).join(',')];
      for (const t of [...times].sort((x, y) => x - y)) rows.push([new Date(t).toISOString(),
        ...series.map(s => {
          const i = s.grid.nearest(t), v = s.values[i];
          return s.grid.at(i) === t && v === v ? exact(v) : '';
        })].join(','));
      return rows.join('\n') + '\n';
    }
    function svgOf(panel) {
      const body = $('.body', panel.element), box = body.getBoundingClientRect();
      const style = getComputedStyle(panel.element), top = titleOf(panel) ? 30 : 0;
      const out = draw('svg', {xmlns: SVG, width: box.width, height: box.height + top,
        viewBox: `0 0 ${box.width} ${box.height + top}`, 'font-family': 'system-ui,sans-serif',
        'font-size': 14});
      const sheet = [...document.styleSheets[0].cssRules].map(rule => rule.cssText)
        .filter(text => !text.startsWith('@')).join('\n');
      out.append(draw('rect', {width: '100%', height: '100%', fill: style.backgroundColor}));
      if (top) out.append(draw('text', {x: 12, y: 20, fill: style.color, 'font-weight': 600},
        titleOf(panel)));
      for (const picture of $$('svg', body)) {
        if (picture.parentElement.closest('svg')) continue;
        const at = picture.getBoundingClientRect(), copy = picture.cloneNode(true);
        for (const extra of $$('.marks, .chosen', copy)) extra.remove();
        set(copy, {x: at.left - box.left, y: at.top - box.top + top, width: at.width,
          height: at.height, overflow: 'visible'});
        copy.removeAttribute('class');
        out.append(copy);
      }
      // What stands as text beside the picture: names in the legend, cells of a table.
      for (const e of $$('.legend .name, .legend .calc, .legend td, td, th, .prose > *, .note', body)) {
        const at = e.getBoundingClientRect();
        if (e.closest('svg') || !at.width || !e.textContent) continue;
        const swatch = $('.swatch', e) ?? (e.previousElementSibling?.matches('.swatch')
          ? e.previousElementSibling : null);
        if (swatch) {
          const s = swatch.getBoundingClientRect();
          out.append(draw('rect', {x: s.left - box.left, y: s.top - box.top + top, width: s.width,
            height: s.height, fill: getComputedStyle(swatch).backgroundColor}));
        }
        if (!$('.name', e)) out.append(draw('text', {x: at.left - box.left + (swatch && e.contains(swatch)
          ? 20 : 0), y: at.bottom - box.top + top - 5, fill: style.color, 'font-size': 12}, e.textContent));
      }
      // As text: the page's policy allows no second sheet, not even in a drawing.
      const isDark = matchMedia('(prefers-color-scheme:dark)').matches;
      const allowed = getComputedStyle(root).colorScheme;
      const scheme = allowed.includes(' ') ? isDark ? 'dark' : 'light' : allowed;
      const rules = `${sheet}\n:root{color-scheme:${scheme}}`;
      return new XMLSerializer().serializeToString(out).replace('>', '><style>'
        + rules.replace(/&/g, '&amp;').replace(/</g, '&lt;') + '</style>');
    }
    """#
}
