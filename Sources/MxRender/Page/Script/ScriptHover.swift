extension PageScript {
  /// Crosshair, values, zooming by drag, and the same by keyboard.
  static let hover: StaticString = #"""
    const tip = make('div', {class: 'tip', hidden: ''});
    const spoken = make('div', {class: 'spoken', 'aria-live': 'polite'});
    document.body.append(tip, spoken);
    // What the crosshair stands on: {panel, time}; null where it is nowhere.
    let cross = null, waiting = null, drag = null;
    const place = (panel, event) => {
      const box = panel.plot.getBoundingClientRect(), {a, b} = panel.view;
      return a + clamp((event.clientX - box.left) / box.width, 0, 1) * (b - a);
    };
    const chartAt = target => {
      const plot = target instanceof Element ? target.closest('svg.plot') : null;
      const panel = plot && panelOf(plot.closest('article'));
      return panel && isChart(panel) ? panel : null;
    };
    // The sample times of a chart nearest to `time`: of its finest series.
    function sampleTime(panel, time) {
      let best = null;
      for (const s of seriesOf(panel)) {
        if (panel.hidden.has(s.n) || !s.grid.count) continue;
        const at = s.grid.at(s.grid.nearest(time));
        if (best === null || Math.abs(at - time) < Math.abs(best - time)) best = at;
      }
      return best;
    }
    function rowsAt(panel, time) {
      const rows = [];
      for (const s of seriesOf(panel)) {
        if (panel.hidden.has(s.n) || !s.grid.count) continue;
        const i = s.grid.nearest(time), at = s.grid.at(i), v = s.values[i];
        // A gap has no value, and none of its neighbours' either.
        if (v === v && Math.abs(at - time) <= s.st / 2) rows.push({s, i, v, at});
      }
      return rows;
    }
    function exact(v) {
      return v === Infinity ? '+Inf' : v === -Infinity ? '-Inf' : String(v);
    }
    function showTip(panel, rows, event) {
      const {clientX: x, clientY: y} = event, room = Math.floor((innerHeight - 80) / 19);
      const sorted = rows.slice().sort((one, other) => other.v - one.v);
      const list = make('table', {});
      for (const {s, v} of sorted.slice(0, room)) {
        const text = format(s.format, v), whole = exact(v);
        list.append(make('tr', {}, make('td', {}, make('i', {class: 'swatch ' + s.c}), s.n),
          make('td', {class: 'num'}, text),
          make('td', {class: 'num exact'}, text === whole ? '' : whole)));
      }
      const more = sorted.length > room ? [make('p', {}, `and ${sorted.length - room} more`)] : [];
      const {a, b} = panel.view, near = (b - a) / 150;
      const marks = (panel.data.m ?? []).filter(m => m[0] - near <= cross.time && cross.time <= m[1] + near)
        .slice(0, 4).map(m => make('p', {class: 'happened'}, '▲ ' + m[2]));
      tip.replaceChildren(make('b', {}, stamp(cross.time) + ' ' + zoneName(cross.time)),
        rows.length ? list : make('p', {}, 'No value here'), ...more, ...marks);
      tip.hidden = false;
      const box = tip.getBoundingClientRect();
      const left = x + 18 + box.width > innerWidth ? x - 18 - box.width : x + 18;
      tip.style.left = Math.max(left, 4) + 'px';
      tip.style.top = clamp(y - box.height / 2, 4, Math.max(innerHeight - box.height - 4, 4)) + 'px';
    }
    function marksOf(panel) {
      if (!panel.marks) {
        panel.marks = draw('g', {class: 'marks', 'aria-hidden': 'true'});
        $('g', panel.plot).append(panel.marks);
      }
      return panel.marks;
    }
    // A line through every chart of the page that has this moment, dots where the pointer is.
    function drawCross() {
      for (const panel of panels.values()) {
        if (!isChart(panel) || !panel.view) continue;
        const {a, b} = panel.view, old = panel.marks;
        if (!cross || cross.time < a || cross.time > b) {
          if (old && old.firstChild) old.replaceChildren();
          continue;
        }
        if (panel !== cross.panel && !isVisible(panel)) continue;
        const at = digits((cross.time - a) / (b - a) * 100) + '%';
        const marks = [draw('line', {class: 'cross', x1: at, x2: at, y2: panel.data.h})];
        if (panel === cross.panel) marks.push(...dots(panel, at));
        marksOf(panel).replaceChildren(...marks);
      }
    }
    const isVisible = panel => {
      const box = panel.element.getBoundingClientRect();
      return box.bottom > 0 && box.top < innerHeight;
    };
    function dots(panel, at) {
      const data = panel.data, scales = panel.view.scales ?? [data.y, data.r ?? data.y].map(w =>
        w.log > 1 ? {share: v => v > 0 ? Math.log(v / w.lo) / Math.log(w.hi / w.lo) : 0}
          : {share: v => (v - w.lo) / (w.hi - w.lo)});
      return cross.rows.flatMap(({s, i, v}) => {
        // In a stack the dot would have to stand on the others: the line tells enough.
        if (s.k) return [];
        const share = scales[s.r ? 1 : 0].share(s.x ? -v : v);
        return share < -0.01 || share > 1.01 ? []
          : [draw('circle', {class: 'dot ' + s.c, cx: at, cy: digits((1 - share) * data.h), r: 3.5})];
      });
    }
    function moveTo(panel, time, event) {
      const at = sampleTime(panel, time);
      if (at === null) return leave();
      cross = {panel, time: at, rows: rowsAt(panel, at)};
      drawCross();
      showTip(panel, cross.rows, event);
    }
    function leave() {
      if (!cross) return;
      cross = null;
      tip.hidden = true;
      drawCross();
    }
    document.addEventListener('pointermove', event => {
      if (drag) return dragTo(event);
      // At most once a frame, however often the pointer reports.
      if (!waiting) requestAnimationFrame(() => {
        const last = waiting;
        waiting = null;
        const panel = chartAt(last.target);
        if (panel) moveTo(panel, place(panel, last), last); else leave();
      });
      waiting = event;
    });
    document.addEventListener('pointerdown', event => {
      const panel = chartAt(event.target);
      if (!panel || event.button !== 0 || event.pointerType === 'touch') return;
      drag = {panel, from: place(panel, event), x: event.clientX};
      drag.box = draw('rect', {class: 'chosen', height: panel.data.h, y: 0});
      event.preventDefault();
      panel.plot.focus({preventScroll: true});
    });
    function dragTo(event) {
      const {panel, from, box} = drag, {a, b} = panel.view, to = place(panel, event);
      if (Math.abs(event.clientX - drag.x) > 4 && !box.isConnected) $('g', panel.plot).append(box);
      const share = t => (t - a) / (b - a) * 100;
      set(box, {x: share(Math.min(from, to)) + '%', width: Math.abs(share(to) - share(from)) + '%'});
      leave();
    }
    document.addEventListener('pointerup', event => {
      if (!drag) return;
      const {panel, from, x, box} = drag, to = place(panel, event);
      drag = null;
      box.remove();
      if (Math.abs(event.clientX - x) > 4) go({from: Math.min(from, to), to: Math.max(from, to)});
    });
    document.addEventListener('pointercancel', () => {
      drag?.box.remove();
      drag = null;
    });
    document.addEventListener('dblclick', event => { if (chartAt(event.target) && zoom) unzoom(); });
    document.addEventListener('scroll', leave, {passive: true});
    root.addEventListener('pointerleave', leave);
    document.addEventListener('focusin', event => { if (cross && !chartAt(event.target)) leave(); });
    document.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        leave();
        if (!closeMenus() && zoom) unzoom();
        return;
      }
      const panel = chartAt(event.target);
      if (!panel || event.ctrlKey || event.altKey || event.metaKey) return;
      const {a, b} = panel.view, width = b - a, step = seriesOf(panel)[0]?.st ?? width / 100;
      const stride = step * (event.shiftKey ? 10 : 1), here = cross?.panel === panel ? cross.time : null;
      const moves = {ArrowLeft: () => (here ?? b + stride) - stride,
        ArrowRight: () => (here ?? a - stride) + stride, Home: () => a, End: () => b};
      if (moves[event.key]) speak(panel, clamp(moves[event.key](), a, b));
      else if (event.key === '+' || event.key === '=') zoomBy(panel, here ?? (a + b) / 2, 0.5);
      else if (event.key === '-') zoomBy(panel, here ?? (a + b) / 2, 2);
      else return;
      event.preventDefault();
    });
    function speak(panel, time) {
      const box = panel.plot.getBoundingClientRect(), {a, b} = panel.view;
      moveTo(panel, time, {clientX: box.left + (time - a) / (b - a) * box.width,
        clientY: box.top + box.height / 2});
      if (!cross) return;
      spoken.textContent = stamp(cross.time) + ': ' + (cross.rows.length
        ? cross.rows.slice(0, 10).map(r => r.s.n + ' ' + format(r.s.format, r.v)).join(', ')
        : 'no value');
    }
    function zoomBy(panel, center, factor) {
      const {a, b} = panel.view, {from, to} = panel.data, half = (b - a) * factor / 2;
      const low = Math.max(from, center - half), high = Math.min(to, center + half);
      if (low <= from && high >= to) unzoom();
      else if (high - low > 2000) go({from: low, to: high});
    }
    """#
}
