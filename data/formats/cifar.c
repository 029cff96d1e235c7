/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cifar.c - CIFAR-10 and CIFAR-100, binary version
 *
 * A record is a label byte, or for CIFAR-100 a coarse and a fine one, then 32 x 32 reds, greens, blues, row by row
 * (Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009; www.cs.toronto.edu/~kriz/cifar.html). A folder holds
 * data_batch_*.bin and test_batch.bin, or train.bin and test.bin, plain or .gz, and the names of the classes in text files. */
#include "data/file.h"
#include "data/format.h"
#include "data/labels.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 32, PIXELS = SIDE * SIDE, CHANNELS = 3, MOST_BATCHES = 1000, MOST_NAMES = 256, MOST_NAMES_TEXT = 1 << 16 };

typedef struct cifar_settings {
    const char *path, *labels;
} cifar_settings;

static const char *const label_names[] = {"fine", "coarse", NULL};

static const option rows[] = {
    {"path", OPTION_TEXT, offsetof(cifar_settings, path), NULL, .execution = true,
     .help = "folder with data_batch_*.bin and test_batch.bin (CIFAR-10), or train.bin and test.bin (CIFAR-100)"},
    {"labels", OPTION_NAME, offsetof(cifar_settings, labels), "fine", .names = label_names,
     .help = "of CIFAR-100: the 100 fine classes or the 20 coarse ones"},
};
static const option_table options = OPTION_TABLE("cifar", cifar_settings, rows);

typedef struct cifar_load {
    const cifar_settings *s;
    arena *keep, *scratch;
    const char *folder;
    const char *files[MOST_BATCHES + 1]; /* training batches in the order of their names, then the test batch */
    size_t n_files, n_train_files;
    size_t samples[MOST_BATCHES + 1];
    bool hundred; /* CIFAR-100: two label bytes */
} cifar_load;

/* ---- files ---- */

