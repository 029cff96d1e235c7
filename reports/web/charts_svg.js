/* SPDX-License-Identifier: GPL-3.0-or-later */
/* charts_svg.js - line charts, drawn by the page itself as SVG
 *
 * Used when the program was built without the chart library, or asked for a plain page. The same function as in
 * charts_vega.js, so the rest of the page does not know which one it has:
 *
 *   lines(element, model)   bands, then one path per series; element.invert(event) gives the place of the mouse in data
 *
 * model: series [{id, points [[x, y]], colour, width, opacity}], bands [{points [[x, low, high]], colour}], step (instead of straight
 * lines), x and y {title, log, format(v)}, height, label, theme, pick(id) on a click, tip(id, event) on hover. */
(function (A) {
  'use strict';
  const {draw} = A;

  function scale(values, log, from, to, wanted) {
    const a = A.axes.fit(values, log, wanted), {lo, hi} = a;
    const t = a.log ? v => Math.log(v / lo) / Math.log(hi / lo) : v => (v - lo) / (hi - lo);
    const back = a.log ? u => lo * Math.pow(hi / lo, u) : u => lo + u * (hi - lo);
    return Object.assign(a, {f: v => from + t(v) * (to - from), back: p => back((p - from) / (to - from))});
  }

  function frame(element, m, xs, ys) {
    element.textContent = '';
    const width = Math.max(280, element.clientWidth), height = m.height;
    const box = {left: 58, right: width - 12, top: 10, bottom: height - 44};
    const svg = draw(element, 'svg', {class: 'plot', width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': m.label});
    const sx = scale(xs, m.x.log, box.left, box.right, width < 500 ? 4 : 7);
    const sy = scale(ys, m.y.log, box.bottom, box.top, 6);
    let last = -Infinity;
    for (const t of sx.ticks) {
      const p = sx.f(t);
      draw(svg, 'line', {class: 'grid', x1: p, x2: p, y1: box.top, y2: box.bottom});
      if (p - last < 34) continue;
      last = p;
      draw(svg, 'text', {x: p, y: box.bottom + 16, 'text-anchor': 'middle'}, m.x.format(t));
    }
    last = Infinity;
    for (const t of sy.ticks) {
      const p = sy.f(t);
      draw(svg, 'line', {class: 'grid', x1: box.left, x2: box.right, y1: p, y2: p});
      if (last - p < 14) continue;
      last = p;
      draw(svg, 'text', {x: box.left - 6, y: p + 4, 'text-anchor': 'end'}, m.y.format(t));
    }
    draw(svg, 'line', {class: 'axis', x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom});
    draw(svg, 'line', {class: 'axis', x1: box.left, x2: box.left, y1: box.top, y2: box.bottom});
    draw(svg, 'text', {class: 'axis-title', x: (box.left + box.right) / 2, y: height - 8, 'text-anchor': 'middle'}, m.x.title);
    draw(svg, 'text', {class: 'axis-title', 'text-anchor': 'middle', transform: `translate(14 ${(box.top + box.bottom) / 2}) rotate(-90)`}, m.y.title);
    element.invert = e => { const r = svg.getBoundingClientRect(); return {x: sx.back(e.clientX - r.left), y: sy.back(e.clientY - r.top)}; };
    element.project = (x, y) => { const r = svg.getBoundingClientRect(); return {x: r.left + sx.f(x), y: r.top + sy.f(y)}; };
    return {svg, sx, sy};
  }

  function path(points, f, step) {
    let d = '';
    for (const p of points) {
      const [x, y] = f(p).map(v => v.toFixed(1));
      d += !d ? `M${x} ${y}` : step ? `H${x}V${y}` : `L${x} ${y}`;
    }
    return d;
  }

  function lines(element, m) {
    const all = m.series.flatMap(s => s.points), bands = m.bands || [], wide = bands.flatMap(b => b.points);
    const {svg, sx, sy} = frame(element, m, all.map(p => p[0]).concat(wide.map(p => p[0])), all.map(p => p[1]).concat(wide.flatMap(p => [p[1], p[2]])));
    for (const b of bands) {
      /* there along the upper edge, back along the lower one; a step back goes up or down first, then left */
      const back = b.points.slice().reverse();
      let d = path(b.points, p => [sx.f(p[0]), sy.f(p[2])], m.step);
      for (const p of back) d += m.step ? `V${sy.f(p[1]).toFixed(1)}H${sx.f(p[0]).toFixed(1)}` : `L${sx.f(p[0]).toFixed(1)} ${sy.f(p[1]).toFixed(1)}`;
      draw(svg, 'path', {d: d + 'Z', fill: b.colour, 'fill-opacity': 0.2, 'pointer-events': 'none'});
    }
    for (const s of m.series) {
      const d = path(s.points, p => [sx.f(p[0]), sy.f(p[1])], m.step);
      draw(svg, 'path', {class: 'series', d, stroke: s.colour, 'stroke-width': s.width, 'stroke-opacity': s.opacity});
      draw(svg, 'path', {class: 'series', d, stroke: 'transparent', 'stroke-width': 9, 'data-id': s.id}); /* wider and unseen: easier to hit */
    }
    const id = e => e.target.dataset && e.target.dataset.id !== undefined ? Number(e.target.dataset.id) : null;
    svg.addEventListener('mousemove', e => m.tip(id(e), e));
    svg.addEventListener('mouseleave', e => m.tip(null, e));
    svg.addEventListener('click', e => { if (id(e) !== null) m.pick(id(e)); });
  }

  A.charts = {kind: 'svg', lines};
  A.changed('charts');
})(window.ashlar);
