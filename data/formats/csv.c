/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv.c - tables of numbers with a label or a target, as text
 *
 * The file is gone through three times: once for the header, once to count rows and see that none is ragged,
 * once for the values. Features are numbers; what is learnt is numbers (regression) or anything
 * (classification: its values, sorted, are the classes, so their order does not depend on the rows'). */
#include "core/text.h"
#include "data/csv_reader.h"
#include "data/file.h"
#include "data/format.h"
#include "data/labels.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHOWN = 5, FEW_VALUES = 20, OFTEN = 10, MOST_COLUMNS = 1 << 20 };
#define MOST_TEXT ((size_t)2 << 30)

typedef struct csv_settings {
    const char *path, *test_path, *header, *delimiter, *task, *missing;
    option_texts label, ignore;
    option_ints shape;
} csv_settings;

static const char *const header_names[] = {"auto", "yes", "no", "true", "false", NULL};
static const char *const task_names[] = {"auto", "classification", "regression", NULL};
static const char *const missing_names[] = {"refuse", "drop", "mean", NULL};

static const option rows[] = {
    {"path", OPTION_TEXT, offsetof(csv_settings, path), NULL, .execution = true,
     .help = "the file, plain or .gz"},
    {"test_path", OPTION_TEXT, offsetof(csv_settings, test_path), NULL, .optional = true, .execution = true,
     .help = "a file of the same columns that is the test split"},
    {"header", OPTION_NAME, offsetof(csv_settings, header), "auto", .names = header_names,
     .help =
         "whether the first record names the columns; auto: some column has text there and a number below"},
    {"delimiter", OPTION_TEXT, offsetof(csv_settings, delimiter), ",", .help = "one character, or tab"},
    {"label", OPTION_TEXT_LIST, offsetof(csv_settings, label), "-1",
     .help = "column to learn, by name or by index from 0, from the end when negative; regression may have "
             "several, an autoencoder none: []"},
    {"ignore", OPTION_TEXT_LIST, offsetof(csv_settings, ignore), NULL, .optional = true,
     .help = "columns to leave out, by name or index"},
    {"task", OPTION_NAME, offsetof(csv_settings, task), "auto", .names = task_names,
     .help = "auto: text or at most 20 whole numbers are classes, other numbers are targets"},
    {"missing", OPTION_NAME, offsetof(csv_settings, missing), "refuse", .names = missing_names,
     .help =
         "empty, NA, NaN, null or ? cells: refuse the file, drop their rows, or fill in the training mean"},
    {"shape", OPTION_INT_LIST, offsetof(csv_settings, shape), NULL, 1, DATA_MAX_SIDE, .optional = true,
     .help = "[h, w] or [h, w, c]: each row is an image, channels last"},
};
static const option_table options = OPTION_TABLE("csv", csv_settings, rows);

typedef struct column {
    const char *name;
    bool label, ignored;
} column;

typedef struct csv_table { /* one file */
    const char *path;
    buffer text;
    csv_reader body; /* at the first row */
    bool has_header;
    size_t n_columns, n_rows;
} csv_table;

typedef struct csv_load { /* both files, and what they share */
    const csv_settings *s;
    const node *map;
    arena *keep, *scratch;
    csv_store store;
    csv_table train, test;
    column *columns;
    size_t n_columns, n_labels, n_features;
    size_t *label_column; /* (n_labels), in the order of the setting */
    const char **label;   /* (rows, n_labels): text of the label cells of the rows kept */
    size_t *line;         /* (rows) */
    size_t missing, missing_shown;
    char missing_text[512];
} csv_load;

/* ---- cells ---- */

static bool is_missing(const csv_cell *c)
{
    static const char *const marks[] = {"NA", "N/A", "NaN", "null", "?"};
    if (c->len == 0)
        return true;
    for (size_t i = 0; i < sizeof marks / sizeof *marks && !c->quoted; i++)
        if (strcasecmp(c->text, marks[i]) == 0)
            return true;
    return false;
}

static bool to_number(const char *text, double *out)
{
    int v = 0; /* short whole numbers are most of what there is */
    const char *p = text;
    while (*p >= '0' && *p <= '9' && p - text < 9)
        v = 10 * v + (*p++ - '0');
    if (*p == '\0' && p > text) {
        *out = v;
        return true;
    }
    return text_to_real(text, out);
}

/* ---- header and columns ---- */

/* A delimiter that would cut the record into more cells than the one that was asked for. */
static char better_delimiter(const csv_table *t, char used)
{
    static const char candidates[] = ",;\t|";
    const char *line_end = t->text.data + strcspn(t->text.data, "\r\n");
    for (const char *c = candidates; *c; c++)
        if (*c != used && memchr(t->text.data, *c, (size_t)(line_end - t->text.data)))
            return *c;
    return 0;
}

static ash_status open_table(csv_load *l, csv_table *t, const char *path, char delimiter, ash_error *err)
{
    t->path = path;
    ash_status s = data_file_slurp(path, MOST_TEXT, &t->text, err);
    if (s == ASH_OK)
        s = csv_begin(&t->body, path, t->text.data ? t->text.data : "", t->text.len, delimiter, &l->store,
                      err);
    if (s != ASH_OK)
        return s;
    csv_reader r = t->body;
    csv_record first, second;
    bool more;
    s = csv_next(&r, &first, &more, err);
    if (s != ASH_OK)
        return s;
    if (!more)
        return ash_fail(err, ASH_INVALID, "%s: the file is empty", path);
    if (first.n < 2) {
        char better = better_delimiter(t, delimiter);
        if (better)
            return ash_fail(err, ASH_INVALID, "%s:%zu: there is one column only; is the delimiter \"%s\"?",
                            path, first.line, better == '\t' ? "tab" : (char[]){better, 0});
        return ash_fail(err, ASH_INVALID, "%s:%zu: there is one column only; a label and a feature make two",
                        path, first.line);
    }
    if (first.n > MOST_COLUMNS)
        return ash_fail(err, ASH_INVALID, "%s:%zu: %zu columns are too many", path, first.line, first.n);
    t->n_columns = first.n;
    const char *header = l->s->header;
    t->has_header = strcmp(header, "yes") == 0 || strcmp(header, "true") == 0;
    if (strcmp(header, "auto") == 0) {
        bool *text = ARENA_NEW(l->scratch, bool, first.n);
        if (!text)
            return ash_fail_memory(err);
        double v;
        for (size_t i = 0; i < first.n; i++)
            text[i] = !is_missing(&first.cells[i]) && !to_number(first.cells[i].text, &v);
        csv_reader peek = r;
        s = csv_next(&peek, &second, &more, err);
        if (s != ASH_OK)
            return s;
        for (size_t i = 0; more && i < second.n && i < t->n_columns; i++)
            t->has_header |= text[i] && to_number(second.cells[i].text, &v);
    }
    if (t->has_header)
        t->body = r;
    return ASH_OK;
}

static ash_status name_columns(csv_load *l, ash_error *err)
{
    l->n_columns = l->train.n_columns;
    l->columns = ARENA_NEW(l->keep, column, l->n_columns);
    if (!l->columns)
        return ash_fail_memory(err);
    csv_record r = {0};
    bool more;
    if (l->train.has_header) { /* again from the top: the record's text was borrowed */
        csv_reader top = l->train.body;
        ash_status s = csv_begin(&top, l->train.path, l->train.text.data, l->train.text.len, top.delimiter,
                                 &l->store, err);
        if (s == ASH_OK)
            s = csv_next(&top, &r, &more, err);
        if (s != ASH_OK)
            return s;
    }
    for (size_t i = 0; i < l->n_columns; i++) {
        l->columns[i].name = r.n && r.cells[i].len ? arena_strndup(l->keep, r.cells[i].text, r.cells[i].len)
                                                   : arena_printf(l->keep, "column %zu", i);
        if (!l->columns[i].name)
            return ash_fail_memory(err);
    }
    return ASH_OK;
}

/* The column that `text` means, by name or by index. */
static ash_status find_column(const csv_load *l, const char *key, const char *text, size_t *out,
                              ash_error *err)
{
    size_t found = 0;
    for (size_t i = 0; i < l->n_columns && l->train.has_header; i++)
        if (strcmp(l->columns[i].name, text) == 0) {
            *out = i;
            found++;
        }
    if (found == 1)
        return ASH_OK;
    if (found > 1)
        return data_fail_key(l->map, key, err, "%s: %zu columns are named \"%s\"; give its index",
                             l->train.path, found, text);
    int64_t i, n = (int64_t)l->n_columns;
    if (text_to_int(text, &i)) {
        if (i < -n || i >= n)
            return data_fail_key(
                l->map, key, err,
                "%s: there is no column %lld; the columns are 0 to %lld, or -1 to -%lld from the end",
                l->train.path, (long long)i, (long long)n - 1, (long long)n);
        *out = (size_t)(i < 0 ? i + n : i);
        return ASH_OK;
    }
    if (!l->train.has_header)
        return data_fail_key(l->map, key, err,
                             "%s: there is no header to find \"%s\" in; give the column's index",
                             l->train.path, text);
    const char **names = ARENA_NEW(l->scratch, const char *, l->n_columns);
    if (!names)
        return ash_fail_memory(err);
    for (size_t k = 0; k < l->n_columns; k++)
        names[k] = l->columns[k].name;
    const char *near = text_nearest(text, names, l->n_columns);
    return data_fail_key(l->map, key, err, "%s: there is no column \"%s\"%s%s%s", l->train.path, text,
                         near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static ash_status choose_columns(csv_load *l, ash_error *err)
{
    l->n_labels = l->s->label.n;
    l->label_column = ARENA_NEW(l->scratch, size_t, l->n_labels + 1);
    if (!l->label_column)
        return ash_fail_memory(err);
    for (size_t i = 0; i < l->n_labels; i++) {
        ash_status s = find_column(l, "label", l->s->label.v[i], &l->label_column[i], err);
        if (s != ASH_OK)
            return s;
        column *c = &l->columns[l->label_column[i]];
        if (c->label)
            return data_fail_key(l->map, "label", err, "label names column \"%s\" twice", c->name);
        c->label = true;
    }
    for (size_t i = 0; i < l->s->ignore.n; i++) {
        size_t k;
        ash_status s = find_column(l, "ignore", l->s->ignore.v[i], &k, err);
        if (s != ASH_OK)
            return s;
        if (l->columns[k].label)
            return data_fail_key(l->map, "ignore", err, "column \"%s\" is the label; it cannot be ignored",
                                 l->columns[k].name);
        l->columns[k].ignored = true;
    }
    for (size_t i = 0; i < l->n_columns; i++)
        l->n_features += !l->columns[i].label && !l->columns[i].ignored;
    if (l->n_features == 0)
        return ash_fail(err, ASH_INVALID, "%s: no column is left to learn from", l->train.path);
    return ASH_OK;
}

/* ---- rows ---- */

static ash_status count_rows(csv_table *t, size_t n_columns, ash_error *err)
{
    csv_reader r = t->body;
    csv_record row;
    bool more;
    for (;;) {
        ash_status s = csv_next(&r, &row, &more, err);
        if (s != ASH_OK)
            return s;
        if (!more)
            break;
        if (row.n != n_columns)
            return ash_fail(err, ASH_INVALID, "%s:%zu: %zu cell%s, where the file's first record has %zu",
                            t->path, row.line, row.n, row.n == 1 ? "" : "s", n_columns);
        t->n_rows++;
    }
    if (t->n_rows == 0)
        return ash_fail(err, ASH_INVALID, "%s: there is a header and no row", t->path);
    if (t->n_rows >= DATA_MAX_SAMPLES)
        return ash_fail(err, ASH_INVALID, "%s: %zu rows are too many", t->path, t->n_rows);
    return ASH_OK;
}

static void note_missing(csv_load *l, const csv_table *t, size_t line, const char *name)
{
    if (l->missing++ >= SHOWN)
        return;
    size_t used = strlen(l->missing_text);
    snprintf(l->missing_text + used, sizeof l->missing_text - used, "%s%s:%zu (%.40s)", used ? ", " : "",
             data_basename(t->path), line, name);
}

/* One row's features to x and labels to label; *keep = false when `missing: drop` leaves it out. */
static ash_status read_row(csv_load *l, const csv_table *t, const csv_record *row, float *x,
                           const char **label, bool *keep, ash_error *err)
{
    bool drop = strcmp(l->s->missing, "drop") == 0, mean = strcmp(l->s->missing, "mean") == 0;
    size_t k = 0;
    *keep = true;
    for (size_t i = 0; i < row->n; i++) {
        const csv_cell *cell = &row->cells[i];
        const column *c = &l->columns[i];
        if (c->label || c->ignored)
            continue;
        double v = NAN;
        if (is_missing(cell)) {
            if (drop)
                *keep = false;
            else if (!mean)
                note_missing(l, t, row->line, c->name);
        } else if (!to_number(cell->text, &v)) {
            return ash_fail(err, ASH_INVALID,
                            "%s:%zu: column \"%s\" holds \"%.40s\", which is not a finite number; leave the "
                            "column out with "
                            "ignore, or say header: yes if this is the header",
                            t->path, row->line, c->name, cell->text);
        } else if (fabs(v) > FLT_MAX) {
            return ash_fail(err, ASH_INVALID, "%s:%zu: column \"%s\" holds %s, which is too large", t->path,
                            row->line, c->name, cell->text);
        }
        x[k++] = (float)v;
    }
    for (size_t j = 0; j < l->n_labels; j++) {
        const csv_cell *cell = &row->cells[l->label_column[j]];
        if (is_missing(cell)) {
            if (drop)
                *keep = false;
            else if (mean)
                return ash_fail(
                    err, ASH_INVALID,
                    "%s:%zu: column \"%s\", which is to be learnt, has no value; no mean can stand in for it",
                    t->path, row->line, l->columns[l->label_column[j]].name);
            else
                note_missing(l, t, row->line, l->columns[l->label_column[j]].name);
        }
        label[j] = arena_strndup(l->scratch, cell->text, cell->len);
        if (!label[j])
            return ash_fail_memory(err);
    }
    return ASH_OK;
}

/* Rows of one file behind the *n that are there. */
static ash_status read_rows(csv_load *l, csv_table *t, float *x, size_t *n, ash_error *err)
{
    csv_reader r = t->body;
    csv_record row;
    bool more, keep;
    for (;;) {
        ash_status s = csv_next(&r, &row, &more, err);
        if (s == ASH_OK && more)
            s = read_row(l, t, &row, x + *n * l->n_features, l->label + *n * l->n_labels, &keep, err);
        if (s != ASH_OK || !more)
            return s;
        l->line[*n] = row.line;
        *n += keep;
    }
}

static ash_status report_missing(const csv_load *l, ash_error *err)
{
    if (l->missing == 0)
        return ASH_OK;
    return ash_fail(err, ASH_INVALID,
                    "%s: %zu value%s missing: %s%s; missing: drop leaves such rows out, missing: mean fills "
                    "in the training mean",
                    l->train.path, l->missing, l->missing == 1 ? " is" : "s are", l->missing_text,
                    l->missing > SHOWN ? ", ..." : "");
}

/* ---- what is learnt ---- */

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_number(const void *a, const void *b)
{
    double x = 0, y = 0;
    to_number(*(const char *const *)a, &x);
    to_number(*(const char *const *)b, &y);
    return (x > y) - (x < y);
}

typedef struct label_kind {
    bool numeric, whole;
    const char **values; /* distinct, ascending, of the training rows */
    size_t n_values;
} label_kind;

static ash_status examine_labels(csv_load *l, size_t n_train, size_t n, label_kind *k, ash_error *err)
{
    k->numeric = k->whole = true;
    double v;
    for (size_t i = 0; i < n * l->n_labels; i++) {
        bool number = to_number(l->label[i], &v);
        k->numeric &= number;
        k->whole &= number && v == floor(v);
    }
    k->values = arena_memdup(l->scratch, l->label, n_train * l->n_labels * sizeof *k->values);
    if (!k->values)
        return ash_fail_memory(err);
    int (*order)(const void *, const void *) = k->numeric ? compare_number : compare_text;
    qsort(k->values, n_train, sizeof *k->values, order); /* used with one label only */
    for (size_t i = 0; i < n_train; i++)
        if (i == 0 || order(&k->values[i], &k->values[k->n_values - 1]) != 0)
            k->values[k->n_values++] = k->values[i];
    return ASH_OK;
}

static ash_status choose_task(const csv_load *l, const label_kind *k, size_t n_train, data_task *task,
                              ash_error *err)
{
    const char *name = l->columns[l->label_column[0]].name;
    if (strcmp(l->s->task, "auto") != 0) {
        *task = strcmp(l->s->task, "classification") == 0 ? DATA_CLASSIFICATION : DATA_REGRESSION;
    } else if (l->n_labels > 1 || (k->numeric && !k->whole)) {
        *task = DATA_REGRESSION;
    } else if (!k->numeric || k->n_values <= FEW_VALUES) {
        *task = DATA_CLASSIFICATION;
    } else if (n_train / k->n_values >= OFTEN) {
        return data_fail_key(
            l->map, "path", err,
            "%s: column \"%s\" holds %zu different whole numbers, which may be classes or amounts; say "
            "task: classification or task: regression",
            l->train.path, name, k->n_values);
    } else {
        *task = DATA_REGRESSION;
    }
    if (*task == DATA_CLASSIFICATION && l->n_labels > 1)
        return data_fail_key(l->map, "label", err, "label names %zu columns; classification learns one",
                             l->n_labels);
    if (*task == DATA_CLASSIFICATION && k->n_values > DATA_MAX_CLASSES)
        return data_fail_key(
            l->map, "path", err,
            "%s: column \"%s\" holds %zu different values; at most %d classes can be told apart",
            l->train.path, name, k->n_values, DATA_MAX_CLASSES);
    return ASH_OK;
}

static ash_status set_classes(csv_load *l, const label_kind *k, data_raw *raw, ash_error *err)
{
    const char **names = ARENA_NEW(l->keep, const char *, k->n_values);
    raw->label = ARENA_NEW(l->keep, int32_t, raw->n);
    if (!names || !raw->label)
        return ash_fail_memory(err);
    int (*order)(const void *, const void *) = k->numeric ? compare_number : compare_text;
    for (size_t i = 0; i < raw->n; i++) {
        const char **found = bsearch(&l->label[i], k->values, k->n_values, sizeof *k->values, order);
        if (!found)
            return ash_fail(err, ASH_INVALID, "%s:%zu: label \"%s\" does not occur in the training file",
                            l->test.path, l->line[i], l->label[i]);
        raw->label[i] = (int32_t)(found - k->values);
    }
    for (size_t i = 0; i < k->n_values; i++) {
        double v;
        char text[32];
        names[i] = arena_strdup(l->keep, k->numeric && to_number(k->values[i], &v) ? text_of_real(text, v)
                                                                                   : k->values[i]);
        if (!names[i])
            return ash_fail_memory(err);
    }
    raw->class_names = names;
    raw->n_outputs = (int)k->n_values;
    return ASH_OK;
}

static ash_status set_targets(csv_load *l, data_raw *raw, ash_error *err)
{
    const char **names = ARENA_NEW(l->keep, const char *, l->n_labels);
    raw->target = ARENA_NEW(l->keep, double, raw->n * l->n_labels);
    if (!names || !raw->target)
        return ash_fail_memory(err);
    for (size_t i = 0; i < raw->n * l->n_labels; i++)
        if (!to_number(l->label[i], &raw->target[i])) {
            size_t row = i / l->n_labels;
            return ash_fail(
                err, ASH_INVALID,
                "%s:%zu: column \"%s\" holds \"%.40s\", which is not a finite number: it cannot be a target",
                row < raw->n - raw->n_test ? l->train.path : l->test.path, l->line[row],
                l->columns[l->label_column[i % l->n_labels]].name, l->label[i]);
        }
    for (size_t j = 0; j < l->n_labels; j++)
        names[j] = l->columns[l->label_column[j]].name;
    raw->target_names = names;
    raw->n_outputs = (int)l->n_labels;
    return ASH_OK;
}

/* ---- the format ---- */

static ash_status delimiter_of(const csv_settings *s, const node *map, char *out, ash_error *err)
{
    const char *d = s->delimiter;
    if (strcmp(d, "tab") == 0 || strcmp(d, "\\t") == 0)
        d = "\t";
    if (strlen(d) != 1 || strchr("\"\r\n", *d) || *d & 0x80)
        return data_fail_key(map, "delimiter", err, "delimiter is one character, or tab");
    *out = *d;
    return ASH_OK;
}

static ash_status load(csv_load *l, data_raw *out, ash_error *err)
{
    char delimiter = ',';
    const char *path = data_path(l->keep, l->map, "path", l->s->path), *test_path = NULL;
    if (!path || (l->s->test_path && !(test_path = data_path(l->keep, l->map, "test_path", l->s->test_path))))
        return ash_fail_memory(err);
    out->name = data_basename(path);
    ash_status s = delimiter_of(l->s, l->map, &delimiter, err);
    if (s == ASH_OK)
        s = open_table(l, &l->train, path, delimiter, err);
    if (s == ASH_OK)
        s = name_columns(l, err);
    if (s == ASH_OK)
        s = choose_columns(l, err);
    if (s == ASH_OK)
        s = data_shape_rows(out, l->s->shape, l->n_features, path, l->map, err);
    if (s == ASH_OK)
        s = count_rows(&l->train, l->n_columns, err);
    if (s == ASH_OK && test_path)
        s = open_table(l, &l->test, test_path, delimiter, err);
    if (s == ASH_OK && test_path && l->test.n_columns != l->n_columns)
        s = ash_fail(err, ASH_INVALID, "%s has %zu columns, but %s has %zu", test_path, l->test.n_columns,
                     path, l->n_columns);
    if (s == ASH_OK && test_path)
        s = count_rows(&l->test, l->n_columns, err);
    if (s != ASH_OK)
        return s;

    size_t most = l->train.n_rows + l->test.n_rows, n = 0, n_train;
    const char **features = ARENA_NEW(l->keep, const char *, l->n_features);
    l->label = (const char **)arena_alloc_array(l->scratch, most + 1, sizeof *l->label * (l->n_labels + 1));
    l->line = ARENA_NEW(l->scratch, size_t, most + 1);
    if (most < DATA_MAX_SAMPLES)
        out->x = arena_alloc_array(l->keep, most + 1, sizeof *out->x * l->n_features);
    if (!features || !l->label || !l->line || !out->x)
        return ash_fail_memory(err);
    s = read_rows(l, &l->train, out->x, &n, err);
    n_train = n;
    if (s == ASH_OK && test_path)
        s = read_rows(l, &l->test, out->x, &n, err);
    if (s == ASH_OK)
        s = report_missing(l, err);
    if (s != ASH_OK)
        return s;
    out->dropped = most - n;
    if (n_train == 0 || (test_path && n == n_train))
        return ash_fail(err, ASH_INVALID, "%s: every row has a missing value; none is left",
                        n_train ? test_path : path);
    out->n = n;
    out->n_test = n - n_train;

    label_kind kind = {0};
    if (l->n_labels) {
        s = examine_labels(l, n_train, n, &kind, err);
        if (s == ASH_OK)
            s = choose_task(l, &kind, n_train, &out->task, err);
        if (s == ASH_OK)
            s = out->task == DATA_CLASSIFICATION ? set_classes(l, &kind, out, err) : set_targets(l, out, err);
    }
    for (size_t i = 0, k = 0; i < l->n_columns; i++)
        if (!l->columns[i].label && !l->columns[i].ignored)
            features[k++] = l->columns[i].name;
    out->feature_names = out->is_image ? NULL : features;
    return s;
}

static ash_status read_csv(const void *settings, const node *map, arena *a, data_raw *out, ash_error *err)
{
    csv_load l = {.s = settings, .map = map, .keep = a, .scratch = arena_create()};
    if (!l.scratch)
        return ash_fail_memory(err);
    l.store.a = l.scratch;
    ash_status s = load(&l, out, err);
    buffer_free(&l.train.text);
    buffer_free(&l.test.text);
    arena_destroy(l.scratch);
    return s;
}

static bool is_table(const char *path)
{
    static const char *const ends[] = {".csv", ".tsv", ".txt", ".data", ".csv.gz", ".tsv.gz", ".data.gz"};
    size_t n = strlen(path);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (n >= strlen(ends[i]) && strcasecmp(path + n - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

static bool guess_csv(const char *const *paths, size_t n, data_guess *out)
{
    if (n > 2 || !is_table(paths[0]) || !is_table(paths[n - 1]))
        return false;
    data_guess_path(out, "path", paths[0]);
    if (n == 2)
        data_guess_path(out, "test_path", paths[1]);
    if (strcasestr(paths[0], ".tsv"))
        data_guess_add(out, "delimiter", "tab");
    return true;
}

const data_format data_format_csv = {
    .name = "csv",
    .help = "a table as text, plain or .gz: numbers, and a label or a target",
    .options = &options,
    .read = read_csv,
    .guess = guess_csv,
    .looks = "one or two CSV files (train, test)",
};
