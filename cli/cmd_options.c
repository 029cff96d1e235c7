/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_options.c - ashlar options [SECTION]: every key that a run file may hold, from the tables that read it
 *
 * The manual page ashlar-runfile(5) is made of its CSV. */
#include "cli/table.h"
#include "data/data.h"
#include "run/runfile.h"
#include "search/strategy.h"
#include "space/block.h"
#include <string.h>

typedef struct request {
    const char *section;
    output_format format;
} request;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    request *r = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &r->format; break;
    case ARGP_KEY_ARG:
        if (r->section)
            cli_usage(state, "one section at a time: \"%s\" is too many", arg);
        r->section = arg;
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_child children[] = {{&cli_format_argp, 0, NULL, 0}, {0}};
static const struct argp argp = {
    .parser = parse,
    .args_doc = "[SECTION]",
    .doc = "Print the keys that a run file may hold: type and range, default, meaning. \"with\" names the format, block, evaluator or "
           "strategy that a key belongs to. ashlar init writes them as comments, for one data set.\v"
           "Examples:\n"
           "  ashlar options\n"
           "  ashlar options train\n"
           "  ashlar options --format csv\n",
    .children = children,
};

typedef struct list {
    table *t;
    const char *section; /* wanted; NULL: all */
    size_t n;
} list;

static void put_table(list *l, const char *section, const char *with, const option_table *options)
{
    if (!options || (l->section && strcmp(l->section, section) != 0))
        return;
    for (size_t i = 0; i < options->count; i++) {
        const option *o = &options->rows[i];
        buffer key = {0}, type = {0};
        buffer_printf(&key, "%s%s%s", section, *section ? "." : "", o->name);
        option_print_type(o, &type);
        table_row(l->t);
        table_text(l->t, key.data);
        table_text(l->t, with);
        table_text(l->t, type.data);
        table_text(l->t, o->def ? o->def : o->optional ? NULL : "required");
        table_text(l->t, o->help);
        buffer_free(&key);
        buffer_free(&type);
        l->n++;
    }
}

static void put_all(list *l)
{
    put_table(l, "", NULL, &runfile_top_options);
    put_table(l, "data", NULL, &data_options);
    const data_format *format;
    for (size_t i = 0; (format = data_format_at(i)); i++)
        put_table(l, "data", data_format_name(format), data_format_options(format));
    const block *brick;
    for (size_t i = 0; (brick = block_at(i)); i++)
        put_table(l, "space.stages", brick->name, brick->options);
    put_table(l, "train", NULL, &nn_recipe_options);
    const evaluator_type *evaluator;
    for (size_t i = 0; (evaluator = evaluator_at(i)); i++)
        put_table(l, "evaluator", evaluator->name, evaluator->options);
    put_table(l, "search", NULL, &search_options);
    const strategy *way;
    for (size_t i = 0; (way = strategy_at(i)); i++)
        put_table(l, "search", way->name, way->options);
    put_table(l, "budget", NULL, &budget_options);
    put_table(l, "execution", NULL, &execution_options);
}

int cmd_options(int argc, char **argv)
{
    request r = {0};
    cli_parse(&argp, argc, argv, &r);
    list l = {table_create(), r.section, 0};
    table_column(l.t, "key", TABLE_LEFT);
    table_column(l.t, "with", TABLE_LEFT);
    table_column(l.t, "type", TABLE_LEFT);
    table_column(l.t, "default", TABLE_LEFT);
    table_column(l.t, "meaning", TABLE_FOLD);
    put_all(&l);
    ash_error err;
    int status = 0;
    if (l.n)
        table_print(l.t, r.format, stdout);
    else
        status = cli_fail((ash_fail(&err, ASH_INVALID, "a run file has no section \"%s\"; it has data, space.stages, train, evaluator, search, "
                                    "budget, execution", r.section), &err));
    table_destroy(l.t);
    return status;
}
