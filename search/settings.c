/* SPDX-License-Identifier: GPL-3.0-or-later */
/* settings.c - the run file's search and budget sections
 *
 * One map holds the common keys and those of the chosen strategy: each table is read with the other's names left
 * out, so an unknown key is refused by the first. Keys of another strategy are no error but have no effect, so that one run file can be run with
 * several: the controller says so once. */
#include "core/log.h"
#include "search/internal.h"

#include <stdlib.h>
#include <string.h>

static const option rows[] = {
    {"strategy", OPTION_NAME, offsetof(search_settings, strategy), "nsga2", .names = strategy_names,
     .help = "what to try next"},
    {"objectives", OPTION_TEXT_LIST, offsetof(search_settings, objectives), "[error, macs]",
     .help = "metrics to minimise, in order"},
    {"constraints", OPTION_TEXT_LIST, offsetof(search_settings, constraints), .optional = true,
     .help = "hard limits on static metrics, like \"model_bytes <= 64K\", checked before training"},
    {"soft_constraints", OPTION_TEXT_LIST, offsetof(search_settings, soft_constraints), .optional = true, .later = true,
     .help = "limits on any metric, like \"error <= 0.1\": networks outside are trained and kept, but the search is led back inside"},
    {"lookahead", OPTION_INT, offsetof(search_settings, lookahead), "16", 1, 65536,
     .help = "virtual workers: trials in flight at once; 1 makes the search sequential"},
    {"duplicates", OPTION_BOOL, offsetof(search_settings, duplicates), "false",
     .help = "evaluate repeated networks again and count them"},
    {"max_attempts", OPTION_INT, offsetof(search_settings, max_attempts), "100", 1, 1000000,
     .help = "proposals per trial before the space counts as exhausted or infeasible"},
};
const option_table search_options = OPTION_TABLE("search", search_settings, rows);

static const option budget_rows[] = {
    {"evaluations", OPTION_COUNT, offsetof(search_budget, evaluations), "200", 0, 1e12, .execution = true,
     .help = "trials that count: neither duplicate nor infeasible nor invalid; 0 for no limit"},
    {"trained_macs", OPTION_COUNT, offsetof(search_budget, trained_macs), "0", 0, 9e18, .unit = "MACs", .execution = true,
     .help = "hand out nothing more once the told trials have trained this much; 0 for no limit"},
    {"wall_s", OPTION_REAL, offsetof(search_budget, wall_s), "0", 0, 1e9, .unit = "s", .execution = true,
     .help = "hand out nothing more after this time; 0 for no limit"},
};
const option_table budget_options = OPTION_TABLE("budget", search_budget, budget_rows);

static bool has_option(const strategy *s, const char *name)
{
    return s->options && option_find(s->options, name);
}

/* The common keys when asked for, and those of all strategies but one (NULL: of all); NULL-terminated. */
static const char **names_except(const strategy *left_out, bool common, arena *a)
{
    size_t most = search_options.count + 1, n = 0;
    for (size_t k = 0; strategy_at(k); k++)
        most += strategy_at(k)->options ? strategy_at(k)->options->count : 0;
    const char **names = ARENA_NEW(a, const char *, most);
    for (size_t i = 0; names && common && i < search_options.count; i++)
        names[n++] = search_options.rows[i].name;
    for (size_t k = 0; names && strategy_at(k); k++) {
        const option_table *table = strategy_at(k)->options;
        for (size_t i = 0; table && i < table->count; i++)
            if (!left_out || !has_option(left_out, table->rows[i].name))
                names[n++] = table->rows[i].name;
    }
    return names;
}

void search_warn_unused(const node *map, const strategy *type)
{
    for (const node *n = map ? map->first : NULL; n; n = n->next)
        if (!option_find(&search_options, n->key) && !has_option(type, n->key))
            log_warn("search.%s has no effect: %s has no such setting", n->key, type->name);
}

ash_status search_read_settings(const node *map, search_settings *out, const strategy **type, void **own, arena *a,
                                ash_error *err)
{
    const node *name = node_get(map, "strategy");
    const strategy *chosen = strategy_find(name && name->kind == NODE_SCALAR ? name->text : rows[0].def);
    if (!chosen) { /* before its options, which nobody knows, look like typos */
        const option_table only = {"search", rows, 1, sizeof(search_settings)};
        node alone = *name, parent = {.kind = NODE_MAP, .first = &alone, .count = 1, .file = name->file, .source = name->source};
        alone.next = NULL;
        return option_read(&only, out, &parent, a, err);
    }
    const char **theirs = names_except(NULL, false, a), **others = names_except(chosen, true, a);
    if (!theirs || !others)
        return ash_fail_memory(err);
    if (option_read_except(&search_options, out, map, theirs, a, err) != ASH_OK)
        return err->status;
    *type = chosen;
    *own = NULL;
    if ((*type)->options) {
        *own = arena_alloc(a, (*type)->options->size);
        if (!*own)
            return ash_fail_memory(err);
        if (option_read_except((*type)->options, *own, map, others, a, err) != ASH_OK)
            return err->status;
    }
    const node *objectives = node_get(map, "objectives");
    if (out->objectives.n == 0)
        return objectives ? node_fail(objectives, err, "a search needs at least one objective")
                          : ash_fail(err, ASH_INVALID, "a search needs at least one objective");
    for (size_t i = 0; i < out->objectives.n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(out->objectives.v[i], out->objectives.v[k]) == 0)
                return node_fail(objectives, err, "objective \"%s\" is listed twice", out->objectives.v[i]);
    return ASH_OK;
}

ash_status search_read_constraints(const node *map, const char *key, option_texts texts, constraint **out, arena *a, ash_error *err)
{
    const node *list = node_get(map, key);
    *out = ARENA_NEW(a, constraint, texts.n + 1);
    if (!*out)
        return ash_fail_memory(err);
    for (size_t i = 0; i < texts.n; i++) {
        ash_status status = constraint_parse(texts.v[i], a, &(*out)[i], err);
        if (status == ASH_INVALID && list) {
            ash_error plain = *err;
            const node *item = list->kind == NODE_LIST ? node_at(list, i) : list;
            return node_fail(item, err, "%s", plain.text);
        }
        if (status != ASH_OK)
            return status;
    }
    return ASH_OK;
}

ash_status controller_settings(const node *map, search_settings *out, arena *a, ash_error *err)
{
    const strategy *type;
    void *own;
    constraint *read;
    ash_status status = search_read_settings(map, out, &type, &own, a, err);
    if (status == ASH_OK)
        status = search_read_constraints(map, "constraints", out->constraints, &read, a, err);
    return status == ASH_OK ? search_read_constraints(map, "soft_constraints", out->soft_constraints, &read, a, err) : status;
}

ash_status controller_print_settings(const node *map, bool identity_only, buffer *out, ash_error *err)
{
    arena *a = arena_create();
    if (!a)
        return ash_fail_memory(err);
    search_settings set;
    const strategy *type;
    void *own;
    ash_status status = search_read_settings(map, &set, &type, &own, a, err);
    if (status == ASH_OK) {
        option_print(&search_options, &set, identity_only, out);
        if (own)
            option_print(type->options, own, identity_only, out);
        if (out->failed)
            status = ash_fail_memory(err);
    }
    arena_destroy(a);
    return status;
}
