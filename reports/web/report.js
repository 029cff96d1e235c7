/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.js - opens the data, wires the views and the controls that are theirs together, and draws the page */
(function (A) {
  'use strict';
  const {$} = A, d = A.data, s = A.state;

  function controls() {
    const list = d.usable.map(m => [m.name, m.label]), change = (id, f) => $(id).addEventListener('change', e => { f(e.target); A.changed('view'); });
    A.options($('axis-x'), list, s.x); A.options($('axis-y'), list, s.y);
    A.options($('colour'), [['', 'front or not'], ['status', 'status'], ['id', 'order of trials']].concat(list), s.colour);
    change('axis-x', e => { s.x = e.value; A.front.chooseLog(); });
    change('axis-y', e => { s.y = e.value; A.front.chooseLog(); });
    change('log-x', e => { s.logX = e.checked; });
    change('log-y', e => { s.logY = e.checked; });
    change('colour', e => { s.colour = e.value; });
    change('zoom', e => { s.zoom = e.checked; });
    change('baselines', () => {});
    change('others', () => {});
    $('others-label').hidden = !d.head.runs;
    A.on('view', show);
    $('baselines-label').hidden = !d.head.baselines.length;
    for (const f of document.querySelectorAll('form')) f.addEventListener('submit', e => e.preventDefault());
  }
  /* What the controls say is what the state is. */
  function show() {
    $('axis-x').value = s.x; $('axis-y').value = s.y; $('colour').value = s.colour; $('picker-by').value = s.by;
    $('log-x').checked = s.logX; $('log-y').checked = s.logY; $('zoom').checked = s.zoom;
  }

  /* What the page starts with, before the address has its say. */
  function defaults() {
    const bits = d.column('mean_weight_bits'), by = d.column(d.head.objectives[0]);
    s.colour = bits && new Set(bits.filter(v => !Number.isNaN(v)).slice(0, 1000)).size > 2 ? 'mean_weight_bits' : '';
    s.row = d.frontRows.reduce((a, i) => a < 0 || by[i] < by[a] ? i : a, -1);
    s.tab = d.frontRows.length ? 'front' : 'all';
    A.parallel.chooseAxes();
  }

  function setTheme(name) {
    document.documentElement.dataset.theme = name;
    $('theme').textContent = name === 'dark' ? 'Light' : 'Dark';
    A.changed('theme');
  }
  function themes() {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    let own = false;
    $('theme').hidden = false;
    $('theme').addEventListener('click', () => { own = true; setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'); });
    dark.addEventListener('change', e => { if (!own) setTheme(e.matches ? 'dark' : 'light'); });
    $('theme').textContent = dark.matches ? 'Light' : 'Dark';
    document.documentElement.dataset.theme = dark.matches ? 'dark' : 'light';
    /* print in light, then as before; a canvas has to be drawn at once */
    let before = null;
    const draw = () => { A.front.render(); A.parallel.render(); A.curves.render(); A.progress.render(); A.nodes.render(); };
    addEventListener('beforeprint', () => { before = document.documentElement.dataset.theme; document.documentElement.dataset.theme = 'light'; if (before === 'dark') draw(); });
    addEventListener('afterprint', () => { document.documentElement.dataset.theme = before; if (before === 'dark') draw(); });
    let width = innerWidth, timer;
    addEventListener('resize', () => {
      if (innerWidth === width) return;
      width = innerWidth;
      clearTimeout(timer);
      timer = setTimeout(() => A.changed('theme'), 150);
    });
  }

  function start() {
    defaults();
    if (s.x) A.front.chooseLog();
    else $('front-note').textContent = 'The run has fewer than two metrics: there is no front to draw.';
    const chose = s.x;
    if (!A.readAddress() && s.x !== chose) A.front.chooseLog();
    controls(); themes(); show();
    const views = [A.front, A.parallel, A.curves, A.progress, A.nodes, A.lineage, A.importance, A.picker, A.table, A.detail];
    for (const v of views) v.wire();
    /* the large views first, while the page is short: each asks for its width, and so for a layout of what is there */
    A.front.render(); A.parallel.render();
    performance.mark('charts');
    setTimeout(() => {
      A.made.render(); A.detail.render(); A.picker.render(); A.lineage.render(); A.table.render();
      A.ready = true;
      setTimeout(() => { library(); A.importance.render(); });
    });
    addEventListener('hashchange', () => {
      A.readAddress();
      for (const kind of ['selection', 'view', 'row', 'table']) A.changed(kind);
    });
  }

  /* The line charts are drawn by what stands in #library: it is large, so it runs when everything else is there. */
  async function library() {
    const e = document.createElement('script');
    e.textContent = new TextDecoder().decode(await A.unpack('library'));
    document.body.append(e);
  }

  A.open().then(start).catch(e => {
    /* an old browser cannot unpack the trials; the figure and the table of the front are still there */
    document.documentElement.classList.remove('js');
    const p = A.el(null, 'p', {className: 'note', id: 'broken'}, `The interactive page could not start (${e.message}). Below is the front as a figure and a table.`);
    const shown = A.el(null, 'section');
    shown.innerHTML = $('static').textContent; /* what html.c wrote, escaped there: a browser that runs scripts has read it as text */
    $('static').replaceWith(shown);
    $('main').prepend(p);
    throw e;
  });
})(window.ashlar);
