/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nodes.c - see nodes.h */
#include "reports/nodes.h"
#include "reports/escape.h"
#include "reports/lines.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOMENTS = 60, PER_MOMENT = 4 }; /* at most; evaluations that make another one worth while */

typedef struct row { /* one evaluation; from and to: seconds of its session, NaN when nobody noted them */
    const char *host;
    int64_t session, worker;
    double wall_s, from, to;
    uint64_t redone;
} row;

typedef struct session_time {
    int64_t session;
    double begins_s, length_s; /* in the run's own time */
} session_time;

typedef struct work {
    row *rows;
    size_t n;
    session_time *sessions; /* (n_sessions), in order */
    size_t n_sessions;
    double *busy; /* (n_moments) of the host at hand: seconds */
} work;

/* By host, session and worker. */
static ash_status load_rows(sqlite3 *h, int64_t run, work *w, arena *a, ash_error *err)
{
    static const char sql[] =
        "SELECT count(*) OVER (), t.host, t.session, t.worker, t.wall_s, max(t.attempts, 1) - 1, "
        "(julianday(t.stored_at) - julianday(s.started_at)) * 86400 "
        "FROM trials t LEFT JOIN sessions s ON s.session = t.session WHERE t.run = ?1 AND t.host IS NOT NULL AND t.found_in IS NULL "
        "AND t.status NOT IN ('duplicate', 'invalid', 'infeasible') ORDER BY t.host, t.session, t.worker, t.trial";
    sqlite3_stmt *s = NULL;
    bool ok = true;
    int step = sqlite3_prepare_v2(h, sql, -1, &s, NULL) == SQLITE_OK ? SQLITE_ROW : SQLITE_ERROR;
    if (step == SQLITE_ROW)
        sqlite3_bind_int64(s, 1, run);
    while (ok && step == SQLITE_ROW && (step = sqlite3_step(s)) == SQLITE_ROW) {
        const char *host = (const char *)sqlite3_column_text(s, 1);
        if (!w->rows)
            ok = (w->rows = ARENA_NEW(a, row, (size_t)sqlite3_column_int64(s, 0))) != NULL;
        const row *last = ok && w->n ? &w->rows[w->n - 1] : NULL;
        const char *name = last && host && strcmp(last->host, host) == 0 ? last->host : arena_strdup(a, host ? host : "");
        if (!(ok = ok && name))
            break;
        double wall_s = fmax(0, sqlite3_column_double(s, 4)), to = sqlite3_column_type(s, 6) == SQLITE_NULL ? NAN : fmax(0, sqlite3_column_double(s, 6));
        w->rows[w->n++] = (row){name,   sqlite3_column_int64(s, 2), sqlite3_column_int64(s, 3), wall_s, isnan(to) ? NAN : fmax(0, to - wall_s),
                                to, (uint64_t)sqlite3_column_int64(s, 5)};
    }
    ash_status status = !ok ? ash_fail_memory(err) : step == SQLITE_DONE ? ASH_OK : ash_fail(err, ASH_BROKEN, "cannot read the database: %s", sqlite3_errmsg(h));
    sqlite3_finalize(s);
    return status;
}

static session_time *session_of(const work *w, int64_t session)
{
    size_t i = 0;
    while (i < w->n_sessions && w->sessions[i].session != session)
        i++;
    return &w->sessions[i];
}

/* Sessions one behind the other, each as long as until its last result. */
static double lay_out(work *w)
{
    for (size_t i = 0; i < w->n; i++) {
        const row *r = &w->rows[i];
        session_time *s = session_of(w, r->session);
        if (s == &w->sessions[w->n_sessions]) {
            for (; s > w->sessions && s[-1].session > r->session; s--)
                *s = s[-1];
            *s = (session_time){.session = r->session};
            w->n_sessions++;
        }
        s->length_s = fmax(s->length_s, isnan(r->to) ? 0 : r->to);
    }
    double at_s = 0;
    for (size_t i = 0; i < w->n_sessions; i++) {
        w->sessions[i].begins_s = at_s;
        at_s += w->sessions[i].length_s;
    }
    return at_s;
}

static size_t moment_at(const nodes *s, double at_s)
{
    double i = floor(at_s / s->step_s);
    return i < 0 ? 0 : i >= (double)s->n_moments ? s->n_moments - 1 : (size_t)i;
}

