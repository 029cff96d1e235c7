/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_compare.c - ashlar compare DB...: is one way of searching better than another? */
#include "cli/figure_options.h"
#include "cli/output.h"
#include "cli/table.h"
#include "reports/compare.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FILES = 4096 };

typedef struct request {
    const char **paths;
    size_t n;
    int64_t run;
    const char *group, *reference, *output, *x, *y, *table;
    const runs_chart *chart;
    runs_axis axis;
    double width_cm;
    output_format format;
} request;

enum { KEY_GROUP = 256, KEY_BY, KEY_REFERENCE, KEY_TABLE, KEY_FIGURE, KEY_X, KEY_Y, KEY_WIDTH };

static const struct argp_option rows[] = {
    {"group", KEY_GROUP, "KEY", 0,
     "What makes a method: file, name, or a setting such as search.strategy (default: all settings but the seed)", 0},
    {"by", KEY_BY, "BUDGET", 0,
     "Compare after as many evaluations, or as many trained MACs, as every run reached: evaluations or macs (default: "
     "evaluations)",
     0},
    {"reference", KEY_REFERENCE, "POINT", 0,
     "Reference point of the hypervolume, one number per objective (default: the runs' own when they agree, else from all "
     "fronts)",
     0},
    {"run", 'r', "N", 0, "Only run N of each database (default: all runs)", 0},
    {"table", KEY_TABLE, "TABLE", 0, "Only methods, tests or runs (default: all; CSV: methods)", 0},
    {"output", 'o', "FILE", 0, "Write a figure; the ending chooses pdf, png, svg, eps or tikz", 1},
    {"figure", KEY_FIGURE, "FIGURE", 0, "evaluations, macs or attainment (default: by --by)", 1},
    {"x", KEY_X, "METRIC", 0, "attainment: metric across (default: the second objective)", 1},
    {"y", KEY_Y, "METRIC", 0, "attainment: metric up (default: the first objective)", 1},
    {"width", KEY_WIDTH, "CM", 0, "Width of the figure (default: 8.6, a column of a paper)", 1},
    {0},
};

static const char *const table_names[] = {"methods", "tests", "runs", NULL};
static const char *const axis_names[] = {"evaluations", "macs", NULL};

