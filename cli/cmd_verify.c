/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_verify.c - train again from the database alone, and compare every bit
 *
 * The database holds the run file, the data's hash, the kernel level and the genomes; nothing else is asked for but the
 * data set itself. What is compared is what the digest covers, and the stored weights. */
#include "cli/command.h"
#include "cli/table.h"
#include "core/log.h"
#include "core/text.h"
#include "run/stored.h"
#include <math.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef struct verify_arguments {
    const char *db;
    uint64_t *ids;
    size_t n_ids;
    int64_t run;
    long long threads;
    bool all, quiet;
    output_format format;
} verify_arguments;

typedef struct check { /* one trial */
    trial *stored;
    const void *weights; /* stored; NULL: none */
    size_t n_weights;
    ash_status status;
    ash_error err;
    bool same;
    char verdict[160];
} check;

typedef struct verify_state {
    verify_arguments args;
    stored_run stored;
    check *checks;
    size_t n;
} verify_state;

enum { KEY_ALL = 256 };

static const struct argp_option options[] = {
    {"all", KEY_ALL, NULL, 0, "every trial, not only the front", 0},
    {"threads", 't', "N", 0, "trainings at a time; default: one per core", 0},
    {"quiet", 'q', NULL, 0, "no progress", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    verify_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->format;
        state->child_inputs[1] = &a->run;
        break;
    case KEY_ALL: a->all = true; break;
    case 't': a->threads = cli_integer(state, "--threads", arg, 1, 4096); break;
    case 'q': a->quiet = true; break;
    case ARGP_KEY_ARG:
        if (!a->db)
            a->db = arg;
        else
            a->ids[a->n_ids++] = (uint64_t)cli_integer(state, "TRIAL", arg, 1, INT64_MAX);
        break;
    case ARGP_KEY_END:
        if (!a->db)
            cli_usage(state, "which database? ashlar verify DB");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_child children[] = {{&cli_format_argp, 0, NULL, 0}, {&cli_run_argp, 0, NULL, 0}, {0}};
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "DB [TRIAL...]",
    .doc = "Train members of the front (or the trials named) again, from the database alone, and compare metrics, learning "
           "curve and weights bit for bit.\vExit status 0: all are the same; 1: one is not.\n\n"
           "Examples:\n"
           "  ashlar verify digits.db\n"
           "  ashlar verify digits.db 12 35\n",
    .children = children,
};

/* ---- comparing ---- */

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof(a)) == 0 || (isnan(a) && isnan(b));
}

static bool differ(check *c, const char *what, const char *there, const char *here)
{
    snprintf(c->verdict, sizeof(c->verdict), "%s: %s stored, %s now", what, there, here);
    return false;
}

static bool differ_real(check *c, const char *what, double there, double here)
{
    char a[32], b[32];
    return differ(c, what, text_of_real(a, there), text_of_real(b, here));
}

static bool differ_hash(check *c, const char *what, const hash256 *there, const hash256 *here)
{
    char a[65], b[65];
    hash_to_hex(a, there)[12] = '\0';
    hash_to_hex(b, here)[12] = '\0';
    return differ(c, what, a, b);
}

static bool compare_metrics(check *c, const trial *now)
{
    const trial *old = c->stored;
    for (size_t i = 0; i < old->n_metrics; i++)
        if (!same_bits(old->metrics[i].value, trial_metric(now, old->metrics[i].name)))
            return differ_real(c, old->metrics[i].name, old->metrics[i].value,
                               trial_metric(now, old->metrics[i].name));
    return old->n_metrics == now->n_metrics ||
           differ_real(c, "number of metrics", (double)old->n_metrics, (double)now->n_metrics);
}

static bool compare_curves(check *c, const trial *now)
{
    const trial *old = c->stored;
    if (old->n_curve != now->n_curve)
        return differ_real(c, "epochs", (double)old->n_curve, (double)now->n_curve);
    for (size_t i = 0; i < old->n_curve; i++) {
        const curve_point *p = &old->curve[i], *q = &now->curve[i];
        if (p->epoch != q->epoch)
            return differ_real(c, "epoch", p->epoch, q->epoch);
        if (!same_bits(p->train_loss, q->train_loss))
            return differ_real(c, "train_loss", p->train_loss, q->train_loss);
        if (!same_bits(p->val_loss, q->val_loss))
            return differ_real(c, "val_loss", p->val_loss, q->val_loss);
        if (!same_bits(p->val_error, q->val_error))
            return differ_real(c, "val_error", p->val_error, q->val_error);
    }
    return true;
}

