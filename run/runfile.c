/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runfile.c - see runfile.h */
#include "run/runfile.h"
#include "config/config.h"
#include "core/log.h"
#include "data/data.h"
#include "nn/kernels/kernels.h"
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option top_rows[] = {
    {"name", OPTION_TEXT, offsetof(runfile_top, name), NULL, .optional = true, .execution = true,
     .help = "what reports call the run; the file's name when absent"},
    {"seed", OPTION_INT, offsetof(runfile_top, seed), "1", 0, 9007199254740992.0,
     .help = "of the search and of every training; never of the data split"},
    {"isa", OPTION_TEXT, offsetof(runfile_top, isa), "auto",
     .help = "kernel level, pinned when a run is created: auto (the best of the machine), x86-64, x86-64-v3, ..."},
    {"input", OPTION_INT_LIST, offsetof(runfile_top, input), NULL, 1, 65536, .optional = true,
     .help = "[h, w, c] of a sample, where no data set says it"},
    {"outputs", OPTION_INT, offsetof(runfile_top, outputs), "0", 0, 1000000,
     .help = "classes or values, where no data set says it"},
    {"reference", OPTION_REAL_LIST, offsetof(runfile_top, reference), NULL, .optional = true, .execution = true,
     .help = "hypervolume reference point, a number for each objective"},
};
const option_table runfile_top_options = OPTION_TABLE("run", runfile_top, top_rows);

static const option execution_rows[] = {
    {"threads", OPTION_INT, offsetof(execution_settings, threads), "0", 0, 4096, .execution = true,
     .help = "networks trained at a time, by each worker where there are several; 0 for one per core"},
    {"executor", OPTION_NAME, offsetof(execution_settings, executor), "threads", .names = executor_names,
     .execution = true, .help = "where trials run; never changes a result"},
    {"memory_cap", OPTION_SIZE, offsetof(execution_settings, memory_cap), "0", 0, 1e15, .execution = true,
     .help = "of worker processes: memory that one training may take, 0 for no limit"},
    {"prefixes", OPTION_TEXT_LIST, offsetof(execution_settings, prefixes), NULL, .optional = true, .execution = true,
     .help = "of executor process: commands that start a worker elsewhere, such as ssh HOST; one worker behind each"},
    {"program", OPTION_TEXT, offsetof(execution_settings, program), NULL, .optional = true, .execution = true,
     .help = "the ashlar that workers run, where it has another path there"},
    {"heartbeat_s", OPTION_REAL, offsetof(execution_settings, heartbeat_s), "5", 0.1, 3600, .unit = "s", .execution = true,
     .help = "between signs of life; a worker that misses three is given up, one that hears nothing for five ends"},
    {"look_s", OPTION_REAL, offsetof(execution_settings, look_s), "3", 0.5, 3600, .unit = "s", .execution = true,
     .help = "of executor slurm: how often it asks for new nodes"},
    {"pilots", OPTION_TEXT, offsetof(execution_settings, pilots), NULL, .optional = true, .execution = true,
     .help = "of executor slurm: name of the jobs that hold nodes; launch sets it"},
};
const option_table execution_options = OPTION_TABLE("execution", execution_settings, execution_rows);

/* "examples/digits.yaml" is called digits. */
static const char *name_of(const char *path, arena *a)
{
    const char *base = path ? strrchr(path, '/') : NULL;
    base = base ? base + 1 : path ? path : "run";
    const char *dot = strrchr(base, '.');
    return arena_strndup(a, base, dot && dot != base ? (size_t)(dot - base) : strlen(base));
}

const char *runfile_default_database(const char *path, arena *a)
{
    const char *name = name_of(path, a);
    return name ? arena_printf(a, "%s.db", name) : NULL;
}

/* A path that --set gives is relative to the working directory; made absolute, it still means the same file when
 * the settings are read back from a database. */
static bool settle_paths(const node *section, arena *a)
{
    char real[PATH_MAX];
    for (node *n = section && section->kind == NODE_MAP ? section->first : NULL; n; n = n->next)
        if (n->kind == NODE_SCALAR && n->file && strcmp(n->file, "--set") == 0 && n->text[0] &&
            strpbrk(n->text, "./") && n->text[0] != '/' && realpath(n->text, real))
            if (!(n->text = arena_strdup(a, real)))
                return false;
    return true;
}

