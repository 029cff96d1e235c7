/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page.js - what every view uses: elements, numbers for people, the tooltip
 *
 * All text goes in through textContent: nothing from a database is ever parsed as HTML. Each file of this folder adds one object to
 * `ashlar`: ashlar.data, ashlar.state, ashlar.front, ... */
window.ashlar = {};
(function (A) {
  'use strict';
  const $ = id => document.getElementById(id);

  function el(parent, tag, properties, text) {
    const e = document.createElement(tag);
    for (const k in properties || {}) if (k in e && k !== 'list') e[k] = properties[k]; else e.setAttribute(k, properties[k]);
    if (text !== undefined && text !== null) e.textContent = text;
    if (parent) parent.appendChild(e);
    return e;
  }
  function draw(parent, tag, attributes, text) {
    const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const k in attributes) e.setAttribute(k, attributes[k]);
    if (text !== undefined) e.textContent = text;
    if (parent) parent.appendChild(e);
    return e;
  }
  function button(parent, text, click, properties) {
    const b = el(parent, 'button', Object.assign({type: 'button'}, properties), text);
    b.addEventListener('click', click);
    return b;
  }
  function options(select, list, chosen) {
    select.textContent = '';
    for (const [v, text] of list) el(select, 'option', {value: v, selected: v === chosen}, text);
  }

  /* numbers ----------------------------------------------------------------------------------------------------------------- */
  const grouped = v => Math.round(v).toString().replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
  const short = (v, n) => Number(v.toPrecision(n || 4)).toString();
  const big = v => v >= 1e6 || v < 1e-3 ? v.toExponential(6) : short(v, 7);
  function si(v) {
    for (const [s, p] of [[1e18, 'E'], [1e15, 'P'], [1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']])
      if (Math.abs(v) >= s * 0.9999999) return short(v / s, 4) + p;
    return short(v, 4);
  }
  function duration(s) {
    if (!(s > 0)) return '';
    if (s < 1) return Math.round(s * 1000) + ' ms';
    if (s < 120) return s.toFixed(s < 10 ? 1 : 0) + ' s';
    if (s < 7200) return Math.floor(s / 60) + ' min ' + Math.round(s % 60) + ' s';
    return Math.floor(s / 3600) + ' h ' + Math.round(s % 3600 / 60) + ' min';
  }
  /* A metric's value with its unit: 1.39 %, 12 345 B. */
  function show(name, v) {
    if (v === undefined || v === null || Number.isNaN(v)) return '';
    const m = A.data.metrics.get(name);
    if (!m) return Number.isInteger(v) ? String(v) : short(v);
    if (m.percent) return (100 * v).toFixed(2) + ' %';
    if (m.unit === 'count') return grouped(v);
    if (m.unit === 'bytes') return grouped(v) + ' B';
    if (m.unit === 'arithmetic') return v ? 'integer' : 'float';
    if (m.unit === 'bits') return short(v, 3);
    if (m.unit === 'seconds') return short(v, 4) + ' s';
    if (m.unit === 'joules') return short(v, 4) + ' J';
    return Number.isInteger(v) ? grouped(v) : short(v, 5);
  }
  /* An error with the arithmetic that it was measured in: "1.39 % (integer)". */
  function scored(name, row) {
    const text = show(name, A.data.column(name)[row]), of = A.data.column('integer');
    return text && of && !Number.isNaN(of[row]) && /^(test_)?(((balanced|f1|r2|auc)_)?error|mae)$/.test(name) ? `${text} (${show('integer', of[row])})` : text;
  }
  const label = name => name === 'id' ? 'trial' : A.data.metrics.has(name) ? A.data.metrics.get(name).label : name;
  const isSi = name => { const m = A.data.metrics.get(name); return !!m && (m.unit === 'count' || m.unit === 'bytes'); };
  /* As a scale's tick shows it, short: 12k, 3 (per cent of a title that says so). */
  const tick = (name, v) => { const m = A.data.metrics.get(name); return isSi(name) ? si(v) : short(m && m.percent ? v * 100 : v, 4); };

  function theme() {
    const s = getComputedStyle(document.documentElement), t = {};
    for (const n of ['text', 'muted', 'grid', 'card', 'cloud', 'accent', 'select', 'steps', 'ok', 'bad', 'b1', 'b2', 'b3', 'b4', 'b5', 'band'])
      t[n] = s.getPropertyValue('--' + n).trim();
    return t;
  }

  /* the tooltip ------------------------------------------------------------------------------------------------------------- */
  function place(box, event) {
    box.hidden = false;
    const w = box.offsetWidth, h = box.offsetHeight;
    let x = event.clientX + 14, y = event.clientY + 14;
    if (x + w > innerWidth - 6) x = Math.max(6, event.clientX - w - 14);
    if (y + h > innerHeight - 6) y = Math.max(6, event.clientY - h - 14);
    box.style.left = x + 'px'; box.style.top = y + 'px';
  }
  function tip(row, event) {
    const box = $('tip'), d = A.data, s = A.state;
    if (row === null || row === undefined || row < 0) { box.hidden = true; return; }
    box.textContent = '';
    const head = el(box, 'div');
    el(head, 'b', {}, `Trial ${d.id[row]}`);
    head.append(d.front[row] ? ', on the front' : d.status(row) === 'ok' ? '' : `, ${d.status(row)}`);
    const dl = el(box, 'dl', {className: 'pairs'});
    for (const m of d.usable) if (m.objective || [s.x, s.y, s.colour, 'mean_weight_bits', 'test_error'].includes(m.name)) {
      const v = d.column(m.name)[row];
      if (Number.isNaN(v)) continue;
      el(dl, 'dt', {}, m.label); el(dl, 'dd', {}, scored(m.name, row));
    }
    const genome = d.genome(row);
    el(box, 'div', {className: 'genome'}, genome.length > 260 ? genome.slice(0, 259) + '\u2026' : genome);
    place(box, event);
  }
  function tipText(lines, event) {
    const box = $('tip');
    if (!lines) { box.hidden = true; return; }
    box.textContent = '';
    for (const l of lines) el(box, 'div', {}, l);
    place(box, event);
  }
  addEventListener('scroll', () => { $('tip').hidden = true; }, {passive: true});

  Object.assign(A, {$, el, draw, button, options, grouped, short, big, si, duration, show, scored, label, isSi, tick, theme, tip, tipText});
})(window.ashlar);
