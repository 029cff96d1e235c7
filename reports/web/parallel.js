/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parallel.js - parallel coordinates: one axis per metric, one line per trial (Inselberg 1985, doi:10.1007/BF01898350)
 *
 * Dragging along an axis makes a range of its metric; a click on it lets go. The buttons over an axis turn it over, move it and take it
 * out. At most DRAWN lines are drawn of the selection and as many of the rest, evenly chosen, members of the front
 * first: more would be a solid block. */
(function (A) {
  'use strict';
  const {$, el, draw, button} = A, d = A.data, s = A.state, sel = A.selection, DRAWN = 1500, TOP = 12;
  let plot = null;

  function chooseAxes() {
    const more = ['mean_weight_bits', 'params', 'peak_ram_bytes', 'val_loss', 'macs', 'model_bytes'];
    const names = d.head.objectives.concat(more.filter(n => !d.head.objectives.includes(n))).filter(n => d.metrics.has(n) && d.metrics.get(n).known > 0);
    s.axes = names.slice(0, Math.max(d.head.objectives.length, 6)).map(name => ({name, flip: false}));
  }

  /* Up to `most` rows of a list, evenly, members of the front first. */
  function thin(rows, most) {
    if (rows.length <= most) return Array.from(rows);
    const members = rows.filter(i => d.front[i]).slice(0, most / 2), rest = rows.filter(i => !d.front[i]), n = most - members.length;
    const out = [];
    for (let k = 0; k < n; k++) out.push(rest[Math.floor(k * rest.length / n)]);
    return Array.from(out).concat(Array.from(members));
  }

  function layout() {
    const box = $('parallel-scroll'), count = s.axes.length, height = 300, bottom = height - 16;
    const width = Math.max(box.clientWidth, count * 118), step = width / Math.max(1, count);
    const axes = s.axes.map((a, k) => {
      const v = d.column(a.name), log = A.front.wantsLog(a.name), x = step * (k + 0.5);
      const f = A.axes.fit(A.axes.extent(v), log, 5), {lo, hi} = f;
      const at = u => { const t = f.log ? Math.log(u / lo) / Math.log(hi / lo) : (u - lo) / (hi - lo); return a.flip ? TOP + t * (bottom - TOP) : bottom - t * (bottom - TOP); };
      const back = p => { const q = Math.min(1, Math.max(0, (bottom - p) / (bottom - TOP))), t = a.flip ? 1 - q : q; return f.log ? lo * Math.pow(hi / lo, t) : lo + t * (hi - lo); };
      const y = new Float32Array(d.n);
      for (let i = 0; i < d.n; i++) y[i] = at(v[i]); /* NaN stays: unknown */
      return {name: a.name, flip: a.flip, x, y, at, back, ticks: f.ticks.filter(u => u >= lo && u <= hi)};
    });
    const whole = d.rows.filter(i => !d.duplicate[i] && axes.every(a => a.y[i] === a.y[i]));
    plot = {width, height, bottom, axes, whole, step};
  }

  function canvas() {
    const e = $('parallel-canvas'), ratio = Math.min(2, devicePixelRatio || 1), t = A.theme(), c = A.colour.classes(t);
    e.width = plot.width * ratio; e.height = plot.height * ratio;
    e.style.width = plot.width + 'px'; e.style.height = plot.height + 'px';
    const g = e.getContext('2d');
    g.scale(ratio, ratio);
    const line = i => { plot.axes.forEach((a, k) => { if (k) g.lineTo(a.x, a.y[i]); else g.moveTo(a.x, a.y[i]); }); };
    const lines = (rows, alpha, width) => {
      g.globalAlpha = alpha; g.lineWidth = width;
      c.list.forEach((k, at) => { g.strokeStyle = k.colour; g.beginPath(); for (const i of rows) if (c.of[i] === at) line(i); g.stroke(); });
      g.globalAlpha = 1;
    };
    const inside = sel.active ? plot.whole.filter(i => sel.mask[i]) : plot.whole;
    plot.drawn = thin(inside, DRAWN);
    if (sel.active) {
      g.strokeStyle = t.cloud; g.globalAlpha = 0.07; g.lineWidth = 1;
      g.beginPath(); thin(plot.whole.filter(i => !sel.mask[i]), DRAWN).forEach(line); g.stroke();
    }
    const many = plot.drawn.length > 400;
    lines(plot.drawn.filter(i => !d.front[i]), sel.active ? (many ? 0.3 : 0.6) : many ? 0.12 : 0.3, 1);
    lines(plot.drawn.filter(i => d.front[i]), sel.active ? 0.9 : 0.75, 1.5);
    if (s.row >= 0 && plot.axes.every(a => !Number.isNaN(a.y[s.row]))) {
      g.strokeStyle = t.select; g.lineWidth = 2.8;
      g.beginPath(); line(s.row); g.stroke();
    }
    $('parallel-note').textContent = 'Drag along an axis to select, click it to let go. Lines: ' + (plot.drawn.length < inside.length ?
      `${A.grouped(plot.drawn.length)} of ${A.grouped(inside.length)} trials${sel.active ? ' of the selection' : ''}, evenly chosen` :
      `${A.grouped(inside.length)} trials${sel.active ? ' of the selection' : ''}`) + '.' +
      (plot.whole.length < d.n ? ' A trial needs a value on every axis; duplicates are left out.' : '');
  }

  function overlay() {
    const svg = $('parallel-axes');
    svg.textContent = '';
    svg.setAttribute('width', plot.width); svg.setAttribute('height', plot.height); svg.setAttribute('viewBox', `0 0 ${plot.width} ${plot.height}`);
    for (const a of plot.axes) {
      draw(svg, 'line', {class: 'axis', x1: a.x, x2: a.x, y1: TOP, y2: plot.bottom});
      let used = [];
      for (const v of a.ticks) {
        const y = a.at(v);
        if (used.some(u => Math.abs(u - y) < 15)) continue;
        used.push(y);
        draw(svg, 'line', {class: 'axis', x1: a.x - 4, x2: a.x, y1: y, y2: y});
        draw(svg, 'text', {class: 'halo', x: a.x - 7, y: y + 4, 'text-anchor': 'end'}, A.tick(a.name, v));
      }
      const range = s.ranges.get(a.name);
      if (!range) continue;
      const y = v => { const p = a.at(v); return Number.isFinite(p) ? Math.min(plot.bottom, Math.max(TOP, p)) : (v > a.back((TOP + plot.bottom) / 2)) === a.flip ? plot.bottom : TOP; };
      const [p, q] = [y(range[0]), y(range[1])].sort((m, n) => m - n);
      draw(svg, 'rect', {class: 'brush', x: a.x - 9, width: 18, y: p, height: Math.max(2, q - p)});
    }
  }

  function heads() {
    const box = $('parallel-heads'), focus = document.activeElement && document.activeElement.dataset.act;
    box.textContent = '';
    box.style.width = plot.width + 'px';
    const redo = () => A.changed('view');
    s.axes.forEach((a, k) => {
      const h = el(box, 'div', {className: 'axis-head', role: 'group', 'aria-label': A.label(a.name)});
      h.style.left = plot.step * k + 'px'; h.style.width = plot.step + 'px';
      el(h, 'span', {title: d.metrics.get(a.name).axis}, d.metrics.get(a.name).axis);
      const row = el(h, 'div', {className: 'axis-buttons'});
      const act = (name, sign, text, f, off) => { const b = button(row, sign, f, {title: text, 'aria-label': `${text}: ${A.label(a.name)}`, disabled: !!off}); b.dataset.act = `${name} ${a.name}`; };
      const swap = to => () => { [s.axes[k], s.axes[to]] = [s.axes[to], s.axes[k]]; redo(); };
      act('left', '\u2039', 'Move left', swap(k - 1), k === 0);
      act('flip', '\u21c5', a.flip ? 'Turn over: the largest is below' : 'Turn over: the largest is above', () => { a.flip = !a.flip; redo(); });
      act('right', '\u203a', 'Move right', swap(k + 1), k === s.axes.length - 1);
      act('out', '\u00d7', 'Take out', () => { s.axes.splice(k, 1); A.setRange(a.name, null); redo(); }, s.axes.length < 3);
    });
    const again = focus && box.querySelector(`[data-act="${focus}"]`);
    if (again) again.focus();
    const rest = d.usable.filter(m => !s.axes.some(a => a.name === m.name)).map(m => [m.name, m.label]);
    A.options($('parallel-add'), [['', 'an axis \u2026']].concat(rest), '');
    $('parallel-add').disabled = !rest.length;
  }

  function render() {
    if (s.axes.length < 2) return;
    layout(); heads(); overlay(); canvas();
  }

  /* The line under the mouse, among those that are drawn. */
  function near(x, y) {
    const k = Math.min(plot.axes.length - 2, Math.max(0, Math.floor(x / plot.step - 0.5))), a = plot.axes[k], b = plot.axes[k + 1];
    const t = Math.min(1, Math.max(0, (x - a.x) / (b.x - a.x)));
    let best = -1, least = 7;
    for (const i of s.row >= 0 ? plot.drawn.concat(s.row) : plot.drawn) {
      const far = Math.abs(a.y[i] + t * (b.y[i] - a.y[i]) - y);
      if (far < least) { least = far; best = i; }
    }
    return best;
  }
  function wire() {
    const box = $('parallel-plot');
    let drag = null;
    const point = e => { const r = $('parallel-canvas').getBoundingClientRect(); return {x: e.clientX - r.left, y: e.clientY - r.top}; };
    const axisAt = p => plot.axes.find(a => Math.abs(a.x - p.x) < 14);
    box.addEventListener('pointerdown', e => {
      const p = point(e), a = axisAt(p);
      if (e.button !== 0) return;
      drag = {axis: a, from: p, moved: false, range: null};
      if (!a) return;
      const range = s.ranges.get(a.name), v = a.back(p.y);
      if (range && v >= range[0] && v <= range[1] && range.every(Number.isFinite)) drag.range = range.map(a.at); /* inside a brush: move it */
      box.setPointerCapture(e.pointerId);
    });
    box.addEventListener('pointermove', e => {
      const p = point(e);
      if (!drag) { box.style.cursor = axisAt(p) ? 'ns-resize' : 'default'; A.tip(axisAt(p) ? null : near(p.x, p.y), e); return; }
      if (!drag.axis || (!drag.moved && Math.abs(p.y - drag.from.y) < 4)) return;
      drag.moved = true;
      A.tip(null);
      const ends = drag.range ? drag.range.map(q => q + p.y - drag.from.y) : [drag.from.y, p.y];
      A.setRange(drag.axis.name, ends.map(drag.axis.back));
    });
    box.addEventListener('pointerup', e => {
      const p = point(e);
      if (drag && !drag.moved) {
        if (drag.axis) { if (s.ranges.has(drag.axis.name)) A.setRange(drag.axis.name, null); }
        else { const i = near(p.x, p.y); if (i >= 0) A.setRow(i); }
      }
      drag = null;
    });
    box.addEventListener('pointercancel', () => { drag = null; });
    box.addEventListener('pointerleave', () => { if (!drag) A.tip(null); });
    $('parallel-add').addEventListener('change', e => { if (e.target.value) { s.axes.push({name: e.target.value, flip: false}); A.changed('view'); } });
    A.on('view theme', render);
    A.on('selection', () => { if (plot) { overlay(); canvas(); } });
    A.on('row', () => { if (plot) canvas(); });
  }

  /* Where a value of an axis is in the window, for those who aim at it. */
  const place = (name, v) => {
    const a = plot.axes.find(b => b.name === name), r = $('parallel-canvas').getBoundingClientRect();
    return {x: r.left + a.x, y: r.top + a.at(v)};
  };
  A.parallel = {render, wire, chooseAxes, place};
})(window.ashlar);
