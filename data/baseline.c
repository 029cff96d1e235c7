/* SPDX-License-Identifier: GPL-3.0-or-later */
/* baseline.c - what a network has to beat: a linear model and the nearest neighbour
 *
 * Both see what a network sees: the normalised training split. Their work is bounded, so that they answer in
 * seconds on any set: beyond a number of multiplications they use evenly spaced samples, as many as the bound
 * allows, and say so.
 *
 * Classification: multinomial logistic regression; half the squared weights are added to the summed loss (the
 * common C = 1), which GSL's vector BFGS minimises. Regression: ridge, by Cholesky on the normal equations.
 * The figures are for people: expf and logf may differ in the last bit between C libraries, so nothing that
 * is searched or hashed depends on them. */
#include "data/data.h"
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multimin.h>
#include <math.h>
#include <string.h>

#define LOGISTIC_PASS 1e8  /* samples x features x classes of one pass, */
#define LOGISTIC_WORK 3e9  /* and of all iterations */
#define RIDGE_WORK 4e9     /* samples x features^2 */
#define NEIGHBOUR_WORK 5e9 /* queries x references x features, before the early exit */
enum { LANES = 16, LEAST_ITERATIONS = 20, MOST_ITERATIONS = 200, BLOCK = 64, LEAST_QUERIES = 1000 };

/* ---- small linear algebra, in a fixed order ---- */