static ash_status find_evaluator(runfile *f, ash_error *err)
{
    static const option row[] = {{"type", OPTION_NAME, 0, "train", .names = evaluator_names,
                                  .help = "how a genome is scored"}};
    const option_table table = {"evaluator", row, 1, sizeof(const char *)};
    const char *name = "train";
    const node *type = node_get(f->evaluator, "type");
    if (f->evaluator && f->evaluator->kind != NODE_MAP)
        return node_fail(f->evaluator, err, "\"evaluator\" must hold settings (name: value)");
    if (type) {
        node alone = *type, parent = {.kind = NODE_MAP, .first = &alone, .count = 1, .file = type->file,
                                      .source = type->source};
        alone.next = NULL;
        if (option_read(&table, &name, &parent, f->arena, err) != ASH_OK)
            return err->status;
    }
    f->evaluator_type = evaluator_find(name);
    return f->evaluator_type ? ASH_OK : ash_fail(err, ASH_INVALID, "there is no evaluator \"%s\"", name);
}

static ash_status check_top(runfile *f, ash_error *err)
{
    const node *input = node_get(f->root, "input"), *reference = node_get(f->root, "reference");
    if (f->top.input.n && f->top.input.n != 3)
        return node_fail(input, err, "input is [height, width, channels]; this has %zu numbers", f->top.input.n);
    if (f->top.reference.n && f->top.reference.n != f->objectives.objectives.n)
        return node_fail(reference, err, "reference has %zu numbers for %zu objectives", f->top.reference.n,
                         f->objectives.objectives.n);
    return ASH_OK;
}

/* "space:" with nothing under it is as good as absent. */
static const node *present(const node *n)
{
    return n && n->kind == NODE_SCALAR && !n->quoted && !*n->text ? NULL : n;
}

static ash_status read_sections(runfile *f, ash_error *err)
{
    const config_section sections[] = {
        {"data", NULL, &f->data, NULL},
        {"space", NULL, &f->space, NULL},
        {"train", &nn_recipe_options, &f->recipe, NULL},
        {"evaluator", NULL, &f->evaluator, NULL},
        {"search", NULL, &f->search, NULL},
        {"budget", &budget_options, &f->budget, NULL},
        {"execution", &execution_options, &f->execution, NULL},
    };
    arena *a = f->arena;
    if (config_read_sections(f->root, &runfile_top_options, &f->top, sections,
                             sizeof(sections) / sizeof(sections[0]), a, err) != ASH_OK)
        return err->status;
    f->data = present(f->data);
    f->space = present(f->space);
    f->evaluator = present(f->evaluator);
    f->search = present(f->search);
    if (f->data && f->data->kind != NODE_MAP)
        return node_fail(f->data, err, "\"data\" must hold settings (name: value)");
    if (f->search && f->search->kind != NODE_MAP)
        return node_fail(f->search, err, "\"search\" must hold settings (name: value)");
    if (!settle_paths(f->data, a) || !settle_paths(f->evaluator, a))
        return ash_fail_memory(err);
    if (find_evaluator(f, err) != ASH_OK || controller_settings(f->search, &f->objectives, a, err) != ASH_OK)
        return err->status;
    f->name = f->top.name && *f->top.name ? f->top.name : name_of(f->path, a);
    return f->name ? check_top(f, err) : ash_fail_memory(err);
}

static runfile *create(const char *path)
{
    arena *a = arena_create();
    runfile *f = a ? ARENA_NEW(a, runfile, 1) : NULL;
    if (f) {
        f->arena = a;
        f->path = path ? arena_strdup(a, path) : NULL;
    }
    if (!f || (path && !f->path)) {
        arena_destroy(a);
        return NULL;
    }
    return f;
}

static ash_status finish(runfile *f, ash_status status, runfile **out, ash_error *err)
{
    if (status == ASH_OK)
        status = read_sections(f, err);
    if (status == ASH_OK)
        *out = f;
    else
        runfile_close(f);
    return status;
}

