/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lineage.js - where the current trial comes from: its parents, what each step changed, and what that brought
 *
 * The chain follows the parent that differs in the fewest genes. A gene that came from the other parent of a crossover is marked so; any
 * other change is a mutation. */
(function (A) {
  'use strict';
  const {$, el, draw, button} = A, d = A.data, s = A.state, STEPS = 12;
  let whole = false;

  const text = (g, k) => k ? g.values[k - 1] : null; /* null: not active */
  const differences = (a, b) => d.genes.filter(g => g.choice[a] !== g.choice[b]).length + (d.genome(a) !== d.genome(b) ? 1 : 0);
  const parentsOf = row => d.parents(row).map(d.row).filter(p => p >= 0).sort((p, q) => differences(row, p) - differences(row, q) || p - q);
  function chain(row) {
    const out = [row];
    for (let at = row; ;) { /* a parent is older than its child, so this ends */
      const next = parentsOf(at)[0];
      if (next === undefined) return out;
      out.push(at = next);
    }
  }

  function link(parent, row) { button(parent, `trial ${d.id[row]}`, () => A.setRow(row), {className: 'link'}); }

  /* The objectives of a and b, b the older one. */
  function gains(parent, a, b) {
    const dl = el(parent, 'div', {className: 'gains'});
    for (const name of d.head.objectives) {
      const v = d.column(name), now = v[a], was = v[b];
      if (Number.isNaN(now) || Number.isNaN(was)) continue;
      const e = el(dl, 'span', {className: now < was ? 'better' : now > was ? 'worse' : 'same'}), change = Math.abs(now - was);
      e.textContent = `${A.label(name)} ${A.show(name, was)} \u2192 ${A.show(name, now)}` +
        (change ? ` ${now < was ? '\u25bc' : '\u25b2'}${was ? ` ${A.short(100 * change / Math.abs(was), 2)} %` : ''}` : ' =');
    }
  }
  function step(list, row, from, other) {
    const li = el(list, 'li'), head = el(li, 'div');
    link(head, row);
    head.append(other !== undefined ? ' crossover of ' : ' from ');
    link(head, from);
    if (other !== undefined) { head.append(' and '); link(head, other); }
    const changes = d.genes.filter(g => g.choice[row] !== g.choice[from]), ul = el(li, 'ul', {className: 'changes'});
    for (const g of changes.slice(0, 12)) {
      const c = el(ul, 'li');
      el(c, 'b', {}, g.title);
      c.append(' ');
      const was = text(g, g.choice[from]), now = text(g, g.choice[row]);
      el(c, 'del', {}, was === null ? 'none' : was); c.append(' \u2192 '); el(c, 'ins', {}, now === null ? 'none' : now);
      if (other !== undefined && g.choice[other] === g.choice[row]) c.append(` from ${d.id[other]}`);
    }
    if (changes.length > 12) el(ul, 'li', {}, `and ${changes.length - 12} more`);
    if (!changes.length) el(ul, 'li', {}, d.genome(row) === d.genome(from) ? 'the same genome' : 'other genome text');
    gains(li, row, from);
  }

  /* One small curve per objective, oldest ancestor on the left. */
  function sparks(parent, rows) {
    const box = el(parent, 'div', {className: 'sparks'});
    for (const name of d.head.objectives) {
      const v = d.column(name), points = rows.slice().reverse().map((row, i) => [i, v[row]]).filter(p => !Number.isNaN(p[1]));
      if (points.length < 2) continue;
      const ys = points.map(p => p[1]), lo = Math.min(...ys), hi = Math.max(...ys), n = rows.length - 1;
      const fig = el(box, 'figure'), svg = draw(fig, 'svg', {viewBox: '0 0 160 44', width: 160, height: 44, role: 'img',
        'aria-label': `${A.label(name)} along the lineage, from ${A.show(name, ys[0])} to ${A.show(name, ys[ys.length - 1])}`});
      const at = p => [6 + 148 * p[0] / n, hi > lo ? 38 - 32 * (p[1] - lo) / (hi - lo) : 22];
      draw(svg, 'path', {d: points.map((p, i) => (i ? 'L' : 'M') + at(p).map(c => c.toFixed(1)).join(' ')).join(''), class: 'spark'});
      const [x, y] = at(points[points.length - 1]);
      draw(svg, 'circle', {cx: x, cy: y, r: 3, class: 'spark-end'});
      el(fig, 'figcaption', {}, `${A.label(name)} ${A.show(name, ys[0])} \u2192 ${A.show(name, ys[ys.length - 1])}`);
    }
  }

  /* The genome with what its nearest parent had instead. */
  function difference(parent, row, from) {
    const pre = el(parent, 'div', {className: 'genome-box', id: 'genome-diff'}), code = el(pre, 'code');
    let unit = null;
    for (const g of d.genes) {
      const now = text(g, g.choice[row]), was = text(g, g.choice[from]);
      if (now === null && was === null) continue;
      code.append(unit === g.unit ? '; ' : `${unit === null ? '' : ' | '}${g.unit}: `);
      unit = g.unit;
      if (now === was) { code.append(`${g.name}=${now}`); continue; }
      if (was !== null) el(code, 'del', {}, `${g.name}=${was}`);
      if (was !== null && now !== null) code.append(' ');
      if (now !== null) el(code, 'ins', {}, `${g.name}=${now}`);
    }
  }

  function render() {
    const box = $('lineage-body');
    box.textContent = '';
    if (s.row < 0) { el(box, 'p', {className: 'note'}, 'Choose a trial in any view.'); return; }
    const rows = chain(s.row), kids = d.children(s.row), steps = whole ? rows.length - 1 : Math.min(rows.length - 1, STEPS);
    const p = el(box, 'p', {className: 'note'});
    p.append(rows.length > 1 ? `Trial ${d.id[s.row]} is ${rows.length - 1} ${rows.length === 2 ? 'step' : 'steps'} from trial ${d.id[rows[rows.length - 1]]}, which has no parent. ` :
      `Trial ${d.id[s.row]} has no parent: it was sampled. `);
    if (kids.length) {
      p.append(`It is a parent of ${kids.length} ${kids.length === 1 ? 'trial' : 'trials'}: `);
      kids.slice(0, 8).forEach((k, i) => { if (i) p.append(', '); link(p, k); });
      if (kids.length > 8) p.append(', \u2026');
    }
    if (rows.length < 2) return;
    sparks(box, rows);
    if (!d.genome(s.row).includes('\ufffd') && d.genes.some(g => g.choice[s.row])) {
      el(box, 'h3', {}, `Its genome beside that of trial ${d.id[rows[1]]}`);
      difference(box, s.row, rows[1]);
    }
    el(box, 'h3', {}, 'Step by step, the newest first');
    const list = el(box, 'ol', {className: 'chain'});
    for (let i = 0; i < steps; i++) step(list, rows[i], ...parentsOf(rows[i]).slice(0, 2));
    if (steps < rows.length - 1) button(box, `All ${rows.length - 1} steps`, () => { whole = true; render(); });
  }

  function wire() {
    $('lineage-path').checked = s.lineage;
    $('lineage-path').addEventListener('change', e => { s.lineage = e.target.checked; A.changed('row'); });
    A.on('row', () => { whole = false; $('lineage-path').checked = s.lineage; render(); });
  }
  A.lineage = {render, wire, chain};
})(window.ashlar);
