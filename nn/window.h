/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window.h - kernel, stride, dilation and padding, as convolutions and pools share them
 *
 * kernel, stride and dilation are one number or [vertical, horizontal]. padding is `same` (TensorFlow's: the output has
 * ceil(input / stride) rows, an odd pixel of padding goes to the bottom and the right), `valid` (none), one number, or
 * [vertical, horizontal] for both sides alike.
 */
#ifndef NN_WINDOW_H
#define NN_WINDOW_H

#include "core/option.h"
#include "nn/graph.h"
#include "nn/kernels/kernels.h"

typedef struct nn_window { /* attribute fields, then what nn_window_resolve finds */
    option_ints kernel, stride, dilation;
    option_texts padding;
    nn_conv g; /* groups = 1 */
} nn_window;

/* Rows of an option table for a struct whose member `window` is an nn_window. */
#define NN_WINDOW_KERNEL(type, def_)                                                                                   \
    {"kernel", OPTION_INT_LIST, offsetof(type, window.kernel), (def_), 1, 1024, .help = "window size, n or [h, w]"}
#define NN_WINDOW_STRIDE(type)                                                                                         \
    {"stride", OPTION_INT_LIST, offsetof(type, window.stride), "1", 1, 1024, .help = "step of the window, n or [h, w]"}
#define NN_WINDOW_DILATION(type)                                                                                       \
    {"dilation", OPTION_INT_LIST, offsetof(type, window.dilation), "1", 1, 1024,                                       \
     .help = "distance of the window's taps, n or [h, w]"}
#define NN_WINDOW_PADDING(type, def_)                                                                                  \
    {"padding", OPTION_TEXT_LIST, offsetof(type, window.padding), (def_),                                              \
     .help = "same, valid, n or [h, w]"}

/* Fills w->g and the output's h and w. ASH_INVALID: a window larger than the padded input, more than two numbers. */
ash_status nn_window_resolve(nn_window *w, nn_shape in, int *out_h, int *out_w, ash_error *err);

#endif
