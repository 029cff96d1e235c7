/* SPDX-License-Identifier: GPL-3.0-or-later */
/* alias.c - see alias.h */
#include "nn/alias.h"

bool nn_always_alias(const nn_node *n, bool training)
{
    (void)n, (void)training;
    return true;
}

/* The image as the other, of as many elements, sees it: rows of one that are contiguous in both. */
static nn_view row(nn_view image, nn_view vector, int i, int y)
{
    int n = image.w * image.c;
    return (nn_view){vector.p + i * vector.sn + y * n, 1, 1, image.w, image.c, image.c, n, n};
}

static nn_view image_row(nn_view image, int i, int y)
{
    return (nn_view){image.p + i * image.sn + y * image.sh, 1, 1, image.w, image.c, image.sw, image.sh, image.sn};
}

static void reshape(const nn_kernels *k, nn_view to, nn_view from, bool accumulate)
{
    if (to.h == from.h && to.w == from.w) {
        k->copy(to, from, accumulate);
        return;
    }
    bool flat = to.h * to.w == 1;
    nn_view image = flat ? from : to;
    for (int i = 0; i < image.n; i++)
        for (int y = 0; y < image.h; y++)
            if (flat)
                k->copy(row(from, to, i, y), image_row(from, i, y), accumulate);
            else
                k->copy(image_row(to, i, y), row(to, from, i, y), accumulate);
}

void nn_alias_forward(const nn_pass *p)
{
    reshape(p->kernels, p->y, p->x[0], false);
}

void nn_alias_backward(const nn_pass *p)
{
    if (p->dx[0].p)
        reshape(p->kernels, p->dx[0], p->dy, p->accumulate[0]);
}
