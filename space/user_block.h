/* SPDX-License-Identifier: GPL-3.0-or-later */
/* user_block.h - inside space: blocks that the run file defines
 *
 *     blocks:
 *       gated:
 *         help: convolution with a gate per channel
 *         parameters: {width: , kernel: , stride: , bits: , reduction: {default: 4, min: 1, max: 16}}
 *         layers:
 *           - {block: conv, width: $width, kernel: $kernel, stride: $stride, bits: $bits, id: map}
 *           - {op: global_avg_pool}
 *           - {op: conv2d, out: "max(1, $width / $reduction)", kernel: 1}
 *           - {op: relu}
 *           - {op: conv2d, out: $width, kernel: 1}
 *           - {op: sigmoid, id: gate}
 *           - {op: multiply, inputs: [map, gate]}
 *
 * A definition becomes a `block` with an option table of its own, so the rest of space knows nothing about it: its parameters can be
 * genes, it is sampled, printed and parsed like the others. It belongs to its space. Building it lays its layers in order: what holds
 * a $ is computed (expression.h), the rest is as in an architecture file. docs/search-space.md is the reference.
 */
#ifndef SPACE_USER_BLOCK_H
#define SPACE_USER_BLOCK_H

#include "space/private.h"

/* Reads the section `blocks` into s->blocks. Refuses, with the place and a remedy, what could not work for any values: unknown
 * operators, blocks, attributes and names, layers read before they stand, layers that nothing reads. */
ash_status user_blocks_read(space *s, const node *map, ash_error *err);

int user_block_build(const block *b, nn_graph *g, int input, const void *settings, ash_error *err);

#endif
