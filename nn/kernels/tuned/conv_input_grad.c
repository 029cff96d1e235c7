/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_input_grad.c - the gradient of a convolution with respect to its input
 *
 * The pixels of dx fall into stride_h x stride_w residue classes. Within one class the same taps of the
 * window apply to every pixel, and its neighbours in dx see neighbours in dy: a stride-1 `reduce` over dy
 * with that class's taps, flipped and transposed. dy is copied, a few images at a time, into scratch with a
 * halo of zeros wide enough for all classes, so no bounds are checked; where no tap leaves the image (1x1,
 * dense) dy is read where it lies. */
#include "nn/kernels/tuned/conv_driver.h"

typedef struct axis { /* one dimension */
    int size, stride, pad, kernel, dilation;
} axis;

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
static void halo(const axis *a, int out, int *before, int *after)
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

typedef struct plan {
    axis v, h; /* vertical, horizontal */
    int top, bottom, left, right, images, pitch;
    bool copies; /* dy goes through scratch */
    conv_job *classes;
    int32_t *xo, *yo;
    ptrdiff_t *seg;
    float *w, *dy;
    size_t dy_floats, bytes;
} plan;

static plan make_plan(const nn_view *dx, const nn_view *dy, const nn_conv *g, bool depthwise, void *scratch)
{
    int groups = depthwise ? 1 : g->groups, in = dx->c / groups, out = dy->c / groups;
    plan p = {
        .v = {dx->h, g->stride_h, g->pad_top, g->kh, g->dilation_h},
        .h = {dx->w, g->stride_w, g->pad_left, g->kw, g->dilation_w},
        .images = tile_of(dx->n, dx->h, dx->w).images,
        .pitch = ROUND_UP(in, 16),
    };
    halo(&p.v, dy->h, &p.top, &p.bottom);
    halo(&p.h, dy->w, &p.left, &p.right);
    p.copies = p.top || p.bottom || p.left || p.right;
    size_t pixels = (size_t)p.images * dx->h * dx->w, taps = (size_t)g->kh * g->kw;
    bump b = {scratch, 0};
    p.classes = take(&b, (size_t)g->stride_h * g->stride_w * sizeof(conv_job));
    p.xo = take(&b, pixels * sizeof(int32_t));
    p.yo = take(&b, pixels * sizeof(int32_t));
    p.seg = take(&b, taps * sizeof(ptrdiff_t));
    p.w = take(&b, taps * (depthwise ? 1 : out) * p.pitch * sizeof(float));
    p.dy_floats =
        p.copies ? (size_t)p.images * (p.top + dy->h + p.bottom) * (p.left + dy->w + p.right) * out : 0;
    p.dy = take(&b, p.dy_floats * sizeof(float));
    p.bytes = b.used;
    return p;
}

size_t input_grad_scratch(const nn_view *x, const nn_view *y, const nn_conv *g)
{
    return make_plan(x, y, g, is_depthwise(x, y, g), NULL).bytes;
}

/* The taps of class (ry, rx), last to first, as segments of dy `from` and as rows of packed weights: one row
 * per output channel of the convolution (depthwise: per tap). Returns the end of the rows written. */
static float *class_taps(conv_job *j, const plan *p, int ry, int rx, ptrdiff_t *seg, float *to, nn_view from,
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

static void copy_in(float *to, const nn_view *pitched, const nn_view *from, int images)
{
    for (int i = 0; i < images; i++)
        for (int r = 0; r < from->h; r++) {
            float *t = to + i * pitched->sn + r * pitched->sh;
            const float *f = from->p + i * from->sn + r * from->sh;
            if (from->sw == from->c) {
                for (ptrdiff_t k = 0; k < (ptrdiff_t)from->w * from->c; k++)
                    t[k] = f[k];
                continue;
            }
            for (int c = 0; c < from->w; c++)
                memcpy(t + c * pitched->sw, f + c * from->sw, (size_t)from->c * sizeof(float));
        }
}

/* One job per residue class: its pixels, taps and weights, in scratch. Returns their number. */
static int make_classes(const plan *p, nn_view dx, nn_view from, const float *w, ptrdiff_t ldw,
                        bool accumulate, bool depthwise)
{
    float *packed = p->w;
    ptrdiff_t *seg = p->seg;
    int32_t *xo = p->xo, *yo = p->yo;
    int classes = 0;
    for (int ry = 0; ry < p->v.stride && ry < dx.h; ry++)
        for (int rx = 0; rx < p->h.stride && rx < dx.w; rx++) {
            int rows = class_size(&p->v, ry), columns = class_size(&p->h, rx), n = 0;
            conv_job j = {.xo = xo, .yo = yo, .c = dx.c, .ldw = p->pitch, .accumulate = accumulate};
            packed = class_taps(&j, p, ry, rx, seg, packed, from, dx.c, w, ldw, depthwise);
            seg += j.segs;
            for (int m = 0; m < p->images; m++)
                for (int r = 0; r < rows; r++)
                    for (int c = 0; c < columns; c++, n++) {
                        xo[n] = (int32_t)(m * from.sn + r * from.sh + c * from.sw);
                        yo[n] = (int32_t)(m * dx.sn + (ry + r * p->v.stride) * dx.sh +
                                          (rx + c * p->h.stride) * dx.sw);
                    }
            j.count = n / p->images; /* of one image */
            xo += n;
            yo += n;
            if (j.segs > 0 || !accumulate)
                p->classes[classes++] = j;
        }
    return classes;
}

static void input_grad(nn_view dx, nn_view dy, const float *w, ptrdiff_t ldw, bool accumulate, bool depthwise,
                       const plan *p)
{
    nn_view from = dy;
    if (p->copies) {
        from.sw = dy.c;
        from.sh = from.sw * (p->left + dy.w + p->right);
        from.sn = from.sh * (p->top + dy.h + p->bottom);
        from.p = p->dy + p->top * from.sh + p->left * from.sw;
        memset(p->dy, 0, p->dy_floats * sizeof(float)); /* the halo stays zero over all tiles */
    }
    int classes = make_classes(p, dx, from, w, ldw, accumulate, depthwise);
    for (int i = 0; i < dx.n; i += p->images) {
        int images = dx.n - i < p->images ? dx.n - i : p->images;
        nn_view part = dy;
        part.p += i * dy.sn;
        if (p->copies)
            copy_in(from.p, &from, &part, images);
        else
            from.p = part.p;
        for (int k = 0; k < classes; k++) {
            conv_job j = p->classes[k];
            j.x = from.p;
            j.y = dx.p + i * dx.sn;
            j.count *= images;
            (depthwise ? depthwise_reduce : conv_reduce)(&j);
        }
    }
}

void tuned_conv_input_grad(nn_view dx, nn_view dy, const float *w, const nn_conv *g, bool accumulate,
                           float *scratch)
{
    bool depthwise = is_depthwise(&dx, &dy, g);
    plan p = make_plan(&dx, &dy, g, depthwise, scratch);
    int groups = depthwise ? 1 : g->groups, in = dx.c / groups, out = dy.c / groups;
    for (int k = 0; k < groups; k++) {
        nn_view to = dx, from = dy;
        to.p += k * in;
        from.p += k * out;
        to.c = in;
        from.c = out;
        input_grad(to, from, w + k * out, dy.c, accumulate, depthwise, &p);
    }
}