/* The share of [from, to] in moment i, in seconds. */
static double overlap(const nodes *s, size_t i, double from, double to)
{
    return fmax(0, fmin(to, (double)(i + 1) * s->step_s) - fmax(from, (double)i * s->step_s));
}

/* One host in one session: rows [first, end). Adds to the host, to w->busy and, in `there`, seconds per moment. */
static void add_session(const work *w, nodes *s, nodes_host *host, size_t first, size_t end, double *there)
{
    size_t workers = 0;
    double from = INFINITY, to = 0, begins_s = session_of(w, w->rows[first].session)->begins_s;
    for (size_t i = first; i < end; i++) {
        const row *r = &w->rows[i];
        workers += i == first || r->worker != r[-1].worker;
        host->trials++;
        host->redone += r->redone;
        host->busy_s += r->wall_s;
        if (isnan(r->to) || !s->n_moments)
            continue;
        from = fmin(from, begins_s + r->from);
        to = fmax(to, begins_s + r->to);
        nodes_moment *ended = &s->moments[moment_at(s, begins_s + r->to)];
        ended->evaluations++;
        ended->redone += r->redone;
        for (size_t m = moment_at(s, begins_s + r->from); m <= moment_at(s, begins_s + r->to); m++)
            w->busy[m] += overlap(s, m, begins_s + r->from, begins_s + r->to);
    }
    if (workers > host->workers)
        host->workers = workers;
    if (!(to > from))
        return;
    host->there_s += to - from;
    for (size_t m = moment_at(s, from); m <= moment_at(s, to); m++)
        there[m] += overlap(s, m, from, to);
}

static ash_status add_hosts(work *w, nodes *s, arena *a, ash_error *err)
{
    double busy_s = 0, there_s = 0;
    w->busy = ARENA_NEW(a, double, s->n_moments + 1);
    double *there = ARENA_NEW(a, double, s->n_moments + 1);
    for (size_t i = 0; i < w->n; i++)
        s->n += i == 0 || w->rows[i].host != w->rows[i - 1].host;
    s->hosts = ARENA_NEW(a, nodes_host, s->n + 1);
    if (!w->busy || !there || !s->hosts)
        return ash_fail_memory(err);
    nodes_host *host = s->hosts;
    for (size_t first = 0; first < w->n; host++) {
        host->name = w->rows[first].host;
        memset(w->busy, 0, s->n_moments * sizeof(double));
        memset(there, 0, s->n_moments * sizeof(double));
        while (first < w->n && w->rows[first].host == host->name) {
            size_t end = first + 1;
            while (end < w->n && w->rows[end].host == host->name && w->rows[end].session == w->rows[first].session)
                end++;
            add_session(w, s, host, first, end, there);
            first = end;
        }
        double most = 0; /* several worker processes of one host count their trainers alike */
        for (size_t m = 0; m < s->n_moments; m++)
            most = fmax(most, there[m] > 0 ? w->busy[m] / there[m] : 0);
        if (round(most) > (double)host->workers)
            host->workers = (size_t)round(most);
        for (size_t m = 0; m < s->n_moments; m++) {
            s->moments[m].busy += w->busy[m] / s->step_s;
            s->moments[m].workers += (double)host->workers * there[m] / s->step_s;
        }
        s->workers += host->workers;
        s->trials += host->trials;
        s->redone += host->redone;
        busy_s += host->busy_s;
        there_s += host->there_s * (double)host->workers;
    }
    s->utilisation = s->n_moments && there_s > 0 ? fmin(1, busy_s / there_s) : NAN;
    return ASH_OK;
}

ash_status nodes_load(sqlite3 *h, int64_t run, arena *a, nodes **out, ash_error *err)
{
    nodes *s = *out = ARENA_NEW(a, nodes, 1);
    work w = {0};
    if (!s)
        return ash_fail_memory(err);
    if (load_rows(h, run, &w, a, err) != ASH_OK)
        return err->status;
    if (!(w.sessions = ARENA_NEW(a, session_time, w.n + 1)))
        return ash_fail_memory(err);
    double length_s = lay_out(&w);
    if (length_s > 0) {
        s->n_moments = w.n / PER_MOMENT < 1 ? 1 : w.n / PER_MOMENT > MOMENTS ? MOMENTS : w.n / PER_MOMENT;
        s->step_s = length_s / (double)s->n_moments;
        if (!(s->moments = ARENA_NEW(a, nodes_moment, s->n_moments)))
            return ash_fail_memory(err);
    }
    return add_hosts(&w, s, a, err);
}

