/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state.js - what is shown and what is selected: one state, seen by every view, kept in the address
 *
 * The selection is one set of trials with many handles: a range per metric (brushes of the front and of the parallel axes, limits of the
 * picker) and a set of rows (picked in the table, in the learning curves, in a group of failures). A trial is in it when it is in
 * all of them. `row` is the current trial, the one that the details show.
 *
 * Views listen: on('row'), on('selection'), on('view') and on('theme'); whoever changes something says so with changed(kind). */
(function (A) {
  'use strict';
  const d = A.data;
  const s = {x: d.head.view.x, y: d.head.view.y, logX: false, logY: false, colour: '', zoom: false, lineage: false, row: -1, pinned: [],
    ranges: new Map(), picked: null, axes: [], tab: 'front', sort: null, down: false, find: '', by: d.head.objectives[0] || ''};
  const listeners = {};
  A.on = (kinds, f) => { for (const k of kinds.split(' ')) (listeners[k] = listeners[k] || []).push(f); };

  const sel = {active: false, count: 0, mask: null};
  function select() {
    const mask = sel.mask = sel.mask || new Uint8Array(d.n);
    sel.active = s.ranges.size > 0 || s.picked !== null;
    mask.fill(sel.active && s.picked ? 0 : 1);
    if (s.picked) for (const row of s.picked) mask[row] = 1;
    for (const [name, [lo, hi]] of s.ranges) {
      const v = d.column(name);
      for (let i = 0; i < d.n; i++) if (!(v[i] >= lo && v[i] <= hi)) mask[i] = 0;
    }
    sel.count = 0;
    for (let i = 0; i < d.n; i++) sel.count += mask[i];
  }

  let waiting = new Set(), writing;
  /* Once per frame, however often it is called: brushing stays smooth. */
  A.changed = kind => {
    if (!waiting.size) requestAnimationFrame(() => {
      const kinds = waiting;
      waiting = new Set();
      if (kinds.has('selection')) select();
      const called = new Set();
      for (const k of kinds) for (const f of listeners[k] || []) if (!called.has(f)) { called.add(f); f(); }
      clearTimeout(writing);
      writing = setTimeout(write, 150); /* browsers allow only so many changes of an address in a second */
    });
    waiting.add(kind);
  };
  A.setRow = row => { if (row >= 0 && row < d.n) { s.row = row; A.changed('row'); } };
  A.setRange = (name, range) => {
    if (range) s.ranges.set(name, [Math.min(...range), Math.max(...range)]); else s.ranges.delete(name);
    A.changed('selection');
  };
  A.setPicked = rows => { s.picked = rows && rows.size ? rows : null; A.changed('selection'); };
  A.clearSelection = () => { s.ranges.clear(); s.picked = null; A.changed('selection'); };
  /* "macs between 1k and 20k", for people */
  A.rangeText = (name, [lo, hi]) => lo === -Infinity ? `${A.label(name)} \u2264 ${A.show(name, hi)}` :
    hi === Infinity ? `${A.label(name)} \u2265 ${A.show(name, lo)}` : `${A.label(name)} ${A.show(name, lo)} to ${A.show(name, hi)}`;

  /* the address ------------------------------------------------------------------------------------------------------------- */
  const number = t => t === '' ? NaN : Number(t);
  const metric = name => d.columns.has(name);
  function write() {
    const p = new URLSearchParams();
    if (s.x) { p.set('x', s.x); p.set('y', s.y); }
    p.set('log', (s.logX ? 'x' : '') + (s.logY ? 'y' : ''));
    p.set('colour', s.colour);
    if (s.row >= 0) p.set('trial', d.id[s.row]);
    if (s.zoom) p.set('zoom', '1');
    if (s.lineage) p.set('lineage', '1');
    if (s.ranges.size) p.set('in', [...s.ranges].map(([n, [lo, hi]]) => `${n}:${lo === -Infinity ? '' : lo}..${hi === Infinity ? '' : hi}`).join(','));
    if (s.picked && s.picked.size <= 500) p.set('rows', [...s.picked].map(i => d.id[i]).join('.'));
    if (s.pinned.length) p.set('kept', s.pinned.map(i => d.id[i]).join('.'));
    p.set('axes', s.axes.map(a => (a.flip ? '-' : '') + a.name).join(','));
    p.set('table', s.tab);
    if (s.sort) p.set('sort', (s.down ? '-' : '') + s.sort);
    if (s.find) p.set('find', s.find);
    if (s.by) p.set('by', s.by);
    const hash = '#' + p;
    if (hash !== location.hash) history.replaceState(null, '', hash);
  }
  /* Takes what it understands, ignores the rest: an address may come from another report. True when it set a scale. */
  function read() {
    const p = new URLSearchParams(location.hash.slice(1)), has = k => p.get(k) !== null;
    const known = (k, set) => { if (metric(p.get(k))) set(p.get(k)); };
    known('x', v => { s.x = v; });
    known('y', v => { s.y = v; });
    known('by', v => { s.by = v; });
    if (has('log')) { s.logX = p.get('log').includes('x'); s.logY = p.get('log').includes('y'); }
    if (has('colour') && (['', 'status'].includes(p.get('colour')) || metric(p.get('colour')))) s.colour = p.get('colour');
    s.zoom = p.get('zoom') === '1';
    s.lineage = p.get('lineage') === '1';
    const rows = k => has(k) ? p.get(k).split('.').map(Number).map(d.row).filter(i => i >= 0) : [];
    if (has('trial') && d.row(Number(p.get('trial'))) >= 0) s.row = d.row(Number(p.get('trial')));
    s.ranges.clear();
    for (const part of (p.get('in') || '').split(',')) {
      const m = part.match(/^([^:]+):(.*)\.\.(.*)$/);
      if (!m || !metric(m[1])) continue;
      const lo = number(m[2]), hi = number(m[3]);
      if (!Number.isNaN(lo) || !Number.isNaN(hi)) s.ranges.set(m[1], [Number.isNaN(lo) ? -Infinity : lo, Number.isNaN(hi) ? Infinity : hi]);
    }
    const picked = rows('rows');
    s.picked = picked.length ? new Set(picked) : null;
    s.pinned = rows('kept').slice(0, 4);
    if (has('axes')) {
      const axes = p.get('axes').split(',').map(t => ({name: t.replace(/^-/, ''), flip: t[0] === '-'})).filter(a => metric(a.name));
      if (axes.length) s.axes = axes.filter((a, i) => axes.findIndex(b => b.name === a.name) === i);
    }
    if (has('sort')) { s.down = p.get('sort')[0] === '-'; s.sort = p.get('sort').replace(/^-/, ''); }
    s.find = p.get('find') || '';
    select();
    if (['front', 'all', 'selection'].includes(p.get('table'))) s.tab = p.get('table');
    else if (sel.active) s.tab = 'selection';
    if (s.tab === 'selection' && !sel.active) s.tab = 'front';
    return has('log');
  }

  A.state = s;
  A.selection = sel;
  A.readAddress = read;
})(window.ashlar);
