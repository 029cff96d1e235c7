/* SPDX-License-Identifier: GPL-3.0-or-later */
/* progress.js - the hypervolume against evaluations, of this run and of groups of others: the median and the quartiles between them */
(function (A) {
  'use strict';
  const {$} = A, head = A.data.head;

  /* A history is steps: the value at a number of evaluations is that of the last step before. */
  function at(history, evaluations) {
    let found = history[0];
    for (const h of history) if (h[0] <= evaluations) found = h; else break;
    return found;
  }

  const colours = t => [t.b4, t.b3, t.b1, t.b2, t.b5];

  function legend(t) {
    const box = $('hv-legend');
    box.textContent = '';
    if (!head.runs) return;
    const item = (text, colour) => { const e = A.el(box, 'span'); A.el(e, 'i', {className: 'line'}).style.background = colour; e.append(text); };
    item('this run', t.accent);
    head.runs.groups.forEach((g, k) => item(`${g.name}: ${g.runs.length} ${g.runs.length === 1 ? 'run' : 'runs'}` +
      (g.runs.length > 1 ? ', median and quartiles' : ''), colours(t)[k % 5]));
  }

  function render() {
    const chart = $('hv-chart');
    if (!head.reference || head.history.length < 2) {
      chart.style.minHeight = '0';
      $('hv-note').textContent = 'No trial is better than a reference point yet.';
      return;
    }
    if (!A.charts) return;
    const share = head.box !== null, k = share ? 1 / head.box : 1, t = A.theme();
    const groups = head.runs ? head.runs.groups.filter(g => g.band.length) : [], last = head.runs ? head.runs.budget : Infinity;
    const series = groups.map((g, i) => ({id: -1 - i, points: g.band.map(b => [b[0], b[2] * k]), colour: colours(t)[head.runs.groups.indexOf(g) % 5], width: 2, opacity: 1}));
    series.push({id: 0, points: head.history.map(h => [h[0], h[2] * k]), colour: t.accent, width: 2, opacity: 1});
    const bands = groups.filter(g => g.runs.length > 1).map(g => ({points: g.band.map(b => [b[0], b[1] * k, b[3] * k]), colour: colours(t)[head.runs.groups.indexOf(g) % 5]}));
    legend(t);
    A.charts.lines(chart, {series, bands, step: true, theme: t,
      x: {title: 'evaluations', format: A.grouped, si: true}, y: {title: share ? 'share of the reference box' : 'hypervolume', format: v => A.short(v, 6)},
      height: 320, label: 'Hypervolume against evaluations',
      pick: () => { /* nothing to pick: the tooltip names the trial */ },
      tip: (id, e) => {
        if (id === null || !chart.invert) { A.tipText(null); return; }
        if (id < 0) {
          const g = groups[-1 - id], b = at(g.band, chart.invert(e).x);
          A.tipText([`${g.name}: ${g.runs.length} ${g.runs.length === 1 ? 'run' : 'runs'}`, `after ${A.grouped(b[0])} evaluations`, `median ${A.big(b[2])}`, `quartiles ${A.big(b[1])} to ${A.big(b[3])}`], e);
          return;
        }
        const h = at(head.history, chart.invert(e).x);
        A.tipText([`after ${A.grouped(h[0])} evaluations`, `hypervolume ${A.big(h[2])}` + (share ? ` (${(100 * h[2] * k).toFixed(2)} %)` : ''),
          h[1] ? `raised by trial ${h[1]}` : ''].filter(Boolean), e);
      }});
    $('hv-note').textContent = 'Volume that the front dominates, up to the reference point ' +
      head.objectives.map((o, i) => `${A.label(o)} ${A.show(o, head.reference[i])}`).join(', ') +
      (head.reference_given ? ' (given by the run). ' : head.runs ? ' (from the fronts of all runs together). ' : ' (the front\u2019s nadir plus a tenth of its extent: not comparable with other runs). ') +
      `At the end: ${A.big(head.hypervolume)}.` + (head.runs ? ` The others up to ${A.grouped(last)} evaluations, which every run reached.` : '');
  }
  A.progress = {colours, render, wire: () => A.on('theme charts', render)};
})(window.ashlar);
