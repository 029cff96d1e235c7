/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data.js - the report's data: a JSON object, and the trials as columns
 *
 * The other end of reports/pack.c. Trials are named by their row, 0 to n - 1 in the order of ids; a view asks for a column and
 * walks over it. Genomes, curves and block descriptions are put together when they are asked for.
 *
 *   int    unsigned integers as byte planes: all low bytes, then the next
 *   real   `table` distinct values in ascending order (varints of the differences of k for values k / 10^places, zigzag for the first; or
 *          doubles when places is -1), then one int per trial: 0 unknown, else 1 + index into the table. With `like`, the ints are zigzag
 *          differences from the index that stood beside that column's index the last time, or from its rank when it is new
 *   text   strings, each ended by a NUL */
(function (A) {
  'use strict';
  const head = JSON.parse(document.getElementById('data').textContent);
  const metrics = new Map(head.metrics.map(m => [m.name, m]));
  const packed = head.packed;

  /* What stands deflated and in base64 in an element. */
  async function unpack(id) {
    const base64 = document.getElementById(id).textContent;
    let bytes;
    if (Uint8Array.fromBase64) bytes = Uint8Array.fromBase64(base64);
    else {
      const text = atob(base64);
      bytes = new Uint8Array(text.length);
      for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    }
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  function reader(bytes) {
    let at = 0;
    const seen = new Map(); /* columns that others may be like */
    /* One plane is a view of the bytes: a page has dozens of such columns. */
    function ints(n, planes) {
      if (planes === 1) return bytes.subarray(at, at += n);
      const out = new Uint32Array(n);
      for (let k = 0; k < planes; k++) {
        const plane = bytes.subarray(at, at += n), shift = 8 * k;
        for (let i = 0; i < n; i++) out[i] |= plane[i] << shift;
      }
      return out;
    }
    function varint() {
      let v = 0, factor = 1;
      for (;;) {
        const b = bytes[at++];
        v += (b & 127) * factor;
        if (b < 128) return v;
        factor *= 128;
      }
    }
    function table(n, places) {
      const out = new Float64Array(n + 1);
      out[0] = NaN;
      if (places < 0) {
        const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8 * n);
        for (let i = 0; i < n; i++) out[i + 1] = view.getFloat64(8 * i, true);
        at += 8 * n;
        return out;
      }
      const power = Number('1e' + places);
      for (let i = 0, k = 0; i < n; i++) {
        const v = varint();
        k = i ? k + v : v % 2 ? -(v + 1) / 2 : v / 2;
        out[i + 1] = k / power;
      }
      return out;
    }
    function follow(steps, size, like) {
      const last = new Int32Array(like.table + 1).fill(-1), index = new Uint32Array(steps.length);
      for (let i = 0; i < steps.length; i++) {
        const x = like.index[i], step = steps[i], guess = last[x] < 0 ? Math.floor(x * size / like.table) : last[x];
        last[x] = index[i] = guess + (step & 1 ? -(step + 1 >>> 1) : step >>> 1);
      }
      return index;
    }
    return s => {
      if (s.kind === 'text') {
        const text = new TextDecoder().decode(bytes.subarray(at, at + s.bytes));
        at += s.bytes;
        return text.split('\0').slice(0, s.n);
      }
      if (s.kind === 'int') return ints(s.n, s.planes);
      const values = table(s.table, s.places), own = ints(s.n, s.planes), out = new Float64Array(s.n);
      const index = s.like ? follow(own, s.table, seen.get(s.like)) : own;
      seen.set(s.name, {index, table: s.table});
      for (let i = 0; i < s.n; i++) out[i] = values[index[i]];
      return out;
    };
  }

  const d = {head, metrics, usable: head.metrics.filter(m => m.known > 0), n: packed.trials, columns: new Map(), genes: []};
  const s = {}; /* sections by name, the genes apart */

  function take(bytes) {
    const read = reader(bytes);
    for (const section of packed.sections) {
      const value = read(section), gene = section.name.match(/^(gene|edge) ([^:]*):(.*)$/s);
      if (gene) d.genes.push({unit: gene[2], name: gene[3], edge: gene[1] === 'edge', values: s.values, choice: value,
        title: gene[1] === 'edge' ? `edge ${gene[3]} to ${gene[2]}` : `${gene[2]} ${gene[3]}`});
      else s[section.name] = value;
    }
    d.id = new Float64Array(d.n);
    for (let i = 0, id = 0; i < d.n; i++) d.id[i] = id += s.id[i];
    d.front = s.front;
    d.frontRows = [];
    for (let i = 0; i < d.n; i++) if (d.front[i]) d.frontRows.push(i);
    for (const m of head.metrics) {
      const all = s['metric ' + m.name], exact = s['front ' + m.name];
      d.frontRows.forEach((row, k) => { all[row] = exact[k]; });
      d.columns.set(m.name, all);
    }
    d.columns.set('id', d.id);
    d.wall = s.wall_s;
    d.trainedMacs = s.trained_macs;
    d.curveStart = new Uint32Array(d.n + 1);
    for (let i = 0; i < d.n; i++) d.curveStart[i + 1] = d.curveStart[i] + s.curve[i];
    d.curveRows = [];
    for (let i = 0; i < d.n; i++) if (s.curve[i]) d.curveRows.push(i);
    const is = name => s.status.map(k => packed.statuses[k] === name ? 1 : 0);
    d.ok = is('ok');
    d.duplicate = is('duplicate');
    d.rows = new Int32Array(d.n).map((_, i) => i);
  }

  d.column = name => d.columns.get(name);
  d.status = row => packed.statuses[s.status[row]];
  d.reason = row => s.reason[row] ? s.reasons[s.reason[row] - 1] : '';
  d.foundIn = row => s.found_in[row] ? s.founds[s.found_in[row] - 1] : '';
  d.parents = row => [s.parent_1[row], s.parent_2[row]].filter(k => k).map(k => d.id[row] - k);
  d.children = row => d.rows.filter(i => s.parent_1[i] && d.id[i] - s.parent_1[i] === d.id[row] || s.parent_2[i] && d.id[i] - s.parent_2[i] === d.id[row]);
  d.original = row => s.original[row] ? d.id[row] - s.original[row] : 0;
  d.row = id => { /* of a trial, or -1 */
    let lo = 0, hi = d.n;
    while (lo < hi) { const mid = (lo + hi) >> 1; if (d.id[mid] < id) lo = mid + 1; else hi = mid; }
    return d.id[lo] === id ? lo : -1;
  };
  /* Where its curve and blocks are: a duplicate's are those of its original. */
  d.source = row => { const o = d.original(row) ? d.row(d.original(row)) : -1; return o >= 0 ? o : row; };
  d.genome = row => {
    if (s.odd[row]) return s.odds[s.odd[row] - 1];
    let text = '', unit = null;
    for (const g of d.genes) if (g.choice[row]) {
      const value = g.values[g.choice[row] - 1], begins = unit !== g.unit;
      if (g.edge) text += (!begins ? '' : unit === null ? '|' : '+|') + `${value}~${g.name}|`;
      else text += (!begins ? ';' : (unit === null ? '' : ' | ') + g.unit + ':') + `${g.name}=${value}`;
      unit = g.unit;
    }
    return text;
  };
  d.curve = row => {
    const from = d.curveStart[row], to = d.curveStart[row + 1];
    if (from === to) return null;
    const c = {epoch: Array.from(s.epoch.subarray(from, to))};
    for (let i = 1; i < c.epoch.length; i++) c.epoch[i] += c.epoch[i - 1];
    for (const k of ['train_loss', 'val_loss', 'val_error']) c[k] = s[k].subarray(from, to);
    return c;
  };
  d.blocks = row => {
    const k = s.blocks[row];
    if (!k) return null;
    try { const b = JSON.parse(s.blocks_json[k - 1]); return b && Array.isArray(b.layers) ? b : null; } catch (e) { return null; }
  };

  A.data = d;
  A.unpack = unpack;
  A.open = () => unpack('packed').then(take);
})(window.ashlar);
