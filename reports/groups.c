/* SPDX-License-Identifier: GPL-3.0-or-later */
/* groups.c - which runs are repetitions of one method, and what the method is called
 *
 * The identity settings of a run are stored as lines "key: value" and do not hold the seed. Runs whose lines are equal are one
 * method. A method's name is made of the keys that all runs have and in which some differ; keys that only some runs have (a
 * strategy brings its own) join only when the others do not tell the methods apart. */
#include "core/text.h"
#include "reports/private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct setting {
    const char *key, *value;
} setting;

typedef struct settings {
    setting *v;
    size_t n;
} settings;

static bool read_settings(const char *text, arena *a, settings *out)
{
    size_t lines = 1;
    for (const char *p = text ? text : ""; *p; p++)
        lines += *p == '\n';
    char *copy = arena_strdup(a, text ? text : "");
    *out = (settings){.v = ARENA_NEW(a, setting, lines)};
    if (!copy || !out->v)
        return false;
    char *rest = NULL;
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *colon = strstr(line, ": ");
        if (!colon)
            continue;
        *colon = 0;
        out->v[out->n++] = (setting){line, colon + 2};
    }
    return true;
}

static const char *last_part(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

static const char *value_of(const settings *s, const char *key)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->v[i].key, key) == 0)
            return s->v[i].value;
    return NULL;
}

static bool same_text(const char *p, const char *q)
{
    return p == q || (p && q && strcmp(p, q) == 0);
}

/* ---- names by what differs ---- */

typedef struct naming {
    const runs *s;
    const settings *of; /* by run */
    arena *a;
    const char **names; /* by run */
} naming;

static void add_key(naming *n, const char *key, bool *failed)
{
    for (size_t i = 0; i < n->s->n; i++) {
        const char *value = value_of(&n->of[i], key);
        if (!value)
            continue;
        if (n->names[i])
            n->names[i] = arena_printf(n->a, "%s, %s=%s", n->names[i], last_part(key), value);
        else
            n->names[i] = strcmp(key, "search.strategy") == 0 ? value : arena_printf(n->a, "%s=%s", last_part(key), value);
        *failed |= !n->names[i];
    }
}

static bool everywhere(const naming *n, const char *key)
{
    for (size_t i = 0; i < n->s->n; i++)
        if (!value_of(&n->of[i], key))
            return false;
    return true;
}

static bool differs(const naming *n, const char *key)
{
    for (size_t i = 1; i < n->s->n; i++)
        if (!same_text(value_of(&n->of[i], key), value_of(&n->of[0], key)))
            return true;
    return false;
}

/* Do the names tell every pair of methods apart? */
static bool distinct(const naming *n)
{
    for (size_t i = 1; i < n->s->n; i++)
        for (size_t j = 0; j < i; j++)
            if (same_text(n->names[i], n->names[j]) && !same_text(n->s->v[i]->run->settings, n->s->v[j]->run->settings))
                return false;
    return true;
}

static bool name_by_settings(naming *n)
{
    bool failed = false;
    if (differs(n, "search.strategy"))
        add_key(n, "search.strategy", &failed);
    for (int partial = 0; partial < 2; partial++)
        for (size_t i = 0; i < n->s->n; i++)
            for (size_t k = 0; k < n->of[i].n && !(partial && distinct(n)); k++) {
                const char *key = n->of[i].v[k].key;
                bool known = strcmp(key, "search.strategy") == 0;
                for (size_t j = 0; j < i; j++)
                    known |= value_of(&n->of[j], key) != NULL;
                if (!known && everywhere(n, key) == !partial && differs(n, key))
                    add_key(n, key, &failed);
            }
    for (size_t i = 0; i < n->s->n; i++)
        if (!n->names[i])
            n->names[i] = n->s->v[i]->run->name ? n->s->v[i]->run->name : "run";
    return !failed;
}

/* ---- names by a key ---- */

static ash_status name_by_key(naming *n, const char *asked, ash_error *err)
{
    size_t cap = 2, count = 0;
    for (size_t i = 0; i < n->s->n; i++)
        cap += n->of[i].n;
    const char **keys = ARENA_NEW(n->a, const char *, cap);
    if (!keys)
        return ash_fail_memory(err);
    keys[count++] = "file";
    keys[count++] = "name";
    const char *found = NULL;
    for (size_t i = 0; i < n->s->n; i++)
        for (size_t k = 0; k < n->of[i].n; k++) {
            const char *key = keys[count++] = n->of[i].v[k].key;
            if (strcmp(key, asked) == 0 || (!found && strcmp(last_part(key), asked) == 0))
                found = key;
        }
    if (!found) {
        const char *near = text_nearest(asked, keys, count);
        return ash_fail(err, ASH_INVALID,
                        "--group is file, name or a setting of the runs such as search.strategy, not \"%s\"%s%s%s", asked,
                        near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    for (size_t i = 0; i < n->s->n; i++) {
        const char *value = value_of(&n->of[i], found);
        n->names[i] = !value                                  ? "-"
                      : strcmp(found, "search.strategy") == 0 ? value
                                                              : arena_printf(n->a, "%s=%s", last_part(found), value);
        if (!n->names[i])
            return ash_fail_memory(err);
    }
    return ASH_OK;
}

static ash_status name_all(naming *n, const char *asked, ash_error *err)
{
    if (!asked)
        return name_by_settings(n) ? ASH_OK : ash_fail_memory(err);
    bool file = strcmp(asked, "file") == 0;
    if (!file && strcmp(asked, "name") != 0)
        return name_by_key(n, asked, err);
    for (size_t i = 0; i < n->s->n; i++) {
        const report *r = n->s->v[i];
        n->names[i] = file ? r->source : r->run->name ? r->run->name : "run";
    }
    return ASH_OK;
}

/* ---- groups ---- */

static void sort_by_seed(const runs *s, size_t *members, size_t n)
{
    for (size_t i = 1; i < n; i++) /* insertion keeps the order of equal seeds */
        for (size_t j = i; j && s->v[members[j - 1]]->run->seed > s->v[members[j]]->run->seed; j--) {
            size_t t = members[j];
            members[j] = members[j - 1];
            members[j - 1] = t;
        }
}

ash_status runs_make_groups(runs *s, const runs_request *q, arena *a, ash_error *err)
{
    settings *of = ARENA_NEW(a, settings, s->n);
    naming n = {.s = s, .of = of, .a = a, .names = ARENA_NEW(a, const char *, s->n)};
    size_t *members = ARENA_NEW(a, size_t, s->n);
    bool *taken = ARENA_NEW(a, bool, s->n);
    s->groups = ARENA_NEW(a, runs_group, s->n);
    if (!of || !n.names || !members || !taken || !s->groups)
        return ash_fail_memory(err);
    for (size_t i = 0; i < s->n; i++)
        if (!read_settings(s->v[i]->run->settings, a, &of[i]))
            return ash_fail_memory(err);
    if (name_all(&n, q->group, err) != ASH_OK)
        return err->status;
    for (size_t i = 0; i < s->n; i++) {
        if (taken[i])
            continue;
        runs_group *g = &s->groups[s->n_groups++];
        *g = (runs_group){.name = n.names[i], .members = members};
        for (size_t j = i; j < s->n; j++)
            if (!taken[j] && strcmp(n.names[j], n.names[i]) == 0) {
                taken[j] = true;
                members[g->n++] = j;
            }
        sort_by_seed(s, members, g->n);
        members += g->n;
    }
    return ASH_OK;
}
