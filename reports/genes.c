/* SPDX-License-Identifier: GPL-3.0-or-later */
/* genes.c - genome texts to columns
 *
 * Columns are kept in an order that every genome agrees with: a gene that is new goes behind the gene that precedes it in its text.
 * A genome whose genes come in another order, or more than once, is odd: each row is printed again and compared. */
#include "reports/genes.h"
#include "core/buffer.h"
#include <string.h>

enum { MAX_COLUMNS = 1024, MAX_VALUES = 4096 };

typedef struct word {
    const char *s;
    size_t n;
} word;

typedef struct gene { /* of one text */
    word unit, name, value;
} gene;

/* unit:name=value, up to ';' or " | " */
static const char *next_plain(const char *s, gene *g)
{
    size_t n = strcspn(s, ":=;|");
    if (s[n] == ':') {
        g->unit = (word){s, n};
        s += n + 1;
        n = strcspn(s, ":=;|");
    }
    if (s[n] != '=' || !g->unit.n || !n)
        return NULL;
    g->name = (word){s, n};
    s += n + 1;
    n = strcspn(s, ";|");
    bool last = s[n] == '|';
    if (last && (n < 2 || s[n + 1] != ' '))
        return NULL;
    g->value = (word){s, last ? n - 1 : n};
    return s + n + (last ? 2 : s[n] == ';');
}

static bool same(word w, const char *text)
{
    return strlen(text) == w.n && !memcmp(w.s, text, w.n);
}

/* op~from| ; `to` counts the '+' */
static const char *next_cell(const char *s, gene *g, int *to)
{
    static const char digits[] = "0123456789";
    if (*to == 0) {
        if (*s++ != '|')
            return NULL;
        *to = 1;
    } else if (*s == '+') {
        if (s[1] != '|' || ++*to > 9)
            return NULL;
        s += 2;
    }
    size_t n = strcspn(s, "~|+");
    if (s[n] != '~' || !n || s[n + 1] < '0' || s[n + 1] > '8' || s[n + 2] != '|')
        return NULL;
    *g = (gene){{digits + *to, 1}, {s + n + 1, 1}, {s, n}};
    return s + n + 3;
}

static gene_column *column_of(gene_table *t, const gene *g, size_t *at, size_t n, arena *a)
{
    for (size_t i = *at; i < t->n_columns; i++)
        if (same(g->name, t->columns[i]->name) && same(g->unit, t->columns[i]->unit)) {
            *at = i + 1;
            return t->columns[i];
        }
    for (size_t i = 0; i < *at; i++)
        if (same(g->name, t->columns[i]->name) && same(g->unit, t->columns[i]->unit))
            return NULL; /* out of order */
    if (t->n_columns == MAX_COLUMNS)
        return NULL;
    gene_column *c = ARENA_NEW(a, gene_column, 1);
    if (!c || !(c->unit = arena_strndup(a, g->unit.s, g->unit.n)) || !(c->name = arena_strndup(a, g->name.s, g->name.n)) ||
        !(c->choice = ARENA_NEW(a, uint32_t, n + 1)))
        return NULL;
    memmove(t->columns + *at + 1, t->columns + *at, (t->n_columns - *at) * sizeof *t->columns);
    t->columns[(*at)++] = c;
    t->n_columns++;
    return c;
}

static uint32_t choice_of(gene_column *c, word value, arena *a)
{
    for (size_t i = 0; i < c->n_values; i++)
        if (same(value, c->values[i]))
            return (uint32_t)i + 1;
    if (c->n_values == MAX_VALUES)
        return 0;
    if (!(c->n_values & (c->n_values - 1))) { /* full: room for 1, 2, 4, ... */
        const char **more = ARENA_NEW(a, const char *, c->n_values ? 2 * c->n_values : 1);
        if (!more)
            return 0;
        if (c->n_values)
            memcpy(more, c->values, c->n_values * sizeof *more);
        c->values = more;
    }
    if (!(c->values[c->n_values] = arena_strndup(a, value.s, value.n)))
        return 0;
    return (uint32_t)++c->n_values;
}

static bool read_one(gene_table *t, const char *text, size_t row, size_t n, arena *a)
{
    gene g = {0};
    size_t at = 0;
    int to = 0;
    const char *s = text;
    while (*s) {
        s = t->is_cell ? next_cell(s, &g, &to) : next_plain(s, &g);
        gene_column *c = s ? column_of(t, &g, &at, n, a) : NULL;
        if (!c || !(c->choice[row] = choice_of(c, g.value, a)))
            return false;
    }
    return true;
}

void genes_print(const gene_table *t, size_t row, buffer *out)
{
    const char *unit = NULL;
    for (size_t i = 0; i < t->n_columns; i++) {
        const gene_column *c = t->columns[i];
        if (!c->choice[row])
            continue;
        bool begins = !unit || strcmp(unit, c->unit) != 0;
        const char *value = c->values[c->choice[row] - 1];
        if (t->is_cell)
            buffer_printf(out, "%s%s~%s|", !begins ? "" : unit ? "+|" : "|", value, c->name);
        else if (begins)
            buffer_printf(out, "%s%s:%s=%s", unit ? " | " : "", c->unit, c->name, value);
        else
            buffer_printf(out, ";%s=%s", c->name, value);
        unit = c->unit;
    }
}

gene_table *genes_read(const char *const *genomes, size_t n, arena *a)
{
    gene_table *t = ARENA_NEW(a, gene_table, 1);
    if (!t || !(t->columns = ARENA_NEW(a, gene_column *, MAX_COLUMNS + 1)) || !(t->odd = ARENA_NEW(a, bool, n + 1)))
        return NULL;
    buffer again = {0};
    size_t first = 0;
    while (first < n && !genomes[first])
        first++;
    t->is_cell = first < n && genomes[first][0] == '|';
    for (size_t i = 0; i < n; i++) {
        buffer_clear(&again);
        if (genomes[i] && read_one(t, genomes[i], i, n, a))
            genes_print(t, i, &again);
        t->odd[i] = !again.len || strcmp(again.data, genomes[i]) != 0;
        for (size_t c = 0; t->odd[i] && c < t->n_columns; c++)
            t->columns[c]->choice[i] = 0;
    }
    buffer_free(&again);
    return t;
}
