/* SPDX-License-Identifier: GPL-3.0-or-later */
/* idx.c - IDX files, plain or gzip: MNIST, Fashion-MNIST, EMNIST and their family
 *
 * An IDX file is two zero bytes, an element type, a number of dimensions, the dimensions as big-endian 32-bit
 * numbers, then the elements, big-endian (http://yann.lecun.com/exdb/mnist/). Images have one dimension per
 * sample and 1, 2 or 3 more: features, rows x columns, rows x columns x channels. Labels are whole numbers,
 * one dimension. Headers of all files are read and compared with the files' sizes before any memory is taken.
 */
#include "data/file.h"
#include "data/format.h"
#include "data/labels.h"
#include <math.h>
#include <string.h>

enum { MOST_DIMS = 4, CHUNK = 1 << 16 };

typedef struct idx_settings {
    const char *path, *train_images, *train_labels, *test_images, *test_labels;
    option_texts classes;
} idx_settings;

static const option rows[] = {
    {"path", OPTION_TEXT, offsetof(idx_settings, path), NULL, .optional = true, .execution = true,
     .help = "folder with train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-..., plain or .gz"},
    {"train_images", OPTION_TEXT, offsetof(idx_settings, train_images), NULL, .optional = true,
     .execution = true, .help = "instead of path: a file of images or feature vectors"},
    {"train_labels", OPTION_TEXT, offsetof(idx_settings, train_labels), NULL, .optional = true,
     .execution = true, .help = "its labels"},
    {"test_images", OPTION_TEXT, offsetof(idx_settings, test_images), NULL, .optional = true,
     .execution = true, .help = "official test images, if there are any"},
    {"test_labels", OPTION_TEXT, offsetof(idx_settings, test_labels), NULL, .optional = true,
     .execution = true, .help = "their labels"},
    {"classes", OPTION_TEXT_LIST, offsetof(idx_settings, classes), NULL, .optional = true,
     .help = "names of labels 0, 1, 2, ...; without: the labels that occur in the training file"},
};
static const option_table options = OPTION_TABLE("idx", idx_settings, rows);

typedef struct element { /* an IDX element type */
    uint8_t code;
    uint8_t bytes;
    bool whole;
    const char *name;
} element;

static const element elements[] = {
    {0x08, 1, true, "unsigned byte"}, {0x09, 1, true, "signed byte"}, {0x0B, 2, true, "short"},
    {0x0C, 4, true, "int"},           {0x0D, 4, false, "float"},      {0x0E, 8, false, "double"},
};

typedef struct idx_file {
    data_file file;
    const element *type;
    int n_dims;
    uint32_t dims[MOST_DIMS];
    uint64_t count; /* elements */
} idx_file;

/* ---- one file ---- */

static uint32_t big32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static double value(const element *t, const uint8_t *p)
{
    switch (t->code) {
    case 0x08:
        return p[0];
    case 0x09:
        return (int8_t)p[0];
    case 0x0B:
        return (int16_t)(p[0] << 8 | p[1]);
    case 0x0C:
        return (int32_t)big32(p);
    case 0x0D: {
        uint32_t bits = big32(p);
        float v;
        memcpy(&v, &bits, sizeof v);
        return v;
    }
    default: {
        uint64_t bits = (uint64_t)big32(p) << 32 | big32(p + 4);
        double v;
        memcpy(&v, &bits, sizeof v);
        return v;
    }
    }
}

static ash_status short_header(const idx_file *f, ash_error *err)
{
    return ash_fail(err, ASH_INVALID, "%s: ends inside the IDX header; fetch it again", f->file.path);
}

