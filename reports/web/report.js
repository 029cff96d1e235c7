/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.js - the page: what is shown, what is selected, and the tables
 *
 * Reads the report as JSON from the element #data (reports/json.c), keeps one state, and draws from it. All text goes in
 * through textContent: nothing from a database is ever parsed as HTML. */
(function () {
  'use strict';
  const data = JSON.parse(document.getElementById('data').textContent);
  const $ = id => document.getElementById(id);
  const trials = data.trials, byId = new Map(trials.map(t => [t.id, t]));
  const metrics = new Map(data.metrics.map(m => [m.name, m]));
  const usable = data.metrics.filter(m => m.known > 0);
  const front = trials.filter(t => t.front);
  const PAGE = 50;
  const state = {x: data.view.x, y: data.view.y, logX: false, logY: false, colour: '', selected: null, pinned: [],
    tab: front.length ? 'front' : 'all', sort: null, down: false, page: 0, find: ''};

  function el(parent, tag, properties, text) {
    const e = document.createElement(tag);
    for (const k in properties || {}) {
      if (k in e && k !== 'list') e[k] = properties[k]; else e.setAttribute(k, properties[k]);
    }
    if (text !== undefined && text !== null) e.textContent = text;
    if (parent) parent.appendChild(e);
    return e;
  }

  /* numbers for people ------------------------------------------------------------------------------------------------ */
  const grouped = v => Math.round(v).toString().replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
  const short = (v, n) => Number(v.toPrecision(n || 4)).toString();
  const big = v => v >= 1e6 || v < 1e-3 ? v.toExponential(6) : short(v, 7);
  function si(v) {
    for (const [s, p] of [[1e18, 'E'], [1e15, 'P'], [1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']])
      if (Math.abs(v) >= s * 0.9999999) return short(v / s, 4) + p;
    return short(v, 4);
  }
  function show(name, v) {
    const m = metrics.get(name);
    if (v === undefined || v === null) return '';
    if (!m) return short(v);
    if (m.percent) return (100 * v).toFixed(2) + ' %';
    if (m.unit === 'count') return grouped(v);
    if (m.unit === 'bytes') return grouped(v) + ' B';
    if (m.unit === 'bits') return short(v, 3);
    if (m.unit === 'seconds') return short(v, 4) + ' s';
    if (m.unit === 'joules') return short(v, 4) + ' J';
    return Number.isInteger(v) ? grouped(v) : short(v, 5);
  }
  function duration(s) {
    if (!(s > 0)) return '';
    if (s < 1) return Math.round(s * 1000) + ' ms';
    if (s < 120) return s.toFixed(s < 10 ? 1 : 0) + ' s';
    if (s < 7200) return Math.floor(s / 60) + ' min ' + Math.round(s % 60) + ' s';
    return Math.floor(s / 3600) + ' h ' + Math.round(s % 3600 / 60) + ' min';
  }
  const label = name => metrics.has(name) ? metrics.get(name).label : name;
  const value = (t, name) => name === 'id' ? t.id : t.metrics[name];
  const scaled = (name, v) => metrics.get(name).percent ? v * 100 : v;

  function theme() {
    const s = getComputedStyle(document.documentElement), get = n => s.getPropertyValue('--' + n).trim();
    const t = {};
    for (const n of ['text', 'muted', 'grid', 'card', 'cloud', 'accent', 'select', 'steps', 'ok', 'bad', 'b1', 'b2', 'b3', 'b4', 'b5']) t[n] = get(n);
    return t;
  }

  /* colour: classes of a metric ----------------------------------------------------------------------------------------- */
  function colouring(t) {
    const name = state.colour, steps = [t.b1, t.b2, t.b3, t.b4];
    if (!name) return {of: p => p.front ? t.accent : t.cloud, classes: []};
    if (name === 'mean_weight_bits') {
      const limits = [[2, 'up to 2 bits'], [4, 'up to 4'], [8, 'up to 8'], [31.999, 'up to 32'], [Infinity, '32 (float)']];
      const k = v => limits.findIndex(l => v <= l[0]), colours = steps.concat([t.b5]);
      const used = new Set(trials.map(p => k(p.metrics[name])));
      return {of: p => colours[k(p.metrics[name])] || t.cloud,
        classes: limits.map((l, i) => [l[1], colours[i], used.has(i)]).filter(c => c[2])};
    }
    if (name === 'status') {
      const of = p => p.front ? t.accent : p.status === 'ok' ? t.cloud : p.status === 'duplicate' ? t.b4 : t.bad;
      return {of, classes: [['front', t.accent], ['ok', t.cloud], ['duplicate', t.b4], ['failed', t.bad]]};
    }
    const v = trials.map(p => value(p, name)).filter(Number.isFinite).sort((a, b) => a - b);
    const cut = [0.25, 0.5, 0.75].map(q => v[Math.min(v.length - 1, Math.floor(q * v.length))]);
    const k = x => !Number.isFinite(x) ? -1 : x <= cut[0] ? 0 : x <= cut[1] ? 1 : x <= cut[2] ? 2 : 3;
    const text = x => name === 'id' ? String(x) : show(name, x);
    return {of: p => steps[k(value(p, name))] || t.cloud,
      classes: [['up to ' + text(cut[0]), steps[0]], ['up to ' + text(cut[1]), steps[1]], ['up to ' + text(cut[2]), steps[2]], ['more', steps[3]]]};
  }

  /* tooltips ---------------------------------------------------------------------------------------------------------------- */
  function tip(id, event) {
    const box = $('tip'), t = id === null ? null : byId.get(id);
    if (!t) { box.hidden = true; return; }
    box.textContent = '';
    const head = el(box, 'div');
    el(head, 'b', {}, `Trial ${t.id}`);
    head.append(t.front ? ', on the front' : t.status === 'ok' ? '' : `, ${t.status}`);
    const dl = el(box, 'dl', {className: 'pairs'});
    for (const m of usable) if (m.objective || [state.x, state.y, state.colour, 'mean_weight_bits', 'test_error'].includes(m.name)) {
      const v = t.metrics[m.name];
      if (v === undefined) continue;
      el(dl, 'dt', {}, m.label); el(dl, 'dd', {}, show(m.name, v));
    }
    el(box, 'div', {className: 'genome'}, t.genome.length > 260 ? t.genome.slice(0, 259) + '\u2026' : t.genome);
    place(box, event);
  }
  function tipText(lines, event) {
    const box = $('tip');
    box.textContent = '';
    for (const l of lines) el(box, 'div', {}, l);
    place(box, event);
  }
  function place(box, event) {
    box.hidden = false;
    const w = box.offsetWidth, h = box.offsetHeight;
    let x = event.clientX + 14, y = event.clientY + 14;
    if (x + w > innerWidth - 6) x = Math.max(6, event.clientX - w - 14);
    if (y + h > innerHeight - 6) y = Math.max(6, event.clientY - h - 14);
    box.style.left = x + 'px'; box.style.top = y + 'px';
  }
  addEventListener('scroll', () => { $('tip').hidden = true; }, {passive: true});

  /* the front --------------------------------------------------------------------------------------------------------------- */
  const axisOf = (name, log) => {
    const m = metrics.get(name), isSi = m.unit === 'count' || m.unit === 'bytes';
    return {title: m.axis, log, si: isSi, format: v => isSi ? si(v) : short(v, 6)};
  };
  function shown() {
    return trials.filter(t => t.status !== 'duplicate' && Number.isFinite(t.metrics[state.x]) && Number.isFinite(t.metrics[state.y]));
  }
  function stepsOf(points) {
    const sorted = points.filter(p => p.ok).sort((a, b) => a.x - b.x || a.y - b.y), out = [];
    for (const p of sorted) if (!out.length || p.y < out[out.length - 1].y) out.push({x: p.x, y: p.y});
    return out;
  }
  function drawFront() {
    const t = theme(), c = colouring(t);
    let list = shown();
    const all = list.length;
    if (state.logX) list = list.filter(p => p.metrics[state.x] > 0);
    if (state.logY) list = list.filter(p => p.metrics[state.y] > 0);
    const points = list.map(p => ({id: p.id, x: scaled(state.x, p.metrics[state.x]), y: scaled(state.y, p.metrics[state.y]),
      front: p.front, ok: p.status === 'ok', colour: c.of(p)}));
    const errors = {error: 'error', test_error: 'test_error'};
    const baselines = $('baselines').checked && errors[state.y] ? data.baselines.filter(b => b[errors[state.y]] !== null)
      .map(b => ({name: `${b.name} ${show(state.y, b[errors[state.y]])}`, y: scaled(state.y, b[errors[state.y]]), x: state.x === 'macs' ? b.macs : null}))
      .filter(b => !state.logY || b.y > 0) : [];
    charts.front($('front-chart'), {points, steps: stepsOf(points), baselines, selected: state.selected, theme: t,
      x: axisOf(state.x, state.logX), y: axisOf(state.y, state.logY), pick: select, tip,
      height: innerWidth < 520 ? 330 : 460, label: `${points.length} trials: ${label(state.y)} against ${label(state.x)}`});
    const legend = $('front-legend');
    legend.textContent = '';
    const item = (text, colour, cls) => { const s = el(legend, 'span'); const i = el(s, 'i', {className: cls || ''}); if (colour) i.style.background = colour; s.append(text); };
    if (c.classes.length) for (const k of c.classes) item(k[0], k[1]);
    else { item('Pareto front (large)', t.accent); item('other trials', t.cloud); }
    item('front of these two axes', t.steps, 'line');
    if (baselines.length) item('baseline', null, 'dash');
    const m = data.objectives.map(label).join(', ');
    const hidden = all - points.length, unknown = trials.length - all;
    $('front-note').textContent = `Large dots: the ${front.length} trials that no other beats on ${m} together. ` +
      `Stepped line: the front of just the two axes. Click a dot, or focus the chart and use the arrow keys.` +
      (hidden ? ` ${hidden} trials at 0 are not on a logarithmic axis.` : '') +
      (unknown ? ` ${unknown} trials have no point here (duplicates, or a metric is missing).` : '') +
      (data.shown < data.counts.trials ? ` This page holds ${data.shown} of ${data.counts.trials} trials: the front and an even sample.` : '');
  }
  function wantsLog(name) {
    let lo = Infinity, hi = -Infinity;
    for (const t of shown()) { const v = t.metrics[name]; if (v < lo) lo = v; if (v > hi) hi = v; }
    return lo > 0 && hi / lo > 30;
  }
  function chooseLog() {
    $('log-x').checked = state.logX = wantsLog(state.x);
    $('log-y').checked = state.logY = wantsLog(state.y);
  }

  /* hypervolume and learning curves ------------------------------------------------------------------------------------------- */
  function drawHypervolume() {
    const share = data.box !== null;
    if (!data.reference || data.history.length < 2) {
      $('hv-chart').style.minHeight = '0';
      $('hv-note').textContent = 'No trial is better than a reference point yet.';
      return;
    }
    const points = data.history.map(h => [h[0], share ? h[2] / data.box : h[2]]);
    const t = theme();
    charts.lines($('hv-chart'), {series: [{id: 0, points, colour: t.accent, width: 2, opacity: 1}], step: true, theme: t,
      x: {title: 'evaluations', format: grouped, si: true}, y: {title: share ? 'share of the reference box' : 'hypervolume', format: v => short(v, 6)},
      height: 320, label: 'Hypervolume against evaluations', pick: () => {}, tip: (id, e) => {
        if (id === null) { $('tip').hidden = true; return; }
        const at = nearestStep(e);
        if (at) tipText([`after ${at[0]} evaluations`, `hypervolume ${big(at[2])}` + (share ? ` (${(100 * at[2] / data.box).toFixed(2)} %)` : ''),
          at[1] ? `raised by trial ${at[1]}` : ''].filter(Boolean), e);
      }});
    $('hv-note').textContent = `Volume that the front dominates, up to the reference point ` +
      data.objectives.map((o, i) => `${label(o)} ${show(o, data.reference[i])}`).join(', ') +
      (data.reference_given ? ' (given by the run). ' : ' (the front\u2019s nadir plus a tenth of its extent: not comparable with other runs). ') +
      `At the end: ${big(data.hypervolume)}.`;
  }
  function nearestStep(e) {
    /* the mouse's place along the plot, between the first and the last evaluation */
    const box = $('hv-chart').querySelector('svg, canvas').getBoundingClientRect();
    const last = data.history[data.history.length - 1][0];
    const x = (e.clientX - box.left - 58) / Math.max(1, box.width - 70) * last * 1.04;
    let at = data.history[0];
    for (const h of data.history) if (h[0] <= x) at = h;
    return at;
  }
  function drawCurves() {
    const y = $('curve-y').value, t = theme(), series = [], log = $('log-curve').checked;
    const add = (p, colour, width, opacity) => {
      if (!p || !p.curve || series.some(s => s.id === p.id)) return;
      const k = y === 'val_error' && percentError ? 100 : 1;
      const points = p.curve.epoch.map((e, i) => [e, p.curve[y][i] === null ? NaN : p.curve[y][i] * k])
        .filter(q => Number.isFinite(q[1]) && (!log || q[1] > 0));
      if (points.length) series.push({id: p.id, points, colour, width, opacity});
    };
    const pins = state.pinned.map(id => byId.get(id));
    const palette = [t.b2, t.b3, t.b4, t.b1];
    add(byId.get(state.selected), t.select, 2.8, 1);
    pins.forEach((p, i) => add(p, palette[i % 4], 2.2, 1));
    if ($('curve-front').checked) front.forEach(p => add(p, t.cloud, 1.2, 0.4));
    series.reverse(); /* the selected one on top */
    const chart = $('curve-chart');
    if (!series.length) {
      chart.textContent = '';
      $('curve-note').textContent = 'No learning curve for this choice.';
    } else {
      charts.lines(chart, {series, theme: t, x: {title: 'epoch', format: v => short(v, 6)},
        y: {title: curveNames[y] + (y === 'val_error' && percentError ? ' (%)' : ''), log, format: v => short(v, 6)}, height: 320,
        label: `${curveNames[y]} of ${series.length} trials`, pick: select, tip});
      $('curve-note').textContent = `${series.length} curves. Thick: the selected trial. Click a curve to select its trial.`;
    }
    const box = $('curve-pins');
    box.textContent = '';
    pins.forEach((p, i) => {
      const b = el(box, 'button', {type: 'button', title: 'Take it out of the chart'});
      el(b, 'span', {className: 'key'}).style.background = palette[i % 4];
      b.append(`trial ${p.id} \u00d7`);
      b.onclick = () => { state.pinned = state.pinned.filter(id => id !== p.id); drawCurves(); drawDetail(); };
    });
  }
  const curveNames = {val_error: 'validation error', val_loss: 'validation loss', train_loss: 'training loss'};
  const percentError = metrics.has('error') && metrics.get('error').percent;

  /* selection --------------------------------------------------------------------------------------------------------------- */
  function select(id) {
    if (!byId.has(id)) return;
    state.selected = id;
    drawFront(); drawCurves(); drawDetail(); markRows(); markStrips();
  }
  function trialLink(parent, id) {
    if (!byId.has(id)) { parent.append(String(id)); return; }
    el(parent, 'button', {type: 'button'}, `trial ${id}`).onclick = () => select(id);
  }
  function drawDetail() {
    const body = $('detail-body'), t = byId.get(state.selected);
    body.textContent = '';
    if (!t) { el(body, 'p', {className: 'note'}, 'Click a dot, a curve, a strip or a row.'); return; }
    const source = t.status === 'duplicate' && byId.get(t.original) || t;
    const p = el(body, 'p', {style: 'margin:0'});
    el(p, 'b', {}, `Trial ${t.id}`);
    p.append(t.front ? ', on the front' : '');
    if (t.status !== 'ok') el(p, 'span', {className: 'bad'}, `, ${t.status}`);
    if (t.reason) el(body, 'p', {className: 'note'}, t.reason);
    el(body, 'div', {className: 'genome-box'}).appendChild(el(null, 'code', {}, t.genome));
    const actions = el(body, 'div', {className: 'actions'});
    if (source.curve) {
      const pinned = state.pinned.includes(t.id);
      el(actions, 'button', {type: 'button', id: 'pin', 'aria-pressed': String(pinned)}, pinned ? 'Kept in the curves' : 'Keep in the curves').onclick = () => {
        state.pinned = pinned ? state.pinned.filter(i => i !== t.id) : state.pinned.concat(t.id).slice(-4);
        drawCurves(); drawDetail();
      };
    }
    if (t.original) { actions.append('same network as '); trialLink(actions, t.original); }
    if (t.parents) { actions.append(t.parents.length > 1 ? 'parents ' : 'parent '); t.parents.forEach(id => trialLink(actions, id)); }
    const dl = el(body, 'dl', {className: 'pairs'});
    for (const m of usable) if (t.metrics[m.name] !== undefined) {
      el(dl, 'dt', {}, m.label + (m.objective ? ' *' : '')); el(dl, 'dd', {}, show(m.name, t.metrics[m.name]));
    }
    if (t.wall_s) { el(dl, 'dt', {}, 'time to train'); el(dl, 'dd', {}, duration(t.wall_s)); }
    if (t.found_in) { el(dl, 'dt', {}, 'result taken from'); el(dl, 'dd', {}, t.found_in); }
    if (source.blocks && source.blocks.layers) {
      el(body, 'h3', {}, 'Its layers');
      networks.layers(body, source.blocks);
    } else {
      el(body, 'p', {className: 'note'}, 'No block description of this trial is on this page.');
    }
  }

  /* strips ------------------------------------------------------------------------------------------------------------------ */
  function drawStrips() {
    const box = $('strips'), by = metrics.has('macs') ? 'macs' : data.objectives[0];
    const list = front.filter(t => t.blocks && t.blocks.layers).sort((a, b) => a.metrics[by] - b.metrics[by]);
    if (!list.length) { $('networks').hidden = true; return; }
    const draw = t => {
      const b = box.querySelector(`[data-id="${t.id}"] .draw`);
      if (b && !b.firstChild) b.appendChild(networks.strip(t.blocks));
    };
    const watch = new IntersectionObserver(entries => entries.forEach(e => {
      if (e.isIntersecting) { draw(byId.get(Number(e.target.dataset.id))); watch.unobserve(e.target); }
    }), {rootMargin: '400px'});
    for (const t of list) {
      const b = el(box, 'button', {type: 'button', className: 'strip', 'aria-pressed': 'false'});
      b.dataset.id = t.id;
      const head = el(b, 'span', {className: 'head'});
      el(head, 'b', {}, `Trial ${t.id}`);
      for (const name of data.objectives.concat('mean_weight_bits').concat('test_error')) if (t.metrics[name] !== undefined && metrics.has(name)) {
        const s = el(head, 'span', {}, label(name) + ' ');
        s.append(el(null, 'b', {}, show(name, t.metrics[name])));
      }
      el(b, 'span', {className: 'draw', style: 'display:block;min-height:104px'});
      b.onclick = () => select(t.id);
      watch.observe(b);
    }
    addEventListener('beforeprint', () => list.forEach(draw));
  }
  function markStrips() {
    for (const b of $('strips').children) b.setAttribute('aria-pressed', String(Number(b.dataset.id) === state.selected));
  }

  /* the table --------------------------------------------------------------------------------------------------------------- */
  const columns = [{key: 'id', title: 'trial', n: true, get: t => t.id, text: t => t.id}]
    .concat([{key: 'status', title: 'status', get: t => t.front ? '' : t.status, text: t => t.front ? '\u2605 front' : t.status}])
    .concat(usable.map(m => ({key: m.name, title: m.label, n: true, get: t => t.metrics[m.name], text: t => show(m.name, t.metrics[m.name])})))
    .concat([{key: 'genome', title: 'genome', get: t => t.genome, text: t => t.genome}]);
  function rows() {
    const words = state.find.toLowerCase().split(/\s+/).filter(Boolean);
    let list = state.tab === 'front' ? front : trials;
    if (words.length) list = list.filter(t => {
      const text = `${t.id} ${t.front ? 'front ' : ''}${t.status} ${t.reason || ''} ${t.genome}`.toLowerCase();
      return words.every(w => text.includes(w));
    });
    const c = columns.find(k => k.key === state.sort);
    if (!c) return list;
    const sign = state.down ? -1 : 1;
    return list.map((t, i) => [c.get(t), i, t]).sort((a, b) => {
      const u = a[0] === undefined, v = b[0] === undefined;
      if (u || v) return u - v || a[1] - b[1]; /* unknown last, either way */
      return (a[0] < b[0] ? -sign : a[0] > b[0] ? sign : 0) || a[1] - b[1];
    }).map(a => a[2]);
  }
  function drawTable() {
    const list = rows(), pages = Math.max(1, Math.ceil(list.length / PAGE));
    state.page = Math.min(state.page, pages - 1);
    const head = $('trials').tHead, body = $('trials').tBodies[0];
    if (!head.firstChild) {
      const tr = el(head, 'tr');
      for (const c of columns) {
        const th = el(tr, 'th', {scope: 'col', className: c.n ? 'n' : ''});
        th.dataset.key = c.key;
        el(th, 'button', {type: 'button'}, c.title).onclick = () => {
          state.down = state.sort === c.key ? !state.down : false;
          state.sort = c.key; state.page = 0;
          drawTable();
        };
      }
    }
    for (const th of head.rows[0].cells)
      th.setAttribute('aria-sort', th.dataset.key !== state.sort ? 'none' : state.down ? 'descending' : 'ascending');
    body.textContent = '';
    for (const t of list.slice(state.page * PAGE, state.page * PAGE + PAGE)) {
      const tr = el(body, 'tr', {tabIndex: 0});
      tr.dataset.id = t.id;
      for (const c of columns) {
        const td = el(tr, 'td', {className: c.n ? 'n' : c.key === 'genome' ? 'genome' : ''}, c.text(t));
        if (c.key === 'genome') td.title = t.genome;
        if (c.key === 'status') { td.className = t.front ? 'star' : t.status === 'ok' || t.status === 'duplicate' ? '' : 'bad'; if (t.reason) td.title = t.reason; }
      }
    }
    if (state.tab === 'front' && state.page === pages - 1) for (const b of data.baselines) {
      const tr = el(body, 'tr', {className: 'baseline'});
      for (const c of columns) el(tr, 'td', {className: c.n ? 'n' : ''}, c.key === 'status' ? 'baseline' : c.key === 'genome' ? b.name
        : ['error', 'test_error', 'macs'].includes(c.key) && b[c.key] !== null ? show(c.key, b[c.key]) : '');
    }
    const pager = $('pager');
    pager.textContent = '';
    const go = (text, name, to, off) => { el(pager, 'button', {type: 'button', disabled: off, 'aria-label': name}, text).onclick = () => { state.page = to; drawTable(); }; };
    if (pages > 1) go('\u2039', 'Page before', state.page - 1, state.page === 0);
    pager.append(pages > 1 ? `${state.page * PAGE + 1}\u2013${Math.min(list.length, (state.page + 1) * PAGE)} of ${list.length}` : `${list.length} trials`);
    if (pages > 1) go('\u203a', 'Page after', state.page + 1, state.page === pages - 1);
    $('tab-front').setAttribute('aria-pressed', String(state.tab === 'front'));
    $('tab-all').setAttribute('aria-pressed', String(state.tab === 'all'));
    markRows();
  }
  function markRows() {
    for (const tr of $('trials').tBodies[0].rows) tr.setAttribute('aria-selected', String(Number(tr.dataset.id) === state.selected));
  }

  /* how the run was made ------------------------------------------------------------------------------------------------------ */
  function pairs(parent, title, list) {
    const known = list.filter(p => p[1] !== null && p[1] !== undefined && p[1] !== '');
    if (!known.length) return;
    const div = el(parent, 'div');
    el(div, 'h3', {}, title);
    const dl = el(div, 'dl', {className: 'pairs'});
    for (const [k, v] of known) { el(dl, 'dt', {}, k); el(dl, 'dd', {}, v); }
  }
  function drawMade() {
    const box = $('made'), r = data.run, d = data.data || {};
    const grid = el(box, 'div', {className: 'columns'});
    pairs(grid, 'Run', [['name', r.name], ['database', data.source], ['seed', String(r.seed)], ['objectives', data.objectives.map(label).join(', ')],
      ['evaluations', grouped(data.counts.evaluations)], ['trials', grouped(data.counts.trials)], ['training time, summed', duration(data.train_s)],
      ['MACs trained', data.trained_macs ? si(data.trained_macs) : ''], ['kernel level', r.kernel_level], ['identity', r.identity]]);
    const pct = v => v === null || v === undefined ? '' : percentError ? (100 * v).toFixed(2) + ' %' : short(v, 4);
    const lines = [['data set', d.name || r.data_name], ['shape', Array.isArray(d.shape) ? d.shape.join(' \u00d7 ') : ''], ['task', d.task], ['classes', d.classes ? String(d.classes) : '']];
    for (const k of ['train', 'val', 'test']) if (typeof d[k] === 'number') lines.push([{train: 'training', val: 'validation', test: 'test'}[k] + ' samples', grouped(d[k])]);
    for (const b of data.baselines) lines.push([b.name, [['validation error', b.error], ['test error', b.test_error]].filter(x => x[1] !== null)
      .map(x => `${x[0]} ${pct(x[1])}`).join(', ') + (b.macs !== null ? `, ${grouped(b.macs)} MACs` : '')]);
    lines.push(['hash', r.data_hash]);
    pairs(grid, 'Data', lines);
    pairs(grid, 'Environment', data.fields);
    const bad = new Map();
    for (const t of trials) if (t.status !== 'ok' && t.status !== 'duplicate') {
      const key = `${t.status}\n${t.reason || ''}`;
      if (!bad.has(key)) bad.set(key, []);
      bad.get(key).push(t.id);
    }
    el(box, 'h3', {}, 'Trials without a result');
    const c = data.counts, n = Object.keys(c).filter(k => !['trials', 'evaluations', 'front', 'ok', 'duplicate'].includes(k));
    el(box, 'p', {className: 'note', id: 'outcomes'}, `${c.ok || 0} ok` + (c.duplicate ? `, ${c.duplicate} duplicates (answered by their original)` : '') +
      n.map(k => `, ${c[k]} ${k}`).join('') + '.');
    if (bad.size) {
      const table = el(el(box, 'div', {className: 'scroll'}), 'table', {id: 'failed'}), tr = el(el(table, 'thead'), 'tr');
      for (const h of ['number', 'status', 'reason', 'trials']) el(tr, 'th', {scope: 'col', className: h === 'number' ? 'n' : ''}, h);
      const tb = el(table, 'tbody');
      for (const [key, ids] of [...bad].sort((a, b) => b[1].length - a[1].length).slice(0, 40)) {
        const row = el(tb, 'tr'), [status, ...reason] = key.split('\n');
        el(row, 'td', {className: 'n'}, ids.length); el(row, 'td', {className: 'bad'}, status);
        el(row, 'td', {style: 'white-space:normal'}, reason.join(' ')); el(row, 'td', {}, ids.slice(0, 8).join(', ') + (ids.length > 8 ? ', \u2026' : ''));
      }
    }
    for (const [title, text, open] of [['Settings', r.settings, true], ['Run file', r.config], ['Search space', r.space]]) if (text) {
      const det = el(box, 'details', {open: !!open});
      el(det, 'summary', {}, title);
      el(det, 'pre', {}, text);
    }
  }

  function drawSummary() {
    const r = data.run, box = $('summary'), d = data.data || {};
    $('title').textContent = r.name || data.source || 'Ashlar report';
    document.title = `${r.name || data.source || 'run'} - Ashlar report`;
    $('subtitle').textContent = [d.name || r.data_name, `${data.objectives.map(label).join(', ')}`, `seed ${r.seed}`].filter(Boolean).join('  \u00b7  ');
    const card = (v, text) => { const li = el(box, 'li'); el(li, 'b', {}, v); el(li, 'span', {}, text); };
    card(grouped(data.counts.evaluations), 'evaluations' + (data.counts.trials > data.counts.evaluations ? `, of ${grouped(data.counts.trials)} trials` : ''));
    card(String(front.length), 'networks on the front');
    for (const name of data.objectives.slice(0, 3)) {
      const best = front.reduce((a, t) => a && a.metrics[name] <= t.metrics[name] ? a : t, null);
      if (!best) continue;
      const test = name === 'error' && best.metrics.test_error !== undefined ? `, on test ${show('test_error', best.metrics.test_error)}` : '';
      card(show(name, best.metrics[name]), `least ${label(name)}${test}`);
    }
    if (data.train_s > 0) card(duration(data.train_s), 'training time, summed');
  }

  /* wiring -------------------------------------------------------------------------------------------------------------------- */
  function options(select, list, chosen) {
    for (const [v, text] of list) el(select, 'option', {value: v, selected: v === chosen}, text);
  }
  function drawCharts() {
    if (data.view.x) drawFront();
    drawHypervolume();
    drawCurves();
  }
  function setTheme(name) {
    document.documentElement.dataset.theme = name;
    $('theme').textContent = name === 'dark' ? 'Light' : 'Dark';
    drawCharts();
  }
  function start() {
    document.documentElement.classList.add('js');
    const list = usable.map(m => [m.name, m.label]);
    options($('axis-x'), list, state.x); options($('axis-y'), list, state.y);
    state.colour = metrics.has('mean_weight_bits') && new Set(trials.map(t => t.metrics.mean_weight_bits)).size > 2 ? 'mean_weight_bits' : '';
    options($('colour'), [['', 'front or not'], ['status', 'status'], ['id', 'order of trials']].concat(list), state.colour);
    const curved = trials.filter(t => t.curve);
    const curveKinds = Object.keys(curveNames).filter(k => curved.some(t => t.curve[k].some(v => v !== null)));
    options($('curve-y'), curveKinds.map(k => [k, k === 'val_error' && !percentError && data.data && !data.data.classes ? 'validation error' : curveNames[k]]), curveKinds[0]);
    if (!curveKinds.length) $('curves').hidden = true;
    $('log-curve').checked = true;
    if (!data.baselines.length) $('baselines-label').hidden = true;
    if (data.view.x) chooseLog();
    const change = (id, f) => $(id).addEventListener('change', f);
    change('axis-x', e => { state.x = e.target.value; chooseLog(); drawFront(); });
    change('axis-y', e => { state.y = e.target.value; chooseLog(); drawFront(); });
    change('log-x', e => { state.logX = e.target.checked; drawFront(); });
    change('log-y', e => { state.logY = e.target.checked; drawFront(); });
    change('colour', e => { state.colour = e.target.value; drawFront(); });
    change('baselines', drawFront);
    change('curve-y', drawCurves); change('log-curve', drawCurves); change('curve-front', drawCurves);
    for (const f of document.querySelectorAll('form')) f.addEventListener('submit', e => e.preventDefault());
    $('tab-front').onclick = () => { state.tab = 'front'; state.page = 0; drawTable(); };
    $('tab-all').onclick = () => { state.tab = 'all'; state.page = 0; drawTable(); };
    $('find').addEventListener('input', e => { state.find = e.target.value; state.page = 0; drawTable(); });
    const body = $('trials').tBodies[0];
    const rowOf = e => e.target.closest('tr[data-id]');
    body.addEventListener('click', e => { const tr = rowOf(e); if (tr) select(Number(tr.dataset.id)); });
    body.addEventListener('keydown', e => {
      const tr = rowOf(e);
      if (tr && (e.key === 'Enter' || e.key === ' ')) { e.preventDefault(); select(Number(tr.dataset.id)); }
      if (tr && e.key === 'ArrowDown' && tr.nextElementSibling) { e.preventDefault(); tr.nextElementSibling.focus(); }
      if (tr && e.key === 'ArrowUp' && tr.previousElementSibling) { e.preventDefault(); tr.previousElementSibling.focus(); }
    });
    $('front-chart').addEventListener('keydown', e => {
      const move = {ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1}[e.key];
      const order = front.filter(t => t.metrics[state.x] !== undefined).sort((a, b) => a.metrics[state.x] - b.metrics[state.x]);
      if (!move || !order.length) return;
      e.preventDefault();
      const at = order.findIndex(t => t.id === state.selected);
      select(order[at < 0 ? 0 : Math.min(order.length - 1, Math.max(0, at + move))].id);
    });
    const dark = matchMedia('(prefers-color-scheme: dark)');
    let own = false;
    $('theme').hidden = false;
    $('theme').onclick = () => { own = true; setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'); };
    dark.addEventListener('change', e => { if (!own) setTheme(e.matches ? 'dark' : 'light'); });
    addEventListener('beforeprint', () => { if (document.documentElement.dataset.theme === 'dark') setTheme('light'); });
    let width = innerWidth, timer;
    addEventListener('resize', () => {
      if (innerWidth === width) return;
      width = innerWidth;
      clearTimeout(timer);
      timer = setTimeout(drawCharts, 150);
    });
    drawSummary(); drawStrips(); drawTable(); drawMade();
    const by = data.objectives[0];
    if (front.length) state.selected = front.reduce((a, b) => b.metrics[by] < a.metrics[by] ? b : a).id;
    if (!data.view.x) $('front-note').textContent = 'The run has fewer than two metrics: there is no front to draw.';
    setTheme(dark.matches ? 'dark' : 'light');
    drawDetail(); markRows(); markStrips();
  }
  start();
})();
