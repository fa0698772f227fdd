extension PageScript {
  /// Menus, buttons, and the start.
  static let controls: StaticString = #"""
    const LISTED = ['5m', '15m', '30m', '1h', '3h', '6h', '12h', '24h', '2d', '7d', '30d', '90d',
      '1y'];
    const NAMES = {m: 'minute', h: 'hour', d: 'day', y: 'year'};
    const bar = $('#bar');
    const said = text => {
      const [, count, unit] = /^(\d+)(.)$/.exec(text);
      return `Last ${count} ${NAMES[unit] ?? unit}${count === '1' ? '' : 's'}`;
    };
    const textOf = variable => {
      const value = state.vars[variable.n] ?? variable.c;
      return variable.o.find(option => option[0] === value)?.[1]
        ?? (value === variable.c ? variable.t : value);
    };
    function closeMenus(but = null) {
      const open = $$('details.menu[open]').filter(menu => menu !== but);
      for (const menu of open) {
        const isInside = menu.contains(document.activeElement);
        menu.open = false;
        if (isInside) $('summary', menu).focus();
      }
      return open.length > 0;
    }
    document.addEventListener('click', event => {
      closeMenus(event.target.closest?.('details.menu') ?? null);
      const item = event.target.closest?.('.legend [data-s]');
      if (item && event.target.closest('[aria-pressed], .swatch')) toggle(item, event);
      const link = event.target.closest?.('details.var a, details.var button');
      if (link && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        const menu = link.closest('details');
        const vars = {...state.vars}, variable = page.vars[menu.dataset.v];
        if (link.dataset.o === variable.c) delete vars[variable.n];
        else vars[variable.n] = link.dataset.o;
        closeMenus();
        go({vars});
      }
    });
    function toggle(item, event) {
      const panel = panelOf(item.closest('article')), name = item.dataset.n;
      if (!isChart(panel)) return;
      const names = panel.data.s.map(s => s.n), hidden = panel.hidden;
      if (event.shiftKey || event.ctrlKey || event.metaKey) {
        // Alone, or all again.
        const isAlone = !hidden.has(name) && hidden.size === new Set(names).size - 1;
        hidden.clear();
        if (!isAlone) for (const other of names) if (other !== name) hidden.add(other);
      } else if (!hidden.delete(name)) hidden.add(name);
      const others = state.hide.filter(h => !h.startsWith(panel.id + ':'));
      leave();
      go({hide: [...others, ...[...hidden].map(n => panel.id + ':' + n)]}, false);
    }
    document.addEventListener('keydown', event => {
      if ((event.key === 'Enter' || event.key === ' ') && event.target.matches?.('[aria-pressed]')) {
        event.preventDefault();
        toggle(event.target.closest('[data-s]'), event);
      }
      const menu = event.target.closest?.('details.menu[open]');
      if (!menu || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
      const items = $$('a, button, input', menu).filter(e => e.offsetParent !== null);
      const at = items.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : -1);
      items[clamp(at, 0, items.length - 1)]?.focus();
      event.preventDefault();
    });
    const button = (text, action, attributes = {}) => {
      const element = make('button', {type: 'button', ...attributes}, text);
      element.onclick = action;
      return element;
    };
    const select = (label, options, change) => {
      const element = make('select', {'aria-label': label, title: label}, ...options.map(([value, text]) =>
        make('option', {value}, text)));
      element.onchange = () => change(element.value);
      return element;
    };
    // The range menu: what is there, what a part of it is, and what would have to be made.
    function rangeMenu() {
      const menu = $('#ranges'), list = $('ul', menu);
      const own = page.ranges[0];
      const pick = (text, change) => make('li', {}, button(text, () => { closeMenus(); go(change); }));
      const parts = LISTED.filter(t => width(t) !== own.w).map(t =>
        [t, pick(said(t), {from: 'now-' + t, to: 'now'})]);
      list.replaceChildren(pick(own.t, {from: '', to: ''}), ...parts.map(part => part[1]));
      const from = make('input', {type: 'datetime-local', step: 1, 'aria-label': 'From'});
      const to = make('input', {type: 'datetime-local', step: 1, 'aria-label': 'To'});
      const read = input => input.value ? instant(Date.parse(input.value + 'Z')) : null;
      const form = make('form', {class: 'span'}, make('label', {}, 'From', from),
        make('label', {}, 'To', to), make('button', {}, 'Show'));
      form.onsubmit = event => {
        event.preventDefault();
        const [a, b] = [read(from), read(to)];
        if (a !== null && b !== null && b > a) {
          closeMenus();
          go({from: a, to: b});
        } else form.querySelector(a === null ? 'input' : 'input:last-of-type').focus();
      };
      menu.append(form);
      menu.addEventListener('toggle', () => {
        if (!menu.open) return;
        for (const [text, item] of parts)
          item.classList.toggle('absent', viewOf('now-' + text, 'now').missing !== undefined);
        const [a, b] = zoom ?? [current.from, current.to];
        from.value = wall(a).toISOString().slice(0, 19);
        to.value = wall(b).toISOString().slice(0, 19);
      });
    }
    function variableMenus() {
      for (const menu of $$('details.var')) {
        const items = $$('li', menu), variable = page.vars[menu.dataset.v];
        for (const link of $$('a:not([href])', menu)) link.href = '#';
        menu.addEventListener('toggle', () => {
          if (menu.open) for (const link of $$('[data-o]', menu))
            link.parentElement.classList.toggle('absent', !isThere(variable, link.dataset.o));
        });
        if (variable.o.length === 0) ownValue(menu, variable);
        if (items.length <= 50) continue;
        const search = make('input', {type: 'search', 'aria-label': 'Search values', autocomplete: 'off'});
        search.oninput = () => {
          const wanted = search.value.toLowerCase();
          for (const item of items) item.hidden = !item.textContent.toLowerCase().includes(wanted);
        };
        search.onkeydown = event => {
          if (event.key === 'Enter') items.find(i => !i.hidden)?.querySelector('a, button')?.click();
        };
        $('ul', menu).before(search);
        menu.addEventListener('toggle', () => { if (menu.open) search.focus(); });
      }
    }
    // A value that nobody listed is typed.
    function ownValue(menu, variable) {
      const input = make('input', {'aria-label': variable.l, value: variable.c});
      input.onkeydown = event => {
        if (event.key !== 'Enter') return;
        closeMenus();
        go({vars: {...state.vars, [variable.n]: input.value}});
      };
      $('ul', menu).replaceChildren(make('li', {}, input));
      menu.addEventListener('toggle', () => { if (menu.open) input.focus(); });
    }
    const back = button('Reset zoom', unzoom, {id: 'back', hidden: ''});
    const RATES = ['off', '5s', '10s', '30s', '1m', '5m'];
    const rate = select('Refresh', [...new Set([...RATES, page.refresh])].map(r =>
      [r, r === 'off' ? 'Refresh off' : 'Every ' + r]), value => {
      failures = 0;
      go({refresh: value}, false);
      schedule();
    });
    rate.id = 'refresh';
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const zones = select('Times in', [['', 'Your time'], ['UTC', 'UTC'],
      ...(page.zone === 'UTC' ? [] : [[page.zone, page.zone]])], value => go({tz: value}, false));
    zones.id = 'zone';
    zones.firstChild.title = own;
    const themes = select('Colours', [['', 'System colours'], ['light', 'Light'], ['dark', 'Dark']],
      value => go({theme: value}, false));
    themes.id = 'theme';
    function showControls() {
      const {from, to} = current, [a, b] = zoom ?? [from, to];
      back.hidden = !zoom;
      rate.value = RATES.includes(state.refresh) || state.refresh === page.refresh
        ? state.refresh : 'off';
      zones.value = zone;
      themes.value = state.theme;
      $('#range').textContent = `${minute(a)} – ${minute(b)} ${zoneName(b)}`;
      const asked = width(String(state.from));
      $('#ranges summary').textContent = asked ? said(String(state.from).replace(/^now-/, ''))
        : zoom ? 'Part of ' + page.ranges[0].t.toLowerCase() : page.ranges[0].t;
      for (const menu of $$('details.var')) {
        const variable = page.vars[menu.dataset.v], value = state.vars[variable.n] ?? variable.c;
        $('.value', menu).textContent = textOf(variable);
        for (const item of $$('[data-o]', menu))
          if (item.dataset.o === value) item.setAttribute('aria-current', 'true');
          else item.removeAttribute('aria-current');
      }
      showAge();
    }
    // Links to other dashboards: from where this page is, with the reader's range and values.
    function aim(link) {
      const [path, given = ''] = link.dataset.page.split('#'), keep = link.dataset.keep ?? '';
      const now = new URLSearchParams(location.hash.slice(1)), next = new URLSearchParams(given);
      if (keep.includes('t')) for (const name of ['from', 'to']) {
        const own = name === 'from' ? page.ranges[0].q : 'now';
        const value = now.get(name) ?? (page.ranges[0].rel ? own : String(current[name]));
        if (value && !next.has(name)) next.set(name, value);
      }
      if (keep.includes('v')) for (const variable of page.vars) {
        const name = 'var-' + variable.n, value = state.vars[variable.n] ?? variable.c;
        if (value && !next.has(name)) next.set(name, value);
      }
      link.href = page.root + path + (next.size ? '#' + next : '');
    }
    for (const kind of ['pointerover', 'focusin', 'click', 'auxclick'])
      document.addEventListener(kind, event => {
        const link = event.target.closest?.('a[data-page]');
        if (link) aim(link);
      }, true);
    // What the script adds to a panel: a menu, names that can be pressed, no title boxes.
    function equip(panel) {
      const {element, data} = panel;
      $('g.hover', element)?.remove();
      for (const link of $$('a[data-page]', element)) link.href = page.root + link.dataset.page;
      if (isChart(panel)) {
        set(panel.plot, {tabindex: 0});
        for (const item of $$('.legend [data-s]', element))
          set($('.name', item), {tabindex: 0, role: 'button', 'aria-pressed': 'true',
            title: 'Hide or show; with shift: alone'});
      }
      const hasTable = $('table', element) !== null, hasPicture = $('svg', element) !== null;
      if (!data && !hasTable && !hasPicture) return;
      const name = titleOf(panel) || panel.id;
      const list = make('ul', {});
      const add = (text, action) => list.append(make('li', {}, button(text, () => {
        closeMenus();
        action();
      })));
      if (data || hasTable)
        add('Save as CSV', () => save(fileName(panel) + '.csv', 'text/csv', csvOf(panel)));
      if (hasPicture)
        add('Save as SVG', () => save(fileName(panel) + '.svg', 'image/svg+xml', svgOf(panel)));
      const menu = make('details', {class: 'menu more'},
        make('summary', {'aria-label': `Menu of ${name}`, title: 'Menu'}, '⋮'), list);
      element.append(menu);
    }
    const wanted = readAddress();
    rangeMenu();
    variableMenus();
    bar.append(back, rate, zones, themes);
    for (const rule of document.styleSheets[0].cssRules) rules.add(rule.cssText);
    root.classList.add('scripted');
    for (const element of $$('article.panel')) equip(panelOf(element));
    apply().then(() => {
      if (wanted) document.getElementById(wanted)?.scrollIntoView();
      schedule();
      root.dataset.ready = Math.round(performance.now());
    });
    """#
}