static bool compare(check *c, const trial *now, const kept_weights *kept)
{
    const trial *old = c->stored;
    if (!hash_equal(&old->key, &now->key))
        return differ_hash(c, "training key", &old->key, &now->key);
    if (old->status != now->status)
        return differ(c, "status", trial_status_name(old->status), trial_status_name(now->status));
    if (!compare_metrics(c, now) || !compare_curves(c, now))
        return false;
    if (!hash_equal(&old->weights_hash, &now->weights_hash))
        return differ_hash(c, "weights", &old->weights_hash, &now->weights_hash);
    if (c->weights && kept && (kept->n != c->n_weights || memcmp(kept->bytes, c->weights, kept->n) != 0))
        return differ(c, "stored weights", "other bytes", "those of its hash");
    snprintf(c->verdict, sizeof(c->verdict), "same");
    return true;
}

/* ---- one trial ---- */

/* What the controller decides is taken over: a duplicate repeats its original, a reject has its static costs only. */
static ash_status repeat(verify_state *s, check *c, trial *now, arena *a, ash_error *err)
{
    const trial *old = c->stored;
    const session *open = &s->stored.session;
    genome *g = genome_create(open->space, a);
    if (!g)
        return ash_fail_memory(err);
    *now = (trial){.id = old->id, .genome = old->genome};
    ash_status status = space_parse(open->space, old->genome, g, err);
    if (status == ASH_INVALID) {
        now->status = TRIAL_INVALID;
        return ASH_OK;
    }
    if (status != ASH_OK || open->type->cost(open->evaluator, g, now, a, err) != ASH_OK || now->status == TRIAL_INVALID)
        return err->status = status != ASH_OK || now->status != TRIAL_INVALID ? err->status : ASH_OK;
    if (old->status == TRIAL_INFEASIBLE) {
        now->status = TRIAL_INFEASIBLE;
        return ASH_OK;
    }
    status = open->type->evaluate(open->evaluator, now, a, NULL, NULL, err);
    if (status == ASH_OK && old->status == TRIAL_DUPLICATE) {
        now->status = TRIAL_DUPLICATE;
        now->n_curve = 0;
        now->weights_hash = old->weights_hash;
    }
    return status;
}

static void run_check(verify_state *s, check *c, arena *a)
{
    trial now;
    if (c->stored->status == TRIAL_TIMEOUT || c->stored->status == TRIAL_FAILED) {
        c->same = true;
        snprintf(c->verdict, sizeof(c->verdict), "skipped: %s is not repeatable", trial_status_name(c->stored->status));
        return;
    }
    c->err.status = ASH_OK;
    c->status = repeat(s, c, &now, a, &c->err);
    if (c->status != ASH_OK)
        return;
    kept_weights *kept = recorder_take(&s->stored.recorder, c->stored->id);
    c->same = compare(c, &now, kept);
    free(kept);
}

static ash_status run_checks(verify_state *s, ash_error *err)
{
    atomic_size_t done = 0;
    int workers = s->args.threads ? (int)s->args.threads : omp_get_num_procs();
    if (!s->args.quiet)
        progress_begin("training again");
#pragma omp parallel for schedule(dynamic) num_threads(workers)
    for (size_t i = 0; i < s->n; i++) {
        arena *a = arena_create();
        if (a)
            run_check(s, &s->checks[i], a);
        else
            s->checks[i].status = ash_fail_memory(&s->checks[i].err);
        arena_destroy(a);
        size_t n = atomic_fetch_add(&done, 1) + 1;
        progress_update((double)n / (double)s->n, "%zu/%zu trials", n, s->n);
    }
    progress_end();
    for (size_t i = 0; i < s->n; i++)
        if (s->checks[i].status != ASH_OK) {
            *err = s->checks[i].err;
            return ash_prefix(err, "trial %llu", (unsigned long long)s->checks[i].stored->id);
        }
    return ASH_OK;
}

