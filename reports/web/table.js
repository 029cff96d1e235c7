/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.js - all trials as a table of which only the rows in view exist
 *
 * Rows have one height (report.css knows it, and how TALL the table may be); two empty rows stand for those above and below. Clicking or Enter makes a row the current trial; Ctrl-click
 * or the space bar picks it, Shift-click picks up to it; "Select these" picks all that are listed. */
(function (A) {
  'use strict';
  const {$, el} = A, d = A.data, s = A.state, sel = A.selection, HEIGHT = 29, TALL = 590, MARGIN = 12, PRINTED = 400;
  let list = [], from = -1, to = -1, focused = -1, last = -1, before = 'front', own = false, was = false;

  const columns = () => [{key: 'id', title: 'trial', n: true, value: i => d.id[i], text: i => d.id[i]},
    {key: 'status', title: 'status', value: i => d.front[i] ? '' : d.status(i), text: i => d.front[i] ? '\u2605 front' : d.status(i)}]
    .concat(d.usable.map(m => { const v = d.column(m.name); return {key: m.name, title: m.label, n: true, value: i => v[i], text: i => A.show(m.name, v[i])}; }))
    .concat([{key: 'genome', title: 'genome', value: d.genome, text: d.genome}]);
  let cols = [];

  function find() {
    const words = s.find.toLowerCase().split(/\s+/).filter(Boolean);
    list = s.tab === 'front' ? d.frontRows.slice() : Array.from({length: d.n}, (_, i) => i);
    if (s.tab === 'selection') list = list.filter(i => sel.mask[i]);
    if (words.length) list = list.filter(i => {
      const text = `${d.id[i]} ${d.front[i] ? 'front ' : ''}${d.status(i)} ${d.reason(i)} ${d.genome(i)}`.toLowerCase();
      return words.every(w => text.includes(w));
    });
    const c = cols.find(k => k.key === s.sort);
    if (!c) return;
    const keys = new Map(list.map(i => [i, c.value(i)])), sign = s.down ? -1 : 1;
    const missing = v => v === undefined || v === '' && c.key !== 'status' || Number.isNaN(v);
    list.sort((a, b) => {
      const p = keys.get(a), q = keys.get(b);
      if (missing(p) || missing(q)) return missing(p) - missing(q) || a - b; /* unknown last, either way */
      return (p < q ? -sign : p > q ? sign : 0) || a - b;
    });
  }

  /* Columns keep their widths while rows come and go. */
  function head() {
    const table = $('trials'), sample = d.frontRows.slice(0, 100).concat(Array.from({length: Math.min(100, d.n)}, (_, k) => Math.floor(k * d.n / 100)).filter(i => i < d.n));
    table.querySelectorAll('colgroup').forEach(g => g.remove());
    const group = el(null, 'colgroup'), tr = el(null, 'tr');
    for (const c of cols) {
      const chars = c.key === 'genome' ? 60 : Math.max(c.title.length + 2, ...sample.map(i => String(c.text(i)).length));
      el(group, 'col').style.width = `calc(${chars * 0.92}ch + 20px)`;
      const th = el(tr, 'th', {className: c.n ? 'n' : '', scope: 'col', 'aria-sort': s.sort === c.key ? (s.down ? 'descending' : 'ascending') : 'none'});
      th.dataset.key = c.key;
      A.button(th, c.title, () => {
        s.down = s.sort === c.key ? !s.down : false;
        s.sort = c.key;
        A.changed('table');
      });
    }
    const held = document.activeElement && document.activeElement.closest('#trials th');
    table.prepend(group);
    table.tHead.textContent = '';
    table.tHead.appendChild(tr);
    if (held) table.tHead.querySelector(`[data-key="${held.dataset.key}"] button`).focus();
  }

  function row(body, at) {
    const i = list[at], tr = el(body, 'tr', {tabIndex: at === Math.max(0, focused) ? 0 : -1});
    tr.dataset.id = d.id[i];
    tr.dataset.at = at;
    tr.setAttribute('aria-rowindex', at + 2);
    tr.setAttribute('aria-selected', String(i === s.row));
    if (sel.active && sel.mask[i]) tr.className = 'picked';
    for (const c of cols) {
      const td = el(tr, 'td', {className: c.n ? 'n' : c.key}, c.text(i));
      if (c.key === 'genome') td.title = d.genome(i);
      if (c.key === 'status') { td.className = d.front[i] ? 'star' : d.ok[i] || d.status(i) === 'duplicate' ? '' : 'bad'; td.title = d.reason(i); }
    }
  }
  function baseline(body, b) {
    const tr = el(body, 'tr', {className: 'baseline'});
    for (const c of cols) el(tr, 'td', {className: c.n ? 'n' : ''}, c.key === 'status' ? 'baseline' : c.key === 'genome' ? b.name
      : ['error', 'test_error', 'macs'].includes(c.key) && b[c.key] !== null ? A.show(c.key, b[c.key]) : '');
  }
  function fill(force, all) {
    const box = $('trials-scroll'), body = $('trials').tBodies[0];
    const first = all ? 0 : Math.max(0, Math.floor(box.scrollTop / HEIGHT) - MARGIN);
    const end = all ? Math.min(list.length, PRINTED) : Math.min(list.length, Math.ceil((box.scrollTop + TALL) / HEIGHT) + MARGIN);
    if (!force && first === from && end === to) return;
    const held = body.contains(document.activeElement);
    from = first; to = end;
    body.textContent = '';
    const gap = n => { if (n) el(el(body, 'tr', {'aria-hidden': 'true', className: 'gap'}), 'td', {colSpan: cols.length}).style.height = n * HEIGHT + 'px'; };
    gap(all ? 0 : first);
    for (let at = first; at < end; at++) row(body, at);
    gap(all ? 0 : list.length - end);
    if (s.tab === 'front' && !s.find) d.head.baselines.forEach(b => baseline(body, b));
    if (held) { const again = body.querySelector(`tr[data-at="${focused}"]`); if (again) again.focus({preventScroll: true}); }
  }
  function focus(at) {
    const box = $('trials-scroll'), top = at * HEIGHT, room = box.clientHeight - 2 * HEIGHT;
    focused = at;
    if (top < box.scrollTop) box.scrollTop = top; else if (top > box.scrollTop + room) box.scrollTop = top - room;
    fill(true);
    const tr = $('trials').querySelector(`tr[data-at="${at}"]`);
    if (tr) tr.focus({preventScroll: true});
  }

  function render(keep) {
    find(); head();
    if (!keep) { $('trials-scroll').scrollTop = 0; focused = -1; }
    $('trials').setAttribute('aria-rowcount', list.length + 1);
    for (const t of ['front', 'selection', 'all']) $(`tab-${t}`).setAttribute('aria-pressed', String(s.tab === t));
    $('tab-selection').textContent = sel.active ? `Selection (${A.grouped(sel.count)})` : 'Selection';
    $('tab-selection').disabled = !sel.active;
    $('pager').textContent = `${A.grouped(list.length)} trials`;
    $('select-these').hidden = s.tab === 'selection' && !s.find;
    if ($('find').value !== s.find) $('find').value = s.find;
    fill(true);
  }
  /* A selection made elsewhere is what one wants to see listed; when it is let go, the list from before comes back. */
  function follow() {
    if (sel.active && !was && !own && s.tab !== 'selection') { before = s.tab; s.tab = 'selection'; }
    if (!sel.active && s.tab === 'selection') s.tab = before;
    was = sel.active;
    if (own) { own = false; render(true); } else render();
  }

  function pick(at, upTo) {
    const rows = new Set(s.picked || []);
    if (upTo && last >= 0) for (let k = Math.min(at, last); k <= Math.max(at, last); k++) rows.add(list[k]);
    else if (!rows.delete(list[at])) rows.add(list[at]);
    last = at;
    own = true;
    A.setPicked(rows);
  }
  function wire() {
    cols = columns();
    was = sel.active;
    for (const t of ['front', 'selection', 'all']) $(`tab-${t}`).addEventListener('click', () => { s.tab = t; A.changed('table'); });
    $('find').addEventListener('input', e => { s.find = e.target.value; A.changed('table'); });
    $('select-these').addEventListener('click', () => { own = true; A.setPicked(new Set(list)); });
    const box = $('trials-scroll'), body = $('trials').tBodies[0];
    box.addEventListener('scroll', () => fill(false), {passive: true});
    const place = e => { const tr = e.target.closest('tr[data-at]'); return tr ? Number(tr.dataset.at) : -1; };
    body.addEventListener('mousedown', e => { if (e.shiftKey) e.preventDefault(); }); /* no text is marked */
    body.addEventListener('click', e => {
      const at = place(e);
      if (at < 0) return;
      focused = at;
      if (e.shiftKey || e.ctrlKey || e.metaKey) pick(at, e.shiftKey); else { last = at; A.setRow(list[at]); }
    });
    body.addEventListener('keydown', e => {
      const at = place(e), page = Math.max(1, Math.floor(box.clientHeight / HEIGHT) - 2);
      const move = {ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -d.n, End: d.n}[e.key];
      if (at < 0 || (move === undefined && !['Enter', ' ', 'Escape'].includes(e.key))) return;
      e.preventDefault();
      focused = at;
      if (e.key === 'Enter') A.setRow(list[at]);
      else if (e.key === ' ') pick(at, e.shiftKey);
      else if (e.key === 'Escape') A.clearSelection();
      else focus(Math.min(list.length - 1, Math.max(0, at + move)));
    });
    A.on('selection', follow);
    A.on('table', () => render());
    A.on('row', () => { for (const tr of body.rows) if (tr.dataset.at) tr.setAttribute('aria-selected', String(list[tr.dataset.at] === s.row)); });
    addEventListener('beforeprint', () => fill(true, true));
    addEventListener('afterprint', () => fill(true));
  }
  A.table = {render, wire};
})(window.ashlar);
