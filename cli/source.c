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

static bool is_csv(const char *name)
{
    static const char *const ends[] = {".csv", ".tsv", ".txt", ".data", ".csv.gz", ".tsv.gz", ".data.gz"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (ends_with(name, ends[i]))
            return true;
    return false;
}

static bool is_idx(const char *name)
{
    return strstr(name, "ubyte") || strstr(name, "idx");
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

/* Either *file is the one .yaml file among the names, or *file is NULL and overrides for the data section are added. */
static ash_status read_names(const char *const *names, size_t n, const char **file, override_list *out, ash_error *err)
{
    static const char *const idx_keys[] = {"train_images", "train_labels", "test_images", "test_labels"};
    const char *first = names[0];
    struct stat st;
    *file = NULL;
    if (n == 1 && is_built_in(first)) {
        overrides_add(out, "data.type=%s", first);
        return ASH_OK;
    }
    for (size_t i = 0; i < n; i++)
        if (stat(names[i], &st) != 0)
            return ash_fail(err, ASH_INVALID, "%s: %s", names[i], strerror(errno));
    if (n == 1 && (ends_with(first, ".yaml") || ends_with(first, ".yml"))) {
        *file = first;
        return ASH_OK;
    }
    if (n == 1 && S_ISDIR(st.st_mode)) {
        overrides_add(out, "data.type=idx");
        add_path(out, "path", first);
        return ASH_OK;
    }
    if (n <= 2 && is_csv(first) && is_csv(names[n - 1])) {
        overrides_add(out, "data.type=csv");
        add_path(out, "path", first);
        if (n == 2)
            add_path(out, "test_path", names[1]);
        if (strcasestr(first, ".tsv"))
            overrides_add(out, "data.delimiter=tab");
        return ASH_OK;
    }
    if ((n == 2 || n == 4) && is_idx(first)) {
        overrides_add(out, "data.type=idx");
        for (size_t i = 0; i < n; i++)
            add_path(out, idx_keys[i], names[i]);
        return ASH_OK;
    }
    return ash_fail(err, ASH_INVALID, "%s: what data is this? It can be a run file (.yaml), one or two CSV files (train, test), "
                    "a folder of IDX files, two or four IDX files (images, labels, test images, test labels), or \"digits\"",
                    first);
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
