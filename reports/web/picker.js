/* SPDX-License-Identifier: GPL-3.0-or-later */
/* picker.js - "the best under 64 KB of flash and 32 KB of RAM": limits, the best trial within them, and the commands that show it
 *
 * A limit is the upper end of a range of the selection, so it is seen in every view. Sizes are read as the run file reads them: 64K is
 * 65,536 bytes, 20k MACs are 20,000. */
(function (A) {
  'use strict';
  const {$, el, button} = A, d = A.data, s = A.state, sel = A.selection;
  let names = [];

  /* "64 KB", "20k", "3 %": a number in the metric's own unit, or NaN. */
  function parse(name, text) {
    const unit = d.metrics.get(name).unit, m = text.trim().replace(',', '.').match(/^([0-9.]+(?:e-?[0-9]+)?)\s*([kKMGT]?)(i?B)?\s*(%?|ms|us|\u00b5s|s|mJ|uJ|\u00b5J|J|bits?)$/);
    if (!m) return NaN;
    const power = ' kMGT'.indexOf(m[2] === 'K' ? 'k' : m[2] || ' '), base = unit === 'bytes' ? 1024 : 1000;
    const small = {'m': 1e-3, 'u': 1e-6, '\u00b5': 1e-6}[m[4].length > 1 && m[4][0] !== 'b' ? m[4][0] : ''] || 1;
    const percent = d.metrics.get(name).percent || m[4] === '%' ? 0.01 : 1; /* errors are shown, and so read, in per cent */
    return Number(m[1]) * base ** power * small * percent;
  }
  const written = (name, v) => d.metrics.get(name).unit === 'bytes' && v >= 1024 && v % 1024 === 0 ? `${v / 1024} KB` :
    d.metrics.get(name).unit === 'bytes' ? `${v} B` : A.isSi(name) ? A.si(v) : A.show(name, v);

  function best(by) {
    const v = d.column(by);
    let found = -1;
    for (let i = 0; i < d.n; i++) if (d.ok[i] && (!sel.active || sel.mask[i]) && v[i] === v[i] && (found < 0 || v[i] < v[found])) found = i;
    return found;
  }

  function limits() {
    const box = $('picker-limits');
    box.textContent = '';
    for (const name of names) {
      const l = el(box, 'label'), unit = d.metrics.get(name).unit;
      el(l, 'span', {}, `${A.label(name)} at most`);
      const input = el(l, 'input', {type: 'text', size: 9, autocomplete: 'off', spellcheck: false, placeholder: {bytes: '64 KB', count: '20k', bits: '4', seconds: '5 ms', joules: '1 mJ'}[unit] || (d.metrics.get(name).percent ? '3 %' : 'any')});
      input.dataset.metric = name;
      input.addEventListener('change', () => {
        const text = input.value.trim(), v = text ? parse(name, text) : Infinity, old = s.ranges.get(name);
        input.setAttribute('aria-invalid', String(Number.isNaN(v)));
        $('picker-error').textContent = Number.isNaN(v) ? `"${text}" is no ${A.label(name)}; write it like ${input.placeholder}.` : '';
        if (Number.isNaN(v)) return;
        const low = old && old[0] < v ? old[0] : -Infinity;
        A.setRange(name, low === -Infinity && v === Infinity ? null : [low, v]);
      });
    }
    const rest = d.usable.filter(m => !names.includes(m.name)).map(m => [m.name, m.label]);
    A.options($('picker-add'), [['', 'another limit \u2026']].concat(rest), '');
    $('picker-add').hidden = !rest.length;
  }
  function sync() {
    for (const input of $('picker-limits').querySelectorAll('input')) {
      if (input === document.activeElement && input.getAttribute('aria-invalid') === 'true') continue;
      const r = s.ranges.get(input.dataset.metric);
      input.value = r && r[1] !== Infinity ? written(input.dataset.metric, r[1]) : '';
      input.setAttribute('aria-invalid', 'false');
    }
  }

  const quoted = text => /^[\w./-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;
  function commands(row) {
    const db = quoted(d.head.source || 'STUDY.db'), run = d.head.run.id ? ` --run ${d.head.run.id}` : '', bounds = [];
    for (const [name, [lo, hi]] of s.ranges) {
      if (name === 'id') continue;
      if (lo !== -Infinity) bounds.push(`${name} >= ${lo}`);
      if (hi !== Infinity) bounds.push(`${name} <= ${hi}`);
    }
    const out = [`ashlar show ${db} ${d.id[row]}${run}`];
    if (bounds.length && !s.picked) out.push(`ashlar query ${db}${run} --top 1 --by ${s.by} --where '${bounds.join(' and ')}'`);
    return out;
  }
  function command(parent, text) {
    const p = el(parent, 'div', {className: 'command'}), code = el(p, 'code', {}, text);
    const b = button(p, 'Copy', () => {
      const mark = () => { const r = document.createRange(); r.selectNodeContents(code); getSelection().removeAllRanges(); getSelection().addRange(r); };
      const done = () => { b.textContent = 'Copied'; setTimeout(() => { b.textContent = 'Copy'; }, 1500); };
      if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, mark); else mark();
    }, {'aria-label': `Copy: ${text}`});
  }

  function render() {
    const box = $('picker-result'), row = s.by ? best(s.by) : -1;
    sync();
    box.textContent = '';
    if (row < 0) {
      const p = el(box, 'p', {id: 'picker-none'}, sel.active ? 'No trial that is ok is within this selection.' : 'No trial is ok.');
      for (const [name, [, hi]] of s.ranges) {
        const least = d.column(name).reduce((a, v, i) => d.ok[i] && v < a ? v : a, Infinity);
        if (least > hi) p.append(` The least ${A.label(name)} of the run is ${A.show(name, least)}.`);
      }
      return;
    }
    const p = el(box, 'p');
    el(p, 'b', {id: 'picker-best'}, `Trial ${d.id[row]}`);
    p.append(`: ${d.head.objectives.concat(names.filter(n => !d.head.objectives.includes(n))).map(n => `${A.label(n)} ${A.show(n, d.column(n)[row])}`).join(', ')}`);
    if (!d.head.objectives.includes(s.by)) p.append(`, ${A.label(s.by)} ${A.show(s.by, d.column(s.by)[row])}`);
    el(box, 'div', {className: 'genome-box'}).appendChild(el(null, 'code', {}, d.genome(row)));
    const actions = el(box, 'div', {className: 'actions'});
    button(actions, 'Show it in every view', () => A.setRow(row), {id: 'picker-show'});
    if (sel.active) button(actions, 'Clear the limits', A.clearSelection);
    for (const c of commands(row)) command(box, c);
  }

  function wire() {
    const first = ['model_bytes', 'peak_ram_bytes'].filter(n => d.metrics.has(n) && d.metrics.get(n).known);
    names = first.concat([...s.ranges.keys()].filter(n => d.metrics.has(n) && !first.includes(n)));
    for (const n of d.head.objectives) if (names.length < 3 && !names.includes(n)) names.push(n);
    limits();
    A.options($('picker-by'), d.usable.map(m => [m.name, m.label]), s.by);
    $('picker-by').addEventListener('change', e => { s.by = e.target.value; A.changed('by'); });
    $('picker-add').addEventListener('change', e => {
      if (!e.target.value) return;
      names.push(e.target.value);
      limits(); sync();
      $('picker-limits').lastChild.querySelector('input').focus();
    });
    A.on('selection by view', render);
  }
  A.picker = {render, wire, parse};
})(window.ashlar);
