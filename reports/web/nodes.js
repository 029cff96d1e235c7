/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nodes.js - where the run was evaluated: the machines, what was lost and done again, and how busy they were over time */
(function (A) {
  'use strict';
  const {$, el} = A, nodes = A.data.head.nodes, moments = nodes ? nodes.moments : [], span = moments.length * (nodes ? nodes.step_s || 0 : 0);
  const [unit, second] = span > 3 * 3600 ? ['h', 3600] : span > 300 ? ['min', 60] : ['s', 1];
  const share = v => (100 * Math.min(1, v)).toFixed(0) + ' %';
  const shown = 12;

  function table() {
    const root = el($('nodes-body'), 'table', {id: 'nodes'}), tr = el(el(root, 'thead'), 'tr'), body = el(root, 'tbody');
    const columns = ['node', 'workers', 'trials', 'per second', 'busy', 'done again'];
    for (const c of columns) el(tr, 'th', {scope: 'col', className: c === 'node' ? '' : 'n'}, c);
    const row = h => {
      const r = el(body, 'tr'), there = h.there_s > 0;
      el(r, 'th', {scope: 'row'}, h.name);
      for (const v of [h.workers, A.grouped(h.trials), there ? A.short(h.trials / h.there_s, 3) : '', there ? share(h.busy_s / h.there_s / h.workers) : '', h.redone])
        el(r, 'td', {className: 'n'}, String(v));
    };
    nodes.hosts.slice(0, shown).forEach(row);
    if (nodes.hosts.length <= shown) return;
    const more = A.button($('nodes-body'), `Show all ${nodes.hosts.length} nodes`, () => { nodes.hosts.slice(shown).forEach(row); more.remove(); }, {className: 'link', id: 'nodes-more'});
  }

  function note() {
    const n = nodes.hosts.length, again = nodes.redone, word = (k, one, many) => `${A.grouped(k)} ${k === 1 ? one : many}`;
    $('nodes-note').textContent = `${word(n, 'node', 'nodes')}, ${word(nodes.workers, 'worker', 'workers')}` +
      (nodes.utilisation === null ? '' : `, ${share(nodes.utilisation)} of their time spent on evaluations`) + '. ' +
      (again ? `${word(again, 'evaluation was', 'evaluations were')} lost with a worker and done again; that changes no result. ` : 'Nothing was lost. ') +
      (moments.length ? 'A node counts as there from its first evaluation to its last; time without a session is left out.' : 'An older version stored these trials without their time.');
  }

  function render() {
    const chart = $('nodes-chart');
    if (!nodes || !nodes.hosts.length || !A.charts) return;
    if (moments.length < 2) { chart.hidden = $('nodes-legend').hidden = true; return; }
    const t = A.theme(), step = nodes.step_s / second, points = k => moments.map((m, i) => [i * step, m[k]]).concat([[moments.length * step, moments[moments.length - 1][k]]]);
    const legend = $('nodes-legend');
    legend.textContent = '';
    for (const [text, colour] of [['workers that were there', t.cloud], ['of them evaluating', t.accent]]) {
      const e = el(legend, 'span');
      el(e, 'i', {className: 'line'}).style.background = colour;
      e.append(text);
    }
    A.charts.lines(chart, {step: true, theme: t, height: 300, label: 'Workers over time: there, and evaluating',
      series: [{id: 1, points: points(1), colour: t.cloud, width: 2, opacity: 1}, {id: 0, points: points(0), colour: t.accent, width: 2, opacity: 1}],
      bands: [{points: points(0).map(p => [p[0], 0, p[1]]), colour: t.accent}],
      x: {title: `time of the run (${unit})`, format: v => A.short(v, 3)}, y: {title: 'workers', format: v => A.short(v, 3)},
      pick: () => { /* nothing to pick: the tooltip has the numbers */ },
      tip: (id, e) => {
        if (id === null || !chart.invert) { A.tipText(null); return; }
        const i = Math.max(0, Math.min(moments.length - 1, Math.floor(chart.invert(e).x / step))), m = moments[i];
        A.tipText([`${A.short(i * step, 3)} to ${A.short((i + 1) * step, 3)} ${unit}`, `${A.short(m[0], 3)} of ${A.short(m[1], 3)} workers busy` + (m[1] > 0 ? ` (${share(m[0] / m[1])})` : ''),
          `${A.grouped(m[2])} evaluations ended`, m[3] ? `${A.grouped(m[3])} had been lost and done again` : ''].filter(Boolean), e);
      }});
  }

  function wire() {
    $('nodes-section').hidden = !nodes || !nodes.hosts.length;
    if ($('nodes-section').hidden) return;
    table(); note();
    A.on('theme charts', render);
  }
  A.nodes = {render, wire};
})(window.ashlar);
