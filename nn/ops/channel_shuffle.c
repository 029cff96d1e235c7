/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_shuffle.c - mixes the groups of channels (Zhang et al., arXiv:1707.01083)
 *
 * Channel k of group g becomes channel k groups + g, so that each group of the next grouped convolution sees all groups of
 * the one before. */
#include "nn/pointwise.h"

typedef struct shuffle {
    int64_t groups;
} shuffle;

static const option rows[] = {
    {"groups", OPTION_INT, offsetof(shuffle, groups), "2", 1, 65536, .help = "groups of channels that are dealt out in turn"},
};
static const option_table attrs = OPTION_TABLE("channel_shuffle", shuffle, rows);

static int groups(const nn_node *n)
{
    return (int)((const shuffle *)n->attrs)->groups;
}

static nn_conv geometry(const nn_node *n, nn_shape in)
{
    (void)in;
    return (nn_conv){1, 1, 1, 1, 0, 0, 1, 1, groups(n)};
}

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)a;
    if (in->c % groups(n) != 0)
        return ash_fail(err, ASH_INVALID, "groups %d does not divide %d channels", groups(n), in->c);
    n->shape = *in;
    return ASH_OK;
}

static bool is_alias(const nn_node *n, bool training)
{
    (void)training;
    return groups(n) == 1 || groups(n) == n->shape.c;
}

/* to[k n + g] = from[g (c / n) + k] */
static void deal(nn_view to, nn_view from, int n, bool accumulate)
{
    int per_group = to.c / n;
    for (int i = 0; i < to.n; i++)
        for (int r = 0; r < to.h; r++)
            for (int q = 0; q < to.w; q++) {
                float *t = nn_pixel(to, i, r, q);
                const float *f = nn_pixel(from, i, r, q);
                for (int g = 0; g < n; g++)
                    for (int k = 0; k < per_group; k++)
                        t[k * n + g] = f[g * per_group + k] + (accumulate ? t[k * n + g] : 0);
            }
}

static void forward(const nn_pass *p)
{
    deal(p->y, p->x[0], groups(p->node), false);
}

static void backward(const nn_pass *p) /* dealing into c / groups groups undoes it */
{
    if (p->dx[0].p)
        deal(p->dx[0], p->dy, p->y.c / groups(p->node), p->accumulate[0]);
}

const nn_op nn_op_channel_shuffle = {
    .name = "channel_shuffle",
    .help = "deals the channels of groups out in turn",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = &attrs,
    .keeps_codes = true,
    .infer = infer,
    .is_alias = is_alias,
    .forward = forward,
    .backward = backward,
    .integer = INFER_SHUFFLE,
    .geometry = geometry,
};
