extension PageScript {
  /// The numbers of a legend: what they come to in the part that is seen, as Reduction
  /// calculates them.
  static let legend: StaticString = #"""
    const COUNTS = new Set(['count', 'distinctCount', 'changeCount']);
    function totalOf(values) {
      let total = 0, lost = 0;
      for (const v of values) {
        const next = total + v;
        lost += Math.abs(total) >= Math.abs(v) ? total - next + v : v - next + total;
        total = next;
      }
      return isFinite(total) && isFinite(lost) ? total + lost : total;
    }
    // Undefined where there is nothing to calculate from.
    function reduced(values, calculation) {
      const n = values.length, first = values[0], last = values[n - 1];
      const pairs = sum => values.slice(1).reduce((all, v, i) => all + sum(values[i], v), 0);
      const mean = () => totalOf(values) / n;
      const variance = () => {
        const middle = mean();
        return totalOf(values.map(v => (v - middle) ** 2)) / n;
      };
      const sorted = () => values.slice().sort((one, other) => one - other);
      if (calculation === 'count') return n;
      if (calculation === 'allIsNull') return n ? 0 : 1;
      if (!n) return undefined;
      switch (calculation) {
      case 'last': case 'lastNotNull': return last;
      case 'first': case 'firstNotNull': return first;
      case 'min': return values.reduce((one, other) => Math.min(one, other));
      case 'max': return values.reduce((one, other) => Math.max(one, other));
      case 'sum': return totalOf(values);
      case 'mean': return mean();
      case 'range': return reduced(values, 'max') - reduced(values, 'min');
      case 'diff': return last - first;
      case 'delta': return pairs((one, other) => other >= one ? other - one : other);
      case 'diffperc': return first === 0 ? undefined : (last - first) / first;
      case 'allIsZero': return values.every(v => v === 0) ? 1 : 0;
      case 'variance': return variance();
      case 'stdDev': return Math.sqrt(variance());
      case 'distinctCount': return new Set(values).size;
      case 'changeCount': return pairs((one, other) => one === other ? 0 : 1);
      case 'median': {
        const all = sorted(), middle = n >> 1;
        return n % 2 ? all[middle] : (all[middle - 1] + all[middle]) / 2;
      }
      default:
        return /^p\d+$/.test(calculation)
          ? sorted()[clamp(Math.ceil(n * calculation.slice(1) / 100) - 1, 0, n - 1)] : undefined;
      }
    }
    function seen(s, a, b) {
      const values = [];
      for (let i = 0; i < s.grid.count; i++) {
        const v = s.values[i], t = s.grid.at(i);
        if (v === v && t >= a && t <= b) values.push(v);
      }
      return values;
    }
    function paintLegend(panel, a, b) {
      const {from, to} = panel.data, cells = $$('.legend [data-calc]', panel.element);
      if (!cells.length) return;
      panel.said ??= new Map(cells.map(cell => [cell, cell.textContent]));
      if (a === from && b === to) {
        for (const [cell, text] of panel.said) cell.textContent = text;
        return;
      }
      const known = new Map(seriesOf(panel).map(s => [String(s.id), s])), parts = new Map();
      for (const cell of cells) {
        const s = known.get(cell.closest('[data-s]').dataset.s), {calc} = cell.dataset;
        if (!s) continue;
        if (!parts.has(s)) parts.set(s, seen(s, a, b));
        const value = reduced(parts.get(s), calc);
        const text = value === undefined ? '–' : COUNTS.has(calc) ? number(value, 0)
          : format(s.format, value);
        // In a list the calculation's name stands before its number.
        const [title] = panel.said.get(cell).split(': ');
        cell.textContent = cell.localName === 'td' ? text : title + ': ' + text;
      }
    }
    """#
}
