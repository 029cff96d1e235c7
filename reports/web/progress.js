/* SPDX-License-Identifier: GPL-3.0-or-later */
/* progress.js - the hypervolume against evaluations */
(function (A) {
  'use strict';
  const {$} = A, head = A.data.head;

  /* A history is steps: the value at a number of evaluations is that of the last step before. */
  function at(history, evaluations) {
    let found = history[0];
    for (const h of history) if (h[0] <= evaluations) found = h; else break;
    return found;
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
    A.charts.lines(chart, {series: [{id: 0, points: head.history.map(h => [h[0], h[2] * k]), colour: t.accent, width: 2, opacity: 1}], step: true, theme: t,
      x: {title: 'evaluations', format: A.grouped, si: true}, y: {title: share ? 'share of the reference box' : 'hypervolume', format: v => A.short(v, 6)},
      height: 320, label: 'Hypervolume against evaluations',
      pick: () => { /* nothing to pick: the tooltip names the trial */ },
      tip: (id, e) => {
        if (id === null || !chart.invert) { A.tipText(null); return; }
        const h = at(head.history, chart.invert(e).x);
        A.tipText([`after ${A.grouped(h[0])} evaluations`, `hypervolume ${A.big(h[2])}` + (share ? ` (${(100 * h[2] * k).toFixed(2)} %)` : ''),
          h[1] ? `raised by trial ${h[1]}` : ''].filter(Boolean), e);
      }});
    $('hv-note').textContent = 'Volume that the front dominates, up to the reference point ' +
      head.objectives.map((o, i) => `${A.label(o)} ${A.show(o, head.reference[i])}`).join(', ') +
      (head.reference_given ? ' (given by the run). ' : ' (the front\u2019s nadir plus a tenth of its extent: not comparable with other runs). ') +
      `At the end: ${A.big(head.hypervolume)}.`;
  }
  A.progress = {render, wire: () => A.on('theme charts', render)};
})(window.ashlar);
