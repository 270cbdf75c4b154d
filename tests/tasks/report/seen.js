() => {
  const rgb = c => { const m = c.match(/[\d.]+/g).map(Number); return m.length > 3 && !m[3] ? null : m.slice(0, 3); };
  const light = c => c.map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const pale = [], hidden = [];
  for (const e of document.querySelectorAll('main *')) {
    const own = [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim());
    if (!own || !e.checkVisibility() || e.tagName == 'STYLE') continue;
    let back = e, under; while (!(under = rgb(getComputedStyle(back).backgroundColor))) back = back.parentElement;
    const style = getComputedStyle(e), ink = rgb(e.closest('svg') ? style.fill : style.color);
    const [a, b] = [light(ink), light(under)].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) pale.push(e.textContent.slice(0, 40));
    const box = e.getBoundingClientRect();
    if (box.left < 0 || box.right > innerWidth) hidden.push(e.textContent.slice(0, 40));
  }
  const charts = {};
  for (const f of document.querySelectorAll('figure')) {
    const drawn = [...f.querySelectorAll('svg')].filter(s => s.checkVisibility());
    charts[f.id] = drawn.length == 1 && [...drawn[0].querySelectorAll('.mark-rect path, .mark-line path')]
      .filter(p => p.getBBox().width > 0 && p.getBBox().height > 0).length;
  }
  const table = id => [...document.querySelectorAll(`#${id} tbody tr`)].map(
    r => [...r.querySelectorAll('td data')].map(d => d.value));
  return {pale, hidden, charts, width: document.documentElement.scrollWidth, text: document.body.innerText,
    cards: [...document.querySelectorAll('.big data')].map(d => d.value),
    tables: Object.fromEntries(['sources', 'cities', 'campaigns'].map(id => [id, table(id)]))};
}