/* ---- as text ---- */

size_t nodes_count_lines(const nodes *s, size_t most)
{
    bool worth = s && (s->n > 1 || s->redone);
    return !worth ? 0 : s->n < 2 ? 1 : s->n <= most ? 1 + s->n : 2 + most;
}

static void put_bars(const nodes *s, buffer *out)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    enum { WIDTH = 30 };
    size_t from = s->n_moments > WIDTH ? s->n_moments - WIDTH : 0;
    buffer_puts(out, "  ");
    for (size_t i = from; i < s->n_moments; i++) {
        const nodes_moment *m = &s->moments[i];
        double share = m->workers > 0 ? fmin(1, m->busy / m->workers) : 0;
        buffer_puts(out, bars[(int)floor(share * 7.999)]);
    }
}

void nodes_write_lines(const nodes *s, size_t most, size_t columns, bool ascii, arena *a, buffer *out)
{
    if (!nodes_count_lines(s, most))
        return;
    char *head = arena_printf(a, "%zu node%s, %zu workers", s->n, s->n == 1 ? "" : "s", s->workers);
    buffer line = {0};
    buffer_puts(&line, head ? head : "");
    if (!isnan(s->utilisation))
        buffer_printf(&line, ", %.0f %% busy", 100 * s->utilisation);
    if (s->redone)
        buffer_printf(&line, ", %" PRIu64 " evaluation%s lost and done again", s->redone, s->redone == 1 ? "" : "s");
    if (!ascii && s->n_moments > 1)
        put_bars(s, &line);
    lines_cut(out, line.data ? line.data : "", columns);
    buffer_puts(out, "\n");
    for (size_t i = 0; i < s->n && i < most && s->n > 1; i++) {
        const nodes_host *host = &s->hosts[i];
        double there_s = host->there_s * (double)host->workers;
        buffer_clear(&line);
        buffer_printf(&line, "  %-16s %4zu workers  %6" PRIu64 " trials", host->name, host->workers, host->trials);
        if (host->there_s > 0)
            buffer_printf(&line, "  %6.2f/s  %3.0f %% busy", (double)host->trials / host->there_s, 100 * fmin(1, host->busy_s / there_s));
        if (host->redone)
            buffer_printf(&line, "  %" PRIu64 " done again", host->redone);
        lines_cut(out, line.data ? line.data : "", columns);
        buffer_puts(out, "\n");
    }
    if (s->n > most)
        buffer_printf(out, "  and %zu more: ashlar query --sql \"SELECT * FROM nodes\"\n", s->n - most);
    buffer_free(&line);
}

/* ---- as JSON ---- */

static void put_numbers(buffer *out, const double *v, size_t n, const char *before)
{
    buffer_puts(out, before);
    for (size_t i = 0; i < n; i++) {
        buffer_puts(out, i ? "," : "");
        escape_json_number(out, v[i], 5);
    }
    buffer_puts(out, "]");
}

void nodes_write_json(const nodes *s, buffer *out)
{
    buffer_puts(out, "{\"hosts\":[");
    for (size_t i = 0; i < s->n; i++) {
        const nodes_host *h = &s->hosts[i];
        buffer_puts(out, i ? ",{\"name\":" : "{\"name\":");
        escape_json(out, h->name);
        buffer_printf(out, ",\"workers\":%zu,\"trials\":%" PRIu64 ",\"redone\":%" PRIu64 ",\"busy_s\":", h->workers, h->trials, h->redone);
        escape_json_number(out, h->busy_s, 6);
        buffer_puts(out, ",\"there_s\":");
        escape_json_number(out, h->there_s, 6);
        buffer_puts(out, "}");
    }
    buffer_printf(out, "],\"workers\":%zu,\"redone\":%" PRIu64 ",\"utilisation\":", s->workers, s->redone);
    escape_json_number(out, s->utilisation, 5);
    buffer_puts(out, ",\"step_s\":");
    escape_json_number(out, s->step_s, 6);
    buffer_puts(out, ",\"moments\":[");
    for (size_t i = 0; i < s->n_moments; i++) {
        const nodes_moment *m = &s->moments[i];
        put_numbers(out, (const double[]){m->busy, m->workers, (double)m->evaluations, (double)m->redone}, 4, i ? ",[" : "[");
    }
    buffer_puts(out, "]}");
}