/* ---- opening ---- */

static ash_status choose(verify_state *s, uint64_t **ids, size_t *n, ash_error *err)
{
    if (s->args.n_ids) {
        *ids = s->args.ids;
        *n = s->args.n_ids;
        return ASH_OK;
    }
    if (!s->args.all)
        return db_load_front(s->stored.db, s->stored.row.id, s->stored.arena, ids, n, err);
    trial **trials;
    if (db_load_trials(s->stored.db, s->stored.row.id, s->stored.arena, &trials, n, err) != ASH_OK)
        return err->status;
    *ids = ARENA_NEW(s->stored.arena, uint64_t, *n + 1);
    for (size_t i = 0; *ids && i < *n; i++)
        (*ids)[i] = trials[i]->id;
    return *ids ? ASH_OK : ash_fail_memory(err);
}

static ash_status load(verify_state *s, ash_error *err)
{
    uint64_t *ids;
    if (choose(s, &ids, &s->n, err) != ASH_OK)
        return err->status;
    if (!(s->checks = ARENA_NEW(s->stored.arena, check, s->n + 1)))
        return ash_fail_memory(err);
    for (size_t i = 0; i < s->n; i++) {
        check *c = &s->checks[i];
        void *bytes = NULL;
        if (db_load_trial(s->stored.db, s->stored.row.id, ids[i], s->stored.arena, &c->stored, err) != ASH_OK ||
            db_get_weights(s->stored.db, s->stored.row.id, ids[i], s->stored.arena, &bytes, &c->n_weights, err) != ASH_OK)
            return err->status;
        if (!c->stored)
            return ash_fail(err, ASH_INVALID, "%s: run %lld has no trial %llu", s->args.db, (long long)s->stored.row.id,
                            (unsigned long long)ids[i]);
        c->weights = bytes;
    }
    return ASH_OK;
}

/* ---- printing ---- */

static void print(const verify_state *s, size_t *different)
{
    table *t = table_create();
    char hex[65];
    table_column(t, "trial", TABLE_RIGHT);
    table_column(t, "status", TABLE_LEFT);
    table_column(t, "metrics", TABLE_RIGHT);
    table_column(t, "epochs", TABLE_RIGHT);
    table_column(t, "weights", TABLE_LEFT);
    table_column(t, "verdict", TABLE_LEFT);
    for (size_t i = 0; i < s->n; i++) {
        const check *c = &s->checks[i];
        table_row(t);
        table_integer(t, (int64_t)c->stored->id);
        table_text(t, trial_status_name(c->stored->status));
        table_integer(t, (int64_t)c->stored->n_metrics);
        table_integer(t, (int64_t)c->stored->n_curve);
        hash_to_hex(hex, &c->stored->weights_hash)[12] = '\0';
        table_text(t, hash_is_zero(&c->stored->weights_hash) ? NULL : hex);
        table_text(t, c->verdict);
        *different += !c->same;
    }
    table_print(t, s->args.format, stdout);
    table_destroy(t);
}

static ash_status verify(verify_state *s, ash_error *err)
{
    size_t different = 0;
    if (stored_open(&s->stored, s->args.db, s->args.run, err) != ASH_OK || load(s, err) != ASH_OK || run_checks(s, err) != ASH_OK)
        return err->status;
    print(s, &different);
    if (different)
        return ash_fail(err, ASH_BROKEN, "%zu of %zu trials of %s differ from what training them again gives", different,
                        s->n, s->args.db);
    if (s->args.format == FORMAT_TABLE)
        printf("%zu trials, every bit the same\n", s->n);
    return ASH_OK;
}

int cmd_verify(int argc, char **argv)
{
    verify_state s = {0};
    ash_error err;
    if (!(s.args.ids = calloc((size_t)argc, sizeof(*s.args.ids)))) {
        ash_fail_memory(&err);
        return cli_fail(&err);
    }
    cli_parse(&argp, argc, argv, &s.args);
    ash_status status = verify(&s, &err);
    stored_close(&s.stored);
    free(s.args.ids);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
