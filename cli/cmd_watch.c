/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_watch.c - ashlar watch DB: a run while another process searches
 *
 * A reader only: each frame is one short read transaction, so the writer never waits and its log can be put back. A study whose
 * frames take long to make is looked at less often. The run has ended when its state says so, or when nobody holds the writer's
 * lock any more: then its process was killed. */
#include "cli/figure_options.h"
#include "cli/study.h"
#include "config/config.h"
#include "core/log.h"
#include "core/text.h"
#include "db/db.h"
#include "reports/frame.h"
#include "search/controller.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

typedef struct request {
    const char *path, *x, *y;
    int64_t run;
    double interval_s;
    bool once;
} request;

enum { KEY_ONCE = 256, KEY_INTERVAL, KEY_X, KEY_Y };

static const struct argp_option rows[] = {
    {"once", KEY_ONCE, NULL, 0, "One frame, then end", 0},
    {"interval", KEY_INTERVAL, "S", 0, "Seconds between looks (default: 1)", 0},
    {"x", KEY_X, "METRIC", 0, "Metric across in the plot (default: the second objective)", 0},
    {"y", KEY_Y, "METRIC", 0, "Metric up (default: the first objective)", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    request *r = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &r->run; return 0;
    case KEY_ONCE: r->once = true; return 0;
    case KEY_X: r->x = text; return 0;
    case KEY_Y: r->y = text; return 0;
    case KEY_INTERVAL:
        if (!text_to_real(text, &r->interval_s) || r->interval_s < 0.1 || r->interval_s > 3600)
            cli_usage(state, "--interval is from 0.1 to 3600 (seconds), not \"%s\"", text);
        return 0;
    case ARGP_KEY_ARG:
        if (r->path)
            cli_usage(state, "one database, please: \"%s\" is one too many", text);
        r->path = text;
        return 0;
    case ARGP_KEY_NO_ARGS: cli_usage(state, "which database?");
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* ---- one look ---- */

typedef struct look {
    arena *a;
    report *r;
    frame_progress progress;
    bool ended;
} look;

/* How long the last session has run, and what it did: evaluations and trained MACs. */
static ash_status read_session(db *d, int64_t run, char state[16], double *elapsed_s, double *evaluations, double *macs,
                               ash_error *err)
{
    static const char sql[] =
        "SELECT r.state, (julianday(coalesce(s.ended_at, 'now')) - julianday(s.started_at)) * 86400,"
        " (SELECT count(*) FROM trials t WHERE t.run = r.run AND t.session = s.session AND t.status NOT IN ('duplicate', "
        "'invalid', 'infeasible')),"
        " (SELECT total(t.trained_macs) FROM trials t WHERE t.run = r.run AND t.session = s.session AND t.status <> 'duplicate')"
        " FROM runs r LEFT JOIN sessions s ON s.run = r.run WHERE r.run = ?1 ORDER BY s.session DESC LIMIT 1";
    sqlite3_stmt *s = NULL;
    int step = sqlite3_prepare_v2(db_handle(d), sql, -1, &s, NULL) == SQLITE_OK ? (sqlite3_bind_int64(s, 1, run), sqlite3_step(s))
                                                                                : SQLITE_ERROR;
    if (step == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(s, 0);
        snprintf(state, 16, "%s", text ? text : "");
        *elapsed_s = sqlite3_column_type(s, 1) == SQLITE_NULL ? NAN : fmax(0, sqlite3_column_double(s, 1));
        *evaluations = sqlite3_column_double(s, 2);
        *macs = sqlite3_column_double(s, 3);
    }
    sqlite3_finalize(s);
    return step == SQLITE_ROW ? ASH_OK
                              : ash_fail(err, ASH_BROKEN, "%s: cannot read it: %s", db_path(d), sqlite3_errmsg(db_handle(d)));
}

/* The budget that the run was last started with; an unreadable one is none. */
static search_budget read_budget(const db_run *run, arena *a)
{
    search_budget b = {0};
    node *root;
    ash_error err;
    if (!run->config || config_read_text(run->config, "the stored run file", a, &root, &err) != ASH_OK ||
        option_read(&budget_options, &b, node_get(root, "budget"), a, &err) != ASH_OK)
        return (search_budget){0};
    return b;
}

/* Whichever end of the budget comes first. */
static void estimate(const search_budget *b, const report *r, double evaluations, double macs, frame_progress *p)
{
    p->evaluations = b->evaluations;
    p->trained_macs = b->trained_macs;
    p->rate = p->elapsed_s > 0 ? evaluations / p->elapsed_s : NAN;
    p->fraction = p->left_s = NAN;
    const double budget[] = {(double)b->evaluations, (double)b->trained_macs, b->wall_s};
    const double done[] = {(double)r->evaluations, (double)r->trained_macs, p->elapsed_s};
    const double speed[] = {p->rate, macs / p->elapsed_s, 1};
    for (int i = 0; i < 3; i++) {
        if (!(budget[i] > 0) || isnan(done[i]))
            continue;
        p->fraction = fmax(isnan(p->fraction) ? 0 : p->fraction, fmin(1, done[i] / budget[i]));
        if (speed[i] > 0)
            p->left_s = fmin(isnan(p->left_s) ? INFINITY : p->left_s, fmax(0, budget[i] - done[i]) / speed[i]);
    }
}

static ash_status look_at(look *l, db *d, const request *q, ash_error *err)
{
    bool written = db_is_written(q->path); /* before the state: whoever ends a run says so before letting go */
    const char *name = strrchr(q->path, '/');
    char state[16] = "";
    double evaluations = 0, macs = 0;
    if (sqlite3_exec(db_handle(d), "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return ash_fail(err, ASH_BROKEN, "%s: cannot read it: %s", q->path, sqlite3_errmsg(db_handle(d)));
    ash_status status = report_load(d, q->run, name ? name + 1 : q->path, l->a, &l->r, err);
    if (status == ASH_OK)
        status = read_session(d, l->r->run->id, state, &l->progress.elapsed_s, &evaluations, &macs, err);
    sqlite3_exec(db_handle(d), "ROLLBACK", NULL, NULL, NULL);
    if (status != ASH_OK)
        return status;
    bool running = strcmp(state, "running") == 0;
    l->ended = !running || !written;
    l->progress.state = running ? (written ? "running" : "killed") : arena_strdup(l->a, state);
    search_budget budget = read_budget(l->r->run, l->a);
    estimate(&budget, l->r, evaluations, macs, &l->progress);
    return l->progress.state ? ASH_OK : ash_fail_memory(err);
}

/* ---- the screen ---- */

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static lines_size screen(bool terminal)
{
    struct winsize w;
    bool known = terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 20 && w.ws_row > 4;
    return (lines_size){known ? w.ws_col - 1u : 100, known ? w.ws_row - 1u : 44, !cli_utf8()};
}

/* Overwrites what is there line by line, so that nothing flickers; what does not fit is left out. */
static void show(const buffer *frame, size_t lines)
{
    fputs("\x1b[?25l\x1b[H", stdout);
    for (const char *p = frame->data; *p && lines; lines--) {
        size_t n = strcspn(p, "\n");
        fwrite(p, 1, n, stdout);
        fputs("\x1b[K\r\n", stdout);
        p += n + (p[n] == '\n');
    }
    fputs("\x1b[J", stdout);
    fflush(stdout);
}

static ash_status print(const look *l, const request *q, bool terminal, char last[256], ash_error *err)
{
    buffer out = {0};
    report_view view = {.x = -1, .y = -1};
    ash_error no_axes;
    lines_size size = screen(terminal);
    bool frame = q->once || terminal;
    ash_status status = ASH_OK;
    if (l->r->n_trials) /* before, no metric has a name */
        status = cli_find_metric(l->r, "--x", q->x, &view.x, err);
    if (status == ASH_OK && l->r->n_trials)
        status = cli_find_metric(l->r, "--y", q->y, &view.y, err);
    if (status != ASH_OK)
        return status;
    if (report_default_axes(l->r, &view, &no_axes) != ASH_OK)
        view.x = view.y = -1; /* nothing to plot */
    status = frame ? frame_write(l->r, &l->progress, &view, &size, l->a, &out, err) : frame_line(l->r, &l->progress, &out, err);
    if (status == ASH_OK && terminal && !q->once) {
        show(&out, size.rows);
    } else if (status == ASH_OK) {
        char stored[256]; /* a line is printed when a trial came or the run ended */
        snprintf(stored, sizeof stored, "%zu %s", l->r->n_trials, l->progress.state);
        if (frame || strcmp(stored, last) != 0)
            fwrite(out.data, 1, out.len, stdout);
        fflush(stdout);
        memcpy(last, stored, sizeof stored);
    }
    buffer_free(&out);
    return status;
}

static void wait_for(double seconds)
{
    struct timespec t = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};
    while (!stopped && nanosleep(&t, &t) != 0 && errno == EINTR)
        ;
}

/* A search that has just been started stores its run when its data is read. */
static ash_status await_run(db *d, const request *q, arena *a, ash_error *err)
{
    int64_t *ids;
    size_t n = 0;
    ash_status status;
    while ((status = db_run_ids(d, a, &ids, &n, err)) == ASH_OK && !n && !q->once && !stopped && db_is_written(q->path))
        wait_for(0.2);
    return status;
}

static ash_status watch(db *d, const request *q, bool terminal, ash_error *err)
{
    look l = {.a = arena_create()};
    char last[256] = "";
    ash_status status = l.a ? await_run(d, q, l.a, err) : ash_fail_memory(err);
    if (terminal && !q->once)
        fputs("\x1b[2J", stdout);
    while (status == ASH_OK) {
        double start = clock_wall_s();
        arena_reset(l.a);
        status = look_at(&l, d, q, err);
        if (status == ASH_OK)
            status = print(&l, q, terminal, last, err);
        if (status != ASH_OK || q->once || stopped || l.ended || ferror(stdout))
            break;
        wait_for(fmax(q->interval_s, 10 * (clock_wall_s() - start)));
        if (stopped)
            break;
    }
    if (terminal && !q->once)
        fputs("\x1b[?25h", stdout);
    if (status == ASH_OK && !q->once && l.ended && strcmp(l.progress.state, "finished") != 0)
        status = ash_fail(err, ASH_BROKEN, "the run was %s after %" PRIu64 " evaluations; the same \"ashlar run\" resumes it",
                          l.progress.state, l.r->evaluations);
    arena_destroy(l.a);
    return status;
}

int cmd_watch(int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_run_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {rows,
                                     parse,
                                     "DB",
                                     "Show a run while another process searches: progress, the front as a plot, the hypervolume, "
                                     "the last trials, what failed and why, and what each machine did.\v"
                                     "Ends when the run ends; with status 1 when it was interrupted or killed. Where standard "
                                     "output is no terminal it prints a line whenever "
                                     "trials have come. It only reads, and never holds the search up.\n\n"
                                     "  ashlar watch digits.db\n"
                                     "  ashlar watch digits.db --once\n"
                                     "  ashlar watch digits.db --interval 60 >> progress.txt\n",
                                     children,
                                     NULL,
                                     NULL};
    request q = {.interval_s = 1};
    cli_parse(&argp, argc, argv, &q);
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    ash_error err;
    db *d = NULL;
    ash_status status = db_open_reader(q.path, &d, &err);
    if (status == ASH_OK)
        status = watch(d, &q, isatty(STDOUT_FILENO), &err);
    db_close(d);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
