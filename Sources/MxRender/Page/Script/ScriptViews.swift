extension PageScript {
  /// Which range and which values are shown; all of it stands in the address.
  static let views: StaticString = #"""
    // The part of the range that is shown, [from, to]; null is all of it.
    let zoom = null;
    // from and to: 'now-6h' and 'now', or milliseconds. vars: chosen values by name.
    const state = {from: '', to: '', vars: {}, hide: [], refresh: page.refresh, tz: null, theme: ''};
    let current = page.index, shown = page.view;
    const UNITS = {s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5, M: 2592e6, y: 31536e6};
    const width = text => {
      const match = /^(?:now-)?(\d+)([smhdwMy])$/.exec(text);
      return match ? match[1] * UNITS[match[2]] : null;
    };
    const time = text => {
      if (/^\d{9,}$/.test(text)) return +text;
      const parsed = Date.parse(text);
      return parsed === parsed ? parsed : null;
    };
    function readAddress() {
      const asked = new URLSearchParams(location.hash.slice(1));
      for (const [name, value] of new URLSearchParams(location.search))
        if (!asked.has(name)) asked.set(name, value);
      state.from = asked.get('from') ?? '';
      state.to = asked.get('to') ?? '';
      state.vars = {};
      for (const variable of page.vars) {
        const value = asked.get('var-' + variable.n);
        if (value !== null) state.vars[variable.n] = value;
      }
      state.hide = asked.getAll('hide');
      state.refresh = asked.get('refresh') ?? page.refresh;
      state.tz = asked.get('tz');
      state.theme = asked.get('theme') ?? '';
      return asked.get('panel');
    }
    function address() {
      const words = new URLSearchParams();
      if (state.from !== '') words.set('from', state.from);
      if (state.to !== '') words.set('to', state.to);
      for (const [name, value] of Object.entries(state.vars)) words.set('var-' + name, value);
      for (const name of state.hide) words.append('hide', name);
      if (state.refresh !== page.refresh) words.set('refresh', state.refresh);
      if (state.tz !== null) words.set('tz', state.tz);
      if (state.theme) words.set('theme', state.theme);
      const text = words.toString();
      return text ? '#' + text : location.pathname.split('/').pop() + location.search;
    }
    // Changes what is shown. What a reader may want to go back from is an entry of its own.
    function go(change, isNoted = true) {
      Object.assign(state, change);
      history[isNoted ? 'pushState' : 'replaceState'](null, '', address());
      return apply();
    }
    const unzoom = () => go({from: '', to: ''});
    addEventListener('popstate', () => { readAddress(); apply(); });
    addEventListener('hashchange', () => { readAddress(); apply(); });

    // The number of an option that is not the dashboard's own choice, else 'd'.
    function choice(variable) {
      const value = state.vars[variable.n];
      if (value === undefined || value === variable.c) return 'd';
      const index = variable.o.findIndex(option => option[0] === value);
      return index < 0 ? '?' : String(index);
    }
    // {key} of the view that has what is asked for and perhaps a zoom; {missing} says why none.
    function viewOf(start = String(state.from), end = String(state.to)) {
      const choices = page.vars.map(choice), key = range => [range, ...choices].join('/');
      const isAbsolute = time(start) !== null, asked = isAbsolute ? null : width(start);
      const ranges = page.ranges.map(r => ({...r, key: key(r.k)})).filter(r => page.views[r.key]);
      if (!ranges.length) return {missing: 'values'};
      if (start === '') return {key: ranges[0].key};
      if (isAbsolute) {
        const from = time(start), to = time(end) ?? Infinity;
        // Of those that hold it the finest; the one that is shown knows where it ends.
        const fit = ranges.filter(r => r.from <= from + 1 && r.to >= Math.min(to, r.to) - 1)
          .sort((one, other) => one.to - one.from - (other.to - other.from))[0];
        return fit ? {key: fit.key, zoom: [from, Math.min(to, fit.to)]} : {missing: 'range'};
      }
      if (asked === null) return {missing: 'range'};
      const exact = ranges.find(r => r.k !== '' ? width(r.k) === asked : r.w === asked);
      if (exact) return {key: exact.key};
      // A part of a longer one, where that is fine enough to be looked at.
      const longer = ranges.filter(r => r.w > asked && r.w <= asked * 30 && r.rel)
        .sort((one, other) => one.w - other.w)[0];
      return longer ? {key: longer.key, last: asked} : {missing: 'range'};
    }
    // Whether a value of a variable could be shown beside what else is chosen.
    function isThere(variable, value) {
      const before = state.vars;
      state.vars = {...before, [variable.n]: value};
      const found = page.views[[shown.split('/')[0], ...page.vars.map(choice)].join('/')];
      state.vars = before;
      return found !== undefined;
    }
    // One after another: what was asked for first must not come last. Each sees the newest state.
    let turn = Promise.resolve();
    const inTurn = work => turn = turn.catch(() => {}).then(work);
    const apply = () => inTurn(applyState);
    async function applyState() {
      chooseZone(state.tz ?? (page.own ? '' : page.zone));
      root.style.colorScheme = state.theme;
      const found = viewOf();
      sayMissing(found.missing);
      if (!found.missing) {
        if (found.key !== shown) {
          if (isFile && !page.inline) {
            location.href = page.root + page.views[found.key] + '.html' + location.hash;
            return;
          }
          try {
            await showView(found.key);
          } catch (error) {
            say(`This view could not be fetched: ${error.message}`);
            return;
          }
        }
        const {from, to} = current;
        zoom = found.zoom ?? (found.last ? [to - found.last, to] : null);
        if (zoom && zoom[0] <= from && zoom[1] >= to) zoom = null;
      }
      hideSeries();
      paintAll();
      showControls();
    }
    function hideSeries() {
      const wanted = new Set(state.hide);
      for (const panel of panels.values()) {
        panel.hidden.clear();
        if (isChart(panel)) for (const s of panel.data.s)
          if (wanted.has(panel.id + ':' + s.n)) panel.hidden.add(s.n);
      }
    }
    function paintAll() {
      for (const element of $$('article.panel')) paint(panelOf(element));
    }
    // In the panels' place: what was asked for is not there, and how to get it.
    const note = make('section', {class: 'missing', hidden: '', role: 'status'});
    const main = $('main');
    main.before(note);
    function sayMissing(kind) {
      note.hidden = !kind;
      main.hidden = Boolean(kind);
      if (!kind) return;
      const back = make('button', {type: 'button'}, 'Show what is there');
      back.onclick = () => go({from: '', to: '', vars: {}});
      const [text, command] = kind === 'range' ? missingRange() : missingValues();
      note.replaceChildren(make('p', {}, text), make('p', {}, 'This makes it:'),
        make('pre', {tabindex: 0}, make('code', {}, command)), back);
    }
    const quoted = word => /^[\w@%+=:,.\/-]+$/.test(word) ? word
      : `'${word.replace(/'/g, `'\\''`)}'`;
    function missingRange() {
      const from = String(state.from), isWidth = width(from) !== null;
      const text = isWidth ? `The last ${from.replace(/^now-/, '')} were not rendered.`
        : 'This range was not rendered.';
      const iso = x => time(x) === null ? x : new Date(time(x)).toISOString().replace('.000', '');
      return [text, page.cmd + (isWidth
        ? ' --ranges ' + [...page.ranges.map(r => r.k).filter(k => k), from.replace(/^now-/, '')]
          .join(',')
        : ' --from ' + quoted(iso(from)) + (state.to === '' ? ''
          : ' --to ' + quoted(iso(String(state.to)))))
        + ' ' + page.source];
    }
    function missingValues() {
      const chosen = page.vars.filter(v => choice(v) !== 'd');
      const names = chosen.map(v => `${v.l} ${textOf(v)}`).join(', ');
      const isListed = chosen.every(v => choice(v) !== '?') && page.all <= 1000;
      return [`Not rendered: ${names}.`, page.cmd + (isListed ? ' --max-pages ' + page.all
        : chosen.map(v => ' --var ' + quoted(v.n + '=' + state.vars[v.n])).join(''))
        + ' ' + page.source];
    }
    """#
}