static ash_status idx_open(idx_file *f, const char *path, ash_error *err)
{
    uint8_t head[4 + 4 * MOST_DIMS];
    size_t got;
    ash_status s = data_file_open(&f->file, path, err);
    if (s == ASH_OK)
        s = data_file_read(&f->file, head, 4, &got, err);
    if (s != ASH_OK)
        return s;
    if (got < 4)
        return short_header(f, err);
    if (head[0] || head[1])
        return ash_fail(err, ASH_INVALID, "%s: not an IDX file: it begins with %02x %02x, not 00 00", path,
                        head[0], head[1]);
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (elements[i].code == head[2])
            f->type = &elements[i];
    if (!f->type)
        return ash_fail(err, ASH_INVALID,
                        "%s: not an IDX file: element type %02x is none of 08 09 0b 0c 0d 0e", path, head[2]);
    f->n_dims = head[3];
    if (f->n_dims < 1 || f->n_dims > MOST_DIMS)
        return ash_fail(err, ASH_INVALID, "%s: has %d dimensions; 1 to %d can be read", path, f->n_dims,
                        MOST_DIMS);
    s = data_file_read(&f->file, head + 4, 4 * (size_t)f->n_dims, &got, err);
    if (s != ASH_OK)
        return s;
    if (got < 4 * (size_t)f->n_dims)
        return short_header(f, err);
    f->count = 1;
    for (int i = 0; i < f->n_dims; i++) {
        f->dims[i] = big32(head + 4 + 4 * i);
        if (f->dims[i] == 0)
            return ash_fail(err, ASH_INVALID, "%s: dimension %d is 0: the file holds nothing", path, i + 1);
        if (f->count > UINT64_MAX / 16 / f->dims[i]) /* 16: room for bytes and for floats */
            return ash_fail(err, ASH_INVALID, "%s: the header claims an impossible size", path);
        f->count *= f->dims[i];
    }
    uint64_t needs = 4 + 4 * (uint64_t)f->n_dims + f->count * f->type->bytes;
    if (f->file.compressed ? needs > f->file.most : needs > f->file.size)
        return ash_fail(err, ASH_INVALID, "%s: truncated: the header promises %llu bytes, the file %s %llu",
                        path, (unsigned long long)needs, f->file.compressed ? "can hold at most" : "has",
                        (unsigned long long)f->file.most);
    if (!f->file.compressed && needs < f->file.size)
        return ash_fail(err, ASH_INVALID, "%s: %llu bytes follow the last element that the header promises",
                        path, (unsigned long long)(f->file.size - needs));
    if (f->dims[0] >= DATA_MAX_SAMPLES)
        return ash_fail(err, ASH_INVALID, "%s: %u samples are too many", path, f->dims[0]);
    return ASH_OK;
}

/* All elements through `use`, a chunk at a time; then the file has to be at its end. */
static ash_status idx_read(idx_file *f, ash_status (*use)(void *ctx, uint64_t i, double v, ash_error *err),
                           void *ctx, ash_error *err)
{
    uint8_t chunk[CHUNK];
    size_t bytes = f->type->bytes, got;
    ash_status s = ASH_OK;
    for (uint64_t i = 0; i < f->count && s == ASH_OK;) {
        uint64_t left = f->count - i;
        size_t n = left < CHUNK / bytes ? (size_t)left : CHUNK / bytes;
        s = data_file_read(&f->file, chunk, n * bytes, &got, err);
        if (s != ASH_OK)
            return s;
        if (got < n * bytes)
            return ash_fail(err, ASH_INVALID,
                            "%s: truncated: %llu of the %llu elements that the header promises", f->file.path,
                            (unsigned long long)(i + got / bytes), (unsigned long long)f->count);
        for (size_t j = 0; j < n && s == ASH_OK; j++)
            s = use(ctx, i + j, value(f->type, chunk + j * bytes), err);
        i += n;
    }
    if (s != ASH_OK)
        return s;
    s = data_file_read(&f->file, chunk, 1, &got, err);
    if (s == ASH_OK && got)
        s = ash_fail(err, ASH_INVALID, "%s: bytes follow the last element that the header promises",
                     f->file.path);
    return s;
}

/* ---- images and labels ---- */

typedef struct pixel_sink {
    float *x;
    const char *path;
    uint64_t width;
} pixel_sink;

static ash_status put_pixel(void *ctx, uint64_t i, double v, ash_error *err)
{
    pixel_sink *s = ctx;
    s->x[i] = (float)v;
    if (!isfinite(s->x[i]))
        return ash_fail(err, ASH_INVALID,
                        "%s: sample %llu, element %llu is %s; values have to be finite floats", s->path,
                        (unsigned long long)(i / s->width + 1), (unsigned long long)(i % s->width + 1),
                        isnan(v) ? "not a number" : "too large");
    return ASH_OK;
}

typedef struct label_sink {
    int32_t *label;
    const char *path;
    option_texts classes;
} label_sink;

static ash_status put_label(void *ctx, uint64_t i, double v, ash_error *err)
{
    label_sink *s = ctx;
    s->label[i] = (int32_t)v;
    if (v < 0 || (s->classes.n && v >= (double)s->classes.n)) {
        if (s->classes.n)
            return ash_fail(err, ASH_INVALID,
                            "%s: label %d of sample %llu is out of range: there are %zu classes, 0 to %zu",
                            s->path, s->label[i], (unsigned long long)(i + 1), s->classes.n,
                            s->classes.n - 1);
        return ash_fail(err, ASH_INVALID, "%s: label %d of sample %llu is negative", s->path, s->label[i],
                        (unsigned long long)(i + 1));
    }
    return ASH_OK;
}

