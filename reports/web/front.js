/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front.js - all trials over two metrics, on a canvas, with the front, the baselines and other runs' fronts over it
 *
 * Three layers: the canvas with up to 100,000 dots, an SVG with axes and lines, and the rectangle of the brush. Dragging makes a range of
 * both metrics; a click takes the nearest dot, and on empty ground lets go of the ranges. A grid of 12 pixel cells finds the dot
 * under the mouse. */
(function (A) {
  'use strict';
  const {$, el, draw} = A, d = A.data, s = A.state, sel = A.selection, CELL = 12;
  let plot = null;

  const scale = (f, from, to) => {
    const span = f.log ? Math.log(f.hi / f.lo) : f.hi - f.lo;
    return {at: f.log ? v => from + Math.log(v / f.lo) / span * (to - from) : v => from + (v - f.lo) / span * (to - from),
      back: f.log ? p => f.lo * Math.exp((p - from) / (to - from) * span) : p => f.lo + (p - from) / (to - from) * span};
  };

  function wantsLog(name) {
    const [lo, hi] = A.axes.extent(d.column(name));
    return lo > 0 && hi / lo > 30;
  }
  function chooseLog() { s.logX = wantsLog(s.x); s.logY = wantsLog(s.y); }

  /* The rows with a place on these axes. A duplicate lies on its original. */
  function placed(xs, ys) {
    const out = new Int32Array(d.n);
    let n = 0;
    for (let i = 0; i < d.n; i++)
      if (xs[i] === xs[i] && ys[i] === ys[i] && (!s.logX || xs[i] > 0) && (!s.logY || ys[i] > 0) && !d.duplicate[i]) out[n++] = i;
    return out.subarray(0, n);
  }

  /* The front of just these two axes, over trials that are ok. */
  function steps(rows, xs, ys) {
    /* most rows are above a point further left: a pass over strips of x leaves few to sort */
    const [lo, hi] = A.axes.extent(xs, rows), strip = i => Math.floor((xs[i] - lo) / (hi - lo || 1) * 999), least = new Float64Array(1000).fill(Infinity);
    for (const i of rows) if (d.ok[i] && ys[i] < least[strip(i)]) least[strip(i)] = ys[i];
    let before = Infinity;
    for (let k = 0; k < 1000; k++) { const here = least[k]; least[k] = before; before = Math.min(before, here); }
    const sorted = Array.from(rows.filter(i => d.ok[i] && ys[i] < least[strip(i)])).sort((a, b) => xs[a] - xs[b] || ys[a] - ys[b]), out = [];
    for (const i of sorted) if (!out.length || ys[i] < ys[out[out.length - 1]]) out.push(i);
    return out;
  }

  function baselines() {
    const key = {error: 'error', test_error: 'test_error'}[s.y];
    if (!key || !$('baselines').checked) return [];
    return d.head.baselines.filter(b => b[key] !== null && (!s.logY || b[key] > 0))
      .map(b => ({name: `${b.name} ${A.show(s.y, b[key])}`, y: b[key], x: s.x === 'macs' ? b.macs : null}));
  }

  function layout() {
    const box = $('front-chart'), width = Math.max(280, box.clientWidth), height = innerWidth < 520 ? 330 : 470;
    const xs = d.column(s.x), ys = d.column(s.y), rows = placed(xs, ys), lines = baselines();
    const kx = d.metrics.get(s.x).percent ? 100 : 1, ky = d.metrics.get(s.y).percent ? 100 : 1, zoomed = s.zoom && sel.active && sel.count;
    const within = zoomed ? rows.filter(i => sel.mask[i]) : rows, also = zoomed ? [] : lines;
    const fx = A.axes.fit(A.axes.extent(xs, within).map(v => v * kx).concat(also.filter(b => b.x).map(b => b.x)), s.logX, width < 500 ? 4 : 7);
    const fy = A.axes.fit(A.axes.extent(ys, within).map(v => v * ky).concat(also.map(b => b.y * ky)), s.logY, 6);
    const area = {left: 58, right: width - 14, top: 12, bottom: height - 46};
    const sx = scale(fx, area.left, area.right), sy = scale(fy, area.bottom, area.top);
    const px = new Float32Array(d.n).fill(-1e4), py = new Float32Array(d.n).fill(-1e4);
    const inside = rows.filter(i => {
      px[i] = sx.at(xs[i] * kx); py[i] = sy.at(ys[i] * ky);
      return px[i] >= area.left - 1 && px[i] <= area.right + 1 && py[i] >= area.top - 1 && py[i] <= area.bottom + 1;
    });
    plot = {width, height, area, fx, fy, sx, sy, kx, ky, px, py, rows: inside, hidden: rows.length - inside.length, unknown: d.n - rows.length,
      steps: steps(rows, xs, ys), lines, grid: null};
  }

  function canvas() {
    const t = A.theme(), c = A.colour.classes(t), ratio = Math.min(2, devicePixelRatio || 1), {px, py, rows, area} = plot;
    const e = $('front-canvas'), many = rows.length > 5000;
    e.width = plot.width * ratio; e.height = plot.height * ratio;
    e.style.width = plot.width + 'px'; e.style.height = plot.height + 'px';
    const g = e.getContext('2d');
    g.scale(ratio, ratio);
    /* Of many, those on one pixel are one square, as dense as they would be over each other. */
    const squares = (rows, alpha) => {
      const here = new Uint16Array(plot.width * (plot.height + 1)), pixels = [];
      for (const i of rows) {
        const k = Math.max(0, Math.floor(py[i])) * plot.width + Math.max(0, Math.floor(px[i]));
        if (!here[k]++) pixels.push(k);
      }
      for (const k of pixels) {
        g.globalAlpha = 1 - (1 - alpha) ** here[k];
        g.fillRect(k % plot.width - 1, Math.floor(k / plot.width) - 1, 3, 3);
      }
    };
    const circles = (rows, alpha) => {
      g.globalAlpha = alpha;
      g.beginPath();
      for (const i of rows) { g.moveTo(px[i] + 2.6, py[i]); g.arc(px[i], py[i], 2.6, 0, 7); }
      g.fill();
    };
    const dots = (list, alpha) => c.list.forEach((k, at) => {
      g.fillStyle = k.colour;
      (many ? squares : circles)(list.filter(i => c.of[i] === at), alpha);
    });
    const members = d.frontRows.filter(i => px[i] > -1e3), cloud = rows.filter(i => !d.front[i]);
    if (sel.active) { dots(cloud.filter(i => !sel.mask[i]), many ? 0.06 : 0.12); dots(cloud.filter(i => sel.mask[i]), many ? 0.6 : 0.8); }
    else dots(cloud, many ? 0.25 : 0.5);
    g.globalAlpha = 1;
    if (plot.steps.length) {
      g.strokeStyle = t.steps; g.lineWidth = 1.3;
      g.save();
      g.beginPath(); g.rect(area.left, area.top, area.right - area.left, area.bottom - area.top); g.clip();
      g.beginPath();
      let y = null;
      for (const i of plot.steps) { if (y === null) g.moveTo(px[i], py[i]); else { g.lineTo(px[i], y); g.lineTo(px[i], py[i]); } y = py[i]; }
      g.lineTo(area.right, y);
      g.stroke();
      g.restore();
    }
    others(g, t);
    const big = members.length > 300 ? 3.2 : 5.2;
    for (const chosen of [0, 1]) for (const i of members) {
      const on = !sel.active || sel.mask[i];
      if (Number(on) !== chosen) continue;
      g.beginPath(); g.arc(px[i], py[i], big, 0, 7);
      g.globalAlpha = on ? 1 : 0.22;
      g.fillStyle = c.list[c.of[i]].colour; g.fill();
      g.lineWidth = 1; g.strokeStyle = t.card; g.stroke();
    }
    g.globalAlpha = 1;
    names(g, t);
    if (s.lineage && s.row >= 0) ancestry(g, t);
    if (s.row >= 0 && px[s.row] > -1e3) {
      g.strokeStyle = t.select; g.lineWidth = 2.4;
      g.beginPath(); g.arc(px[s.row], py[s.row], 9, 0, 7); g.stroke();
    }
  }

  /* Fronts of the other runs, each as the steps of these two axes; they are known over the objectives only. */
  const overlaid = () => d.head.runs && $('others').checked && d.head.objectives.includes(s.x) && d.head.objectives.includes(s.y) ? d.head.runs.groups : [];
  function others(g, t) {
    const kx = d.head.objectives.indexOf(s.x), ky = d.head.objectives.indexOf(s.y), {area, sx, sy} = plot;
    g.save();
    g.beginPath(); g.rect(area.left, area.top, area.right - area.left, area.bottom - area.top); g.clip();
    g.lineWidth = 1.4; g.globalAlpha = 0.75;
    overlaid().forEach((group, k) => {
      g.strokeStyle = A.progress.colours(t)[k % 5];
      g.setLineDash([[6, 3], [2, 3], [9, 3, 2, 3]][k % 3]); /* dots have these colours too */
      for (const run of group.runs) {
        if (run.own) continue;
        const points = run.front.map(p => [p[kx], p[ky]]).sort((p, q) => p[0] - q[0] || p[1] - q[1]);
        let y = null;
        g.beginPath();
        for (const p of points) {
          const px = sx.at(p[0] * plot.kx), py = sy.at(p[1] * plot.ky);
          if (!Number.isFinite(px) || !Number.isFinite(py) || y !== null && py <= y) continue;
          if (y === null) g.moveTo(px, py); else { g.lineTo(px, y); g.lineTo(px, py); }
          y = py;
        }
        if (y !== null) g.lineTo(area.right, y);
        g.stroke();
      }
    });
    g.restore();
  }

  /* Of the baselines: on the canvas, for the dots would hide them. Two that are close together: one name over its line, one under. */
  function names(g, t) {
    let above = -Infinity;
    g.font = `11.5px ${getComputedStyle(document.body).fontFamily}`;
    g.textAlign = 'right'; g.lineJoin = 'round'; g.lineWidth = 3; g.strokeStyle = t.card; g.fillStyle = t.muted;
    for (const b of plot.lines.slice().sort((p, q) => q.y - p.y)) {
      const p = plot.sy.at(b.y * plot.ky);
      if (p < plot.area.top || p > plot.area.bottom) continue;
      const y = p - 5 < above + 14 ? p + 13 : p - 5;
      above = p;
      g.strokeText(b.name, plot.area.right - 4, y); g.fillText(b.name, plot.area.right - 4, y);
    }
  }

  function ancestry(g, t) {
    const chain = A.lineage.chain(s.row).filter(i => plot.px[i] > -1e3);
    g.strokeStyle = t.select; g.lineWidth = 1.6;
    g.beginPath();
    chain.forEach((i, k) => { if (k) g.lineTo(plot.px[i], plot.py[i]); else g.moveTo(plot.px[i], plot.py[i]); });
    g.stroke();
    for (const i of chain) {
      g.beginPath(); g.arc(plot.px[i], plot.py[i], 3.4, 0, 7);
      g.fillStyle = t.card; g.fill(); g.stroke();
    }
  }

  function overlay() {
    const svg = $('front-axes'), {width, height, area, fx, fy, sx, sy} = plot;
    svg.textContent = '';
    svg.setAttribute('width', width); svg.setAttribute('height', height); svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    let last = -Infinity;
    for (const v of fx.ticks) {
      const p = sx.at(v);
      draw(svg, 'line', {class: 'grid', x1: p, x2: p, y1: area.top, y2: area.bottom});
      if (p - last < 36) continue;
      last = p;
      draw(svg, 'text', {x: p, y: area.bottom + 16, 'text-anchor': 'middle'}, A.isSi(s.x) ? A.si(v) : A.short(v, 6));
    }
    last = Infinity;
    for (const v of fy.ticks) {
      const p = sy.at(v);
      draw(svg, 'line', {class: 'grid', x1: area.left, x2: area.right, y1: p, y2: p});
      if (last - p < 14) continue;
      last = p;
      draw(svg, 'text', {x: area.left - 6, y: p + 4, 'text-anchor': 'end'}, A.isSi(s.y) ? A.si(v) : A.short(v, 6));
    }
    draw(svg, 'line', {class: 'axis', x1: area.left, x2: area.right, y1: area.bottom, y2: area.bottom});
    draw(svg, 'line', {class: 'axis', x1: area.left, x2: area.left, y1: area.top, y2: area.bottom});
    draw(svg, 'text', {class: 'axis-title', x: (area.left + area.right) / 2, y: height - 8, 'text-anchor': 'middle'}, d.metrics.get(s.x).axis);
    draw(svg, 'text', {class: 'axis-title', 'text-anchor': 'middle', transform: `translate(14 ${(area.top + area.bottom) / 2}) rotate(-90)`}, d.metrics.get(s.y).axis);
    for (const b of plot.lines) {
      const p = sy.at(b.y * plot.ky);
      if (p < area.top || p > area.bottom) continue;
      draw(svg, 'line', {class: 'baseline', x1: area.left, x2: area.right, y1: p, y2: p});
      if (b.x && b.x >= fx.lo && b.x <= fx.hi) draw(svg, 'path', {class: 'diamond', d: `M${sx.at(b.x)} ${p - 6}l6 6l-6 6l-6 -6z`});
    }
    brushed();
  }

  /* The brush as it stands: ranges of the two metrics, whoever made them. */
  function brushed() {
    const box = $('front-brush'), {area, sx, sy, kx, ky} = plot, rx = s.ranges.get(s.x), ry = s.ranges.get(s.y);
    box.hidden = !rx && !ry;
    if (box.hidden) return;
    const edge = (v, f, k, from, to, open) => { const p = f.at(v * k); return Number.isFinite(p) ? Math.min(to, Math.max(from, p)) : open; };
    const left = rx ? edge(rx[0], sx, kx, area.left, area.right, area.left) : area.left;
    const right = rx ? edge(rx[1], sx, kx, area.left, area.right, area.right) : area.right;
    const top = ry ? edge(ry[1], sy, ky, area.top, area.bottom, area.top) : area.top;
    const bottom = ry ? edge(ry[0], sy, ky, area.top, area.bottom, area.bottom) : area.bottom;
    Object.assign(box.style, {left: left + 'px', top: top + 'px', width: Math.max(1, right - left) + 'px', height: Math.max(1, bottom - top) + 'px'});
  }

  function near(x, y, reach) {
    const {px, py, rows, width} = plot, across = Math.ceil(width / CELL) + 1;
    if (!plot.grid) {
      plot.grid = new Map();
      for (const i of rows) {
        const k = Math.floor(py[i] / CELL) * across + Math.floor(px[i] / CELL);
        if (plot.grid.has(k)) plot.grid.get(k).push(i); else plot.grid.set(k, [i]);
      }
    }
    let best = -1, least = Infinity;
    for (let cy = Math.floor(y / CELL) - 1; cy <= Math.floor(y / CELL) + 1; cy++)
      for (let cx = Math.floor(x / CELL) - 1; cx <= Math.floor(x / CELL) + 1; cx++)
        for (const i of plot.grid.get(cy * across + cx) || []) {
          if (sel.active && !sel.mask[i] && i !== s.row) continue;
          /* members are drawn over the others and are larger: they win where both are under the mouse */
          const far = Math.hypot(px[i] - x, py[i] - y) - (d.front[i] ? 4 : 0);
          if (far < reach && far < least) { least = far; best = i; }
        }
    return best;
  }

  function note(c) {
    const legend = $('front-legend'), t = A.theme();
    legend.textContent = '';
    const item = (text, colour, cls) => { const e = el(legend, 'span'), i = el(e, 'i', {className: cls || ''}); if (colour) i.style.background = colour; e.append(text); };
    const used = new Uint8Array(c.list.length);
    for (const i of plot.rows) used[c.of[i]] = 1;
    c.list.forEach((k, at) => { if (used[at]) item(k.text, k.colour); });
    item('front of these two axes', t.steps, 'line');
    if (plot.lines.length) item('baseline', null, 'dash');
    overlaid().forEach((g, k) => item(`fronts of ${g.name} (dashed)`, A.progress.colours(t)[k % 5], 'line'));
    $('front-note').textContent = `Large dots: the ${d.frontRows.length} trials that no other beats on ${d.head.objectives.map(A.label).join(', ')} together. ` +
      'Drag to select, click a dot for its details; with the chart in focus the arrow keys walk along the front and Escape clears the selection.' +
      (plot.hidden ? ` ${A.grouped(plot.hidden)} trials are outside.` : '') +
      (plot.unknown ? ` ${A.grouped(plot.unknown)} trials have no point here (duplicates, a missing metric, or 0 on a logarithmic axis).` : '') +
      (d.n < d.head.counts.trials ? ` This page holds ${A.grouped(d.n)} of ${A.grouped(d.head.counts.trials)} trials: the front and an even sample.` : '');
    $('front-chart').setAttribute('aria-label', `${A.grouped(plot.rows.length)} trials: ${A.label(s.y)} against ${A.label(s.x)}`);
  }

  function render() {
    if (!s.x) return;
    layout(); overlay(); canvas();
    note(A.colour.classes(A.theme()));
  }

  function point(e) {
    const r = $('front-canvas').getBoundingClientRect();
    return {x: e.clientX - r.left, y: e.clientY - r.top};
  }
  function wire() {
    const box = $('front-chart');
    let from = null;
    const clip = p => ({x: Math.min(plot.area.right, Math.max(plot.area.left, p.x)), y: Math.min(plot.area.bottom, Math.max(plot.area.top, p.y))});
    box.addEventListener('pointerdown', e => { if (e.button === 0) { from = point(e); box.setPointerCapture(e.pointerId); } });
    box.addEventListener('pointermove', e => {
      const p = point(e);
      if (!from) { const i = near(p.x, p.y, 10); box.style.cursor = i >= 0 ? 'pointer' : 'crosshair'; A.tip(i, e); return; }
      if (Math.hypot(p.x - from.x, p.y - from.y) < 5) return;
      A.tip(null);
      const a = clip(from), b = clip(p), {sx, sy, kx, ky} = plot;
      s.ranges.set(s.x, [sx.back(Math.min(a.x, b.x)) / kx, sx.back(Math.max(a.x, b.x)) / kx]);
      A.setRange(s.y, [sy.back(a.y) / ky, sy.back(b.y) / ky]);
    });
    box.addEventListener('pointerup', e => {
      const p = point(e);
      if (from && Math.hypot(p.x - from.x, p.y - from.y) < 5) {
        const i = near(p.x, p.y, 10);
        if (i >= 0) A.setRow(i);
        else if (s.ranges.delete(s.x) | s.ranges.delete(s.y)) A.changed('selection');
      }
      from = null;
    });
    box.addEventListener('pointercancel', () => { from = null; });
    box.addEventListener('pointerleave', () => { if (!from) A.tip(null); });
    box.addEventListener('keydown', e => {
      if (e.key === 'Escape') { A.clearSelection(); return; }
      const move = {ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1}[e.key], xs = d.column(s.x);
      if (!move) return;
      const order = d.frontRows.filter(i => !Number.isNaN(xs[i]) && (!sel.active || !sel.count || sel.mask[i])).sort((a, b) => xs[a] - xs[b] || a - b);
      if (!order.length) return;
      e.preventDefault();
      const at = order.indexOf(s.row);
      A.setRow(order[at < 0 ? 0 : Math.min(order.length - 1, Math.max(0, at + move))]);
    });
    A.on('view theme', render);
    A.on('selection', () => { if (!s.x) return; if (s.zoom) render(); else { brushed(); canvas(); } });
    A.on('row', () => { if (s.x) canvas(); });
  }

  /* Where a trial's dot is in the window, for those who aim at it. */
  const place = row => {
    const r = $('front-canvas').getBoundingClientRect();
    return plot && plot.px[row] > -1e3 ? {x: r.left + plot.px[row], y: r.top + plot.py[row]} : null;
  };
  A.front = {render, wire, wantsLog, chooseLog, place};
})(window.ashlar);
