/* SPDX-License-Identifier: GPL-3.0-or-later */
/* networks.js - a network drawn from its block description
 *
 * ashlar.networks.layers(element, blocks): one row per layer with parameters, pooling or a join; batch norm, activation and the
 *   like are written on the row they follow. Wires on the left are the connections that skip rows.
 * ashlar.networks.strip(blocks): a small drawing, one box per block.
 * A quantizer is no row: it is the colour of the wires that carry its codes (w4 a8: weights of 4 bits meet activations of 8).
 * Both are SVG and draw only text and numbers of the description. */
(function (A) {
  'use strict';
  const FOLDED = new Set(['batch_norm', 'relu', 'relu6', 'hard_swish', 'hard_sigmoid', 'sigmoid', 'tanh', 'dropout', 'identity', 'flatten', 'softmax']);
  const SHORT = {batch_norm: 'BN', relu: 'ReLU', relu6: 'ReLU6', global_avg_pool: 'global average', global_pool: 'global pool',
    avg_pool: 'average pool', max_pool: 'max pool', depthwise_conv2d: 'depthwise conv', channel_shuffle: 'shuffle'};

  const name = op => SHORT[op] || String(op).replace(/_/g, ' ');
  const shape = s => s.length === 3 && s[0] === 1 && s[1] === 1 ? String(s[2]) : s.join('\u00d7');

  function bitColour(bits) {
    return `var(--${bits <= 2 ? 'b1' : bits <= 4 ? 'b2' : bits <= 8 ? 'b3' : bits < 32 ? 'b4' : 'b5'})`;
  }

  /* Only what can be drawn: a description comes from a file, and fields may be absent or of another type. */
  const number = v => typeof v === 'number' && Number.isFinite(v) ? v : 0;
  const list = v => Array.isArray(v) ? v : [];
  const sides = v => list(v).map(number);
  const text = v => v === undefined || v === null ? '' : String(v);
  function clean(blocks) {
    const layers = list(blocks && blocks.layers).filter(l => l && typeof l === 'object').map((l, i) => ({
      name: text(l.name) || `layer ${i + 1}`, op: text(l.op) || 'unknown', block: text(l.block), attributes: text(l.attributes), in: sides(l.in), out: sides(l.out),
      macs: number(l.macs), flops: number(l.flops), params: number(l.params), bytes: number(l.bytes),
      weight_bits: number(l.weight_bits) || 32, out_bits: number(l.out_bits) || 32, inputs: list(l.inputs).map(text)}));
    return {input: sides(blocks && blocks.input), layers};
  }

  /* Rows of layers, with the rows that feed each and the bits of what they read: element-wise layers are folded into the row that they follow,
   * and a quantizer is another name of what it reads. */
  function rowsOf(blocks) {
    const rows = [], row = new Map(), users = new Map();
    for (const l of blocks.layers) for (const i of l.inputs) users.set(i, (users.get(i) || 0) + 1);
    const bits = new Map(blocks.layers.map(l => [l.name, l.out_bits]));
    for (const l of blocks.layers) {
      if (l.op === 'input') { row.set(l.name, -1); continue; }
      const inputs = l.inputs.length ? l.inputs : [rows.length ? rows[rows.length - 1].tail : ''];
      const at = row.has(inputs[0]) ? row.get(inputs[0]) : -1;
      const last = rows[at];
      if (l.op === 'quantize' && inputs.length === 1) {
        if (last) {
          last.flops += l.flops; last.params += l.params; last.bytes += l.bytes;
          if (last.tail === inputs[0] && users.get(inputs[0]) === 1) last.tail = l.name;
        }
        row.set(l.name, at);
        continue;
      }
      if (FOLDED.has(l.op) && inputs.length === 1 && last && last.tail === inputs[0] && (users.get(inputs[0]) || 1) === 1) {
        last.after.push(l.op);
        if (l.out.length) last.out = l.out;
        last.macs += l.macs; last.flops += l.flops; last.params += l.params; last.bytes += l.bytes;
        last.tail = l.name;
        row.set(l.name, at);
        continue;
      }
      rows.push({op: l.op, name: l.name, attributes: l.attributes, block: l.block, after: [], tail: l.name, inShape: l.in,
        out: l.out, macs: l.macs, flops: l.flops, params: l.params, bytes: l.bytes, bits: l.weight_bits,
        weighted: l.macs > 0, from: inputs.map(i => row.has(i) ? row.get(i) : -1), reads: inputs.map(i => bits.get(i) || 32)});
      row.set(l.name, rows.length - 1);
    }
    return rows;
  }

  /* "w4 a8"; "w4" where activations are floats. */
  const bitsText = (weights, activations) => activations < 32 ? `w${weights} a${activations}` : weights < 32 ? `w${weights}` : 'float';
  const bitsWords = (weights, activations) => `${weights < 32 ? weights + '-bit' : 'float'} weights meet ${activations < 32 ? activations + '-bit' : 'float'} activations`;
  const codesWire = bits => bits < 32 ? {style: `stroke:${bitColour(bits)};stroke-width:2.4`} : {};

  function layers(element, description) {
    const blocks = clean(description);
    const rows = rowsOf(blocks), H = 42, W = 430, left = 54, boxWidth = 208;
    const total = rows.reduce((s, r) => s + r.macs, 0) || 1;
    const height = rows.length * H + 34;
    const svg = A.draw(element, 'svg', {class: 'net', viewBox: `0 0 ${W} ${height}`, role: 'img',
      'aria-label': `Network of ${rows.length} layers from ${shape(blocks.input)} input`});
    const y = i => 30 + i * H;
    for (let i = 0; i < rows.length;) { /* one background per block */
      let j = i;
      while (j < rows.length && rows[j].block === rows[i].block) j++;
      if (rows[i].block && (j - i > 1 || rows.some(r => r.block !== rows[i].block)))
        A.draw(svg, 'rect', {class: 'group', x: left - 8, y: y(i) - 4, width: W - left + 6, height: (j - i) * H - 2, rx: 6});
      i = j;
    }
    A.draw(svg, 'text', {class: 'dim', x: left + boxWidth / 2, y: 12, 'text-anchor': 'middle'}, `input ${shape(blocks.input)}`);
    rows.forEach((r, i) => {
      r.from.forEach((f, k) => {
        const bits = r.reads[k];
        if (f === i - 1) {
          A.draw(svg, 'path', {class: 'wire', d: `M${left + boxWidth / 2} ${f < 0 ? 17 : y(f) + 30}V${y(i)}`, ...codesWire(bits)});
          if (bits < 32) A.draw(svg, 'text', {class: 'dim', x: left + boxWidth / 2 + 5, y: y(i) - 3, style: 'font-size:9px'}, `${bits} bit`);
        } else {
          const from = f < 0 ? 10 : y(f) + 26, to = y(i) + 15, out = Math.max(6, left - 10 - 9 * Math.min(4, i - f - 1));
          A.draw(svg, 'path', {class: 'skip-wire', d: `M${left} ${from}C${out} ${from} ${out} ${from + 8} ${out} ${from + 16}` +
            `V${to - 16}C${out} ${to - 8} ${out} ${to} ${left} ${to}`, ...codesWire(bits)});
        }
      });
    });
    rows.forEach((r, i) => {
      const g = A.draw(svg, 'g', {}), top = y(i);
      A.draw(g, 'title', {}, `${r.name}: ${r.op}${r.attributes ? ' ' + r.attributes : ''}\nin ${shape(r.inShape)}, out ${shape(r.out)}\n` +
        `${r.macs.toLocaleString('en')} MACs, ${r.params.toLocaleString('en')} parameters, ${r.bytes.toLocaleString('en')} B` +
        (r.weighted ? '\n' + bitsWords(r.bits, r.reads[0]) : '') + (r.block ? `\nblock ${r.block}` : ''));
      A.draw(g, 'rect', {class: 'box', x: left, y: top, width: boxWidth, height: 30, rx: 4,
        stroke: r.weighted ? bitColour(r.bits) : 'var(--line)'});
      if (r.weighted) A.draw(g, 'rect', {x: left, y: top, width: 6, height: 30, rx: 2, fill: bitColour(r.bits)});
      const title = name(r.op) + (r.after.length ? ' \u00b7 ' + r.after.map(name).join(' \u00b7 ') : '');
      A.draw(g, 'text', {x: left + 14, y: top + 13}, title.length > 32 ? title.slice(0, 31) + '\u2026' : title);
      A.draw(g, 'text', {class: 'dim', x: left + 14, y: top + 25}, clip([r.attributes.replace(/(^|, )weight_quantizer \w+/, ''), r.block || r.name].filter(Boolean).join(' \u00b7 '), 33));
      A.draw(g, 'text', {x: left + boxWidth + 10, y: top + 13}, shape(r.out));
      A.draw(g, 'text', {class: 'dim', x: left + boxWidth + 10, y: top + 25}, r.weighted ? bitsText(r.bits, r.reads[0]) : '');
      if (r.macs) {
        const share = r.macs / total;
        A.draw(g, 'rect', {class: 'share-back', x: W - 92, y: top + 18, width: 82, height: 5, rx: 2});
        A.draw(g, 'rect', {class: 'share', x: W - 92, y: top + 18, width: Math.max(1, 82 * share), height: 5, rx: 2});
        A.draw(g, 'text', {class: 'dim', x: W - 10, y: top + 12, 'text-anchor': 'end'}, `${(100 * share).toFixed(1)} % MACs`);
      }
    });
    return svg;
  }

  /* Consecutive rows of one block; rows without a block stand alone. */
  function groupsOf(rows) {
    const groups = [];
    rows.forEach((r, i) => {
      const last = groups[groups.length - 1];
      const skip = r.from.some(f => f !== i - 1) || r.from.length > 1;
      if (last && r.block && last.block === r.block) {
        last.rows.push(r); last.out = r.out; last.macs += r.macs; last.skip = last.skip || skip;
        if (r.weighted) last.bits = last.weighted ? Math.min(last.bits, r.bits) : r.bits;
        if (r.weighted) last.acts = Math.min(last.acts, r.reads[0]);
        last.weighted = last.weighted || r.weighted;
      } else {
        groups.push({block: r.block, rows: [r], out: r.out, macs: r.macs, bits: r.bits, acts: r.weighted ? r.reads[0] : 32, reads: r.reads[0], weighted: r.weighted, skip});
      }
    });
    return groups;
  }

  function strip(description) {
    const blocks = clean(description);
    const rows = rowsOf(blocks), groups = groupsOf(rows), total = rows.reduce((s, r) => s + r.macs, 0) || 1;
    const step = 96, width = groups.length * step + 58, base = 62;
    const largest = Math.max(1, ...groups.map(g => g.out[0] || 1), blocks.input[0] || 1);
    const tall = side => 28 + 20 * Math.sqrt((side || 1) / largest);
    const svg = A.draw(null, 'svg', {class: 'net', viewBox: `0 0 ${width} 104`, width, height: 104, role: 'img',
      'aria-label': groups.map(g => `${label(g)} ${shape(g.out)}`).join(', ')});
    const h0 = tall(blocks.input[0]);
    A.draw(svg, 'rect', {class: 'box', x: 4, y: base - h0, width: 34, height: h0, rx: 3, stroke: 'var(--muted)', 'stroke-dasharray': '3 2'});
    A.draw(svg, 'text', {class: 'dim', x: 21, y: base + 14, 'text-anchor': 'middle'}, shape(blocks.input));
    groups.forEach((g, i) => {
      const x = 56 + i * step, h = tall(g.out[0]);
      A.draw(svg, 'path', {class: 'wire', d: `M${i ? x - step + 82 : 38} ${base - 7}H${x}`, ...codesWire(g.reads)});
      const box = A.draw(svg, 'g', {});
      A.draw(box, 'title', {}, `${g.block || g.rows[0].name}: ${g.rows.map(r => [r.op].concat(r.after).join(' ')).join(', ')}\n` +
        `out ${shape(g.out)}, ${g.macs.toLocaleString('en')} MACs` + (g.weighted ? `, ${bitsWords(g.bits, g.acts)}` : ''));
      A.draw(box, 'rect', {x, y: base - h, width: 82, height: h, rx: 3, fill: g.weighted ? bitColour(g.bits) : 'none',
        'fill-opacity': 0.28, stroke: g.weighted ? bitColour(g.bits) : 'var(--muted)', 'stroke-width': 1.3});
      if (g.skip) A.draw(svg, 'path', {class: 'skip-wire', d: `M${x - 5} ${base - 7}C${x - 5} ${base - h - 20} ${x + 87} ${base - h - 20} ${x + 87} ${base - 7}`});
      const words = label(g).match(/^(\S+)\s+(.+)$/), lines = words ? [words[1], words[2].replace(/_/g, ' ')] : [label(g)];
      lines.forEach((line, k) => A.draw(svg, 'text', {x: x + 41, y: base - 5 - 12 * (lines.length - 1 - k), 'text-anchor': 'middle', style: 'font-size:10.5px'}, clip(line, 13)));
      A.draw(svg, 'text', {class: 'dim', x: x + 41, y: base + 14, 'text-anchor': 'middle'}, shape(g.out));
      if (g.macs) {
        A.draw(svg, 'rect', {class: 'share-back', x, y: base + 20, width: 82, height: 4, rx: 2});
        A.draw(svg, 'rect', {class: 'share', x, y: base + 20, width: Math.max(1, 82 * g.macs / total), height: 4, rx: 2});
        A.draw(svg, 'text', {class: 'dim', x: x + 41, y: base + 37, 'text-anchor': 'middle', style: 'font-size:10px'}, (Math.min(g.bits, g.acts) < 32 ? `${bitsText(g.bits, g.acts)} \u00b7 ` : '') + `${(100 * g.macs / total).toFixed(0)} %`);
      }
    });
    return svg;
  }

  const clip = (text, n) => text.length > n ? text.slice(0, n - 1) + '\u2026' : text;
  const label = g => g.block || name(g.rows[0].op);

  A.networks = {layers, strip};
})(window.ashlar);
