/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window.c - see window.h */
#include "nn/window.h"
#include "core/text.h"
#include <string.h>

static ash_status pair(const char *what, const option_ints *v, int out[2], ash_error *err)
{
    if (v->n != 1 && v->n != 2)
        return ash_fail(err, ASH_INVALID, "%s takes one number or [h, w]", what);
    out[0] = (int)v->v[0];
    out[1] = (int)v->v[v->n - 1];
    return ASH_OK;
}

static ash_status padding_numbers(const option_texts *v, int out[2], ash_error *err)
{
    if (v->n != 1 && v->n != 2)
        return ash_fail(err, ASH_INVALID, "padding takes same, valid, one number or [h, w]");
    for (int i = 0; i < 2; i++) {
        int64_t n;
        const char *text = v->v[i < (int)v->n ? i : 0];
        if (!text_to_int(text, &n) || n < 0 || n > 1024)
            return ash_fail(err, ASH_INVALID, "padding \"%s\" is none of same, valid, or a number from 0 to 1024", text);
        out[i] = (int)n;
    }
    return ASH_OK;
}

ash_status nn_window_resolve(nn_window *w, nn_shape in, int *out_h, int *out_w, ash_error *err)
{
    int kernel[2], stride[2], dilation[2] = {1, 1}, pad[2] = {0, 0}, out[2];
    const int size[2] = {in.h, in.w};
    static const char *const axis[] = {"high", "wide"};
    if (pair("kernel", &w->kernel, kernel, err) || pair("stride", w->stride.n ? &w->stride : &w->kernel, stride, err) ||
        (w->dilation.n && pair("dilation", &w->dilation, dilation, err)))
        return err->status;
    bool same = w->padding.n == 1 && strcmp(w->padding.v[0], "same") == 0;
    bool valid = w->padding.n == 1 && strcmp(w->padding.v[0], "valid") == 0;
    if (!same && !valid && padding_numbers(&w->padding, pad, err) != ASH_OK)
        return err->status;
    for (int i = 0; i < 2; i++) {
        int extent = (kernel[i] - 1) * dilation[i] + 1;
        if (same) {
            out[i] = (size[i] + stride[i] - 1) / stride[i];
            int total = (out[i] - 1) * stride[i] + extent - size[i];
            pad[i] = total > 0 ? total / 2 : 0;
        } else {
            if (size[i] + 2 * pad[i] < extent)
                return ash_fail(err, ASH_INVALID,
                                "a window %d %s does not fit an input %d %s; use a smaller kernel or stride, or padding: same",
                                extent, axis[i], size[i] + 2 * pad[i], axis[i]);
            out[i] = (size[i] + 2 * pad[i] - extent) / stride[i] + 1;
        }
    }
    w->g = (nn_conv){.kh = kernel[0], .kw = kernel[1], .stride_h = stride[0], .stride_w = stride[1],
                     .pad_top = pad[0], .pad_left = pad[1], .dilation_h = dilation[0], .dilation_w = dilation[1],
                     .groups = 1};
    *out_h = out[0];
    *out_w = out[1];
    return ASH_OK;
}
