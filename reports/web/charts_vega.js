/* SPDX-License-Identifier: GPL-3.0-or-later */
/* charts_vega.js - the charts by Vega-Lite; the same functions and models as charts_svg.js */
(function () {
  'use strict';

  const live = new Map(); /* element -> its Vega view, finalised before the next drawing */

  /* A position channel: scale and ticks are ours, the same as on a page without the library. */
  function channel(field, a, theme, values) {
    const f = axes.fit(values, a.log, 7);
    return {field, type: 'quantitative', scale: f.log ? {type: 'log', domain: [f.lo, f.hi], nice: false} : {type: 'linear', domain: [f.lo, f.hi], nice: false, zero: false},
      axis: {title: a.title, values: f.ticks, labelExpr: a.si ? "format(datum.value, '~s')" : "format(datum.value, '~g')",
        grid: true, gridColor: theme.grid, domainColor: theme.muted, tickColor: theme.muted, labelColor: theme.muted,
        titleColor: theme.text, titleFontWeight: 'normal', titleFontSize: 12.5, labelFontSize: 11.5, labelOverlap: 'greedy'}};
  }

  function show(element, m, layer, many) {
    const old = live.get(element);
    if (old) { old.finalize(); live.delete(element); }
    element.textContent = '';
    const token = {};
    element.chartToken = token;
    const spec = {$schema: 'https://vega.github.io/schema/vega-lite/v6.json', width: 'container', height: m.height - 54,
      description: m.label, autosize: {type: 'fit-x', contains: 'padding'}, layer,
      config: {background: null, view: {stroke: null}, font: getComputedStyle(document.body).fontFamily}};
    const options = {mode: 'vega-lite', actions: false, renderer: many ? 'canvas' : 'svg', tooltip: false,
      /* the page never loads anything; keep the library from trying */
      loader: {load: () => Promise.reject(new Error('offline')), sanitize: () => Promise.reject(new Error('offline'))}};
    window.vegaEmbed(element, spec, options).then(result => {
      if (element.chartToken !== token) { result.finalize(); return; }
      live.set(element, result);
      const id = item => item && item.datum && item.datum.id !== undefined ? Number(item.datum.id) : null;
      result.view.addEventListener('mousemove', (e, item) => m.tip(id(item), e));
      result.view.addEventListener('mouseout', e => m.tip(null, e));
      result.view.addEventListener('click', (e, item) => { if (id(item) !== null) m.pick(id(item)); });
      element.dispatchEvent(new CustomEvent('drawn'));
    }).catch(e => { element.textContent = 'This chart could not be drawn: ' + e.message; });
  }

  function front(element, m) {
    const t = m.theme, many = m.points.length > 3000;
    const x = channel('x', m.x, t, m.points.map(p => p.x).concat(m.baselines.map(b => b.x).filter(v => v !== null)));
    const y = channel('y', m.y, t, m.points.map(p => p.y).concat(m.baselines.map(b => b.y)));
    const colour = {field: 'colour', type: 'nominal', scale: null, legend: null};
    const end = x.scale.domain[1];
    const steps = m.steps.length ? m.steps.concat([{x: end, y: m.steps[m.steps.length - 1].y}]) : [];
    const inside = m.baselines.filter(b => b.x !== null && b.x >= x.scale.domain[0] && b.x <= end);
    const layer = [
      {data: {values: m.baselines}, mark: {type: 'rule', strokeDash: [5, 4], color: t.muted, tooltip: null}, encoding: {y}},
      {data: {values: m.baselines}, mark: {type: 'text', align: 'left', dx: 6, dy: -7, color: t.muted, fontSize: 11.5},
        encoding: {y, x: {value: 0}, text: {field: 'name'}}},
      {data: {values: inside}, mark: {type: 'point', shape: 'diamond', size: 90, filled: true, fill: t.card, stroke: t.text, strokeWidth: 1.4, opacity: 1},
        encoding: {x, y}},
      {data: {values: m.points.filter(p => !p.front)}, mark: {type: 'circle', size: 26, opacity: 0.45, cursor: 'pointer'},
        encoding: {x, y, color: colour}},
      {data: {values: steps}, mark: {type: 'line', interpolate: 'step-after', color: t.steps, strokeWidth: 1.3, tooltip: null},
        encoding: {x, y, order: {field: 'x', type: 'quantitative'}}},
      {data: {values: m.points.filter(p => p.front)},
        mark: {type: 'circle', size: 105, opacity: 1, stroke: t.card, strokeWidth: 1, cursor: 'pointer'},
        encoding: {x, y, color: colour}},
      {data: {values: m.points.filter(p => p.id === m.selected)},
        mark: {type: 'point', size: 260, filled: false, stroke: t.select, strokeWidth: 2.4, opacity: 1, cursor: 'pointer'}, encoding: {x, y}},
    ];
    show(element, m, layer.filter(l => l.data.values.length), many);
  }

  function lines(element, m) {
    const t = m.theme, values = [];
    for (const s of m.series) for (const p of s.points)
      values.push({id: s.id, x: p[0], y: p[1], colour: s.colour, width: s.width, opacity: s.opacity});
    const x = channel('x', m.x, t, values.map(v => v.x)), y = channel('y', m.y, t, values.map(v => v.y));
    const encoding = {x, y, detail: {field: 'id', type: 'nominal'}, order: {field: 'x', type: 'quantitative'}};
    const mark = {type: 'line', interpolate: m.step ? 'step-after' : 'linear'};
    show(element, m, [
      {data: {values}, mark: Object.assign({}, mark), encoding: Object.assign({}, encoding, {
        color: {field: 'colour', type: 'nominal', scale: null, legend: null},
        strokeWidth: {field: 'width', type: 'quantitative', scale: null, legend: null},
        opacity: {field: 'opacity', type: 'quantitative', scale: null, legend: null}})},
      /* a wider, unseen copy is easier to hit */
      {data: {values}, mark: Object.assign({strokeWidth: 9, opacity: 0.001, cursor: 'pointer'}, mark), encoding},
    ], values.length > 20000);
  }

  window.charts = {kind: 'vega', front, lines};
})();
