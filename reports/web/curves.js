/* SPDX-License-Identifier: GPL-3.0-or-later */
/* curves.js - learning curves: of the current trial, of those that are kept, and of the selection (else of the front)
 *
 * Dragging a rectangle picks the trials whose curve passes through it. At most DRAWN thin curves are drawn, evenly chosen. */
(function (A) {
  'use strict';
  const {$, el, button} = A, d = A.data, s = A.state, sel = A.selection, DRAWN = 60;
  const NAMES = {val_error: 'validation error', val_loss: 'validation loss', train_loss: 'training loss'};
  const percent = () => d.metrics.has('error') && d.metrics.get('error').percent;
  let shown = [];

  function pointsOf(row, y, log) {
    const c = d.curve(row), k = y === 'val_error' && percent() ? 100 : 1;
    return c ? c.epoch.map((e, i) => [e, c[y][i] * k]).filter(q => Number.isFinite(q[1]) && (!log || q[1] > 0)) : [];
  }
  /* The rows whose curves are thin lines: with a curve on this page, of the selection or of the front. */
  function crowd() {
    const rows = sel.active ? d.curveRows.filter(i => sel.mask[i]) : $('curve-front').checked ? d.curveRows.filter(i => d.front[i]) : [];
    return {all: rows, some: rows.length <= DRAWN ? rows : Array.from({length: DRAWN}, (_, k) => rows[Math.floor(k * rows.length / DRAWN)])};
  }

  function render() {
    const chart = $('curve-chart');
    if (!A.charts || $('curves').hidden) return;
    const y = $('curve-y').value, t = A.theme(), log = $('log-curve').checked, series = [], palette = [t.b2, t.b3, t.b4, t.b1];
    const add = (row, id, colour, width, opacity) => {
      if (series.some(q => q.id === id)) return;
      const points = pointsOf(row, y, log);
      if (points.length) series.push({id, points, colour, width, opacity});
    };
    const {all, some} = crowd(), c = A.colour.classes(t);
    if (s.row >= 0) add(d.source(s.row), s.row, t.select, 2.8, 1);
    s.pinned.forEach((row, i) => add(d.source(row), row, palette[i % 4], 2.2, 1));
    for (const row of some) add(row, row, c.list[c.of[row]].colour, 1.2, 0.5);
    shown = series.map(q => q.id);
    series.reverse(); /* the current one on top */
    $('curve-front-label').hidden = sel.active;
    pins(palette);
    if (!series.length) {
      chart.textContent = '';
      chart.invert = null;
      $('curve-note').textContent = 'No learning curve for this choice.';
      return;
    }
    A.charts.lines(chart, {series, theme: t, x: {title: 'epoch', format: v => A.short(v, 6)},
      y: {title: NAMES[y] + (y === 'val_error' && percent() ? ' (%)' : ''), log, format: v => A.short(v, 6)}, height: 320,
      label: `${NAMES[y]} of ${series.length} trials`, pick: row => { if (!dragged) A.setRow(row); }, tip: (row, e) => { if (!from) A.tip(row, e); }});
    const of = sel.active ? 'the selection' : 'the front', without = sel.active ? sel.count - all.length : 0;
    $('curve-note').textContent = `Thick: the current trial${s.pinned.length ? ' and those kept' : ''}. Thin: ${some.length < all.length ? `${some.length} of ${all.length}` : all.length} of ${of}` +
      (without > 0 ? ` (${A.grouped(without)} have no curve on this page)` : '') + '. Click a curve for its trial, drag to select those that pass through.';
  }

  function pins(palette) {
    const box = $('curve-pins');
    box.textContent = '';
    s.pinned.forEach((row, i) => {
      const b = button(box, '', () => { s.pinned = s.pinned.filter(r => r !== row); A.changed('row'); }, {title: 'Take it out of the chart'});
      el(b, 'span', {className: 'key'}).style.background = palette[i % 4];
      b.append(`trial ${d.id[row]} \u00d7`);
    });
  }

  /* Trials with a curve that passes through a rectangle, at one of its epochs: of those that could be seen. */
  function through(a, b) {
    const y = $('curve-y').value, [x0, x1] = [a.x, b.x].sort((p, q) => p - q), [y0, y1] = [a.y, b.y].sort((p, q) => p - q);
    const hit = row => pointsOf(d.source(row), y, false).some(p => p[0] >= x0 && p[0] <= x1 && p[1] >= y0 && p[1] <= y1);
    return new Set([...new Set(shown.concat(crowd().all))].filter(hit));
  }

  let from = null, dragged = false;
  function wire() {
    const kinds = Object.keys(NAMES).filter(k => d.curveRows.some(row => pointsOf(row, k, false).length));
    A.options($('curve-y'), kinds.map(k => [k, NAMES[k]]), kinds[0]);
    $('curves').hidden = !kinds.length;
    for (const id of ['curve-y', 'log-curve', 'curve-front']) $(id).addEventListener('change', render);
    const chart = $('curve-chart'), band = $('curve-brush');
    chart.addEventListener('pointerdown', e => {
      dragged = false;
      if (e.button === 0 && chart.invert) from = e;
    });
    addEventListener('pointermove', e => {
      if (!from || Math.hypot(e.clientX - from.clientX, e.clientY - from.clientY) < 5) return;
      dragged = true;
      A.tip(null);
      const r = chart.parentNode.getBoundingClientRect();
      band.hidden = false;
      Object.assign(band.style, {left: Math.min(e.clientX, from.clientX) - r.left + 'px', top: Math.min(e.clientY, from.clientY) - r.top + 'px',
        width: Math.abs(e.clientX - from.clientX) + 'px', height: Math.abs(e.clientY - from.clientY) + 'px'});
    });
    addEventListener('pointerup', e => {
      band.hidden = true;
      if (from && dragged) { const rows = through(chart.invert(from), chart.invert(e)); if (rows.size) A.setPicked(rows); }
      from = null;
    });
    chart.addEventListener('pointercancel', () => { from = null; band.hidden = true; });
    let timer;
    A.on('row view theme charts', render);
    A.on('selection', () => { clearTimeout(timer); timer = setTimeout(render, 120); }); /* not at every step of a drag */
  }
  A.curves = {render, wire};
})(window.ashlar);
