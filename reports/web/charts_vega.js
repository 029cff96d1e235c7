/* SPDX-License-Identifier: GPL-3.0-or-later */
/* charts_vega.js - line charts by Vega-Lite; the same function and model as charts_svg.js */
(function (A) {
  'use strict';

  const live = new Map(); /* element -> its Vega view, finalised before the next drawing */

  /* A position channel: scale and ticks are ours, the same as on a page without the library. */
  function channel(field, a, theme, values) {
    const f = A.axes.fit(values, a.log, 7);
    return {field, type: 'quantitative', scale: f.log ? {type: 'log', domain: [f.lo, f.hi], nice: false} : {type: 'linear', domain: [f.lo, f.hi], nice: false, zero: false},
      axis: {title: a.title, values: f.ticks, labelExpr: a.si ? "format(datum.value, '~s')" : "format(datum.value, '~g')",
        grid: true, gridColor: theme.grid, domainColor: theme.muted, tickColor: theme.muted, labelColor: theme.muted,
        titleColor: theme.text, titleFontWeight: 'normal', titleFontSize: 12.5, labelFontSize: 11.5, labelOverlap: 'greedy'}};
  }

  function show(element, m, layer, many) {
    const old = live.get(element);
    if (old) { old.finalize(); live.delete(element); }
    element.textContent = '';
    const token = element.chartToken = {};
    const spec = {$schema: 'https://vega.github.io/schema/vega-lite/v6.json', width: 'container', height: m.height - 54,
      description: m.label, autosize: {type: 'fit-x', contains: 'padding'}, layer,
      config: {background: null, view: {stroke: null}, font: getComputedStyle(document.body).fontFamily}};
    const options = {mode: 'vega-lite', actions: false, renderer: many ? 'canvas' : 'svg', tooltip: false,
      /* the page never loads anything; keep the library from trying */
      loader: {load: () => Promise.reject(new Error('offline')), sanitize: () => Promise.reject(new Error('offline'))}};
    window.vegaEmbed(element, spec, options).then(result => {
      if (element.chartToken !== token) { result.finalize(); return; }
      live.set(element, result);
      const view = result.view, id = item => item && item.datum && item.datum.id !== undefined ? Number(item.datum.id) : null;
      view.addEventListener('mousemove', (e, item) => m.tip(id(item), e));
      view.addEventListener('mouseout', e => m.tip(null, e));
      view.addEventListener('click', (e, item) => { if (id(item) !== null) m.pick(id(item)); });
      const origin = () => { const r = element.querySelector('svg, canvas').getBoundingClientRect(), [x, y] = view.origin(), pad = view.padding(); return {x: r.left + x + pad.left, y: r.top + y + pad.top}; };
      element.invert = e => { const o = origin(); return {x: view.scale('x').invert(e.clientX - o.x), y: view.scale('y').invert(e.clientY - o.y)}; };
      element.project = (x, y) => { const o = origin(); return {x: o.x + view.scale('x')(x), y: o.y + view.scale('y')(y)}; };
    }).catch(e => { element.textContent = 'This chart could not be drawn: ' + e.message; });
  }

  function lines(element, m) {
    const t = m.theme, values = [], bands = m.bands || [];
    for (const s of m.series) for (const p of s.points)
      values.push({id: s.id, x: p[0], y: p[1], colour: s.colour, width: s.width, opacity: s.opacity});
    const wide = bands.flatMap((b, k) => b.points.map(p => ({band: k, x: p[0], y: p[1], y2: p[2], colour: b.colour})));
    const x = channel('x', m.x, t, values.concat(wide).map(v => v.x));
    const y = channel('y', m.y, t, values.map(v => v.y).concat(wide.flatMap(v => [v.y, v.y2])));
    const encoding = {x, y, detail: {field: 'id', type: 'nominal'}, order: {field: 'x', type: 'quantitative'}};
    const mark = {type: 'line', interpolate: m.step ? 'step-after' : 'linear'}, plain = {type: 'nominal', scale: null, legend: null};
    const layer = [
      {data: {values}, mark: Object.assign({}, mark), encoding: Object.assign({}, encoding, {color: Object.assign({field: 'colour'}, plain),
        strokeWidth: {field: 'width', type: 'quantitative', scale: null, legend: null},
        opacity: {field: 'opacity', type: 'quantitative', scale: null, legend: null}})},
      /* a wider, unseen copy is easier to hit */
      {data: {values}, mark: Object.assign({strokeWidth: 9, opacity: 0.001, cursor: 'pointer'}, mark), encoding},
    ];
    if (wide.length) layer.unshift({data: {values: wide}, mark: {type: 'area', opacity: 0.2, interpolate: mark.interpolate},
      encoding: {x, y, y2: {field: 'y2'}, detail: {field: 'band', type: 'nominal'}, color: Object.assign({field: 'colour'}, plain)}});
    show(element, m, layer, values.length > 20000);
  }

  A.charts = {kind: 'vega', lines};
  A.changed('charts');
})(window.ashlar);
