/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_query.c - ashlar query DB: fronts, best trials and plain SQL from a study
 *
 * The options become one SQL statement over study_source, so whatever they select can be said in SQL too.
 */
#include "cli/study.h"
#include <string.h>

typedef struct request {
    const char *path, *pareto, *by, *where, *columns, *sql;
    int64_t run, top;
    bool runs;
    output_format format;
} request;

enum { KEY_PARETO = 1000, KEY_TOP, KEY_BY, KEY_WHERE, KEY_COLUMNS, KEY_SQL, KEY_RUNS };

static const struct argp_option rows[] = {
    {"pareto", KEY_PARETO, "METRICS", 0, "Trials that no other dominates over these metrics, all minimised (a,b,...)", 0},
    {"top", KEY_TOP, "N", 0, "The N best by --by", 0},
    {"by", KEY_BY, "METRIC", 0, "Order by this metric, lowest first (default: the first objective)", 0},
    {"where", KEY_WHERE, "CONDITION", 0, "Only trials for which this SQL condition holds", 0},
    {"columns", KEY_COLUMNS, "NAMES", 0, "What to show, comma-separated; \"help\" lists the names", 0},
    {"sql", KEY_SQL, "SELECT", 0, "Any SQL that only reads; over tables and views of docs/database.md", 0},
    {"runs", KEY_RUNS, NULL, 0, "The runs of the study", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    request *r = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &r->format;
        state->child_inputs[1] = &r->run;
        return 0;
    case KEY_PARETO:
        r->pareto = text;
        return 0;
    case KEY_TOP:
        r->top = cli_integer(state, "--top", text, 1, INT64_MAX);
        return 0;
    case KEY_BY:
        r->by = text;
        return 0;
    case KEY_WHERE:
        r->where = text;
        return 0;
    case KEY_COLUMNS:
        r->columns = text;
        return 0;
    case KEY_SQL:
        r->sql = text;
        return 0;
    case KEY_RUNS:
        r->runs = true;
        return 0;
    case ARGP_KEY_ARG:
        if (r->path)
            cli_usage(state, "one database, please: \"%s\" is one too many (SQL goes behind --sql)", text);
        r->path = text;
        return 0;
    case ARGP_KEY_END:
        if (!r->path)
            cli_usage(state, "name a database");
        if ((r->sql || r->runs) && (r->pareto || r->top || r->by || r->where || r->columns || r->run))
            cli_usage(state, "--%s stands alone: it takes no other selection", r->sql ? "sql" : "runs");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- the statement ---- */

typedef struct plan {
    study *s;
    const char **shown; /* column names in order */
    size_t n_shown, cap;
    const char **pareto;
    size_t n_pareto;
    const char *by; /* NULL: nothing to order by */
} plan;

static void show(plan *p, const char *name)
{
    for (size_t i = 0; i < p->n_shown; i++)
        if (strcmp(p->shown[i], name) == 0)
            return;
    if (p->n_shown < p->cap)
        p->shown[p->n_shown++] = name;
}

/* Is the column NULL for the whole run? */
static bool measured(plan *p, const char *source, const char *name)
{
    char *sql = sqlite3_mprintf("SELECT 1 FROM %s WHERE \"%w\" IS NOT NULL LIMIT 1", source, name);
    sqlite3_stmt *q = NULL;
    bool any = sql && sqlite3_prepare_v2(db_handle(p->s->d), sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW;
    sqlite3_finalize(q);
    sqlite3_free(sql);
    return any;
}

static void default_columns(plan *p, const char *source, const char **objectives, size_t n, bool any_status)
{
    static const char *const others[] = {"error", "test_error", "macs", "params", "model_bytes", "mean_weight_bits"};
    show(p, "trial");
    if (any_status)
        show(p, "status");
    for (size_t i = 0; i < n; i++) {
        const char *test = arena_printf(p->s->a, "test_%s", objectives[i]);
        show(p, objectives[i]);
        if (test && measured(p, source, test))
            show(p, test);
    }
    for (size_t i = 0; i < p->n_pareto; i++)
        show(p, p->pareto[i]);
    if (p->by)
        show(p, p->by);
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        if (measured(p, source, others[i]))
            show(p, others[i]);
    show(p, "genome");
}

/* Names of metrics, checked; `out` may be NULL. */
static ash_status take(study *s, const char *list, const char ***out, size_t *n, ash_error *err)
{
    *out = NULL;
    *n = 0;
    if (!list || !*list)
        return ASH_OK;
    ash_status status = study_split(list, s->a, out, n, err);
    for (size_t i = 0; status == ASH_OK && i < *n; i++)
        if (!study_column(s, (*out)[i], err))
            status = err->status;
    return status;
}

static ash_status make_plan(plan *p, const request *r, const char *source, ash_error *err)
{
    study *s = p->s;
    const char **objectives, **columns;
    size_t n_objectives, n_columns;
    ash_status status = take(s, r->pareto, &p->pareto, &p->n_pareto, err);
    if (status == ASH_OK)
        status = take(s, r->columns, &columns, &n_columns, err);
    if (status == ASH_OK)
        status = take(s, s->run.objectives, &objectives, &n_objectives, err);
    if (status == ASH_OK && r->by && !study_column(s, r->by, err))
        status = err->status;
    if (status != ASH_OK)
        return status;
    if (p->n_pareto > 64)
        return ash_fail(err, ASH_INVALID, "--pareto takes up to 64 metrics");
    p->by = r->by ? r->by : p->n_pareto ? p->pareto[0] : n_objectives ? objectives[0] : NULL;
    p->cap = n_columns + 2 * n_objectives + p->n_pareto + 10;
    if (!(p->shown = ARENA_NEW(s->a, const char *, p->cap)))
        return ash_fail_memory(err);
    for (size_t i = 0; i < n_columns; i++)
        show(p, columns[i]);
    if (!n_columns)
        default_columns(p, source, objectives, n_objectives, r->where && !r->pareto && !r->top && !r->by);
    return ASH_OK;
}

static void name_all(sqlite3_str *sql, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"", i ? ", " : "", names[i]);
}

/* --where alone looks at all trials; a ranking looks at those that are ok; nothing at all is the front. */
static char *statement(const plan *p, const request *r, const char *source)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    bool ranked = r->pareto || r->top;
    sqlite3_str_appendf(sql, "WITH chosen AS (SELECT * FROM %s WHERE ", source);
    if (ranked)
        sqlite3_str_appendf(sql, "status = 'ok' AND \"%w\" IS NOT NULL AND ", p->by ? p->by : "trial");
    else if (!r->where)
        sqlite3_str_appendf(sql, "trial IN (SELECT trial FROM front_members WHERE run = %lld) AND ", (long long)p->s->run.id);
    sqlite3_str_appendf(sql, "(%s\n))", r->where ? r->where : "1"); /* the line ends before a comment could swallow the rest */
    const char *from = "chosen";
    if (r->pareto) {
        sqlite3_str_appendf(sql, ", judged AS (SELECT *, is_dominated(");
        name_all(sql, p->pareto, p->n_pareto);
        sqlite3_str_appendf(sql, ") OVER (ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS \"is dominated\" FROM chosen)");
        from = "judged";
    }
    sqlite3_str_appendf(sql, " SELECT ");
    name_all(sql, p->shown, p->n_shown);
    sqlite3_str_appendf(sql, " FROM %s", from);
    if (r->pareto)
        sqlite3_str_appendf(sql, " WHERE NOT \"is dominated\"");
    sqlite3_str_appendf(sql, " ORDER BY ");
    if (p->by)
        sqlite3_str_appendf(sql, "\"%w\" IS NULL, \"%w\", ", p->by, p->by);
    sqlite3_str_appendf(sql, "trial");
    if (r->top)
        sqlite3_str_appendf(sql, " LIMIT %lld", (long long)r->top);
    return sqlite3_str_finish(sql);
}

/* ---- the command ---- */

static ash_status print_sql(study *s, const request *r, const char *sql, ash_error *err)
{
    sqlite3_stmt *q;
    ash_status status = study_prepare(s, sql, &q, err);
    if (status != ASH_OK)
        return status;
    table *t = table_create();
    status = study_table(s, q, t, err);
    if (status == ASH_OK)
        table_print(t, r->format, stdout);
    table_destroy(t);
    sqlite3_finalize(q);
    return status;
}

static ash_status list_columns(study *s, const request *r, ash_error *err)
{
    table *t = table_create();
    table_column(t, "column", TABLE_LEFT);
    for (size_t i = 0; i < s->n_columns; i++) {
        table_row(t);
        table_text(t, s->columns[i]);
    }
    table_print(t, r->format, stdout);
    table_destroy(t);
    (void)err;
    return ASH_OK;
}

static ash_status query(study *s, const request *r, ash_error *err)
{
    ash_status status = study_open(s, r->path, r->run, !r->sql && !r->runs, err);
    if (status != ASH_OK)
        return status;
    if (r->sql || r->runs) {
        study_read_only(s->d);
        return print_sql(s, r, r->sql ? r->sql : "SELECT * FROM summary", err);
    }
    const char *source = study_source(s);
    if (!source)
        return ash_fail_memory(err);
    if (r->columns && strcmp(r->columns, "help") == 0)
        return list_columns(s, r, err);
    plan p = {.s = s};
    if ((status = make_plan(&p, r, source, err)) != ASH_OK)
        return status;
    char *sql = statement(&p, r, source);
    if (!sql)
        return ash_fail_memory(err);
    study_read_only(s->d);
    status = print_sql(s, r, sql, err);
    sqlite3_free(sql);
    return status;
}

int cmd_query(int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_format_argp, 0, NULL, 0}, {&cli_run_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        rows, parse, "DB",
        "Print trials of a study; by default the front of the latest run over its objectives.\v"
        "--where alone looks at trials of any status. With --pareto or --top it looks at those that are ok, and the front "
        "and the ranking are of the trials for which the condition holds. The database is never changed.\n\n"
        "  ashlar query digits.db\n"
        "  ashlar query digits.db --pareto error,model_bytes\n"
        "  ashlar query digits.db --top 5 --by macs --where \"error < 0.05\"\n"
        "  ashlar query digits.db --where \"status <> 'ok'\" --columns trial,reason\n"
        "  ashlar query digits.db --sql \"SELECT * FROM lineage WHERE trial = 42\"\n"
        "  ashlar query digits.db --format csv > front.csv\n",
        children, NULL, NULL};
    request r = {0};
    cli_parse(&argp, argc, argv, &r);
    study s;
    ash_error err;
    ash_status status = query(&s, &r, &err);
    study_close(&s);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
