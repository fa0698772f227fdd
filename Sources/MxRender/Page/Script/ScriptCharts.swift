extension PageScript {
  /// Panels and their data; a value axis as ValueScale fits it.
  static let charts: StaticString = #"""
    // id -> {element, data, series, hidden}; made anew when a panel is swapped.
    const panels = new Map();
    function panelOf(element) {
      const known = panels.get(element.id);
      if (known && known.element === element && known.version === element.dataset.h) return known;
      const data = parse($('script.d', element));
      const panel = {element, data, version: element.dataset.h, plot: $('svg.plot', element),
        hidden: new Set(), isPainted: false, id: element.id};
      if (known) known.hidden.forEach(name => panel.hidden.add(name));
      panels.set(element.id, panel);
      return panel;
    }
    const isChart = panel => panel.data !== null && panel.data.k === 'time' && panel.plot !== null;
    const decoded = v => Float64Array.from(v, x => x === null ? NaN : x);
    // Sample times: [first, step, count], or every one of them.
    function gridOf(g) {
      if (!Array.isArray(g)) return {count: g.t.length, step: 0, at: i => g.t[i], nearest(t) {
        let low = 0, high = g.t.length - 1;
        while (low < high) {
          const middle = (low + high) >> 1;
          if (g.t[middle] < t) low = middle + 1; else high = middle;
        }
        return low > 0 && t - g.t[low - 1] <= g.t[low] - t ? low - 1 : low;
      }};
      const [first, step, count] = g;
      return {count, step, at: i => first + i * step,
        nearest: t => clamp(Math.round((t - first) / step), 0, count - 1)};
    }
    function seriesOf(panel) {
      if (panel.series || !panel.data || !panel.data.s) return panel.series ?? [];
      const grids = panel.data.g.map(gridOf);
      panel.series = panel.data.s.map(s =>
        ({...s, grid: grids[s.g], values: decoded(s.v), format: panel.data.f[s.f]}));
      return panel.series;
    }
    function windowOf(panel) {
      const {from, to} = panel.data;
      if (!zoom) return [from, to];
      // A panel with a range of its own is zoomed where that is within.
      const a = Math.max(zoom[0], from), b = Math.min(zoom[1], to);
      return b - a > 1 ? [a, b] : [from, to];
    }
    function tickStep(least, reach, w) {
      if (!(least > 0) || !isFinite(least)) return 1;
      if (w.bin && least >= 1) {
        const power = 1024 ** Math.floor(Math.log(least) / Math.log(1024));
        const factors = reach >= 1024 * power ? [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
          : [1, 2, 5, 10, 20, 50, 100, 200, 250, 500, 1024];
        const factor = factors.find(f => f * power >= least * 0.9999);
        if (factor) return factor * power;
      }
      if (w.sec > 0 && least * w.sec > 0.5) {
        const size = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600,
          43200, 86400, 172800, 604800].find(s => s >= least * w.sec);
        if (size) return size / w.sec;
      }
      const power = 10 ** Math.floor(Math.log10(least));
      return ([1, 2, 2.5, 5].find(f => f * power >= least * 0.9999) ?? 10) * power;
    }
    function fitted(low, high, w) {
      if (!isFinite(low) || !isFinite(high) || low > high) [low, high] = [0, 1];
      low = Math.min(low, w.smin ?? low);
      high = Math.max(high, w.smax ?? high);
      if (w.mid) {
        const reach = Math.max(Math.abs(low), Math.abs(high));
        [low, high] = [-reach, reach];
      }
      low = w.min ?? low;
      high = w.max ?? high;
      if (w.log > 1 && high > 0) return logarithmic(low, high, w);
      if (!(high - low > Math.max(Math.abs(low), Math.abs(high)) * 1e-10)) {
        const margin = low === 0 ? 1 : Math.abs(low) * 0.1;
        if (w.min === undefined && low !== 0) low -= margin;
        high = Math.max(low, high) + Math.max(margin, Math.abs(low) * 1e-6);
      } else if (w.min === undefined && w.smin === undefined && low > 0 && low < high * 0.35)
        low = 0;
      const most = (high - low) / w.n;
      const isCoarse = w.least > most && high - low >= w.least * (1 - 1e-9);
      const step = isCoarse ? w.least
        : tickStep(most, Math.max(Math.abs(low), Math.abs(high)), w);
      if (w.min === undefined) low = Math.floor(low / step + 1e-9) * step;
      if (w.max === undefined) high = Math.ceil(high / step - 1e-9) * step;
      const first = Math.ceil(low / step - 1e-9);
      const count = Math.min(Math.floor(high / step + 1e-9) - first, 999);
      const ticks = Array.from({length: Math.max(count + 1, 0)}, (_, i) => (first + i) * step + 0);
      return {low, high, step, ticks, share: v => (v - low) / (high - low)};
    }
    function logarithmic(low, high, w) {
      const base = Math.log(clamp(w.log, 2, 1000));
      const bottom = low > 0 ? low : Math.min(high / 1e3, 1);
      let first = Math.floor(Math.log(bottom) / base + 1e-9);
      const last = Math.max(Math.ceil(Math.log(high) / base - 1e-9), first + 1);
      first = Math.max(first, last - 40);
      const stride = Math.max(1, Math.ceil((last - first) / w.n)), ticks = [];
      for (let e = first; e <= last; e += stride) {
        const tick = Math.exp(e * base);
        ticks.push(tick);
        if (w.log === 10 && last - first <= 2 && e < last) ticks.push(2 * tick, 5 * tick);
      }
      return {low: Math.exp(first * base), high: Math.exp(last * base), step: 0, ticks,
        share: v => v > 0 ? (Math.log(v) / base - first) / (last - first) : 0};
    }
    """#
}
