/* SPDX-License-Identifier: GPL-3.0-or-later */
/* importance.js - how much of an objective's variance each gene explains, alone
 *
 * Eta squared: the variance between the means of a gene's values over the whole variance (the correlation ratio; Fisher, Statistical
 * Methods for Research Workers, 1925), over trials that are ok and in which the gene is active. A gene without any effect still
 * explains (k - 1) / (n - 1) of n trials by its k values; genes are ordered by what is beyond that, epsilon squared = 1 -
 * (1 - eta squared) (n - 1) / (n - k) (Kelley 1935, doi:10.1073/pnas.21.9.554). It says nothing of genes that act together, and the
 * trials are those that the search chose, not an even sample of the space. */
(function (A) {
  'use strict';
  const {$, el, button} = A, d = A.data, sel = A.selection, FEW = 5, ROWS = 12;

  /* {n, eta, chance, beyond, values: [{text, choice, n, mean}]} or null when nothing can be said. */
  function explained(gene, v, rows) {
    const k = gene.values.length, c = gene.choice, n = new Float64Array(k + 1), sum = new Float64Array(k + 1);
    let all = 0, total = 0;
    for (const i of rows) if (c[i]) { n[c[i]]++; sum[c[i]] += v[i]; all++; total += v[i]; }
    const mean = total / all, values = [];
    let between = 0, within = 0;
    for (let u = 1; u <= k; u++) if (n[u]) {
      values.push({text: gene.values[u - 1], choice: u, n: n[u], mean: sum[u] / n[u]});
      between += n[u] * (sum[u] / n[u] - mean) ** 2;
    }
    for (const i of rows) if (c[i]) within += (v[i] - sum[c[i]] / n[c[i]]) ** 2;
    if (values.length < 2 || all <= values.length || !(between + within > 0)) return null;
    const eta = between / (between + within);
    return {gene, n: all, eta, chance: (values.length - 1) / (all - 1), beyond: 1 - (1 - eta) * (all - 1) / (all - values.length), values};
  }

  function render() {
    const box = $('importance-body'), name = $('importance-of').value, v = d.column(name), log = A.front.wantsLog(name);
    box.textContent = '';
    const seen = log ? v.map(x => Math.log10(x)) : v;
    const rows = d.rows.filter(i => d.ok[i] && Number.isFinite(seen[i]) && (!sel.active || sel.mask[i]));
    const list = d.genes.map(g => explained(g, seen, rows)).filter(Boolean).sort((a, b) => b.beyond - a.beyond);
    $('importance-note').textContent = !list.length ? 'Too few trials, or no gene with two values.' :
      `Share of the variance of ${log ? 'the logarithm of ' : ''}${A.label(name)} that a gene explains alone (eta squared), over ${sel.active ? 'the selected' : 'all'} trials that are ok. ` +
      'The mark on a bar is what chance alone explains; genes are ordered by what is beyond it. Effects of genes together are not seen, and the trials are those that the search chose.';
    if (!list.length) return;
    const mean = v => A.isSi(name) ? A.si(Number(v.toPrecision(3))) : A.short(d.metrics.get(name).percent ? 100 * v : v, 3);
    const table = el(box, 'table', {id: 'importance'}), tr = el(el(table, 'thead'), 'tr');
    for (const [h, c] of [['gene', ''], ['variance explained', ''], ['trials', 'n'], [`mean ${d.metrics.get(name).axis} by value`, '']]) el(tr, 'th', {scope: 'col', className: c}, h);
    const body = el(table, 'tbody');
    for (const r of list.slice(0, ROWS)) {
      const few = r.n < FEW * r.values.length, row = el(body, 'tr', {className: few ? 'few' : ''});
      el(row, 'td', {}, r.gene.title);
      const cell = el(row, 'td'), bar = el(cell, 'div', {className: 'bar'});
      el(bar, 'i').style.width = `${100 * r.eta}%`;
      el(bar, 'b').style.left = `${100 * Math.min(1, r.chance)}%`;
      el(cell, 'span', {}, `${(100 * r.eta).toFixed(0)} %${few ? ' (few trials)' : ''}`);
      el(row, 'td', {className: 'n'}, A.grouped(r.n));
      const means = el(row, 'td', {className: 'means'});
      for (const u of r.values.sort((a, b) => a.mean - b.mean).slice(0, 5))
        button(means, `${u.text}: ${mean(log ? 10 ** u.mean : u.mean)}`, () => {
          const rows = new Set();
          for (let i = 0; i < d.n; i++) if (r.gene.choice[i] === u.choice) rows.add(i);
          A.setPicked(rows);
        }, {className: 'chip', title: `Select the ${u.n} trials with ${r.gene.title} = ${u.text}`});
    }
  }

  function wire() {
    $('importance-section').hidden = !d.genes.length;
    A.options($('importance-of'), d.usable.filter(m => m.objective).concat(d.usable.filter(m => !m.objective)).map(m => [m.name, m.label]), d.head.objectives[0]);
    $('importance-of').addEventListener('change', render);
    let timer;
    A.on('selection', () => { clearTimeout(timer); timer = setTimeout(render, 150); }); /* too slow for every step of a drag */
  }
  A.importance = {render: () => { if (d.genes.length && d.usable.length) render(); }, wire, explained};
})(window.ashlar);
