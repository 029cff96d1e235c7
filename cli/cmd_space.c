/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_space.c - ashlar space show|count|sample|check RUNFILE: look at a search space without training
 *
 * Costs are those of the network as decoded, before what nothing uses is taken out: for cells the published figures.
 */
#include "cli/command.h"
#include "cli/table.h"
#include "evaluator/cost/cost.h"
#include "run/session.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct request {
    const char *action, *path;
    override_list overrides;
    long long n;
    const char *seed;
    output_format format;
} request;

enum { KEY_SEED = 256, KEY_SET };

static const struct argp_option rows[] = {
    {"number", 'n', "N", 0, "genomes to sample or check (default: sample 10, check 1000)", 0},
    {"seed", KEY_SEED, "N", 0, "seed of the samples (default: 1)", 0},
    {"set", KEY_SET, "KEY=VALUE", 0, "override a setting of RUNFILE, as in ashlar run", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    request *r = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &r->format;
        return 0;
    case 'n':
        r->n = cli_integer(state, "-n", text, 1, 10000000);
        return 0;
    case KEY_SEED:
        cli_integer(state, "--seed", text, 0, INT64_C(1) << 53);
        r->seed = text;
        return 0;
    case KEY_SET:
        overrides_add(&r->overrides, "%s", text);
        return 0;
    case ARGP_KEY_ARG:
        if (r->path)
            cli_usage(state, "one run file at a time: \"%s\" is too many", text);
        *(r->action ? &r->path : &r->action) = text;
        return 0;
    case ARGP_KEY_END:
        if (!r->action)
            cli_usage(state, "say what to do: show, count, sample or check, and a run file");
        if (!r->path)
            cli_usage(state, "name a run file: ashlar space %s RUNFILE", r->action);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- show, count ---- */

static ash_status show(const session *s, const request *r, ash_error *err)
{
    (void)err;
    table *t = table_create();
    table_column(t, "gene", TABLE_LEFT);
    table_column(t, "values", TABLE_WRAP);
    table_column(t, "n", TABLE_RIGHT);
    table_column(t, "when", TABLE_LEFT);
    for (size_t i = 0; i < space_genes(s->space); i++) {
        size_t n = space_gene_values(s->space, i);
        buffer text = {0}, when = {0};
        buffer_printf(&text, "%s.%s", space_gene_unit(s->space, i), space_gene_name(s->space, i));
        table_row(t);
        table_text(t, text.data);
        buffer_clear(&text);
        for (size_t v = 0; v < n; v++) {
            if (v == 8 && n > 10 && r->format == FORMAT_TABLE) {
                buffer_puts(&text, " ...");
                v = n - 1;
            }
            buffer_printf(&text, "%s%s", v ? " " : "", space_gene_value(s->space, i, v));
        }
        space_gene_when(s->space, i, &when);
        table_text(t, text.data);
        table_integer(t, (int64_t)n);
        table_text(t, when.data);
        buffer_free(&text);
        buffer_free(&when);
    }
    table_print(t, r->format, stdout);
    table_destroy(t);
    return ASH_OK;
}

static ash_status count(const session *s, const request *r, ash_error *err)
{
    (void)err;
    double n = space_count(s->space);
    table *t = table_create();
    table_column(t, "genes", TABLE_RIGHT);
    table_column(t, "genomes", TABLE_RIGHT);
    table_row(t);
    table_integer(t, (int64_t)space_genes(s->space));
    if (n < 9007199254740992.0)
        table_integer(t, (int64_t)n);
    else
        table_number(t, n, "%.6g");
    table_print(t, r->format, stdout);
    table_destroy(t);
    return ASH_OK;
}

/* ---- one genome ---- */

typedef struct sampled {
    const char *text;
    const char *reason; /* NULL: it decodes */
    hash256 hash;       /* of the canonical network */
    metric *metrics;
    size_t n_metrics;
} sampled;

/* Status other than OK: the world is broken; a genome that does not decode has a reason. */
static ash_status look_at(const space *sp, const genome *g, arena *a, sampled *out, ash_error *err)
{
    nn_graph *net, *canonical;
    *out = (sampled){.text = space_print(sp, g, a)};
    if (!out->text)
        return ash_fail_memory(err);
    ash_status status = space_decode(sp, g, a, &net, err);
    if (status == ASH_OK)
        status = space_canonical(net, a, &canonical, &out->hash, err);
    if (status == ASH_OK)
        status = cost_metrics(net, a, &out->metrics, &out->n_metrics, err);
    if (status == ASH_INVALID) {
        out->reason = arena_strdup(a, err->text);
        return out->reason ? ASH_OK : ash_fail_memory(err);
    }
    return status;
}

static double value_of(const sampled *x, const char *name)
{
    for (size_t i = 0; i < x->n_metrics; i++)
        if (strcmp(x->metrics[i].name, name) == 0)
            return x->metrics[i].value;
    return NAN;
}

static const char *const figures[] = {"macs", "params", "model_bytes", "peak_ram_bytes", "mean_weight_bits"};
enum { FIGURES = sizeof(figures) / sizeof(figures[0]) };

static void print_figure(table *t, const char *name, double value)
{
    if (strcmp(name, "mean_weight_bits") == 0 || !isfinite(value))
        table_number(t, value, "%.2f");
    else
        table_integer(t, (int64_t)value);
}

static rng seeded(const request *r)
{
    return rng_stream(r->seed ? strtoull(r->seed, NULL, 10) : 1, "space", 0);
}

/* ---- sample ---- */

static ash_status sample(const session *s, const request *r, ash_error *err)
{
    arena *a = arena_create(), *keep = arena_create();
    genome *g = keep ? genome_create(s->space, keep) : NULL;
    rng random = seeded(r);
    ash_status status = a && g ? ASH_OK : ash_fail_memory(err);
    table *t = table_create();
    for (int i = 0; i < FIGURES; i++)
        table_column(t, figures[i], TABLE_RIGHT);
    table_column(t, "invalid", TABLE_LEFT);
    table_column(t, "genome", TABLE_LEFT);
    for (long long i = 0; i < (r->n ? r->n : 10) && status == ASH_OK; i++) {
        sampled x;
        arena_reset(a);
        space_sample(s->space, g, &random);
        status = look_at(s->space, g, a, &x, err);
        if (status != ASH_OK)
            break;
        table_row(t);
        for (int k = 0; k < FIGURES; k++)
            print_figure(t, figures[k], value_of(&x, figures[k]));
        table_text(t, x.reason);
        table_text(t, x.text);
    }
    if (status == ASH_OK)
        table_print(t, r->format, stdout);
    table_destroy(t);
    arena_destroy(a);
    arena_destroy(keep);
    return status;
}

/* ---- check ---- */

typedef struct reason {
    const char *text, *example;
    size_t n;
} reason;

typedef struct survey {
    arena *keep;
    size_t n, invalid, n_ok, n_reasons;
    double *value[FIGURES]; /* (n_ok) */
    hash256 *hash;
    reason reasons[16]; /* the first different ones */
} survey;

static bool note_reason(survey *v, const sampled *x)
{
    v->invalid++;
    for (size_t i = 0; i < v->n_reasons; i++) {
        if (strcmp(v->reasons[i].text, x->reason) == 0) {
            v->reasons[i].n++;
            return true;
        }
    }
    if (v->n_reasons == sizeof(v->reasons) / sizeof(v->reasons[0]))
        return true;
    reason *new = &v->reasons[v->n_reasons++];
    *new = (reason){arena_strdup(v->keep, x->reason), arena_strdup(v->keep, x->text), 1};
    return new->text &&new->example;
}

static ash_status look_at_many(const space *sp, const request *r, survey *v, ash_error *err)
{
    arena *a = arena_create();
    genome *g = genome_create(sp, v->keep);
    rng random = seeded(r);
    double all = space_count(sp);
    bool exhaustive = all <= (double)v->n;
    ash_status status = a && g ? ASH_OK : ash_fail_memory(err);
    v->n = exhaustive ? (size_t)all : v->n;
    for (size_t i = 0; i < v->n && status == ASH_OK; i++) {
        sampled x;
        arena_reset(a);
        if (!exhaustive)
            space_sample(sp, g, &random);
        else if (!space_enumerate(sp, g, i))
            status = ash_fail_memory(err);
        if (status == ASH_OK)
            status = look_at(sp, g, a, &x, err);
        if (status != ASH_OK)
            break;
        if (x.reason) {
            if (!note_reason(v, &x))
                status = ash_fail_memory(err);
            continue;
        }
        for (int k = 0; k < FIGURES; k++)
            v->value[k][v->n_ok] = value_of(&x, figures[k]);
        v->hash[v->n_ok++] = x.hash;
    }
    arena_destroy(a);
    return status;
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static int by_hash(const void *x, const void *y)
{
    return memcmp(x, y, sizeof(hash256));
}

static void count_row(table *t, const char *name, size_t n)
{
    table_row(t);
    table_text(t, name);
    table_integer(t, (int64_t)n);
    for (int i = 0; i < 3; i++)
        table_text(t, NULL);
}

static void print_survey(survey *v, output_format format)
{
    table *t = table_create();
    size_t networks = v->n_ok > 0;
    table_column(t, "figure", TABLE_LEFT);
    table_column(t, "count", TABLE_RIGHT);
    table_column(t, "min", TABLE_RIGHT);
    table_column(t, "median", TABLE_RIGHT);
    table_column(t, "max", TABLE_RIGHT);
    qsort(v->hash, v->n_ok, sizeof(*v->hash), by_hash);
    for (size_t i = 1; i < v->n_ok; i++)
        networks += by_hash(&v->hash[i - 1], &v->hash[i]) != 0;
    count_row(t, "genomes", v->n);
    count_row(t, "invalid", v->invalid);
    count_row(t, "networks", networks);
    for (int k = 0; k < FIGURES && v->n_ok; k++) {
        qsort(v->value[k], v->n_ok, sizeof(double), by_value);
        table_row(t);
        table_text(t, figures[k]);
        table_text(t, NULL);
        print_figure(t, figures[k], v->value[k][0]);
        print_figure(t, figures[k], v->value[k][(v->n_ok - 1) / 2]);
        print_figure(t, figures[k], v->value[k][v->n_ok - 1]);
    }
    table_print(t, format, stdout);
    table_destroy(t);
    for (size_t i = 0; i < v->n_reasons && format == FORMAT_TABLE; i++)
        printf("%s%zu invalid: %s\n  such as %s\n", i ? "" : "\n", v->reasons[i].n, v->reasons[i].text, v->reasons[i].example);
}

static ash_status check(const session *s, const request *r, ash_error *err)
{
    survey v = {.keep = arena_create(), .n = r->n ? (size_t)r->n : 1000};
    bool ok = v.keep && (v.hash = ARENA_NEW(v.keep, hash256, v.n));
    for (int i = 0; i < FIGURES && ok; i++)
        ok = (v.value[i] = ARENA_NEW(v.keep, double, v.n));
    ash_status status = ok ? look_at_many(s->space, r, &v, err) : ash_fail_memory(err);
    if (status == ASH_OK)
        print_survey(&v, r->format);
    if (status == ASH_OK && v.n_ok == 0)
        status = ash_fail(err, ASH_INVALID, "%s: none of %zu genomes decodes: %s", r->path, v.n,
                          v.n_reasons ? v.reasons[0].text : "the space is empty");
    arena_destroy(v.keep);
    return status;
}

/* ---- */

typedef ash_status (*action)(const session *s, const request *r, ash_error *err);

static const struct {
    const char *name;
    action run;
} actions[] = {{"show", show}, {"count", count}, {"sample", sample}, {"check", check}};

static ash_status act(const request *r, session *s, ash_error *err)
{
    action run = NULL;
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
        run = strcmp(actions[i].name, r->action) == 0 ? actions[i].run : run;
    if (!run)
        return ash_fail(err, ASH_INVALID, "unknown action \"%s\"; there are show, count, sample and check", r->action);
    runfile *f;
    ash_status status = runfile_read(r->path, r->overrides.v, r->overrides.n, &f, err);
    if (status == ASH_OK)
        status = session_open_space(s, f, err);
    return status == ASH_OK ? run(s, r, err) : status;
}

int cmd_space(int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_format_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        rows, parse, "show|count|sample|check RUNFILE",
        "Look at the search space of a run file without training. show: the genes, their values and conditions. count: how "
        "many genomes there are. sample: random genomes with their costs. check: decode many (all, when there are no "
        "more) and report what fails, and the ranges of the costs.\v"
        "  ashlar space show examples/digits.yaml\n"
        "  ashlar space count examples/digits.yaml\n"
        "  ashlar space sample -n 5 --seed 2 examples/digits.yaml\n"
        "  ashlar space check -n 15625 examples/nasbench201.yaml\n",
        children, NULL, NULL};
    request r = {0};
    session s = {0};
    ash_error err;
    cli_parse(&argp, argc, argv, &r);
    ash_status status = act(&r, &s, &err);
    session_close(&s);
    overrides_free(&r.overrides);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