typedef struct idx_pair {
    idx_file images, labels;
} idx_pair;

static ash_status open_pair(idx_pair *p, const char *images, const char *labels, ash_error *err)
{
    ash_status s = idx_open(&p->images, images, err);
    if (s == ASH_OK)
        s = idx_open(&p->labels, labels, err);
    if (s != ASH_OK)
        return s;
    if (p->images.n_dims < 2)
        return ash_fail(err, ASH_INVALID, "%s: has one dimension; these look like labels, not images",
                        images);
    if (p->labels.n_dims != 1)
        return ash_fail(err, ASH_INVALID, "%s: has %d dimensions; these look like images, not labels", labels,
                        p->labels.n_dims);
    if (!p->labels.type->whole)
        return ash_fail(err, ASH_INVALID, "%s: labels are of type %s; they have to be whole numbers", labels,
                        p->labels.type->name);
    if (p->images.dims[0] != p->labels.dims[0])
        return ash_fail(err, ASH_INVALID, "%s holds %u images, but %s holds %u labels", images,
                        p->images.dims[0], labels, p->labels.dims[0]);
    for (int i = 1; i < p->images.n_dims; i++)
        if (p->images.dims[i] > DATA_MAX_SIDE)
            return ash_fail(err, ASH_INVALID, "%s: dimension %d is %u; at most %d can be used", images, i + 1,
                            p->images.dims[i], DATA_MAX_SIDE);
    return ASH_OK;
}

static void close_pair(idx_pair *p)
{
    data_file_close(&p->images.file);
    data_file_close(&p->labels.file);
}

static ash_status read_pair(idx_pair *p, size_t first, const idx_settings *set, data_raw *raw, ash_error *err)
{
    size_t width = (size_t)raw->h * (size_t)raw->w * (size_t)raw->c;
    pixel_sink pixels = {raw->x + first * width, p->images.file.path, width};
    label_sink labels = {raw->label + first, p->labels.file.path, set->classes};
    ash_status s = idx_read(&p->labels, put_label, &labels, err); /* the small file first: quick to refuse */
    return s == ASH_OK ? idx_read(&p->images, put_pixel, &pixels, err) : s;
}

/* ---- which files ---- */

/* FOLDER/stem-idxN-ubyte as the family spells it, compressed or not; NULL: none of them is there. */
static const char *find(arena *a, const char *folder, const char *split, const char *what, ash_error *err)
{
    static const char *const spellings[] = {"-", "."};
    static const char *const ends[] = {"", ".gz"};
    int n_dims = strcmp(what, "images") == 0 ? 3 : 1;
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 2; j++) {
            const char *p = arena_printf(a, "%s/%s-%s%sidx%d-ubyte%s", folder, split, what, spellings[i],
                                         n_dims, ends[j]);
            if (!p) {
                ash_fail_memory(err);
                return NULL;
            }
            if (data_file_exists(p))
                return p;
        }
    ash_fail(err, ASH_INVALID, "%s: there is no %s-%s-idx%d-ubyte or %s-%s-idx%d-ubyte.gz in this folder",
             folder, split, what, n_dims, split, what, n_dims);
    return NULL;
}

static ash_status find_files(idx_settings *s, const node *map, arena *a, ash_error *err)
{
    if (s->path) {
        if (s->train_images || s->train_labels || s->test_images || s->test_labels)
            return data_fail_key(map, "path", err, "give either path or the files' own keys, not both");
        const char *folder = data_path(a, map, "path", s->path);
        if (!folder)
            return ash_fail_memory(err);
        if (!(s->train_images = find(a, folder, "train", "images", err)) ||
            !(s->train_labels = find(a, folder, "train", "labels", err)))
            return err->status;
        s->test_images = find(a, folder, "t10k", "images", err);
        if (!s->test_images && err->status != ASH_INVALID)
            return err->status;
        s->test_labels = find(a, folder, "t10k", "labels", err);
        if (!s->test_labels && (s->test_images || err->status != ASH_INVALID))
            return err->status;
        if (!s->test_images && s->test_labels) {
            find(a, folder, "t10k", "images", err);
            return err->status;
        }
        return ASH_OK;
    }
    if (!s->train_images && !s->train_labels && !s->test_images && !s->test_labels)
        return data_fail_key(map, "type", err,
                             "type idx needs path (a folder) or train_images and train_labels");
    if (!s->train_images || !s->train_labels)
        return data_fail_key(map, "type", err,
                             "type idx: train_images and train_labels go together; %s is missing",
                             s->train_images ? "train_labels" : "train_images");
    if (!s->test_images != !s->test_labels)
        return data_fail_key(map, "type", err,
                             "type idx: test_images and test_labels go together; %s is missing",
                             s->test_images ? "test_labels" : "test_images");
    s->train_images = data_path(a, map, "train_images", s->train_images);
    s->train_labels = data_path(a, map, "train_labels", s->train_labels);
    if (!s->train_images || !s->train_labels)
        return ash_fail_memory(err);
    if (s->test_images) {
        s->test_images = data_path(a, map, "test_images", s->test_images);
        s->test_labels = data_path(a, map, "test_labels", s->test_labels);
        if (!s->test_images || !s->test_labels)
            return ash_fail_memory(err);
    }
    return ASH_OK;
}

