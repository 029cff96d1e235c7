/* SPDX-License-Identifier: GPL-3.0-or-later */
/* axes.js - the range and the round ticks of an axis, the same for every chart
 *
 * ashlar.axes.fit(values, log, wanted) = {lo, hi, log, ticks}. Linear: steps of 1, 2 or 5 times a power of ten, from zero when that
 * wastes little. Logarithmic: decades, and 2 and 5 between them when few decades are in view; not for values of zero or below. */
(function (A) {
  'use strict';
  /* [least, largest] of the finite values, among `rows` when given; [Infinity, -Infinity] of none. */
  function extent(values, rows) {
    let lo = Infinity, hi = -Infinity;
    const n = rows ? rows.length : values.length;
    for (let k = 0; k < n; k++) { const v = values[rows ? rows[k] : k]; if (v < lo && v !== -Infinity) lo = v; if (v > hi && v !== Infinity) hi = v; }
    return [lo, hi];
  }
  function fit(values, log, wanted) {
    let [lo, hi] = extent(values);
    if (!(lo <= hi)) { lo = 0; hi = 1; }
    const ticks = [];
    if (log && lo > 0) {
      const room = Math.max(1.05, Math.pow(hi / lo, 0.04));
      lo /= room; hi *= room;
      const decades = Math.log10(hi / lo), steps = decades < 0.7 ? [1, 1.5, 2, 3, 4, 5, 7] : decades < 3.2 ? [1, 2, 5] : [1];
      for (let e = Math.floor(Math.log10(lo)); e <= Math.ceil(Math.log10(hi)); e++)
        for (const s of steps) {
          const v = Number((s * Math.pow(10, e)).toPrecision(12));
          if (v >= lo && v <= hi) ticks.push(v);
        }
      if (ticks.length < 2) { /* less than a step in view */
        const even = fit([lo, hi], false, wanted).ticks.filter(v => v >= lo && v <= hi);
        return {lo, hi, log: true, ticks: even};
      }
      return {lo, hi, log: true, ticks};
    }
    const room = hi > lo ? 0.04 * (hi - lo) : Math.abs(lo) * 0.1 || 1;
    lo = lo >= 0 && lo - room < 0.3 * (hi - lo) ? 0 : lo - room;
    hi += room;
    const rough = (hi - lo) / wanted, power = Math.pow(10, Math.floor(Math.log10(rough)));
    const step = power * (rough / power > 5 ? 10 : rough / power > 2 ? 5 : rough / power > 1 ? 2 : 1);
    for (let i = Math.ceil(lo / step - 1e-9); i * step <= hi + step * 1e-9; i++) ticks.push(Number((i * step).toPrecision(12)));
    return {lo, hi, log: false, ticks};
  }
  A.axes = {fit, extent};
})(window.ashlar);
