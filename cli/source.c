/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source.c - see source.h */
#include "cli/source.h"
#include "data/data.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcasecmp(text + n - m, end) == 0;
}

/* "digits": a format that needs no file. */
static bool is_built_in(const char *name)
{
    const data_format *f = data_format_find(name);
    return f && !option_find(data_format_options(f), "path");
}

static void add_path(override_list *out, const char *key, const char *path)
{
    char real[PATH_MAX], quoted[2 * PATH_MAX];
    const char *from = realpath(path, real) ? real : path;
    size_t n = 0;
    for (; *from && n + 2 < sizeof(quoted); from++) {
        if (*from == '"' || *from == '\\')
            quoted[n++] = '\\';
        quoted[n++] = *from;
    }
    quoted[n] = '\0';
    overrides_add(out, "data.%s=\"%s\"", key, quoted);
}

static ash_status guess(const char *const *names, size_t n, override_list *out, ash_error *err)
{
    arena *a = arena_create();
    data_guess g;
    if (!a)
        return ash_fail_memory(err);
    bool known = data_guess_format(names, n, a, &g);
    if (known)
        overrides_add(out, "data.type=%s", data_format_name(g.format));
    for (size_t i = 0; known && i < g.n; i++)
        if (g.settings[i].is_path)
            add_path(out, g.settings[i].key, g.settings[i].value);
        else
            overrides_add(out, "data.%s=%s", g.settings[i].key, g.settings[i].value);
    arena_destroy(a);
    if (known)
        return ASH_OK;
    buffer looks = {0};
    const data_format *f;
    for (size_t i = 0; (f = data_format_at(i)); i++)
        if (data_format_looks(f))
            buffer_printf(&looks, "\n  %s", data_format_looks(f));
    ash_fail(err, ASH_INVALID, "%s: what data is this? It can be a run file (.yaml), \"digits\", or%s", names[0],
             looks.data ? looks.data : "");
    buffer_free(&looks);
    return err->status;
}

/* Either *file is the one .yaml file among the names, or *file is NULL and overrides for the data section are added. */
static ash_status read_names(const char *const *names, size_t n, const char **file, override_list *out, ash_error *err)
{
    *file = NULL;
    if (n == 1 && is_built_in(names[0])) {
        overrides_add(out, "data.type=%s", names[0]);
        return ASH_OK;
    }
    for (size_t i = 0; i < n; i++) {
        struct stat st;
        if (stat(names[i], &st) != 0)
            return ash_fail(err, ASH_INVALID, "%s: %s", names[i], strerror(errno));
    }
    if (n == 1 && (ends_with(names[0], ".yaml") || ends_with(names[0], ".yml"))) {
        *file = names[0];
        return ASH_OK;
    }
    return guess(names, n, out, err);
}

ash_status source_open(const char *const *names, size_t n, const char *config, const override_list *overrides,
                       runfile **out, ash_error *err)
{
    const char *file = NULL;
    override_list all = {0};
    ash_status status = n ? read_names(names, n, &file, &all, err) : ASH_OK;
    for (size_t i = 0; i < overrides->n; i++)
        overrides_add(&all, "%s", overrides->v[i]);
    if (status == ASH_OK)
        status = runfile_read_with_data(config ? config : file, config ? file : NULL, all.v, all.n, out, err);
    overrides_free(&all);
    return status;
}

ash_status cli_quantize(const char *settings, arena *a, node **out, ash_error *err)
{
    *out = NULL;
    return settings ? node_parse_inline(a, settings, "--quantize", out, err) : ASH_OK;
}