static bool among(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    request *r = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &r->format; return 0;
    case KEY_GROUP: r->group = text; return 0;
    case KEY_REFERENCE: r->reference = text; return 0;
    case KEY_X: r->x = text; return 0;
    case KEY_Y: r->y = text; return 0;
    case KEY_WIDTH: r->width_cm = cli_width_cm(state, text); return 0;
    case 'r': r->run = cli_integer(state, "--run", text, 1, INT64_MAX); return 0;
    case KEY_BY:
        if (!among(text, axis_names))
            cli_refuse_name(state, "--by", text, axis_names);
        r->axis = strcmp(text, "macs") == 0 ? RUNS_TRAINED_MACS : RUNS_EVALUATIONS;
        return 0;
    case KEY_TABLE:
        if (!among(text, table_names))
            cli_refuse_name(state, "--table", text, table_names);
        r->table = text;
        return 0;
    case KEY_FIGURE:
        if (!(r->chart = runs_chart_find(text)))
            cli_refuse_name(state, "--figure", text, runs_chart_names);
        return 0;
    case 'o':
        if (strcmp(text, "-") == 0 || !cli_format_of(text) || cli_format_of(text)->shows != REPORT_FIGURE)
            cli_usage(state, "--output takes a figure: a file that ends in .pdf, .png, .svg, .eps or .tikz, not \"%s\"", text);
        r->output = text;
        return 0;
    case ARGP_KEY_ARG:
        if (r->n == MOST_FILES)
            cli_usage(state, "at most %d databases at a time", MOST_FILES);
        r->paths[r->n++] = text;
        return 0;
    case ARGP_KEY_NO_ARGS: cli_usage(state, "which databases?");
    case ARGP_KEY_END:
        if (!r->output && (r->chart || r->x || r->y || r->width_cm > 0))
            cli_usage(state, "--figure, --x, --y and --width are for a figure; say where to with --output");
        if ((r->x || r->y) && (!r->chart || strcmp(r->chart->name, "attainment") != 0))
            cli_usage(state, "--x and --y are for --figure attainment");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* ---- tables ---- */

static void columns(table *t, bool people, const char *const (*names)[2])
{
    for (; (*names)[0]; names++)
        table_column(t, (*names)[people ? 0 : 1], strstr("method versus run effect", (*names)[0]) ? TABLE_LEFT : TABLE_RIGHT);
}

static table *methods_table(const comparison *c, bool people)
{
    static const char *const names[][2] = {{"method", "method"}, {"runs", "runs"}, {"mean", "mean"},     {"sd", "sd"},
                                           {"min", "min"},       {"25 %", "q25"},  {"median", "median"}, {"75 %", "q75"},
                                           {"max", "max"},       {NULL, NULL}};
    table *t = table_create();
    columns(t, people, names);
    for (size_t g = 0; g < c->s->n_groups; g++) {
        const stats_summary *s = &c->groups[g];
        const double v[] = {s->mean, s->sd, s->min, s->low, s->median, s->high, s->max};
        table_row(t);
        table_text(t, c->s->groups[g].name);
        table_integer(t, (int64_t)s->n);
        for (size_t i = 0; i < sizeof v / sizeof *v; i++)
            table_number(t, v[i], c->s->box > 0 ? "%.2f" : "%.5g");
    }
    return t;
}

static table *tests_table(const comparison *c, bool people)
{
    static const char *const names[][2] = {{"method", "method"},
                                           {"versus", "versus"},
                                           {"median diff.", "median_difference"},
                                           {"95 % from", "low"},
                                           {"to", "high"},
                                           {"A12", "a12"},
                                           {"effect", "effect"},
                                           {"U", "mann_whitney_u"},
                                           {"p", "mann_whitney_p"},
                                           {"p (Holm)", "holm_p"},
                                           {"pairs", "pairs"},
                                           {"W+", "wilcoxon_w"},
                                           {"p (paired)", "wilcoxon_p"},
                                           {NULL, NULL}};
    table *t = table_create();
    const char *format = c->s->box > 0 ? "%.2f" : "%.5g";
    columns(t, people, names);
    for (size_t i = 0; i < c->n_pairs; i++) {
        const compare_pair *p = &c->pairs[i];
        table_row(t);
        table_text(t, c->s->groups[p->a].name);
        table_text(t, c->s->groups[p->b].name);
        table_number(t, p->difference, format);
        table_number(t, p->low, format);
        table_number(t, p->high, format);
        table_number(t, p->a12, "%.3f");
        table_text(t, stats_a12_name(p->a12));
        table_number(t, p->mann_whitney.statistic, "%g");
        table_number(t, p->mann_whitney.p, "%.4f");
        table_number(t, p->p_holm, "%.4f");
        table_integer(t, (int64_t)p->wilcoxon.n);
        table_number(t, p->wilcoxon.statistic, "%g");
        table_number(t, p->wilcoxon.p, "%.4f");
    }
    return t;
}

static table *runs_table(const comparison *c, bool people)
{
    static const char *const names[][2] = {{"run", "run"},
                                           {"method", "method"},
                                           {"seed", "seed"},
                                           {"evaluations", "evaluations"},
                                           {"trained MACs", "trained_macs"},
                                           {"hypervolume", "hypervolume"},
                                           {NULL, NULL}};
    table *t = table_create();
    columns(t, people, names);
    for (size_t g = 0; g < c->s->n_groups; g++)
        for (size_t i = 0; i < c->s->groups[g].n; i++) {
            size_t k = c->s->groups[g].members[i];
            const report *r = c->s->v[k];
            table_row(t);
            table_text(t, c->s->labels[k]);
            table_text(t, c->s->groups[g].name);
            table_id(t, (int64_t)r->run->seed);
            table_integer(t, (int64_t)r->evaluations);
            table_integer(t, (int64_t)r->trained_macs);
            table_number(t, c->final[k], c->s->box > 0 ? "%.2f" : "%.5g");
        }
    return t;
}

static void print_measure(const comparison *c)
{
    const runs *s = c->s;
    printf("Hypervolume%s up to ", s->box > 0 ? " in % of the box" : "");
    for (size_t k = 0; k < s->v[0]->n_objectives; k++)
        printf("%s%s %.6g", k ? ", " : "", s->v[0]->metrics[k].name, s->reference[k]);
    printf(s->reference_given ? "" : " (chosen from the fronts of all runs)");
    printf(", after %.6g %s", c->budget, c->axis == RUNS_EVALUATIONS ? "evaluations" : "trained MACs");
    puts(s->same_budget[c->axis] ? ".\n" : ", which every run reached; what some did beyond is left out.\n");
}

static void print_notes(const comparison *c)
{
    bool exact = false, normal = false, alone = false;
    for (size_t i = 0; i < c->n_pairs; i++) {
        const compare_pair *p = &c->pairs[i];
        bool tested = !isnan(p->mann_whitney.p);
        exact |= tested && p->mann_whitney.exact;
        normal |= tested && !p->mann_whitney.exact;
        alone |= !tested;
    }
    puts("A12: the chance that a run of the first method is better than one of the second. p: Mann-Whitney, two-sided; p "
         "(paired):");
    printf("Wilcoxon's signed ranks over the seeds in common%s%s.\n",
           exact    ? "; exact"
           : normal ? "; normal approximation"
                    : "",
           exact && normal ? " or, for more than 50 runs, normal approximation" : "");
    if (alone)
        puts("A method with one run cannot be tested: run it again with other seeds (ashlar run --seed N --db FILE).");
}

static void print(const comparison *c, const request *q)
{
    table *(*const makers[])(const comparison *, bool) = {methods_table, tests_table, runs_table};
    bool people = q->format == FORMAT_TABLE, json = q->format == FORMAT_JSON;
    const char *only = q->table ? q->table : q->format == FORMAT_CSV ? "methods" : NULL;
    if (people)
        print_measure(c);
    if (json && !only)
        printf("{\"budget\":%.17g,\"by\":\"%s\",\"percent\":%s,", c->budget, axis_names[c->axis], c->s->box > 0 ? "true" : "false");
    for (int i = 0, n = 0; i < 3; i++) {
        if (only && strcmp(only, table_names[i]) != 0)
            continue;
        if (people && i == 1 && !c->n_pairs)
            continue;
        table *t = makers[i](c, people);
        if (json && !only)
            printf("%s\"%s\":", n ? "," : "", table_names[i]);
        else if (n)
            putchar('\n');
        table_print(t, q->format, stdout);
        table_destroy(t);
        n++;
        if (people && i == 1)
            print_notes(c);
    }
    if (json && !only)
        puts("}");
}

/* ---- the figure ---- */

static ash_status draw(const runs *s, const request *q, arena *a, ash_error *err)
{
    const runs_chart *chosen = q->chart ? q->chart : runs_chart_find(axis_names[q->axis]);
    report_view axes = {.x = -1, .y = -1};
    if (strcmp(chosen->name, "attainment") == 0)
        for (size_t i = s->n; i-- > 0;) /* every run has the metrics; the first gives the indices */
            if (cli_find_metric(s->v[i], "--x", q->x, &axes.x, err) != ASH_OK ||
                cli_find_metric(s->v[i], "--y", q->y, &axes.y, err) != ASH_OK)
                return ash_prefix(err, "%s", s->labels[i]);
    if (strcmp(chosen->name, "attainment") == 0 && report_default_axes(s->v[0], &axes, err) != ASH_OK)
        return err->status;
    runs_chart_view view = {axes.x, axes.y, q->axis};
    chart c = {.a = a};
    buffer out = {0};
    double width = q->width_cm > 0 ? q->width_cm : CHART_WIDTH_CM;
    const char *medium = cli_ending_of(q->output);
    ash_status status = chosen->draw(s, &view, &c, err);
    if (status == ASH_OK)
        status = strcmp(medium, "tikz") == 0 ? chart_tikz(&c, width, &out, err) : chart_gnuplot(&c, medium, width, &out, err);
    for (size_t i = 0; status == ASH_OK && i < q->n; i++)
        if (strcmp(q->output, q->paths[i]) == 0)
            status = ash_fail(err, ASH_INVALID, "%s is a database itself; name another file with --output", q->output);
    if (status == ASH_OK)
        status = output_write(q->output, q->paths[0], out.data, out.len, err);
    buffer_free(&out);
    if (status == ASH_OK && q->format == FORMAT_TABLE)
        printf("%s: %s, median and middle half of each method's runs\n\n", q->output, chosen->help);
    return status;
}

static ash_status compare(const request *q, arena *a, ash_error *err)
{
    runs *s;
    comparison c;
    runs_request wanted = {.paths = q->paths, .n = q->n, .run = q->run, .group = q->group, .reference = q->reference};
    ash_status status = runs_load(&wanted, a, &s, err);
    if (status == ASH_OK)
        status = compare_runs(s, q->axis, a, &c, err);
    if (status == ASH_OK && q->output)
        status = draw(s, q, a, err);
    if (status == ASH_OK)
        print(&c, q);
    return status;
}

int cmd_compare(int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_format_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        rows,
        parse,
        "DB...",
        "Compare ways of searching, each repeated with several seeds: what hypervolume they reached with the same budget, and "
        "whether the difference "
        "is more than chance.\v"
        "Runs that differ in nothing but the seed are one method. All runs must have the same objectives and the same data.\n\n"
        "  ashlar compare nsga2-*.db random-*.db\n"
        "  ashlar compare *.db --by macs -o anytime.pdf\n"
        "  ashlar compare *.db -o attainment.pdf --figure attainment --x model_bytes\n"
        "  ashlar compare study.db --group train.epochs --format json\n",
        children,
        NULL,
        NULL};
    request q = {.paths = calloc(MOST_FILES, sizeof *q.paths)};
    arena *a = arena_create();
    ash_error err;
    ash_status status = q.paths && a ? ASH_OK : ash_fail_memory(&err);
    if (status == ASH_OK) {
        cli_parse(&argp, argc, argv, &q);
        status = compare(&q, a, &err);
    }
    arena_destroy(a);
    free(q.paths);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
