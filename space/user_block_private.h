/* SPDX-License-Identifier: GPL-3.0-or-later */
/* user_block_private.h - what a definition is once it has been read; for user_block.c and user_block_read.c */
#ifndef SPACE_USER_BLOCK_PRIVATE_H
#define SPACE_USER_BLOCK_PRIVATE_H

#include "space/expression.h"
#include "space/user_block.h"

#define BLOCK_INPUT "input" /* id of what the block reads */
#define BLOCK_IN "in"       /* its channels */
#define USER_BLOCK_PARAMETERS 64

typedef struct user_layer {
    const char *id;    /* NULL: none */
    const char *what;  /* "conv2d", for messages */
    const block *block; /* one of three: a block, */
    const nn_op *op;    /* an operator, */
    const option *chosen; /* an operator (or none) that a parameter names */
    int n_inputs;
    int inputs[NN_MAX_INPUTS]; /* 0: the block's input; i + 1: layer i */
    const char *when;          /* NULL: always; where it is false the layer is left out, and its first input stands for it */
    const node *attrs;         /* map: attributes of the operator or settings of the block */
} user_layer;

typedef struct user_block {
    block base; /* first: a user block is a block */
    option_table options;
    user_layer *layers;
    size_t n_layers, size; /* size: layers with those of blocks within, roughly */
} user_block;

typedef struct scope { /* what names mean */
    const user_block *block;
    size_t n_layers;       /* that stand before */
    const void *settings;  /* NULL, like graph: only checking */
    nn_graph *graph;
    const int *nodes;      /* of the input and of each layer */
} scope;

/* 0: the block's input; i + 1: layer i; -1: no layer before has this id, of `length` characters. */
int user_block_layer(const scope *sc, const char *id, size_t length);
/* The parameter when text is "$parameter" and nothing else: its value is taken as it is, whatever its type. */
const option *user_block_lone(const scope *sc, const char *text);
ash_status user_block_compute(const scope *sc, const char *text, expression_value *out, ash_error *err);
/* The tree with every value computed (sc NULL: as it is), in `a`. Its places are forgotten: a trial's reason names no file. */
node *user_block_copy(const scope *sc, const node *n, arena *a, ash_error *err);

/* Reading: letters, digits and _; one value through the rows of a table, its errors at its place; the section `parameters`. */
bool user_block_is_word(const char *text);
ash_status user_block_check(const option_table *rows, const node *value, const char *name, arena *a, ash_error *err);
ash_status user_block_parameters(space *s, user_block *u, const node *map, ash_error *err);

#endif
