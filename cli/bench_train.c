/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_train.c - ashlar bench train ARCH...: training speed as a share of what this core can do
 *
 * Rounds are interleaved: peak, each network in turn, peak again. A network's share in a round is against the mean of the
 * two peaks around it, so a core that changes its clock moves both. Medians over rounds are printed (docs/kernels.md). With several threads the
 * rate is that of all of them by the clock on the wall, and the share is of as many cores.
 */
#include "cli/bench.h"
#include "cli/table.h"
#include "config/config.h"
#include "core/option.h"
#include "nn/net.h"
#include <malloc.h>
#include <math.h>
#include <omp.h>

enum { BATCHES = 4 };

typedef struct subject { /* a network in training, with a made-up data set of a few batches */
    const char *path;
    nn_graph *g;
    nn_net *net, **copies; /* copies: r->candidates of them, the first is net */
    nn_dataset data;
    uint32_t *order;
    double images_per_s[BENCH_MAX_ROUNDS], share[BENCH_MAX_ROUNDS];
    nn_profile profile; /* --breakdown: of profiled_steps further steps */
    uint64_t profiled_steps;
    int64_t step_bytes; /* by which the heap grew over all steps */
} subject;

static bool make_data(subject *s, int batch, arena *a)
{
    size_t n = (size_t)BATCHES * (size_t)batch;
    s->order = ARENA_NEW(a, uint32_t, n);
    for (size_t i = 0; s->order && i < n; i++)
        s->order[i] = (uint32_t)i;
    return s->order && bench_noise(s->g, n, a, &s->data);
}

static ash_status open_subject(subject *s, const char *path, const bench_request *r, arena *a, ash_error *err)
{
    node *root;
    nn_recipe recipe;
    s->path = path;
    ash_status status = config_read_file(path, a, &root, err);
    if (status == ASH_OK)
        status = nn_read(root, NULL, a, &s->g, err);
    if (status == ASH_OK)
        status = option_read(&nn_recipe_options, &recipe, NULL, a, err);
    if (status != ASH_OK)
        return status;
    recipe.batch = r->batch;
    s->copies = ARENA_NEW(a, nn_net *, (size_t)r->candidates);
    if (!s->copies)
        return ash_fail_memory(err);
    for (int i = 0; i < r->candidates; i++) {
        status = nn_net_create(s->g, &recipe, r->level, 0, &s->copies[i], err);
        if (status != ASH_OK)
            return ash_prefix(err, "%s", path);
        nn_net_init(s->copies[i], 1);
    }
    s->net = s->copies[0];
    size_t groups = (size_t)s->net->fused.n_groups;
    s->profile = (nn_profile){.now = bench_processor_s, .forward = ARENA_NEW(a, double, groups), .backward = ARENA_NEW(a, double, groups)};
    if (!s->profile.forward || !s->profile.backward)
        return ash_fail_memory(err);
    return make_data(s, r->batch, a) ? ASH_OK : ash_fail_memory(err);
}

/* One network, by a team, for at least `seconds`; its steps per second, NaN when the loss is no longer finite. Called by every thread of the
 * team. */
static void train_copy(nn_net *net, const subject *s, int batch, double seconds, double (*now)(void), double *rate)
{
    double start = now();
    uint64_t steps = 0;
    do {
        const uint32_t *order = s->order + (size_t)(steps % BATCHES) * (size_t)batch;
        double loss = nn_train_step(net, &s->data, order, batch, 0.001, steps);
        steps++;
        NN_ONE_THREAD(double took = now() - start; *rate = isnan(loss) ? NAN : took >= seconds ? (double)steps / took : 0);
    } while (*rate == 0);
}

/* Images per second of all copies over at least `seconds`; NaN when a loss is no longer finite. */
static double train_for(subject *s, const bench_request *r, double seconds)
{
    double (*now)(void) = r->threads * r->candidates > 1 ? bench_wall_s : bench_processor_s;
    double sum = 0;
    omp_set_max_active_levels(2);
#pragma omp parallel for num_threads(r->candidates) schedule(static, 1) reduction(+ : sum)
    for (int i = 0; i < r->candidates; i++) {
        double rate = 0;
        int shards = s->copies[i]->n_shards, team = r->threads < shards ? r->threads : shards; /* as nn_train would */
#pragma omp parallel num_threads(team)
        train_copy(s->copies[i], s, r->batch, seconds, now, &rate);
        sum += rate * r->batch;
    }
    return sum;
}

static double flops_per_image(const subject *s) { return 3.0 * 2.0 * (double)nn_macs(s->g); }

/* What malloc has taken from the system and what is in use of it. */
static int64_t heap_bytes(void)
{
    struct mallinfo2 m = mallinfo2();
    return (int64_t)(m.arena + m.hblkhd + m.uordblks);
}

static ash_status measure(subject *s, const bench_request *r, double *peaks, ash_error *err)
{
    for (int i = 0; i < r->n_paths; i++)
        train_for(&s[i], r, 0.02); /* caches and clock */
    double before = nn_kernels_peak_flops(r->level);
    for (int round = 0; round < r->rounds; round++) {
        for (int i = 0; i < r->n_paths; i++) {
            int64_t heap = heap_bytes();
            double rate = train_for(&s[i], r, r->ms / 1000.0);
            s[i].step_bytes += heap_bytes() - heap;
            double after = nn_kernels_peak_flops(r->level);
            if (isnan(rate))
                return ash_fail(err, ASH_INVALID, "%s: the loss is not finite on random images", s[i].path);
            s[i].images_per_s[round] = rate;
            s[i].share[round] = rate * flops_per_image(&s[i]) / ((before + after) / 2) / (r->threads * r->candidates);
            before = after;
        }
        peaks[round] = before;
    }
    for (int i = 0; r->breakdown && i < r->n_paths; i++) {
        uint64_t first = s[i].net->updates;
        s[i].net->profile = &s[i].profile;
        train_for(&s[i], r, r->ms / 1000.0);
        s[i].profiled_steps = s[i].net->updates - first;
    }
    return ASH_OK;
}

