/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_classes.c - the input gradient of a convolution as stride-1 reductions
 *
 * The pixels of dx fall into stride_h x stride_w residue classes. Within one class the same taps of the
 * window apply to every pixel, and its neighbours in dx see neighbours in dy: a stride-1 `reduce` over dy
 * with that class's taps, flipped and transposed. dy lies in a room with a halo of zeros wide enough for all
 * classes, so no bounds are checked. */
#include "nn/kernels/tuned/conv_classes.h"

/* Where tap k of residue class r reads: its offset in dy from the class's own index; false when it does not
 * apply. */
static bool tap(const axis *a, int r, int k, int *offset)
{
    int t = r + a->pad - k * a->dilation;
    *offset = t / a->stride;
    return t % a->stride == 0;
}

static int class_size(const axis *a, int r)
{
    return (a->size - r + a->stride - 1) / a->stride;
}

/* Zeros needed before and after a dimension of dy of `out` entries. */
static void axis_halo(const axis *a, int out, int *before, int *after)
{
    *before = *after = 0;
    for (int r = 0; r < a->stride && r < a->size; r++)
        for (int k = 0; k < a->kernel; k++) {
            int o;
            if (!tap(a, r, k, &o))
                continue;
            if (-o > *before)
                *before = -o;
            if (o + class_size(a, r) - out > *after)
                *after = o + class_size(a, r) - out;
        }
}

classes classes_plan(bump *b, const nn_view *dx, const nn_view *dy, const nn_conv *g, int images, bool depthwise)
{
    classes p = {
        .v = {dx->h, g->stride_h, g->pad_top, g->kh, g->dilation_h},
        .h = {dx->w, g->stride_w, g->pad_left, g->kw, g->dilation_w},
        .images = images,
        .pitch = ROUND_UP(dx->c, 16),
    };
    axis_halo(&p.v, dy->h, &p.top, &p.bottom);
    axis_halo(&p.h, dy->w, &p.left, &p.right);
    size_t pixels = (size_t)images * dx->h * dx->w, taps = (size_t)g->kh * g->kw;
    p.jobs = take(b, (size_t)g->stride_h * g->stride_w * sizeof(conv_job));
    p.xo = take(b, pixels * sizeof(int32_t));
    p.yo = take(b, pixels * sizeof(int32_t));
    p.seg = take(b, taps * sizeof(ptrdiff_t));
    p.w = take(b, taps * (depthwise ? 1 : dy->c) * p.pitch * sizeof(float));
    p.pairs = take(b, !depthwise && has_pairs(dx->c) ? pairs_floats(g->kh * g->kw, dy->c) * sizeof(float) : 0);
    return p;
}

/* The taps of class (ry, rx), last to first, as segments of dy `from` and as rows of packed weights: one row
 * per output channel of the convolution (depthwise: per tap). Returns the end of the rows written. */
static float *class_taps(conv_job *j, const classes *p, int ry, int rx, ptrdiff_t *seg, float *to, nn_view from,
                         int in, const float *w, ptrdiff_t ldw, bool depthwise)
{
    bool contiguous = !depthwise && p->h.dilation == 1 && from.sw == from.c;
    int oy, ox, n = 0, len = depthwise ? 1 : from.c, previous_row = -1;
    j->seg = seg;
    j->w = to;
    for (int ky = p->v.kernel - 1; ky >= 0; ky--)
        for (int kx = p->h.kernel - 1; kx >= 0; kx--) {
            if (!tap(&p->v, ry, ky, &oy) || !tap(&p->h, rx, kx, &ox))
                continue;
            if (contiguous && ky == previous_row) {
                if (n == 1)
                    len += from.c;
            } else {
                seg[n++] = oy * from.sh + ox * from.sw;
                previous_row = ky;
            }
            const float *tap_w = w + (ptrdiff_t)(ky * p->h.kernel + kx) * (depthwise ? 1 : in) * ldw;
            if (depthwise) {
                memcpy(to, tap_w, (size_t)in * sizeof(float));
                to += p->pitch;
                continue;
            }
            for (int co = 0; co < from.c; co++, to += p->pitch) {
                for (int ci = 0; ci < in; ci++)
                    to[ci] = tap_w[ci * ldw + co];
                for (int ci = in; ci < p->pitch; ci++)
                    to[ci] = 0;
            }
        }
    j->segs = n;
    j->len = len;
    return to;
}

void classes_fill(classes *p, nn_view dx, nn_view from, const float *w, ptrdiff_t ldw, bool accumulate, bool depthwise)
{
    float *packed = p->w;
    ptrdiff_t *seg = p->seg;
    int32_t *xo = p->xo, *yo = p->yo;
    float *pairs = p->pairs;
    p->count = 0;
    for (int ry = 0; ry < p->v.stride && ry < dx.h; ry++)
        for (int rx = 0; rx < p->h.stride && rx < dx.w; rx++) {
            int rows = class_size(&p->v, ry), columns = class_size(&p->h, rx), n = p->images * rows * columns;
            conv_job j = {.xo = xo, .yo = yo, .c = dx.c, .ldw = p->pitch, .accumulate = accumulate,
                          .step = columns % 4 == 0 ? from.sw : 0};
            packed = class_taps(&j, p, ry, rx, seg, packed, from, dx.c, w, ldw, depthwise);
            seg += j.segs;
            if (!depthwise && has_pairs(dx.c)) {
                pack_pairs(pairs, &j);
                j.pairs = pairs;
                pairs += pairs_floats(j.segs, j.len);
            }
            fill_offsets(xo, p->images, rows, columns, from.sn, from.sh, from.sw);
            fill_offsets(yo, p->images, rows, columns, dx.sn, p->v.stride * dx.sh, p->h.stride * dx.sw);
            j.y = dx.p + ry * dx.sh + rx * dx.sw; /* of image 0 */
            j.count = rows * columns; /* of one image */
            xo += n;
            yo += n;
            if (j.segs > 0 || !accumulate)
                p->jobs[p->count++] = j;
        }
}
