/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loss.c - what an answer costs: cross-entropy, or the squared error against values or against the input itself
 *
 * The plain cross-entropy is one kernel call over the batch. Class weights and mixtures go row by row: with A = own share x weight of its
 * class and B = the next sample's share x weight, the loss of a row is A CE(a) + B CE(b), and since the two cross-entropies of one answer z
 * differ by (1 - smoothing) (z_a - z_b) only, one kernel call gives both. Validation is never weighted, so that recipes compare. */
#include "nn/net.h"

static size_t index_of(const uint32_t *order, int i)
{
    return order ? order[i] : (size_t)i;
}

/* Adds the squared error of k answers against own x a + (1 - own) x b to *sum; dy: its gradient for a mean over `count` values. */
static void squared_error(double *sum, float *dy, const float *y, const float *a, const float *b, double own, int k, double count)
{
    for (int j = 0; j < k; j++) {
        double target = own < 1 ? own * (double)a[j] + (1 - own) * (double)b[j] : (double)a[j];
        double d = (double)y[j] - target;
        *sum += d * d;
        if (dy)
            dy[j] = (float)(2 * d / count);
    }
}

static double value_loss(nn_view y, nn_view dy, const nn_dataset *data, const uint32_t *order, int n, bool training, double own)
{
    double sum = 0;
    int k = data->n_outputs;
    for (int i = 0; i < n; i++) {
        const float *a = data->target + (size_t)k * index_of(order, i), *b = data->target + (size_t)k * index_of(order, (i + 1) % n);
        squared_error(&sum, training ? dy.p + i * dy.sn : NULL, y.p + i * y.sn, a, b, own, k, (double)n * k);
    }
    return sum / k;
}

/* The target is what the network was shown, augmented and mixed as it was; it lies in rows between the borders of the input's buffer. */
static double reconstruction_loss(nn_view y, nn_view dy, nn_view x, int n, bool training)
{
    double sum = 0;
    int row = x.w * x.c, k = row * x.h;
    for (int i = 0; i < n; i++)
        for (int r = 0; r < x.h; r++) {
            const float *shown = x.p + i * x.sn + r * x.sh;
            ptrdiff_t at = (ptrdiff_t)r * row;
            squared_error(&sum, training ? dy.p + i * dy.sn + at : NULL, y.p + i * y.sn + at, shown, shown, 1, row, (double)n * k);
        }
    return sum / k;
}

static double weighted_cross_entropy(const nn_net *net, nn_view y, nn_view dy, const nn_dataset *data, const uint32_t *order, int n,
                                     double own, double *errors)
{
    double sum = 0, certain = 1 - net->recipe.label_smoothing;
    const float *weight = data->class_weight;
    size_t wrong = 0;
    for (int i = 0; i < n; i++) {
        int32_t a = data->label[index_of(order, i)], b = data->label[index_of(order, (i + 1) % n)];
        double share_a = own * (weight ? (double)weight[a] : 1), share_b = (1 - own) * (weight ? (double)weight[b] : 1);
        float *d = dy.p + i * dy.sn;
        const float *z = y.p + i * y.sn;
        double loss = net->kernels->softmax_ce(d, z, &a, 1, data->n_outputs, (float)net->recipe.label_smoothing, &wrong);
        float scale = (float)((share_a + share_b) / n), moved = (float)(share_b * certain / n);
        for (int j = 0; j < data->n_outputs; j++)
            d[j] *= scale;
        d[a] += moved;
        d[b] -= moved;
        sum += (share_a + share_b) * loss + share_b * certain * ((double)z[a] - (double)z[b]);
    }
    *errors += (double)wrong;
    return sum;
}

static double cross_entropy(const nn_net *net, nn_view y, nn_view dy, const nn_dataset *data, const uint32_t *order, int n, bool training,
                            double *errors)
{
    enum { SHARE = 64 }; /* labels are gathered in shares, so that nothing is allocated */
    int32_t label[SHARE];
    double sum = 0;
    for (int from = 0; from < n; from += SHARE) {
        int m = n - from < SHARE ? n - from : SHARE;
        size_t wrong = 0;
        for (int i = 0; i < m; i++)
            label[i] = data->label[index_of(order, from + i)];
        float *to = training ? dy.p + from * dy.sn : NULL;
        sum += net->kernels->softmax_ce(to, y.p + from * y.sn, label, m, data->n_outputs,
                                        training ? (float)net->recipe.label_smoothing : 0, &wrong);
        *errors += (double)wrong;
        for (int64_t i = 0; training && m < n && i < (int64_t)m * data->n_outputs; i++)
            to[i] *= (float)m / (float)n; /* the kernel took the mean over its share */
    }
    return sum;
}

double nn_loss(nn_net *net, const nn_dataset *data, const uint32_t *order, int n, bool training, double own, double *errors)
{
    nn_view y = nn_output_view(net, net->graph->output, n), dy = nn_grad_view(net, net->graph->output, n);
    if (data->label)
        return training && (data->class_weight || own < 1) ? weighted_cross_entropy(net, y, dy, data, order, n, own, errors)
                                                           : cross_entropy(net, y, dy, data, order, n, training, errors);
    double sum = data->target ? value_loss(y, dy, data, order, n, training, own)
                              : reconstruction_loss(y, dy, nn_output_view(net, 0, n), n, training);
    *errors += sum;
    return sum;
}