static void print(subject *s, const bench_request *r, double peak)
{
    static const char *const columns[] = {"level",  "batch",       "macs",          "images_per_s",
                                          "gflops", "peak_gflops", "share_of_peak", "least", "most",
                                          "bytes",  "step_bytes"};
    table *t = table_create();
    table_column(t, "network", TABLE_LEFT);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        table_column(t, columns[i], TABLE_RIGHT);
    for (int i = 0; i < r->n_paths; i++) {
        double rate = bench_median(s[i].images_per_s, r->rounds), share = bench_median(s[i].share, r->rounds);
        table_row(t);
        table_text(t, s[i].g->name);
        table_text(t, r->level);
        table_integer(t, r->batch);
        table_integer(t, nn_macs(s[i].g));
        table_integer(t, (int64_t)(rate + 0.5));
        table_number(t, rate * flops_per_image(&s[i]) * 1e-9, "%.1f");
        table_number(t, peak * 1e-9, "%.1f");
        table_number(t, share, "%.3f");
        table_number(t, s[i].share[0], "%.3f");
        table_number(t, s[i].share[r->rounds - 1], "%.3f");
        table_integer(t, (int64_t)s[i].net->bytes);
        table_integer(t, s[i].step_bytes);
    }
    table_print(t, r->format, stdout);
    table_destroy(t);
}

/* conv2d+batch_norm+relu */
static void group_text(const nn_graph *g, const nn_group *p, buffer *text)
{
    int nodes[] = {p->main, p->norm, p->act};
    for (int k = 0; k < 3; k++)
        if (nodes[k] >= 0 && (k == 0 || nodes[k] != p->main))
            buffer_printf(text, "%s%s", k ? "+" : "", g->nodes[nodes[k]].op->name);
}

static void breakdown_row(table *t, const subject *s, const char *layer, const char *operators, const char *pass, double spent,
                          double flops, double total)
{
    table_row(t);
    table_text(t, s->g->name);
    table_text(t, layer);
    table_text(t, operators);
    table_text(t, pass);
    table_number(t, spent * 1e6 / (double)s->profiled_steps, "%.1f");
    table_number(t, spent / total, "%.3f");
    table_number(t, flops > 0 ? flops * (double)s->profiled_steps / spent * 1e-9 : NAN, "%.1f");
}

static void breakdown_of(table *t, const subject *s, int batch)
{
    const nn_profile *p = &s->profile;
    const nn_net *net = s->net;
    double total = p->load + p->loss + p->update;
    for (int i = 1; i < net->fused.n_groups; i++) /* 0 is the image */
        total += p->forward[i] + p->backward[i];
    breakdown_row(t, s, NULL, NULL, "load", p->load, 0, total);
    for (int pass = 0; pass < 2; pass++) {
        for (int k = 1; k < net->fused.n_groups; k++) {
            int i = pass ? net->fused.n_groups - k : k;
            const nn_group *group = &net->fused.groups[i];
            const nn_node *n = &s->g->nodes[group->main];
            bool input_grad = net->tensors[net->fused.tensor[n->inputs[0]]].dy != NULL;
            double flops = 2.0 * (double)n->macs * batch * (pass && input_grad ? 2 : 1);
            buffer operators = {0};
            group_text(s->g, group, &operators);
            breakdown_row(t, s, n->name, operators.data, pass ? "backward" : "forward", (pass ? p->backward : p->forward)[i], flops,
                          total);
            buffer_free(&operators);
        }
        if (pass == 0)
            breakdown_row(t, s, NULL, NULL, "loss", p->loss, 0, total);
    }
    breakdown_row(t, s, NULL, NULL, "update", p->update, 0, total);
}

/* gflops counts what a pass does: no input gradient where nobody wants it. */
static void print_breakdown(const subject *s, const bench_request *r)
{
    table *t = table_create();
    static const char *const texts[] = {"network", "layer", "operators", "pass"}, *const numbers[] = {"us_per_step", "share", "gflops"};
    for (int i = 0; i < 4; i++)
        table_column(t, texts[i], TABLE_LEFT);
    for (int i = 0; i < 3; i++)
        table_column(t, numbers[i], TABLE_RIGHT);
    for (int i = 0; i < r->n_paths; i++)
        breakdown_of(t, &s[i], r->batch);
    table_print(t, r->format, stdout);
    table_destroy(t);
}

ash_status bench_train(const bench_request *r, ash_error *err)
{
    static subject subjects[BENCH_MAX_FILES];
    double peaks[BENCH_MAX_ROUNDS];
    arena *a = arena_create();
    ash_status status = a ? ASH_OK : ash_fail_memory(err);
    for (int i = 0; status == ASH_OK && i < r->n_paths; i++)
        status = open_subject(&subjects[i], r->paths[i], r, a, err);
    if (status == ASH_OK)
        status = measure(subjects, r, peaks, err);
    if (status == ASH_OK && r->breakdown)
        print_breakdown(subjects, r);
    else if (status == ASH_OK)
        print(subjects, r, bench_median(peaks, r->rounds));
    for (int i = 0; i < r->n_paths; i++)
        for (int k = 0; subjects[i].copies && k < r->candidates; k++)
            nn_net_destroy(subjects[i].copies[k]);
    arena_destroy(a);
    return status;
}
