/* SPDX-License-Identifier: GPL-3.0-or-later */
/* colour.js - trials in a few classes of a metric, each with a colour that everyone can tell from the others
 *
 * A continuous scale of 100,000 dots cannot be read back; four quarters and the bit widths can. The colours are from viridis and
 * differ in lightness, in light and in dark. ashlar.colour.classes(theme) = {of: class of each row, list: [{text, colour}]}. */
(function (A) {
  'use strict';
  const d = A.data, s = A.state;
  let cache = {key: null};

  function classes(t) {
    const key = `${s.colour} ${document.documentElement.dataset.theme}`;
    if (cache.key === key) return cache.value;
    const of = new Uint8Array(d.n), steps = [t.b1, t.b2, t.b3, t.b4], name = s.colour;
    let list;
    if (!name) {
      list = [['other trials', t.cloud], ['Pareto front (large)', t.accent]];
      of.set(d.front);
    } else if (name === 'status') {
      list = [['ok', t.cloud], ['on the front', t.accent], ['duplicate', t.b4], ['failed', t.bad]];
      for (let i = 0; i < d.n; i++) of[i] = d.front[i] ? 1 : d.ok[i] ? 0 : d.status(i) === 'duplicate' ? 2 : 3;
    } else if (name === 'integer') {
      list = [['float', t.b5], ['integer', t.b2], ['unknown', t.cloud]];
      d.column(name).forEach((v, i) => { of[i] = Number.isNaN(v) ? 2 : v; });
    } else if (name === 'mean_weight_bits' || name === 'mean_act_bits') {
      const limits = [2, 4, 8, 31.999, Infinity], v = d.column(name);
      list = ['up to 2 bits', 'up to 4', 'up to 8', 'up to 32', '32 (float)'].map((text, i) => [text, steps.concat(t.b5)[i]]);
      list.push(['unknown', t.cloud]);
      for (let i = 0; i < d.n; i++) { const k = limits.findIndex(l => v[i] <= l); of[i] = k < 0 ? 5 : k; }
    } else {
      const v = d.column(name), sorted = v.filter(x => !Number.isNaN(x)).sort();
      const cut = [0.25, 0.5, 0.75].map(q => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]);
      list = cut.map((x, i) => ['up to ' + A.show(name, x), steps[i]]).concat([['more', steps[3]], ['unknown', t.cloud]]);
      for (let i = 0; i < d.n; i++) of[i] = Number.isNaN(v[i]) ? 4 : v[i] <= cut[0] ? 0 : v[i] <= cut[1] ? 1 : v[i] <= cut[2] ? 2 : 3;
    }
    cache = {key, value: {of, list: list.map(([text, colour]) => ({text, colour}))}};
    return cache.value;
  }

  A.colour = {classes};
})(window.ashlar);