/* Partial sums in LANES lanes: the compiler vectorises it without being allowed to reorder. */
static float dot(const float *a, const float *b, size_t n)
{
    float lane[LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            lane[j] += a[i + j] * b[i + j];
    for (size_t j = 0; j < LANES; j++)
        sum += lane[j];
    for (; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static float distance(const float *a, const float *b, size_t n)
{
    float lane[LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            lane[j] += (a[i + j] - b[i + j]) * (a[i + j] - b[i + j]);
    for (size_t j = 0; j < LANES; j++)
        sum += lane[j];
    for (; i < n; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

static size_t width_of(const data_set *d)
{
    return (size_t)d->h * (size_t)d->w * (size_t)d->c;
}

/* The i-th of `used` evenly spaced of n. */
static size_t spaced(size_t i, size_t used, size_t n)
{
    return (size_t)((double)i * (double)n / (double)used);
}

static size_t bounded(double most, size_t n)
{
    return most >= (double)n ? n : most < 1 ? 1 : (size_t)most;
}

/* ---- logistic regression ---- */

typedef struct logistic {
    const data_set *d;
    size_t used, width, k;
    float *w, *g; /* (k, width + 1): weights, then the bias, of each class; and their gradient */
    float *p;     /* (k) */
} logistic;

static void to_float(float *out, const gsl_vector *v)
{
    for (size_t i = 0; i < v->size; i++)
        out[i] = (float)gsl_vector_get(v, i);
}

static void logits(float *out, const float *x, const float *w, size_t width, size_t k)
{
    for (size_t j = 0; j < k; j++)
        out[j] = dot(x, w + j * (width + 1), width) + w[j * (width + 1) + width];
}

/* Mean loss with its penalty, and the gradient. */
static void logistic_fdf(const gsl_vector *v, void *params, double *f, gsl_vector *df)
{
    logistic *m = params;
    size_t row = m->width + 1;
    double loss = 0, penalty = 0;
    to_float(m->w, v);
    memset(m->g, 0, m->k * row * sizeof *m->g);
    for (size_t i = 0; i < m->used; i++) {
        size_t s = spaced(i, m->used, m->d->train.n);
        const float *x = m->d->train.x + s * m->width;
        logits(m->p, x, m->w, m->width, m->k);
        float top = m->p[0], sum = 0;
        for (size_t j = 1; j < m->k; j++)
            top = m->p[j] > top ? m->p[j] : top;
        size_t label = (size_t)m->d->train.label[s];
        float own = m->p[label] - top;
        for (size_t j = 0; j < m->k; j++)
            sum += m->p[j] = expf(m->p[j] - top);
        loss += logf(sum) - own;
        for (size_t j = 0; j < m->k && df; j++) {
            float e = m->p[j] / sum - (j == label);
            float *g = m->g + j * row;
            for (size_t q = 0; q < m->width; q++)
                g[q] += e * x[q];
            g[m->width] += e;
        }
    }
    double n = (double)m->used;
    for (size_t j = 0; j < m->k; j++)
        for (size_t q = 0; q < row; q++) {
            double w = q < m->width ? gsl_vector_get(v, j * row + q) : 0;
            penalty += w * w / 2;
            if (df)
                gsl_vector_set(df, j * row + q, (m->g[j * row + q] + w) / n);
        }
    *f = (loss + penalty) / n;
}

static double logistic_f(const gsl_vector *v, void *params)
{
    double f;
    logistic_fdf(v, params, &f, NULL);
    return f;
}

static void logistic_df(const gsl_vector *v, void *params, gsl_vector *df)
{
    double f;
    logistic_fdf(v, params, &f, df);
}

static ash_status fit_logistic(logistic *m, ash_error *err)
{
    size_t n = m->k * (m->width + 1);
    gsl_multimin_function_fdf problem = {logistic_f, logistic_df, logistic_fdf, n, m};
    gsl_vector *start = gsl_vector_calloc(n);
    gsl_multimin_fdfminimizer *min =
        gsl_multimin_fdfminimizer_alloc(gsl_multimin_fdfminimizer_vector_bfgs2, n);
    if (!start || !min) {
        gsl_vector_free(start);
        if (min)
            gsl_multimin_fdfminimizer_free(min);
        return ash_fail_memory(err);
    }
    gsl_multimin_fdfminimizer_set(min, &problem, start, 0.1, 0.1);
    /* Where work is short, stopping early costs less than fewer samples would. */
    double passes = LOGISTIC_WORK / ((double)m->used * (double)(m->width * m->k));
    int iterations = passes > MOST_ITERATIONS    ? MOST_ITERATIONS
                     : passes < LEAST_ITERATIONS ? LEAST_ITERATIONS
                                                 : (int)passes;
    for (int i = 0; i < iterations; i++)
        if (gsl_multimin_fdfminimizer_iterate(min) != GSL_SUCCESS ||
            gsl_multimin_test_gradient(gsl_multimin_fdfminimizer_gradient(min), 1e-4) == GSL_SUCCESS)
            break; /* no progress is an end too: float sums carry the gradient no further */
    to_float(m->w, gsl_multimin_fdfminimizer_x(min));
    gsl_multimin_fdfminimizer_free(min);
    gsl_vector_free(start);
    return ASH_OK;
}

static double logistic_error(const logistic *m, const data_split *p)
{
    size_t wrong = 0;
    for (size_t i = 0; i < p->n; i++) {
        logits(m->p, p->x + i * m->width, m->w, m->width, m->k);
        size_t best = 0;
        for (size_t j = 1; j < m->k; j++)
            if (m->p[j] > m->p[best])
                best = j;
        wrong += best != (size_t)p->label[i];
    }
    return p->n ? (double)wrong / (double)p->n : NAN;
}

static ash_status run_logistic(const data_set *d, arena *a, data_baseline *out, ash_error *err)
{
    logistic m = {.d = d, .width = width_of(d), .k = (size_t)d->n_outputs};
    m.used = out->linear_train_used = bounded(LOGISTIC_PASS / (double)(m.width * m.k), d->train.n);
    size_t n = m.k * (m.width + 1);
    m.w = ARENA_NEW(a, float, n);
    m.g = ARENA_NEW(a, float, n);
    m.p = ARENA_NEW(a, float, m.k);
    if (!m.w || !m.g || !m.p)
        return ash_fail_memory(err);
    ash_status s = fit_logistic(&m, err);
    if (s != ASH_OK)
        return s;
    out->linear_val_error = logistic_error(&m, &d->val);
    out->linear_test_error = logistic_error(&m, &d->test);
    return ASH_OK;
}

/* ---- ridge ---- */

static double ridge_rmse(const gsl_matrix *w, const data_set *d, const data_split *p)
{
    size_t width = width_of(d), k = (size_t)d->n_outputs;
    double square = 0;
    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j < k; j++) {
            double y = gsl_matrix_get(w, width, j);
            for (size_t q = 0; q < width; q++)
                y += p->x[i * width + q] * gsl_matrix_get(w, q, j);
            y -= p->target[i * k + j];
            square += y * y;
        }
    return p->n ? sqrt(square / (double)(p->n * k)) : NAN;
}

/* (X'X + r I) W = X'Y with a column of ones; r is small enough to change nothing but singular problems. */
static bool solve_ridge(const data_set *d, size_t used, gsl_matrix *xx, gsl_matrix *w)
{
    size_t width = width_of(d), k = (size_t)d->n_outputs;
    for (size_t i = 0; i < used; i++) {
        size_t s = spaced(i, used, d->train.n);
        const float *x = d->train.x + s * width, *y = d->train.target + s * k;
        for (size_t q = 0; q <= width; q++) {
            double v = q < width ? x[q] : 1;
            double *row = gsl_matrix_ptr(xx, q, 0);
            for (size_t r = 0; r <= q; r++)
                row[r] += v * (r < width ? x[r] : 1);
            for (size_t j = 0; j < k; j++)
                *gsl_matrix_ptr(w, q, j) += v * y[j];
        }
    }
    double trace = 0;
    for (size_t q = 0; q <= width; q++)
        trace += gsl_matrix_get(xx, q, q);
    for (size_t q = 0; q <= width; q++)
        *gsl_matrix_ptr(xx, q, q) += 1e-9 * trace / (double)(width + 1) + 1e-12 * (double)used;
    if (gsl_linalg_cholesky_decomp1(xx) != GSL_SUCCESS)
        return false;
    for (size_t j = 0; j < k; j++) {
        gsl_vector_view column = gsl_matrix_column(w, j);
        gsl_linalg_cholesky_svx(xx, &column.vector);
    }
    return true;
}

static ash_status run_ridge(const data_set *d, data_baseline *out, ash_error *err)
{
    size_t width = width_of(d);
    size_t used = bounded(RIDGE_WORK / ((double)width * (double)width), d->train.n);
    out->linear_train_used = used;
    out->linear_val_error = out->linear_test_error = NAN;
    if (width > 4096)
        return ASH_OK; /* the normal equations would not fit: no figure is better than none in time */
    gsl_matrix *xx = gsl_matrix_calloc(width + 1, width + 1),
               *w = gsl_matrix_calloc(width + 1, (size_t)d->n_outputs);
    ash_status s = ASH_OK;
    if (!xx || !w) {
        s = ash_fail_memory(err);
    } else if (solve_ridge(d, used, xx, w)) {
        out->linear_val_error = ridge_rmse(w, d, &d->val);
        out->linear_test_error = ridge_rmse(w, d, &d->test);
    }
    gsl_matrix_free(xx);
    gsl_matrix_free(w);
    return s;
}

/* ---- nearest neighbour ---- */

/* Index of the training sample nearest to x, among `used` spaced ones; ties go to the first. A candidate is
 * given up as soon as a block of features has brought it past the best. */
static size_t nearest(const data_set *d, size_t used, const float *x, size_t width)
{
    size_t best = 0;
    float least = INFINITY;
    for (size_t i = 0; i < used; i++) {
        size_t s = spaced(i, used, d->train.n);
        const float *y = d->train.x + s * width;
        float sum = 0;
        for (size_t q = 0; q < width && sum < least; q += BLOCK)
            sum += distance(x + q, y + q, width - q < BLOCK ? width - q : BLOCK);
        if (sum < least) {
            least = sum;
            best = s;
        }
    }
    return best;
}

static double nearest_error(const data_set *d, size_t references, const data_split *p, size_t queries)
{
    size_t width = width_of(d), k = (size_t)d->n_outputs, wrong = 0;
    double square = 0;
    for (size_t i = 0; i < queries; i++) {
        size_t s = spaced(i, queries, p->n), t = nearest(d, references, p->x + s * width, width);
        if (d->task == DATA_CLASSIFICATION)
            wrong += p->label[s] != d->train.label[t];
        for (size_t j = 0; j < k && d->task != DATA_CLASSIFICATION; j++) {
            bool input = d->task == DATA_RECONSTRUCTION;
            double e = (double)(input ? p->x : p->target)[s * k + j] - (input ? d->train.x : d->train.target)[t * k + j];
            square += e * e;
        }
    }
    if (queries == 0)
        return NAN;
    return d->task == DATA_CLASSIFICATION ? (double)wrong / (double)queries
                                          : sqrt(square / (double)(queries * k));
}

/* Queries are thinned first, down to LEAST_QUERIES: a smaller sample of them adds noise, fewer references
 * bias. */
static void run_neighbour(const data_set *d, data_baseline *out)
{
    double width = (double)width_of(d);
    size_t least = d->train.n;
    data_split splits[] = {d->val, d->test};
    size_t *used[] = {&out->nn1_val_used, &out->nn1_test_used};
    for (int i = 0; i < 2; i++) {
        splits[i].n -= splits[i].n_anomalies; /* a network is not to reproduce them */
        size_t floor_q = splits[i].n < LEAST_QUERIES ? splits[i].n : LEAST_QUERIES;
        size_t q = bounded(NEIGHBOUR_WORK / (width * (double)d->train.n), splits[i].n);
        *used[i] = q > floor_q ? q : floor_q;
        size_t references = bounded(NEIGHBOUR_WORK / (width * (double)(*used[i] ? *used[i] : 1)), d->train.n);
        least = references < least ? references : least;
    }
    out->nn1_train_used = least; /* the same for both, so that the two figures compare */
    out->nn1_val_error = nearest_error(d, least, &splits[0], out->nn1_val_used);
    out->nn1_test_error = nearest_error(d, least, &splits[1], out->nn1_test_used);
}

ash_status data_baselines(const data_set *d, data_baseline *out, ash_error *err)
{
    *out = (data_baseline){.linear_macs = (int64_t)(width_of(d) * (size_t)d->n_outputs)};
    if (d->task == DATA_RECONSTRUCTION) { /* a linear model of the input is the input: no figure to beat */
        *out = (data_baseline){.linear_val_error = NAN, .linear_test_error = NAN};
        run_neighbour(d, out);
        return ASH_OK;
    }
    arena *a = arena_create();
    if (!a)
        return ash_fail_memory(err);
    /* GSL's handler aborts; here a singular matrix or a full memory is an answer. */
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    ash_status s = d->task == DATA_CLASSIFICATION ? run_logistic(d, a, out, err) : run_ridge(d, out, err);
    gsl_set_error_handler(handler);
    arena_destroy(a);
    if (s == ASH_OK)
        run_neighbour(d, out);
    return s;
}
