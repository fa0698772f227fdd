extension PageScript {
  /// Numbers and times as text, as ValueFormat and TimeScale write them.
  static let formats: StaticString = #"""
    const number = (v, places) => {
      const text = Math.abs(v).toFixed(clamp(places, 0, 15));
      return (v < 0 && +text !== 0 ? '-' : '') + text;
    };
    const places = v => Math.abs(v - Math.round(v)) <= Math.abs(v) * 1e-14 ? 0
      : clamp(2 - Math.floor(Math.log10(Math.abs(v))), 0, 12);
    function placesOfStep(step) {
      for (let p = 0; p < 12; p++) {
        const scaled = step * 10 ** p;
        if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * scaled) return p;
      }
      return 12;
    }
    const DURATIONS = [[31536000, ' years'], [604800, ' weeks'], [86400, ' days'],
      [3600, ' hours'], [60, ' mins'], [1, ' s'], [1e-3, ' ms'], [1e-6, ' µs'], [1e-9, ' ns']];
    function format(f, v, step) {
      if (!isFinite(v)) return v !== v ? 'NaN' : v > 0 ? '∞' : '-∞';
      const n = (x, s) => number(x, f.d ?? (s ? placesOfStep(s) : places(x)));
      switch (f.k) {
      case 'fraction': return n(v * 100, step && step * 100) + '%';
      case 'scaled': {
        let i = f.o, x = v, s = step;
        while (Math.abs(x) >= f.b * 0.99995 && i + 1 < f.u.length) {
          x /= f.b;
          s = s && s / f.b;
          i++;
        }
        while (Math.abs(x) < 0.99995 && x !== 0 && i > 0) {
          x *= f.b;
          s = s && s * f.b;
          i--;
        }
        return f.p + n(x, s) + (f.u[i] ?? '') + f.s;
      }
      case 'duration': {
        const seconds = v * f.q;
        if (seconds === 0) return '0 s';
        const [size, name] = DURATIONS.find(d => Math.abs(seconds) >= d[0] * 0.99995)
          ?? DURATIONS[8];
        const text = n(seconds / size, step && step * f.q / size);
        return text === '1' && size >= 60 ? text + name.slice(0, -1) : text + name;
      }
      case 'words': return words(v * f.q, (f.d ?? 1) + 1);
      case 'clock': case 'days': {
        const s = Math.round(Math.abs(v * f.q)), days = f.k === 'days' ? Math.floor(s / 86400) : 0;
        return (v < 0 ? '-' : '') + (days ? days + ' d ' : '')
          + [Math.floor((s - days * 86400) / 3600), Math.floor(s / 60) % 60, s % 60]
            .map(x => String(x).padStart(2, '0')).join(':');
      }
      case 'stopwatch': {
        const s = Math.round(Math.abs(v * f.q) * 1000);
        const parts = [[Math.floor(s / 36e5), 2, 'h'], [Math.floor(s / 6e4) % 60, 2, 'm'],
          [Math.floor(s / 1e3) % 60, 2, 's'], [s % 1e3, 3, 'ms']];
        const first = parts.findIndex(part => part[0] > 0);
        return (v < 0 ? '-' : '') + parts.slice(first < 0 ? 3 : first).slice(0, (f.d ?? 3) + 1)
          .map(([x, width, name]) => String(x).padStart(width, '0') + name).join(':');
      }
      case 'grouped': {
        const text = step ? n(v, step) : trimmed(number(v, f.d ?? 3));
        return f.p + text.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',') + f.s;
      }
      case 'sci': {
        const [digits, power] = v.toExponential(f.d ?? 12).split('e');
        return (f.d === undefined ? trimmed(digits) : digits) + 'e' + power;
      }
      case 'hex': return f.p + Math.trunc(v).toString(16).toUpperCase();
      case 'truth': return v !== 0 ? f.p : f.s;
      case 'date': return f.p === 'us' ? american(stamp(v)) : stamp(v);
      case 'ago': {
        const seconds = (Date.now() - v) / 1000, text = words(Math.abs(seconds), 1);
        return seconds >= 0 ? text + ' ago' : 'in ' + text;
      }
      case 'text': return String(v);
      default: return f.p + n(v, step) + f.s;
      }
    }
    const trimmed = text => text.includes('.') ? text.replace(/\.?0+$/, '') : text;
    function words(seconds, limit) {
      let rest = Math.abs(seconds);
      if (rest < 1) return rest === 0 ? '0 seconds' : number(seconds * 1000, 0) + ' ms';
      const parts = [];
      for (const [size, name] of [[31536000, 'year'], [2628000, 'month'], [604800, 'week'],
        [86400, 'day'], [3600, 'hour'], [60, 'minute'], [1, 'second']]) {
        const count = Math.floor(rest / size);
        if (count === 0) {
          if (parts.length) break;
          continue;
        }
        parts.push(count + ' ' + name + (count === 1 ? '' : 's'));
        rest -= count * size;
        if (parts.length === limit) break;
      }
      return (seconds < 0 ? '-' : '') + parts.join(', ');
    }
    // The zone that times are shown in: a name, or '' for the reader's own.
    let zone = page.zone;
    const offsets = new Map();
    function offset(time) {
      if (zone === 'UTC') return 0;
      const quarter = Math.floor(time / 9e5), known = offsets.get(quarter);
      if (known !== undefined) return known;
      let result = -new Date(quarter * 9e5).getTimezoneOffset() * 6e4;
      if (zone) {
        const p = {};
        for (const part of new Intl.DateTimeFormat('en-US', {timeZone: zone, hourCycle: 'h23',
          year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric',
          second: 'numeric'}).formatToParts(quarter * 9e5)) p[part.type] = +part.value;
        result = Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - quarter * 9e5;
      }
      if (offsets.size > 20000) offsets.clear();
      offsets.set(quarter, result);
      return result;
    }
    const wall = time => new Date(time + offset(time));
    const instant = w => {
      const guess = w - offset(w - offset(w));
      return w - offset(guess);
    };
    function zoneName(time) {
      if (zone === 'UTC') return 'UTC';
      const options = {timeZoneName: 'short'};
      if (zone) options.timeZone = zone;
      return new Intl.DateTimeFormat('en-US', options).formatToParts(time)
        .find(part => part.type === 'timeZoneName').value;
    }
    function chooseZone(name) {
      try {
        if (name) new Intl.DateTimeFormat('en-US', {timeZone: name});
        zone = name;
      } catch {
        zone = 'UTC';
      }
      offsets.clear();
    }
    const stamp = time => wall(time).toISOString().slice(0, 19).replace('T', ' ');
    const minute = time => stamp(time).slice(0, 16);
    function american(text) {
      const [date, clock] = text.split(' '), [year, month, day] = date.split('-');
      const hour = +clock.slice(0, 2);
      return `${month}/${day}/${year} ${hour % 12 || 12}${clock.slice(2)} ${hour < 12 ? 'am' : 'pm'}`;
    }
    const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4,
      3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 108e5, 216e5, 432e5, 864e5, 1728e5, 6048e5];
    // Ticks where clocks of the zone are round: [time, text].
    function timeTicks(from, to, count) {
      const ticks = [], day = 864e5, least = (to - from) / Math.max(count, 1);
      const step = STEPS.find(s => s >= least);
      const add = (w, text) => {
        const t = instant(w);
        if (t >= from && t <= to) ticks.push([t, text(new Date(w).toISOString())]);
        return t <= to && ticks.length < 200;
      };
      const date = iso => iso.slice(5, 10).replace('-', '/');
      if (step === undefined) {
        const months = [1, 2, 3, 6, 12, 24, 60, 120, 600, 6000].find(m => m * 3066 * 864e3 >= least)
          ?? 60000;
        const start = wall(from);
        let n = Math.floor((start.getUTCFullYear() * 12 + start.getUTCMonth()) / months) * months;
        while (add(Date.UTC(Math.floor(n / 12), n % 12), iso => iso.slice(0, months < 12 ? 7 : 4)))
          n += months;
      } else {
        const phase = step === 6048e5 ? 4 * day : 0;
        let w = Math.floor((+wall(from) - phase) / step) * step + phase;
        while (add(w, iso => step >= day || (step >= 6e4 && iso.slice(11, 19) === '00:00:00')
          ? date(iso) : step >= 6e4 ? iso.slice(11, 16) : iso.slice(11, step < 1e3 ? 23 : 19)))
          w += step;
      }
      return ticks;
    }
    """#
}
