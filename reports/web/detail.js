/* SPDX-License-Identifier: GPL-3.0-or-later */
/* detail.js - the current trial, the networks of the front, and the bar that says what is selected */
(function (A) {
  'use strict';
  const {$, el, button} = A, d = A.data, s = A.state, sel = A.selection;

  function detail() {
    const body = $('detail-body'), row = s.row;
    body.textContent = '';
    if (row < 0) { el(body, 'p', {className: 'note'}, 'Click a dot, a curve, a strip or a row.'); return; }
    const source = d.source(row), status = d.status(row), p = el(body, 'p', {style: 'margin:0'});
    el(p, 'b', {}, `Trial ${d.id[row]}`);
    p.append(d.front[row] ? ', on the front' : '');
    if (status !== 'ok') el(p, 'span', {className: 'bad'}, `, ${status}`);
    if (d.reason(row)) el(body, 'p', {className: 'note'}, d.reason(row));
    el(body, 'div', {className: 'genome-box'}).appendChild(el(null, 'code', {}, d.genome(row)));
    const actions = el(body, 'div', {className: 'actions'});
    if (d.curve(source)) {
      const pinned = s.pinned.includes(row);
      button(actions, pinned ? 'Kept in the curves' : 'Keep in the curves', () => {
        s.pinned = pinned ? s.pinned.filter(i => i !== row) : s.pinned.concat(row).slice(-4);
        A.changed('row');
      }, {id: 'pin', 'aria-pressed': String(pinned)});
    }
    const link = id => { const i = d.row(id); if (i < 0) actions.append(String(id)); else button(actions, `trial ${id}`, () => A.setRow(i)); };
    if (d.original(row)) { actions.append('same network as '); link(d.original(row)); }
    const parents = d.parents(row);
    if (parents.length) { actions.append(parents.length > 1 ? 'parents ' : 'parent '); parents.forEach(link); }
    const dl = el(body, 'dl', {className: 'pairs'});
    const pair = (k, v) => { if (v) { el(dl, 'dt', {}, k); el(dl, 'dd', {}, v); } };
    for (const m of d.usable) pair(m.label + (m.objective ? ' *' : ''), A.scored(m.name, row));
    pair('time to train', A.duration(d.wall[row]));
    pair('result taken from', d.foundIn(row));
    const blocks = d.blocks(source);
    if (blocks) {
      el(body, 'h3', {}, 'Its layers');
      A.networks.layers(body, blocks);
    } else {
      el(body, 'p', {className: 'note'}, 'No block description of this trial is on this page.');
    }
  }

  /* The networks of the front, in order; in the selection when there is one. Each is drawn when it comes into view. */
  function strips() {
    const box = $('strips'), by = d.metrics.has('macs') ? 'macs' : d.head.objectives[0];
    const list = d.frontRows.filter(i => d.blocks(i)).sort((a, b) => d.column(by)[a] - d.column(by)[b]);
    if (!list.length) { $('networks').hidden = true; return; }
    const drawStrip = b => { const place = b.querySelector('.draw'); if (!place.firstChild) place.appendChild(A.networks.strip(d.blocks(d.row(Number(b.dataset.id))))); };
    const watch = new IntersectionObserver(entries => entries.forEach(e => {
      if (e.isIntersecting) { drawStrip(e.target); watch.unobserve(e.target); }
    }), {rootMargin: '400px'});
    for (const row of list) {
      const b = button(box, '', () => A.setRow(row), {className: 'strip', 'aria-pressed': 'false'});
      b.dataset.id = d.id[row];
      const head = el(b, 'span', {className: 'head'});
      el(head, 'b', {}, `Trial ${d.id[row]}`);
      for (const name of d.head.objectives.concat(['mean_weight_bits', 'mean_act_bits', 'test_error'])) if (d.metrics.has(name) && !Number.isNaN(d.column(name)[row])) {
        const e = el(head, 'span', {}, A.label(name) + ' ');
        e.append(el(null, 'b', {}, A.scored(name, row)));
      }
      el(b, 'span', {className: 'draw'});
      watch.observe(b);
    }
    addEventListener('beforeprint', () => [...box.children].slice(0, 60).forEach(drawStrip));
  }
  function markStrips() {
    let shown = 0;
    for (const b of $('strips').children) {
      const row = d.row(Number(b.dataset.id));
      b.hidden = sel.active && !sel.mask[row] && row !== s.row;
      shown += !b.hidden;
      b.setAttribute('aria-pressed', String(row === s.row));
    }
    $('strips-note').textContent = sel.active ? ` Shown: the ${shown} in the selection.` : '';
  }

  function bar() {
    const box = $('selection');
    box.hidden = !sel.active;
    box.textContent = '';
    if (!sel.active) return;
    const text = el(box, 'span', {role: 'status'});
    el(text, 'b', {id: 'selected-count'}, A.grouped(sel.count));
    text.append(` of ${A.grouped(d.n)} trials selected`);
    for (const [name, range] of s.ranges) {
      const about = A.rangeText(name, range);
      button(box, `${about} \u00d7`, () => A.setRange(name, null), {className: 'chip', title: 'Let go'});
    }
    if (s.picked) button(box, `${A.grouped(s.picked.size)} picked \u00d7`, () => A.setPicked(null), {className: 'chip', title: 'Let go'});
    button(box, 'Clear', A.clearSelection, {id: 'clear-selection'});
  }

  function wire() {
    A.on('row', detail);
    A.on('row selection', markStrips);
    A.on('selection', bar);
  }
  A.detail = {render: () => { strips(); markStrips(); detail(); bar(); }, wire};
})(window.ashlar);
