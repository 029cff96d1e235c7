/* SPDX-License-Identifier: GPL-3.0-or-later */
/* guess.c - which format files or a folder have, and the settings that read them */
#include "data/format.h"

bool data_guess_format(const char *const *paths, size_t n, arena *a, data_guess *out)
{
    const data_format *f;
    for (size_t i = 0; (f = data_format_at(i)); i++) {
        *out = (data_guess){.a = a, .format = f};
        if (f->guess && f->guess(paths, n, out))
            return true;
    }
    return false;
}

static void add(data_guess *g, const char *key, const char *value, bool is_path)
{
    const char *copy = value ? arena_strdup(g->a, value) : NULL;
    if (copy && g->n < sizeof g->settings / sizeof *g->settings)
        g->settings[g->n++] = (struct data_guessed){key, copy, is_path};
}

void data_guess_add(data_guess *g, const char *key, const char *value)
{
    add(g, key, value, false);
}

void data_guess_path(data_guess *g, const char *key, const char *path)
{
    add(g, key, path, true);
}