/* ---- the format ---- */

static ash_status read_files(const idx_settings *s, idx_pair *train, idx_pair *test, arena *a, data_raw *out,
                             ash_error *err)
{
    ash_status status = open_pair(train, s->train_images, s->train_labels, err);
    if (status == ASH_OK && s->test_images)
        status = open_pair(test, s->test_images, s->test_labels, err);
    if (status != ASH_OK)
        return status;
    const idx_file *images = &train->images;
    bool same = !s->test_images || images->n_dims == test->images.n_dims;
    for (int i = 1; s->test_images && same && i < images->n_dims; i++)
        same = images->dims[i] == test->images.dims[i];
    if (!same)
        return ash_fail(err, ASH_INVALID, "%s and %s hold samples of different shapes", s->train_images,
                        s->test_images);

    out->task = DATA_CLASSIFICATION;
    out->is_image = images->n_dims > 2;
    out->h = images->n_dims > 2 ? (int)images->dims[1] : 1;
    out->w = images->n_dims > 2 ? (int)images->dims[2] : 1;
    out->c = images->n_dims == 2 ? (int)images->dims[1] : images->n_dims == 4 ? (int)images->dims[3] : 1;
    out->n_test = s->test_images ? test->images.dims[0] : 0;
    out->n = (size_t)images->dims[0] + out->n_test;
    if (out->n >= DATA_MAX_SAMPLES)
        return ash_fail(err, ASH_INVALID, "%s: %zu samples are too many", out->name, out->n);
    out->x = ARENA_NEW(a, float, images->count + (s->test_images ? test->images.count : 0));
    out->label = ARENA_NEW(a, int32_t, out->n);
    if (!out->x || !out->label)
        return ash_fail_memory(err);
    status = read_pair(train, 0, s, out, err);
    if (status == ASH_OK && s->test_images)
        status = read_pair(test, out->n - out->n_test, s, out, err);
    if (status == ASH_OK)
        status = data_label_classes(out, s->classes, s->test_labels, a, err);
    if (status == ASH_OK && !out->is_image)
        status = data_number_features(out, a, err);
    return status;
}

static ash_status read_idx(const void *settings, const node *map, arena *a, data_raw *out, ash_error *err)
{
    idx_settings s = *(const idx_settings *)settings;
    ash_status status = find_files(&s, map, a, err);
    if (status != ASH_OK)
        return status;
    /* "fashion-mnist" of "/usr/share/datasets/fashion-mnist/" */
    const char *called = s.path ? data_path(a, map, "path", s.path) : arena_strdup(a, s.train_images);
    if (!called)
        return ash_fail_memory(err);
    out->name = data_basename(called);
    idx_pair train, test;
    memset(&train, 0, sizeof train);
    memset(&test, 0, sizeof test);
    status = read_files(&s, &train, &test, a, out, err);
    close_pair(&train);
    close_pair(&test);
    return status;
}

static bool guess_idx(const char *const *paths, size_t n, data_guess *out)
{
    static const char *const keys[] = {"train_images", "train_labels", "test_images", "test_labels"};
    ash_error unused;
    if (n == 1) {
        data_guess_path(out, "path", paths[0]);
        return find(out->a, paths[0], "train", "images", &unused) != NULL;
    }
    if ((n != 2 && n != 4) || (!strstr(paths[0], "ubyte") && !strstr(paths[0], "idx")))
        return false;
    for (size_t i = 0; i < n; i++)
        data_guess_path(out, keys[i], paths[i]);
    return true;
}

const data_format data_format_idx = {
    .name = "idx",
    .help = "IDX files, plain or gzip: MNIST, Fashion-MNIST and their family",
    .options = &options,
    .read = read_idx,
    .guess = guess_idx,
    .looks = "a folder of IDX files, or two or four IDX files (images, labels, test images, test labels)",
};
