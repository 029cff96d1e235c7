/* SPDX-License-Identifier: GPL-3.0-or-later */
/* normalize.c - statistics of the training split, and what is done with them
 *
 * Means and deviations are summed in double, in sample order, in two passes (no cancellation), so the bits
 * are the same everywhere. A deviation that is only rounding noise of the mean (below 1e-7 of its size)
 * counts as constant: dividing by it would turn noise into a feature. */
#include "data/normalize.h"
#include <math.h>
#include <string.h>

static size_t sample_width(const data_set *d)
{
    return (size_t)d->h * (size_t)d->w * (size_t)d->c;
}

static bool is_constant(double mean, double std)
{
    return std <= 1e-7 * fabs(mean) || std <= 0;
}

ash_status data_summarise(data_set *d, arena *a, ash_error *err)
{
    size_t c = (size_t)d->c, values = d->train.n * (size_t)d->h * (size_t)d->w;
    data_summary *s = ARENA_NEW(a, data_summary, c);
    if (!s)
        return ash_fail_memory(err);
    const float *x = d->train.x;
    for (size_t k = 0; k < c; k++) {
        s[k].min = INFINITY;
        s[k].max = -INFINITY;
    }
    for (size_t i = 0; i < values; i++)
        for (size_t k = 0; k < c; k++) {
            double v = x[i * c + k];
            if (isnan(v)) {
                s[k].missing++;
                continue;
            }
            s[k].mean += v;
            s[k].min = v < s[k].min ? v : s[k].min;
            s[k].max = v > s[k].max ? v : s[k].max;
        }
    for (size_t k = 0; k < c; k++) {
        if (s[k].missing == values)
            return ash_fail(err, ASH_INVALID,
                            "%s: feature \"%s\" has no value in the training split; leave it out", d->name,
                            d->feature_names ? d->feature_names[k] : "?");
        s[k].mean /= (double)(values - s[k].missing);
    }
    for (size_t i = 0; i < values; i++)
        for (size_t k = 0; k < c; k++) {
            double v = x[i * c + k] - s[k].mean;
            if (!isnan(v))
                s[k].std += v * v;
        }
    bool all_constant = true;
    for (size_t k = 0; k < c; k++) {
        s[k].std = sqrt(s[k].std / (double)(values - s[k].missing));
        if (is_constant(s[k].mean, s[k].std))
            s[k].std = 0;
        else
            all_constant = false;
    }
    d->summary = s;
    if (all_constant)
        return ash_fail(err, ASH_INVALID,
                        "%s: every %s is constant in the training split; there is nothing to learn from",
                        d->name, d->is_image ? "channel" : "feature");
    return ASH_OK;
}

static void fill_split(const data_set *d, data_split *p)
{
    size_t c = (size_t)d->c, values = p->n * (size_t)d->h * (size_t)d->w;
    for (size_t i = 0; i < values; i++)
        for (size_t k = 0; k < c; k++)
            if (isnan(p->x[i * c + k]))
                p->x[i * c + k] = (float)d->summary[k].mean;
}

void data_fill_missing(data_set *d)
{
    fill_split(d, &d->train);
    fill_split(d, &d->val);
    fill_split(d, &d->test);
}

/* Mean and deviation of each of `width` interleaved elements. */
static void fit(double *mean, double *std, const float *x, size_t n, size_t width)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < width; k++)
            mean[k] += x[i * width + k];
    for (size_t k = 0; k < width; k++)
        mean[k] /= (double)n;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < width; k++) {
            double v = x[i * width + k] - mean[k];
            std[k] += v * v;
        }
    for (size_t k = 0; k < width; k++)
        std[k] = sqrt(std[k] / (double)n);
}

static void apply(data_split *p, size_t repeats, size_t width, const float *mean, const float *scale)
{
    float *x = p->x;
    for (size_t i = 0; i < p->n * repeats; i++, x += width)
        for (size_t k = 0; k < width; k++)
            x[k] = (x[k] - mean[k]) * scale[k];
}

ash_status data_normalise(data_set *d, arena *a, ash_error *err)
{
    if (strcmp(d->normalize, "none") == 0)
        return ASH_OK;
    /* Per channel and per element differ only in what counts as one row. */
    size_t whole = sample_width(d);
    size_t width = strcmp(d->normalize, "global") == 0 ? (size_t)d->c : whole;
    size_t repeats = whole / width;
    double *mean = ARENA_NEW(a, double, width), *std = ARENA_NEW(a, double, width);
    float *norm_mean = ARENA_NEW(a, float, width), *norm_scale = ARENA_NEW(a, float, width);
    if (!mean || !std || !norm_mean || !norm_scale)
        return ash_fail_memory(err);
    fit(mean, std, d->train.x, d->train.n * repeats, width);
    for (size_t k = 0; k < width; k++) {
        norm_mean[k] = (float)mean[k];
        norm_scale[k] = is_constant(mean[k], std[k]) ? 1 : (float)(1 / std[k]);
        if (!isfinite(norm_scale[k])) /* a deviation below 1e-38 */
            norm_scale[k] = 1;
    }
    apply(&d->train, repeats, width, norm_mean, norm_scale);
    apply(&d->val, repeats, width, norm_mean, norm_scale);
    apply(&d->test, repeats, width, norm_mean, norm_scale);
    d->norm_mean = norm_mean;
    d->norm_scale = norm_scale;
    d->n_norm = width;
    return ASH_OK;
}

ash_status data_standardise(data_set *d, const double *target, arena *a, ash_error *err)
{
    size_t k = (size_t)d->n_outputs, n = d->train.n + d->val.n + d->test.n;
    d->target_mean = ARENA_NEW(a, double, k);
    d->target_std = ARENA_NEW(a, double, k);
    float *out = ARENA_NEW(a, float, n *k);
    if (!d->target_mean || !d->target_std || !out)
        return ash_fail_memory(err);
    for (size_t j = 0; j < k; j++) {
        double mean = 0, square = 0;
        for (size_t i = 0; i < d->train.n; i++)
            mean += target[i * k + j];
        mean /= (double)d->train.n;
        for (size_t i = 0; i < d->train.n; i++)
            square += (target[i * k + j] - mean) * (target[i * k + j] - mean);
        double std = sqrt(square / (double)d->train.n);
        if (!isfinite(std))
            return ash_fail(err, ASH_INVALID, "%s: target \"%s\" is too large to be standardised", d->name,
                            d->target_names[j]);
        if (std <= 1e-12 * fabs(mean) || std <= 0)
            return ash_fail(err, ASH_INVALID,
                            "%s: target \"%s\" is constant in the training split; there is nothing to learn",
                            d->name, d->target_names[j]);
        d->target_mean[j] = mean;
        d->target_std[j] = std;
        for (size_t i = 0; i < n; i++)
            out[i * k + j] = (float)((target[i * k + j] - mean) / std);
    }
    d->train.target = out;
    d->val.target = out + d->train.n * k;
    d->test.target = out + (d->train.n + d->val.n) * k;
    return ASH_OK;
}
