extension PageScript {
  /// Paths and axes of a chart, drawn anew where it is zoomed or a series is hidden.
  static let painting: StaticString = #"""
    // What is in [a, b], stacked where the panel says so.
    function layersOf(panel, a, b) {
      const bases = new Map(), totals = new Map();
      const shown = seriesOf(panel).filter(s => !panel.hidden.has(s.n));
      for (const s of shown) if (s.p) {
        const total = totals.get(s.k) ?? new Float64Array(s.grid.count);
        s.values.forEach((v, i) => { if (isFinite(v)) total[i] += v; });
        totals.set(s.k, total);
      }
      const layers = shown.map(s => {
        const g = s.grid, sign = s.x ? -1 : 1, count = g.count;
        let upper = s.values, lower = null;
        if (s.k) {
          const base = bases.get(s.k) ?? new Float64Array(count), total = totals.get(s.k);
          lower = base.slice();
          upper = s.values.map((v, i) => isFinite(v)
            ? base[i] + sign * (total ? total[i] ? v / total[i] : v : v) : NaN);
          bases.set(s.k, upper.map((v, i) => isFinite(v) ? v : base[i]));
        } else if (s.x) upper = s.values.map(v => -v);
        let first = count ? g.nearest(a) : 0, last = count ? g.nearest(b) : -1;
        first = Math.max(first - 1, 0);
        last = Math.min(last + 1, count - 1);
        return {s, upper, lower, first, last};
      });
      for (const layer of layers) {
        const other = layer.s.fb && !layer.s.k && layers.find(l => l.s.n === layer.s.fb);
        if (other) layer.lower = layer.upper.map((v, i) => {
          const g = other.s.grid, at = g.count ? g.nearest(layer.s.grid.at(i)) : -1;
          return at >= 0 && isFinite(other.upper[at]) ? other.upper[at] : v;
        });
      }
      return layers;
    }
    function scaleOf(layers, wishes, a, b) {
      let low = Infinity, high = -Infinity;
      for (const {s, upper, first, last} of layers) {
        for (let i = first; i <= last; i++) {
          const v = upper[i], t = s.grid.at(i);
          if (!isFinite(v) || t < a || t > b) continue;
          low = Math.min(low, v);
          high = Math.max(high, v);
        }
        if (s.k || s.d === 'b') {
          low = Math.min(low, 0);
          high = Math.max(high, 0);
        }
      }
      return fitted(low, high, wishes);
    }
    function runsOf({s, upper, first, last}) {
      const runs = [];
      let run = null, before = -1;
      for (let i = first; i <= last; i++) {
        if (!isFinite(upper[i])) continue;
        const distance = run ? s.grid.at(i) - s.grid.at(before) : 0;
        const joins = run && (s.gap === -1 || distance <= (s.gap ?? 0)
          || (i === before + 1 && distance <= s.st * 1.5));
        if (!joins) runs.push(run = []);
        run.push(i);
        before = i;
      }
      return runs;
    }
    const digits = x => String(Math.round(x * 100) / 100);
    function joined(points, mode, isFirst) {
      if (!points.length) return '';
      let text = (isFirst ? 'M' : 'L') + digits(points[0][0]) + ',' + digits(points[0][1]);
      if (mode === 's' && points.length > 2) return text + smooth(points);
      for (let i = 1; i < points.length; i++) {
        const x = digits(points[i][0]), y = digits(points[i][1]);
        text += mode === 'a' || mode === 'b'
          ? (mode === 'a') === isFirst ? `H${x}V${y}` : `V${y}H${x}` : `L${x},${y}`;
      }
      return text;
    }
    // Fritsch and Carlson's slopes: no value is drawn higher than it was.
    function smooth(points) {
      const count = points.length, secants = [], slopes = [];
      for (let i = 1; i < count; i++)
        secants.push((points[i][1] - points[i - 1][1]) / (points[i][0] - points[i - 1][0] || 1));
      slopes[0] = secants[0];
      slopes[count - 1] = secants[count - 2];
      for (let i = 1; i < count - 1; i++) slopes[i] = secants[i - 1] * secants[i] > 0
        ? 2 / (1 / secants[i - 1] + 1 / secants[i]) : 0;
      let text = '';
      for (let i = 1; i < count; i++) {
        const [x, y] = points[i - 1], [u, v] = points[i], third = (u - x) / 3;
        text += 'C' + [x + third, y + slopes[i - 1] * third, u - third, v - slopes[i] * third, u, v]
          .map(digits).join(' ');
      }
      return text;
    }
    function pathsOf(layer, x, y, height) {
      const {s, upper, lower} = layer, out = {line: '', area: '', dots: ''};
      const zero = clamp(y(0), 0, height);
      if (s.d === 'b') {
        const half = Math.max(x(s.grid.at(0) + s.st) - x(s.grid.at(0)), 0.5) * 0.4;
        for (let i = layer.first; i <= layer.last; i++) if (isFinite(upper[i])) {
          const at = x(s.grid.at(i)), bottom = digits(lower ? y(lower[i]) : zero);
          out.area += `M${digits(at - half)},${bottom}V${digits(y(upper[i]))}H${digits(at + half)}`
            + `V${bottom}Z`;
        }
        return out;
      }
      for (const run of runsOf(layer)) {
        const top = run.map(i => [x(s.grid.at(i)), y(upper[i])]);
        if (run.length === 1 || s.pt) for (const p of top)
          out.dots += `M${digits(p[0])},${digits(p[1])}h0`;
        if (run.length === 1) continue;
        const line = joined(top, s.i, true);
        out.line += line;
        const ends = lower ? run : [run[0], run[run.length - 1]];
        const ground = ends.map(i => [x(s.grid.at(i)), lower ? y(lower[i]) : s.lg ? height : zero]);
        out.area += line + joined(ground.reverse(), lower ? s.i : '', false) + 'Z';
      }
      return out;
    }
    function paint(panel) {
      if (!isChart(panel)) return;
      const data = panel.data, [a, b] = windowOf(panel);
      const isWhole = a === data.from && b === data.to && panel.hidden.size === 0;
      if (isWhole && panel.isPainted) restore(panel);
      panel.view = {a, b};
      if (!isWhole) redraw(panel, a, b);
      paintTimes(panel, a, b);
      paintLegend(panel, a, b);
      for (const item of $$('.legend [data-s]', panel.element))
        item.classList.toggle('off', panel.hidden.has(item.dataset.n));
      for (const name of $$('.legend [aria-pressed]', panel.element))
        name.setAttribute('aria-pressed', !panel.hidden.has(name.closest('[data-s]').dataset.n));
    }
    function redraw(panel, a, b) {
      if (!panel.isPainted) keep(panel);
      const data = panel.data, layers = layersOf(panel, a, b), height = data.h;
      const left = layers.filter(l => !l.s.r), right = layers.filter(l => l.s.r);
      const scale = scaleOf(data.r && left.length ? left : layers.filter(l => !l.s.r || !data.r),
        data.y, a, b);
      const other = data.r ? scaleOf(right, data.r, a, b) : scale;
      const x = t => (t - a) / (b - a) * 1000;
      const y = (s, v) => clamp((1 - s.share(v)) * height, -2000, height + 2000);
      panel.view.scales = [scale, other];
      const drawn = new Map(layers.map(l =>
        [String(l.s.id), pathsOf(l, x, v => y(l.s.r ? other : scale, v), height)]));
      for (const path of $$('path[data-s]', panel.plot)) {
        const paths = drawn.get(path.dataset.s), kind = path.classList[0];
        path.setAttribute('d', paths ? paths[kind] : '');
      }
      for (const mark of $$('[data-y]', panel.plot)) {
        const at = y(scale, +mark.dataset.y);
        if (mark.localName === 'path') mark.setAttribute('d', `M0,${digits(at)}H1000`);
        else {
          const top = mark.dataset.to === undefined ? 0 : clamp(y(scale, +mark.dataset.to), 0, height);
          const bottom = mark.dataset.y === '-Infinity' ? height : clamp(at, 0, height);
          set(mark, {y: digits(top), height: digits(Math.max(bottom - top, 0))});
        }
      }
      for (const mark of $$('.an [data-a]', panel.plot)) {
        const share = t => (+t - a) / (b - a) * 100, start = share(mark.dataset.a);
        if (mark.localName === 'line')
          set(mark, {x1: start + '%', x2: start + '%', visibility: start < 0 || start > 100 ? 'hidden' : 'visible'});
        else {
          const low = clamp(start, 0, 100), high = clamp(share(mark.dataset.b), 0, 100);
          const least = mark.classList.contains('foot-mark') && start >= 0 && start <= 100 ? 0.6 : 0;
          set(mark, {x: low + '%', width: Math.max(high - low, least) + '%'});
        }
      }
      paintValues(panel, $('.ty', panel.plot), scale, data.y, false, y);
      if (data.r) paintValues(panel, $('.tr', panel.plot), other, data.r, true, y);
    }
    // What mx-render drew, to be put back.
    function keep(panel) {
      panel.isPainted = true;
      panel.original = $$('path[data-s], [data-y], .an [data-a]', panel.plot).map(e =>
        [e, ['d', 'y', 'height', 'x', 'width', 'x1', 'x2'].map(n => [n, e.getAttribute(n)])]);
      panel.values = $$('.ty, .tr', panel.plot).map(e => [e, [...e.childNodes]]);
    }
    function restore(panel) {
      for (const [element, attributes] of panel.original) {
        element.removeAttribute('visibility');
        for (const [name, value] of attributes) if (value !== null) element.setAttribute(name, value);
      }
      for (const [element, children] of panel.values) element.replaceChildren(...children);
      panel.isPainted = false;
    }
    function paintValues(panel, group, scale, wishes, isRight, y) {
      if (!group || wishes.off) return;
      const f = panel.data.f[wishes.f];
      group.replaceChildren(...scale.ticks.flatMap(tick => {
        const at = y(scale, tick), sharp = Math.floor(at) + 0.5;
        const text = draw('text', {class: isRight ? 'tick' : 'tick end', y: digits(at + 4),
          ...(isRight ? {x: '100%', dx: 7} : {x: -7})}, format(f, tick, scale.step || undefined));
        if (isRight) return [text];
        return [draw('line', {class: tick === 0 && scale.low < 0 ? 'grid zero' : 'grid',
          x2: '100%', y1: sharp, y2: sharp}), text];
      }));
    }
    function paintTimes(panel, a, b) {
      const group = $('.tx', panel.plot), width = panel.plot.clientWidth || 600;
      // Left as it was drawn where the same would come out.
      const key = [a, b, zone].join();
      if (!group || (panel.times ?? [panel.data.from, panel.data.to, page.zone].join()) === key) return;
      panel.times = key;
      const height = panel.data.h + 16, name = zoneName(b);
      const label = draw('text', {class: 'tick end', x: -7, y: height});
      label.append(draw('title', {}, 'Times in ' + (zone || 'your time zone')), name);
      group.replaceChildren(...timeTicks(a, b, Math.max(2, Math.floor(width / 72)))
        .flatMap(([time, text]) => {
          const share = (time - a) / (b - a) * 100, at = digits(share) + '%';
          return [draw('line', {class: 'grid', x1: at, x2: at, y2: panel.data.h}),
            draw('text', {class: 'tick ' + (share < 2.5 ? '' : share > 97.5 ? 'end' : 'mid'), x: at,
              y: height}, text)];
        }), label);
    }
    """#
}
