extension PageScript {
  /// Fetching what mx-render rewrote, and putting it in place.
  static let refreshing: StaticString = #"""
    const LATEST = 3e5;
    let timer = 0, failures = 0, isDue = false, since = Date.now();
    async function get(path) {
      // Servers tell files apart by the second they were written in: twice within one
      // second would be 'not modified'. What is fetched is small, or has changed anyway.
      const answer = await fetch(path, {cache: 'no-store', signal: AbortSignal.timeout(20000)});
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      return answer.text();
    }
    // {index, panel(id)} of a view: its files, or the page itself.
    async function load(key, isFresh) {
      const slug = page.views[key];
      if (!page.inline) {
        const index = JSON.parse(await get(page.root + slug + '.json'));
        return {index, panel: id => get(page.root + slug + '/' + id + '.html')};
      }
      let source = document;
      if (isFresh)
        source = new DOMParser().parseFromString(await get(location.pathname), 'text/html');
      const block = parse($('#mx', source));
      if (!block) throw new Error('the page is no dashboard any more');
      if (block.view === key) {
        const articles = new Map($$('article.panel', source).map(e => [e.id, e]));
        const html = source === document ? initial : articles;
        return {index: block.index, page: block, panel: id => html.get(id).innerHTML};
      }
      const template = source.getElementById('view-' + slug);
      if (!template) throw new Error('it is not in this page');
      return {index: parse($('script.index', template.content)), page: block,
        panel: id => $(`article[id="${id}"]`, template.content).innerHTML};
    }
    // What the page had at first, for one that holds all its views itself.
    const initial = new Map(page.inline ? $$('article.panel').map(e =>
      [e.id, {innerHTML: e.innerHTML}]) : []);
    async function showView(key) {
      const found = await load(key, false);
      await exchange(found);
      shown = key;
    }
    const refresh = () => inTurn(refreshView);
    async function refreshView() {
      if (isFile) {
        location.reload();
        return;
      }
      const found = await load(shown, true);
      // Other panels or other places for them: only the page itself has those.
      if (found.index.shell !== current.shell) {
        location.reload();
        return;
      }
      if (found.page && found.page.view === page.view)
        page.index = found.page.index;
      await exchange(found);
      paintAll();
    }
    const rules = new Set();
    function style(css) {
      for (const rule of css) if (!rules.has(rule)) {
        rules.add(rule);
        const sheet = document.styleSheets[0];
        // Before the rules of narrow screens, which take places away.
        sheet.insertRule(rule, 0);
      }
    }
    async function exchange({index, panel}) {
      const changed = Object.entries(index.panels).filter(([id, p]) => {
        const element = document.getElementById(id);
        return element && element.dataset.h !== p.h;
      });
      const texts = await Promise.all(changed.map(([id]) => panel(id)));
      leave();
      changed.forEach(([id, p], i) => {
        const element = document.getElementById(id);
        style(p.css);
        element.innerHTML = texts[i];
        element.dataset.h = p.h;
        equip(panelOf(element));
      });
      for (const id of panels.keys()) if (!document.getElementById(id)) panels.delete(id);
      current = index;
      since = Date.now();
    }
    const every = () => {
      const wait = width(state.refresh);
      return wait === null ? 0 : Math.max(wait, 1000);
    };
    function schedule() {
      clearTimeout(timer);
      if (!every()) return;
      timer = setTimeout(round, Math.min(every() * 2 ** failures, Math.max(LATEST, every())));
    }
    async function round() {
      // Asleep while nobody looks; at once when somebody does.
      if (document.hidden) {
        isDue = true;
        return;
      }
      try {
        await refresh();
        failures = 0;
        say('');
      } catch (error) {
        failures++;
        say(`Stale since ${clockOf(since)}: refreshing failed (${error.message}), trying again`);
      }
      showAge();
      schedule();
    }
    const clockOf = t => wall(t).toISOString().slice(11, 19);
    document.addEventListener('visibilitychange', () => {
      if (document.hidden || !isDue) return;
      isDue = false;
      round();
    });
    // One line at the top for what went wrong.
    const trouble = make('p', {class: 'trouble', role: 'status', hidden: ''});
    $('header.top').append(trouble);
    function say(text) {
      trouble.hidden = text === '';
      if (trouble.textContent !== text) trouble.textContent = text;
      root.classList.toggle('stale', text !== '');
    }
    const ageLabel = $('#age');
    function showAge() {
      if (!ageLabel || !current.newest) return;
      const age = Math.max(Date.now() - current.newest, 0), isOld = age > page.fresh;
      ageLabel.textContent = 'data ' + (age < 1000 ? 'just in' : words(age / 1000, 1) + ' old');
      ageLabel.title = 'Newest sample: ' + stamp(current.newest) + ' ' + zoneName(current.newest);
      ageLabel.classList.toggle('old', isOld);
      ageLabel.setAttribute('aria-label', ageLabel.textContent + (isOld ? ': too old' : ''));
    }
    setInterval(() => { if (!document.hidden) showAge(); }, 1000);
    """#
}
