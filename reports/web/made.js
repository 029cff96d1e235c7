/* SPDX-License-Identifier: GPL-3.0-or-later */
/* made.js - the summary, trials without a result and why, and how the run was made */
(function (A) {
  'use strict';
  const {$, el, button} = A, d = A.data, head = d.head;

  function pairs(parent, title, list) {
    const known = list.filter(p => p[1] !== null && p[1] !== undefined && p[1] !== '');
    if (!known.length) return;
    const div = el(parent, 'div');
    el(div, 'h3', {}, title);
    const dl = el(div, 'dl', {className: 'pairs'});
    for (const [k, v] of known) { el(dl, 'dt', {}, k); el(dl, 'dd', {}, v); }
  }

  function made() {
    const box = $('made'), r = head.run, data = head.data || {}, percent = d.metrics.has('error') && d.metrics.get('error').percent;
    const grid = el(box, 'div', {className: 'columns'});
    pairs(grid, 'Run', [['name', r.name], ['database', head.source], ['seed', String(r.seed)], ['objectives', head.objectives.map(A.label).join(', ')],
      ['evaluations', A.grouped(head.counts.evaluations)], ['trials', A.grouped(head.counts.trials)], ['training time, summed', A.duration(head.train_s)],
      ['MACs trained', head.trained_macs ? A.si(head.trained_macs) : ''], ['kernel level', r.kernel_level], ['identity', r.identity]]);
    const pct = v => v === null || v === undefined ? '' : percent ? (100 * v).toFixed(2) + ' %' : A.short(v, 4);
    const lines = [['data set', data.name || r.data_name], ['shape', Array.isArray(data.shape) ? data.shape.join(' \u00d7 ') : ''], ['task', data.task], ['classes', data.classes ? String(data.classes) : '']];
    for (const k of ['train', 'val', 'test']) if (typeof data[k] === 'number') lines.push([{train: 'training', val: 'validation', test: 'test'}[k] + ' samples', A.grouped(data[k])]);
    for (const b of head.baselines) lines.push([b.name, [['validation error', b.error], ['test error', b.test_error]].filter(x => x[1] !== null)
      .map(x => `${x[0]} ${pct(x[1])}`).join(', ') + (b.macs !== null ? `, ${A.grouped(b.macs)} MACs` : '')]);
    lines.push(['hash', r.data_hash]);
    pairs(grid, 'Data', lines);
    pairs(grid, 'Environment', head.fields);
    for (const [title, text, open] of [['Settings', r.settings, true], ['Run file', r.config], ['Search space', r.space]]) if (text) {
      const det = el(box, 'details', {open: !!open});
      el(det, 'summary', {}, title);
      el(det, 'pre', {tabIndex: 0}, text);
    }
  }

  /* Reasons that differ only in numbers are one group. */
  function failed() {
    const exact = new Map(), groups = new Map(), box = $('failed-body'), c = head.counts;
    for (let i = 0; i < d.n; i++) if (!d.ok[i] && !d.duplicate[i]) {
      const key = `${d.status(i)} ${d.reason(i)}`;
      if (exact.has(key)) exact.get(key).rows.push(i); else exact.set(key, {status: d.status(i), reason: d.reason(i), rows: [i]});
    }
    for (const [text, g] of exact) {
      const key = text.replace(/\d[\d\s.,\u202f]*\d|\d/g, '#');
      if (groups.has(key)) for (const i of g.rows) groups.get(key).rows.push(i); else groups.set(key, g);
    }
    const others = Object.keys(c).filter(k => !['trials', 'evaluations', 'front', 'ok', 'duplicate'].includes(k));
    el(box, 'p', {className: 'note', id: 'outcomes'}, `${A.grouped(c.ok || 0)} ok` + (c.duplicate ? `, ${A.grouped(c.duplicate)} duplicates (answered by their original)` : '') +
      others.map(k => `, ${A.grouped(c[k])} ${k}`).join('') + '.');
    if (!groups.size) return;
    const table = el(el(box, 'div', {className: 'scroll', tabIndex: 0, role: 'region', 'aria-label': 'Groups of reasons'}), 'table', {id: 'failed'}), tr = el(el(table, 'thead'), 'tr');
    for (const h of ['number', 'status', 'reason', 'trials']) el(tr, 'th', {scope: 'col', className: h === 'number' ? 'n' : ''}, h);
    const body = el(table, 'tbody'), most = [...groups.values()].sort((a, b) => b.rows.length - a.rows.length);
    for (const g of most.slice(0, 40)) {
      const row = el(body, 'tr');
      el(row, 'td', {className: 'n'}, A.grouped(g.rows.length));
      el(row, 'td', {className: 'bad'}, g.status);
      el(row, 'td', {className: 'wraps'}, (g.rows.length > 1 && /\d/.test(g.reason) ? 'like: ' : '') + g.reason);
      const cell = el(row, 'td');
      const text = g.rows.length > 1 ? 'Select them' : `trial ${d.id[g.rows[0]]}`;
      button(cell, text, () => {
        A.setPicked(new Set(g.rows));
        A.setRow(g.rows[0]);
      }, {className: 'link', 'aria-label': `${text}: ${g.status}, ${g.reason}`});
    }
    if (most.length > 40) el(box, 'p', {className: 'note'}, `${most.length - 40} rarer reasons are not listed; the table below has them.`);
  }

  function summary() {
    const r = head.run, box = $('summary'), data = head.data || {};
    $('title').textContent = r.name || head.source || 'Ashlar report';
    document.title = `${r.name || head.source || 'run'} - Ashlar report`;
    $('subtitle').textContent = [data.name || r.data_name, head.objectives.map(A.label).join(', '), `seed ${r.seed}`].filter(Boolean).join('  \u00b7  ');
    const card = (v, text) => { const li = el(box, 'li'); el(li, 'b', {}, v); el(li, 'span', {}, text); };
    card(A.grouped(head.counts.evaluations), 'evaluations' + (head.counts.trials > head.counts.evaluations ? `, of ${A.grouped(head.counts.trials)} trials` : ''));
    card(String(d.frontRows.length), 'networks on the front');
    for (const name of head.objectives.slice(0, 3)) {
      const v = d.column(name), best = d.frontRows.reduce((a, i) => a < 0 || v[i] < v[a] ? i : a, -1);
      if (best < 0) continue;
      const test = name === 'error' && d.metrics.has('test_error') ? d.column('test_error')[best] : NaN;
      card(A.show(name, v[best]), `least ${A.label(name)}` + (Number.isNaN(test) ? '' : `, on test ${A.show('test_error', test)}`));
    }
    if (head.train_s > 0) card(A.duration(head.train_s), 'training time, summed');
  }
  A.made = {render: () => { summary(); failed(); made(); }};
})(window.ashlar);