/* The root of a file; one that is a data section alone is wrapped. */
static ash_status read_root(const char *path, arena *a, node **root, ash_error *err)
{
    ash_status status = path ? config_read_file(path, a, root, err) : config_read_text("", "--set", a, root, err);
    const node *type = status == ASH_OK ? node_get(*root, "type") : NULL;
    if (!type || type->kind != NODE_SCALAR || !data_format_find(type->text))
        return status;
    node *wrapped = node_map(a, NULL);
    if (!wrapped)
        return ash_fail_memory(err);
    wrapped->file = (*root)->file;
    wrapped->source = (*root)->source;
    (*root)->key = "data";
    node_append(wrapped, *root);
    *root = wrapped;
    return ASH_OK;
}

static ash_status replace_data(runfile *f, const char *data_path, ash_error *err)
{
    node *other;
    if (read_root(data_path, f->arena, &other, err) != ASH_OK)
        return err->status;
    node *found = (node *)node_get(other, "data"), *mine = (node *)node_get(f->root, "data");
    if (!found)
        return node_fail(other, err, "there is no section \"data\"");
    node copy = *found;
    if (!mine) {
        found->next = NULL;
        node_append(f->root, found);
        return ASH_OK;
    }
    copy.next = mine->next;
    *mine = copy;
    return ASH_OK;
}

ash_status runfile_read_with_data(const char *path, const char *data_path, const char *const *overrides, size_t n,
                                  runfile **out, ash_error *err)
{
    *out = NULL;
    runfile *f = create(path);
    if (!f)
        return ash_fail_memory(err);
    ash_status status = read_root(path, f->arena, &f->root, err);
    if (status == ASH_OK && data_path)
        status = replace_data(f, data_path, err);
    for (size_t i = 0; status == ASH_OK && i < n; i++)
        status = config_set(f->arena, f->root, overrides[i], err);
    return finish(f, status, out, err);
}

ash_status runfile_read(const char *path, const char *const *overrides, size_t n, runfile **out, ash_error *err)
{
    return runfile_read_with_data(path, NULL, overrides, n, out, err);
}

ash_status runfile_read_text(const char *text, const char *path, runfile **out, ash_error *err)
{
    *out = NULL;
    runfile *f = create(path);
    if (!f)
        return ash_fail_memory(err);
    return finish(f, config_read_text(text, path ? path : "the stored run file", f->arena, &f->root, err), out, err);
}

void runfile_close(runfile *f)
{
    if (f)
        arena_destroy(f->arena);
}

ash_status runfile_kernel_level(const runfile *f, const char **level, ash_error *err)
{
    const char *isa = f->top.isa;
    const node *at = node_get(f->root, "isa");
    if (strcmp(isa, "auto") == 0) {
        *level = nn_kernels_best()->level;
        return ASH_OK;
    }
    const char *const *names = nn_kernels_levels();
    buffer known = {0};
    for (size_t i = 0; names[i]; i++) {
        if (strcmp(names[i], isa) == 0) {
            buffer_free(&known);
            *level = names[i];
            if (nn_kernels_supported(isa))
                return ASH_OK;
            return node_fail(at, err, "this machine cannot run kernel level %s; its best is %s", isa,
                             nn_kernels_best()->level);
        }
        buffer_printf(&known, ", %s", names[i]);
    }
    node_fail(at, err, "there is no kernel level \"%s\"; there are auto%s", isa, known.data ? known.data : "");
    buffer_free(&known);
    return err->status;
}

void overrides_add(override_list *l, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!l->arena)
        l->arena = arena_create();
    if (l->arena && l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 16;
        const char **v = ARENA_NEW(l->arena, const char *, cap);
        if (v && l->n)
            memcpy(v, l->v, l->n * sizeof(*v));
        l->v = v;
        l->cap = v ? cap : 0;
    }
    char *copy = l->arena && l->cap ? arena_strdup(l->arena, text) : NULL;
    if (!copy || n < 0 || n >= (int)sizeof(text)) {
        log_error(copy ? "an override is longer than 4095 characters" : "out of memory");
        exit(copy ? ASH_INVALID : ASH_BROKEN);
    }
    l->v[l->n++] = copy;
}

void overrides_free(override_list *l)
{
    arena_destroy(l->arena);
    *l = (override_list){0};
}