static const char *file_in(arena *a, const char *folder, const char *name, const char *end, bool *fits)
{
    const char *path = arena_printf(a, "%s/%s%s", folder, name, end);
    *fits = *fits && path;
    return path && data_file_exists(path) ? path : NULL;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static ash_status list_batches(cifar_load *l, ash_error *err)
{
    DIR *d = opendir(l->folder);
    bool fits = true;
    for (struct dirent *e; d && fits && (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        bool batch = strncmp(e->d_name, "data_batch_", 11) == 0 &&
                     (strcmp(e->d_name + n - 4, ".bin") == 0 || strcmp(e->d_name + n - 3, ".gz") == 0);
        if (batch && l->n_files < MOST_BATCHES)
            fits = (l->files[l->n_files++] = arena_printf(l->keep, "%s/%s", l->folder, e->d_name));
    }
    if (d)
        closedir(d);
    if (!fits)
        return ash_fail_memory(err);
    if (l->n_files)
        qsort(l->files, l->n_files, sizeof *l->files, by_bytes);
    return ASH_OK;
}

static ash_status find_files(cifar_load *l, ash_error *err)
{
    static const char *const ends[] = {"", ".gz"};
    if (list_batches(l, err) != ASH_OK)
        return err->status;
    bool fits = true;
    const char *test = NULL;
    l->hundred = l->n_files == 0;
    for (size_t i = 0; i < 2 && l->hundred && !l->n_files; i++)
        if ((l->files[0] = file_in(l->keep, l->folder, "train.bin", ends[i], &fits)))
            l->n_files = 1;
    for (size_t i = 0; i < 2 && !test; i++)
        test = file_in(l->keep, l->folder, l->hundred ? "test.bin" : "test_batch.bin", ends[i], &fits);
    if (!fits)
        return ash_fail_memory(err);
    if (!l->n_files)
        return ash_fail(err, ASH_INVALID, "%s: there is no data_batch_1.bin (CIFAR-10) or train.bin (CIFAR-100) in this folder; the binary "
                        "version of CIFAR is read, not the one for Python", l->folder);
    l->n_train_files = l->n_files;
    if (test)
        l->files[l->n_files++] = test;
    return ASH_OK;
}

/* Whole records of a file: a plain one tells by its size, a compressed one is gone through. */
static ash_status count_records(const char *path, size_t record, size_t *out, ash_error *err)
{
    data_file f;
    uint64_t bytes = 0;
    ash_status s = data_file_open(&f, path, err);
    if (s == ASH_OK && !f.compressed)
        bytes = f.size;
    char chunk[1 << 14];
    for (size_t got = 1; s == ASH_OK && f.compressed && got; bytes += got)
        s = data_file_read(&f, chunk, sizeof chunk, &got, err);
    data_file_close(&f);
    if (s != ASH_OK)
        return s;
    if (bytes == 0 || bytes % record)
        return ash_fail(err, ASH_INVALID, "%s: %llu bytes are not a whole number of CIFAR records of %zu bytes; fetch it again", path,
                        (unsigned long long)bytes, record);
    if (bytes / record >= DATA_MAX_SAMPLES)
        return ash_fail(err, ASH_INVALID, "%s: %llu samples are too many", path, (unsigned long long)(bytes / record));
    *out = (size_t)(bytes / record);
    return ASH_OK;
}

/* ---- records ---- */

static ash_status read_file(const cifar_load *l, size_t which, size_t first, data_raw *raw, ash_error *err)
{
    uint8_t record[2 + CHANNELS * PIXELS];
    size_t labels = l->hundred ? 2 : 1, size = labels + CHANNELS * PIXELS, got;
    int limit = !l->hundred ? 10 : strcmp(l->s->labels, "fine") == 0 ? 100 : 20;
    data_file f;
    ash_status s = data_file_open(&f, l->files[which], err);
    for (size_t i = 0; s == ASH_OK && i < l->samples[which]; i++) {
        s = data_file_read(&f, record, size, &got, err);
        if (s == ASH_OK && got < size)
            s = ash_fail(err, ASH_INVALID, "%s: ends inside record %zu", l->files[which], i + 1);
        if (s != ASH_OK)
            break;
        int label = record[l->hundred && limit == 100];
        if (label >= limit)
            s = ash_fail(err, ASH_INVALID, "%s: label %d of record %zu is out of range: there are %d classes", l->files[which], label, i + 1,
                         limit);
        raw->label[first + i] = label;
        float *x = raw->x + (first + i) * CHANNELS * PIXELS;
        for (size_t p = 0; p < PIXELS; p++)
            for (size_t k = 0; k < CHANNELS; k++)
                x[p * CHANNELS + k] = record[labels + k * PIXELS + p];
    }
    data_file_close(&f);
    return s;
}

/* Lines of the file of names, if there is one; the label is the line's number. */
static ash_status read_names(const cifar_load *l, option_texts *out, ash_error *err)
{
    const char *name = !l->hundred ? "batches.meta.txt" : strcmp(l->s->labels, "fine") == 0 ? "fine_label_names.txt" : "coarse_label_names.txt";
    bool fits = true;
    const char *path = file_in(l->scratch, l->folder, name, "", &fits);
    if (!path)
        return fits ? ASH_OK : ash_fail_memory(err);
    buffer text = {0};
    ash_status s = data_file_slurp(path, MOST_NAMES_TEXT, &text, err);
    const char **names = ARENA_NEW(l->keep, const char *, MOST_NAMES);
    size_t n = 0;
    if (s == ASH_OK && !names)
        s = ash_fail_memory(err);
    for (const char *p = text.data; s == ASH_OK && p && *p && n < MOST_NAMES;) {
        size_t length = strcspn(p, "\r\n");
        if (length && !(names[n++] = arena_strndup(l->keep, p, length)))
            s = ash_fail_memory(err);
        p += length;
        p += strspn(p, "\r\n");
    }
    buffer_free(&text);
    *out = (option_texts){names, n};
    return s;
}

/* The classes that occur, called by the names of the file. */
static ash_status name_classes(const cifar_load *l, data_raw *raw, ash_error *err)
{
    option_texts names = {0}, none = {0};
    ash_status s = read_names(l, &names, err);
    if (s == ASH_OK)
        s = data_label_classes(raw, none, NULL, l->keep, err);
    const char **classes = s == ASH_OK ? arena_memdup(l->keep, raw->class_names, (size_t)raw->n_outputs * sizeof *classes) : NULL;
    if (s == ASH_OK && !classes)
        return ash_fail_memory(err);
    for (int k = 0; s == ASH_OK && k < raw->n_outputs; k++) {
        size_t number = strtoul(classes[k], NULL, 10);
        if (number < names.n)
            classes[k] = names.v[number];
    }
    raw->class_names = classes;
    return s;
}

/* ---- the format ---- */

static ash_status load(cifar_load *l, data_raw *raw, ash_error *err)
{
    ash_status s = find_files(l, err);
    for (size_t i = 0; s == ASH_OK && i < l->n_files; i++) {
        s = count_records(l->files[i], (l->hundred ? 2 : 1) + CHANNELS * PIXELS, &l->samples[i], err);
        if (s == ASH_OK)
            raw->n += l->samples[i];
        if (s == ASH_OK && i >= l->n_train_files)
            raw->n_test += l->samples[i];
    }
    if (s != ASH_OK)
        return s;
    if (raw->n >= DATA_MAX_SAMPLES)
        return ash_fail(err, ASH_INVALID, "%s: %zu samples are too many", l->folder, raw->n);
    raw->name = data_basename(l->folder);
    raw->task = DATA_CLASSIFICATION;
    raw->is_image = true;
    raw->h = raw->w = SIDE;
    raw->c = CHANNELS;
    raw->x = arena_alloc_array(l->keep, raw->n, CHANNELS * PIXELS * sizeof *raw->x);
    raw->label = ARENA_NEW(l->keep, int32_t, raw->n);
    if (!raw->x || !raw->label)
        return ash_fail_memory(err);
    for (size_t i = 0, first = 0; s == ASH_OK && i < l->n_files; first += l->samples[i++])
        s = read_file(l, i, first, raw, err);
    return s == ASH_OK ? name_classes(l, raw, err) : s;
}

static ash_status read_cifar(const void *settings, const node *map, arena *a, data_raw *out, ash_error *err)
{
    arena *scratch = arena_create();
    cifar_load *l = scratch ? ARENA_NEW(scratch, cifar_load, 1) : NULL;
    ash_status s = l ? ASH_OK : ash_fail_memory(err);
    if (l) {
        *l = (cifar_load){.s = settings, .keep = a, .scratch = scratch};
        l->folder = data_path(a, map, "path", l->s->path);
        s = l->folder ? load(l, out, err) : ash_fail_memory(err);
    }
    arena_destroy(scratch);
    return s;
}

static bool guess_cifar(const char *const *paths, size_t n, data_guess *out)
{
    static const char *const names[] = {"data_batch_1.bin", "train.bin", "data_batch_1.bin.gz", "train.bin.gz"};
    bool fits = true, found = false;
    for (size_t i = 0; n == 1 && i < sizeof names / sizeof *names; i++)
        found = found || file_in(out->a, paths[0], names[i], "", &fits);
    if (found)
        data_guess_path(out, "path", paths[0]);
    return found;
}

const data_format data_format_cifar = {
    .name = "cifar",
    .help = "CIFAR-10 and CIFAR-100, binary version, plain or gzip",
    .options = &options,
    .read = read_cifar,
    .guess = guess_cifar,
    .looks = "a folder of CIFAR-10 or CIFAR-100 in its binary version",
};
