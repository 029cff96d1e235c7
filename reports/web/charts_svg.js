/* SPDX-License-Identifier: GPL-3.0-or-later */
/* charts_svg.js - the charts, drawn by the page itself as SVG
 *
 * Used when the program was built without the chart library, or asked for a plain page. The same three functions as
 * charts_vega.js, so the rest of the page does not know which one it has:
 *   front(element, model)   points, the stepped line, baselines; model.pick(id) on click, model.tip(id, event) on hover
 *   lines(element, model)   one path per series
 * An axis is {title, log, values(): used for the range, format(v)}. */
(function () {
  'use strict';
  const NS = 'http://www.w3.org/2000/svg';

  function make(parent, name, attributes, text) {
    const e = document.createElementNS(NS, name);
    for (const k in attributes) e.setAttribute(k, attributes[k]);
    if (text !== undefined) e.textContent = text;
    parent.appendChild(e);
    return e;
  }

  function scale(values, log, from, to, wanted) {
    const a = axes.fit(values, log, wanted), {lo, hi} = a;
    const t = a.log ? v => Math.log(v / lo) / Math.log(hi / lo) : v => (v - lo) / (hi - lo);
    return Object.assign(a, {f: v => from + t(v) * (to - from)});
  }

  function frame(element, m, xs, ys) {
    element.textContent = '';
    const width = Math.max(280, element.clientWidth), height = m.height;
    const box = {left: 58, right: width - 12, top: 10, bottom: height - 44};
    const svg = make(element, 'svg', {class: 'plot', width, height, viewBox: `0 0 ${width} ${height}`, role: 'img',
      'aria-label': m.label});
    const sx = scale(xs, m.x.log, box.left, box.right, width < 500 ? 4 : 7);
    const sy = scale(ys, m.y.log, box.bottom, box.top, 6);
    let last = -Infinity;
    for (const t of sx.ticks) {
      const p = sx.f(t);
      make(svg, 'line', {class: 'grid', x1: p, x2: p, y1: box.top, y2: box.bottom});
      if (p - last < 34) continue;
      last = p;
      make(svg, 'text', {x: p, y: box.bottom + 16, 'text-anchor': 'middle'}, m.x.format(t));
    }
    last = Infinity;
    for (const t of sy.ticks) {
      const p = sy.f(t);
      make(svg, 'line', {class: 'grid', x1: box.left, x2: box.right, y1: p, y2: p});
      if (last - p < 14) continue;
      last = p;
      make(svg, 'text', {x: box.left - 6, y: p + 4, 'text-anchor': 'end'}, m.y.format(t));
    }
    make(svg, 'line', {class: 'axis', x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom});
    make(svg, 'line', {class: 'axis', x1: box.left, x2: box.left, y1: box.top, y2: box.bottom});
    make(svg, 'text', {class: 'axis-title', x: (box.left + box.right) / 2, y: height - 8, 'text-anchor': 'middle'}, m.x.title);
    make(svg, 'text', {class: 'axis-title', 'text-anchor': 'middle',
      transform: `translate(14 ${(box.top + box.bottom) / 2}) rotate(-90)`}, m.y.title);
    return {svg, sx, sy, box};
  }

  function listen(svg, m) {
    svg.addEventListener('mousemove', e => {
      const id = e.target.dataset && e.target.dataset.id;
      m.tip(id === undefined ? null : Number(id), e);
    });
    svg.addEventListener('mouseleave', e => m.tip(null, e));
    svg.addEventListener('click', e => {
      const id = e.target.dataset && e.target.dataset.id;
      if (id !== undefined) m.pick(Number(id));
    });
  }

  function front(element, m) {
    const ys = m.points.map(p => p.y).concat(m.baselines.map(b => b.y));
    const xs = m.points.map(p => p.x).concat(m.baselines.map(b => b.x).filter(x => x !== null));
    const {svg, sx, sy, box} = frame(element, m, xs, ys);
    for (const b of m.baselines) {
      const p = sy.f(b.y);
      make(svg, 'line', {class: 'baseline', x1: box.left, x2: box.right, y1: p, y2: p});
      make(svg, 'text', {x: box.left + 6, y: p - 5}, b.name);
      if (b.x !== null && b.x >= sx.lo && b.x <= sx.hi)
        make(svg, 'path', {class: 'diamond', d: `M${sx.f(b.x)} ${p - 6}l6 6l-6 6l-6 -6z`});
    }
    const circle = (p, r, extra) => make(svg, 'circle', Object.assign(
      {cx: sx.f(p.x).toFixed(1), cy: sy.f(p.y).toFixed(1), r, fill: p.colour, 'data-id': p.id}, extra));
    for (const p of m.points) if (!p.front) circle(p, 2.8, {'fill-opacity': 0.45});
    let path = '';
    for (const p of m.steps) path += path ? `H${sx.f(p.x)}V${sy.f(p.y)}` : `M${sx.f(p.x)} ${sy.f(p.y)}`;
    if (path) make(svg, 'path', {class: 'steps', d: path + `H${box.right}`, 'pointer-events': 'none'});
    for (const p of m.points) if (p.front) circle(p, 5.5, {class: 'member', stroke: m.theme.card, 'stroke-width': 1});
    const chosen = m.points.find(p => p.id === m.selected);
    if (chosen) make(svg, 'circle', {class: 'ring', cx: sx.f(chosen.x), cy: sy.f(chosen.y), r: 9});
    listen(svg, m);
  }

  function lines(element, m) {
    const all = m.series.flatMap(s => s.points);
    const {svg, sx, sy} = frame(element, m, all.map(p => p[0]), all.map(p => p[1]));
    for (const s of m.series) {
      let d = '';
      for (const [x, y] of s.points) {
        const px = sx.f(x).toFixed(1), py = sy.f(y).toFixed(1);
        d += !d ? `M${px} ${py}` : m.step ? `H${px}V${py}` : `L${px} ${py}`;
      }
      const style = {class: 'series', d, stroke: s.colour, 'stroke-width': s.width, 'stroke-opacity': s.opacity};
      make(svg, 'path', style);
      /* a wider, unseen copy is easier to hit */
      make(svg, 'path', {class: 'series', d, stroke: 'transparent', 'stroke-width': 9, 'data-id': s.id});
    }
    listen(svg, m);
  }

  window.charts = {kind: 'svg', front, lines};
})();
