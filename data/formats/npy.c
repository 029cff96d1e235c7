/* SPDX-License-Identifier: GPL-3.0-or-later */
/* npy.c - NumPy arrays: a .npz archive, a folder of .npy files, or files one by one
 *
 * Samples are the first dimension. What the others mean is said by `layout`, or guessed: two are pixels of bytes or of a square, else steps
 * and features; with three, the channels are where the size is at most four. A sequence of T steps with F features is an image of
 * T x 1 pixels and F channels. Labels are whole numbers, one-hot rows or bools; other numbers are targets. */
#include "data/format.h"
#include "data/labels.h"
#include "data/npy.h"
#include <math.h>
#include <string.h>
#include <strings.h>

enum { FEW_VALUES = 20, FEW_CHANNELS = 4 };

typedef struct npy_settings {
    const char *path, *x, *y, *x_val, *y_val, *x_test, *y_test, *layout, *task;
    option_texts classes;
    option_ints shape;
} npy_settings;

static const char *const layout_names[] = {"auto", "nf", "nhw", "nhwc", "nchw", "ntf", "nft", NULL};
static const char *const task_names[] = {"auto", "classification", "regression", NULL};

static const option rows[] = {
    {"path", OPTION_TEXT, offsetof(npy_settings, path), NULL, .optional = true, .execution = true,
     .help = "a .npz archive or a folder of .npy files; without, x and y are files"},
    {"x", OPTION_TEXT, offsetof(npy_settings, x), NULL, .optional = true, .execution = true,
     .help = "array of samples; without: x_train, train_images, x, images, data, features, whichever is there"},
    {"y", OPTION_TEXT, offsetof(npy_settings, y), NULL, .optional = true, .execution = true,
     .help = "their labels or targets; an autoencoder (target: input) needs none"},
    {"x_val", OPTION_TEXT, offsetof(npy_settings, x_val), NULL, .optional = true, .execution = true,
     .help = "official validation samples, if there are any"},
    {"y_val", OPTION_TEXT, offsetof(npy_settings, y_val), NULL, .optional = true, .execution = true, .help = "their labels"},
    {"x_test", OPTION_TEXT, offsetof(npy_settings, x_test), NULL, .optional = true, .execution = true,
     .help = "official test samples, if there are any"},
    {"y_test", OPTION_TEXT, offsetof(npy_settings, y_test), NULL, .optional = true, .execution = true, .help = "their labels"},
    {"layout", OPTION_NAME, offsetof(npy_settings, layout), "auto", .names = layout_names,
     .help = "dimensions: n samples, h and w pixels, c channels, t steps, f features"},
    {"shape", OPTION_INT_LIST, offsetof(npy_settings, shape), NULL, 1, DATA_MAX_SIDE, .optional = true,
     .help = "[h, w] or [h, w, c]: each row of an array (n, f) is an image, channels last"},
    {"task", OPTION_NAME, offsetof(npy_settings, task), "auto", .names = task_names,
     .help = "auto: integers, one-hot rows or at most 20 whole numbers are classes, other numbers are targets"},
    {"classes", OPTION_TEXT_LIST, offsetof(npy_settings, classes), NULL, .optional = true,
     .help = "names of labels 0, 1, 2, ...; without: the labels that occur in the training samples"},
};
static const option_table options = OPTION_TABLE("npy", npy_settings, rows);

enum { TRAIN, VAL, TEST, N_SPLITS };

typedef struct npy_load {
    const npy_settings *s;
    const node *map;
    arena *keep, *scratch;
    const char *path;              /* the archive or folder, as a path; NULL */
    zip_t *archive;                /* NULL: files */
    const char *names[N_SPLITS][2]; /* of x and y; NULL: there is no such split */
    npy_array x[N_SPLITS], y[N_SPLITS];
    const char *layout;
    double *labels; /* (n, outputs of y) */
} npy_load;

/* ---- which arrays ---- */

static const char *const known[][N_SPLITS][2] = {
    {{"x_train", "y_train"}, {"x_val", "y_val"}, {"x_test", "y_test"}},
    {{"X_train", "y_train"}, {"X_val", "y_val"}, {"X_test", "y_test"}},
    {{"X_train", "Y_train"}, {"X_val", "Y_val"}, {"X_test", "Y_test"}},
    {{"train_images", "train_labels"}, {"val_images", "val_labels"}, {"test_images", "test_labels"}},
    {{"train_x", "train_y"}, {"val_x", "val_y"}, {"test_x", "test_y"}},
    {{"x", "y"}},
    {{"X", "y"}},
    {{"X", "Y"}},
    {{"images", "labels"}},
    {{"data", "labels"}},
    {{"data", "target"}},
    {{"features", "labels"}},
    {{"features", "targets"}},
    {{"arr_0", "arr_1"}},
};
enum { N_KNOWN = sizeof known / sizeof *known };

static bool has_suffix(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcasecmp(text + n - m, end) == 0;
}

/* "x" may be a member x.npy of the archive, or a file x or x.npy of the folder (NULL: of none). NULL: it is not there; or out of memory, then
 * *fits is false. */
static const char *locate(const char *path, zip_t *archive, const char *name, arena *a, bool *fits)
{
    for (int i = 0; i < 2; i++) {
        bool beside = !archive && path && name[0] != '/';
        const char *file = arena_printf(a, "%s%s%s%s", beside ? path : "", beside ? "/" : "", name, i ? ".npy" : "");
        *fits = *fits && file;
        if (file && (archive ? zip_name_locate(archive, file, 0) >= 0 : data_file_exists(file)))
            return file;
    }
    return NULL;
}

static ash_status no_arrays(const npy_load *l, ash_error *err)
{
    buffer found = {0};
    for (zip_int64_t i = 0, n = l->archive ? zip_get_num_entries(l->archive, 0) : 0; i < n && found.len < 200; i++) {
        const char *name = zip_get_name(l->archive, (zip_uint64_t)i, 0);
        size_t length = name ? strlen(name) : 0;
        buffer_printf(&found, "%s%.*s", i ? ", " : "; it holds ",
                      (int)(name && has_suffix(name, ".npy") ? length - 4 : length), name ? name : "");
    }
    ash_fail(err, ASH_INVALID, "%s: has none of x_train and y_train, train_images and train_labels, x and y, images and labels, data and "
             "labels%s: name the arrays with data.x and data.y", l->path, found.data ? found.data : "");
    buffer_free(&found);
    return err->status;
}

static ash_status known_names(npy_load *l, ash_error *err)
{
    bool fits = true;
    for (size_t k = 0; k < N_KNOWN && !l->names[TRAIN][0] && fits; k++) {
        if (!locate(l->path, l->archive, known[k][TRAIN][0], l->scratch, &fits) ||
            !locate(l->path, l->archive, known[k][TRAIN][1], l->scratch, &fits))
            continue;
        for (int i = 0; i < 2 * N_SPLITS; i++)
            if (known[k][i / 2][i % 2] && locate(l->path, l->archive, known[k][i / 2][i % 2], l->scratch, &fits))
                l->names[i / 2][i % 2] = known[k][i / 2][i % 2];
    }
    if (!fits)
        return ash_fail_memory(err);
    return l->names[TRAIN][0] ? ASH_OK : no_arrays(l, err);
}

static ash_status choose_names(npy_load *l, ash_error *err)
{
    static const char *const keys[N_SPLITS][2] = {{"x", "y"}, {"x_val", "y_val"}, {"x_test", "y_test"}};
    const npy_settings *s = l->s;
    const char *given[N_SPLITS][2] = {{s->x, s->y}, {s->x_val, s->y_val}, {s->x_test, s->y_test}};
    bool any = s->x || s->y || s->x_val || s->y_val || s->x_test || s->y_test;
    if (!any && !l->path)
        return data_fail_key(l->map, "type", err, "type npy needs path (a .npz archive or a folder), or x and y (two .npy files)");
    if (any)
        memcpy(l->names, given, sizeof given);
    else if (known_names(l, err) != ASH_OK)
        return err->status;
    if (any && !s->x)
        return data_fail_key(l->map, "type", err, "type npy: x is missing: the samples that train");
    bool unlabelled = !s->y && !s->y_val && !s->y_test; /* for an autoencoder; whether that is meant is seen later */
    for (int i = 0; i < N_SPLITS && !(any && unlabelled); i++)
        if (!l->names[i][0] != !l->names[i][1])
            return data_fail_key(l->map, "type", err, "type npy: %s and %s go together; %s is missing", keys[i][0], keys[i][1],
                                 keys[i][l->names[i][0] ? 1 : 0]);
    return ASH_OK;
}

static ash_status open_array(npy_load *l, const char *key, const char *name, npy_array *out, ash_error *err)
{
    bool fits = true;
    if (l->archive) {
        const char *member = locate(l->path, l->archive, name, l->scratch, &fits);
        const char *called = arena_printf(l->keep, "%s: %s", l->path, name);
        if (!called || !fits)
            return ash_fail_memory(err);
        return member ? npy_open_member(out, l->archive, member, called, err)
                      : ash_fail(err, ASH_INVALID, "%s: there is no array \"%s\" in this archive", l->path, name);
    }
    const char *file = l->path ? name : data_path(l->keep, l->map, key, name);
    const char *found = file ? locate(l->path, NULL, file, l->keep, &fits) : NULL;
    if (!file || !fits)
        return ash_fail_memory(err);
    return npy_open(out, found ? found : file, err);
}

static ash_status open_archive(npy_load *l, ash_error *err)
{
    if (!l->s->path)
        return ASH_OK;
    if (!(l->path = data_path(l->keep, l->map, "path", l->s->path)))
        return ash_fail_memory(err);
    if (!has_suffix(l->path, ".npz") && !has_suffix(l->path, ".zip") && !data_file_exists(l->path))
        return ASH_OK; /* a folder, or nothing: its files tell */
    data_file probe; /* for a sentence about what is not there or no file */
    ash_status status = data_file_open(&probe, l->path, err);
    data_file_close(&probe);
    if (status != ASH_OK)
        return status;
    int code;
    if (!(l->archive = zip_open(l->path, ZIP_RDONLY, &code))) {
        zip_error_t why;
        zip_error_init_with_code(&why, code);
        ash_fail(err, code == ZIP_ER_MEMORY ? ASH_BROKEN : ASH_INVALID, "%s: not a .npz archive that can be read: %s; write it again with numpy.savez",
                 l->path, zip_error_strerror(&why));
        zip_error_fini(&why);
        return err->status;
    }
    return ASH_OK;
}

/* ---- shapes ---- */

static const char *guess_layout(const npy_array *x)
{
    const uint64_t *d = x->dims;
    if (x->n_dims <= 2)
        return "nf";
    if (x->n_dims == 3)
        return x->kind == 'b' || (x->kind == 'u' && x->bytes == 1) || d[1] == d[2] ? "nhw" : "ntf";
    return d[3] > FEW_CHANNELS && d[1] <= FEW_CHANNELS ? "nchw" : "nhwc";
}

static ash_status check_side(const npy_array *x, uint64_t side, ash_error *err)
{
    return side <= DATA_MAX_SIDE ? ASH_OK
                                 : ash_fail(err, ASH_INVALID, "%s: a dimension is %llu; at most %d can be used", x->name,
                                            (unsigned long long)side, DATA_MAX_SIDE);
}

static ash_status set_shape(npy_load *l, data_raw *raw, ash_error *err)
{
    const npy_array *x = &l->x[TRAIN];
    const uint64_t *d = x->dims;
    l->layout = strcmp(l->s->layout, "auto") == 0 ? guess_layout(x) : l->s->layout;
    int dims = (int)strlen(l->layout);
    if (x->n_dims > 4 || x->n_dims < 1)
        return ash_fail(err, ASH_INVALID, "%s: has %d dimensions; samples have 2 (features), 3 (grey images, sequences) or 4 (images), the "
                        "first of which counts them", x->name, x->n_dims);
    if (x->n_dims != dims && !(x->n_dims == 1 && dims == 2))
        return data_fail_key(l->map, "layout", err, "layout %s has %d dimensions, but %s has %d", l->layout, dims, x->name, x->n_dims);
    for (int i = 1; i < x->n_dims; i++)
        if (check_side(x, d[i], err) != ASH_OK)
            return err->status;
    int second = x->n_dims > 1 ? (int)d[1] : 1, third = x->n_dims > 2 ? (int)d[2] : 1, fourth = x->n_dims > 3 ? (int)d[3] : 1;
    if (strcmp(l->layout, "nf") == 0)
        return data_shape_rows(raw, l->s->shape, (size_t)second, x->name, l->map, err);
    if (l->s->shape.n)
        return data_fail_key(l->map, "shape", err, "shape is for rows of features; %s has %d dimensions", x->name, x->n_dims);
    raw->is_image = true;
    raw->h = raw->w = raw->c = 1;
    if (strcmp(l->layout, "ntf") == 0) {
        raw->h = second;
        raw->c = third;
    } else if (strcmp(l->layout, "nft") == 0) {
        raw->h = third;
        raw->c = second;
    } else if (strcmp(l->layout, "nchw") == 0) {
        raw->h = third;
        raw->w = fourth;
        raw->c = second;
    } else {
        raw->h = second;
        raw->w = third;
        raw->c = fourth;
    }
    return ASH_OK;
}

static ash_status check_split(const npy_load *l, int split, ash_error *err)
{
    const npy_array *x = &l->x[split], *y = &l->y[split], *x0 = &l->x[TRAIN], *y0 = &l->y[TRAIN];
    for (int i = 1; i < x0->n_dims; i++)
        if (x->n_dims != x0->n_dims || x->dims[i] != x0->dims[i])
            return ash_fail(err, ASH_INVALID, "%s and %s hold samples of different shapes", x0->name, x->name);
    if (x->dims[0] >= DATA_MAX_SAMPLES)
        return ash_fail(err, ASH_INVALID, "%s: %llu samples are too many", x->name, (unsigned long long)x->dims[0]);
    if (!l->names[split][1])
        return ASH_OK;
    if (y->n_dims < 1 || y->n_dims > 2)
        return ash_fail(err, ASH_INVALID, "%s: has %d dimensions; labels have one, or two for several targets or one-hot rows", y->name,
                        y->n_dims);
    if (x->dims[0] != y->dims[0])
        return ash_fail(err, ASH_INVALID, "%s holds %llu samples, but %s holds %llu labels", x->name, (unsigned long long)x->dims[0],
                        y->name, (unsigned long long)y->dims[0]);
    if (y->n_dims == 2 && y->dims[1] > DATA_MAX_CLASSES)
        return ash_fail(err, ASH_INVALID, "%s: %llu targets are too many; at most %d can be learnt", y->name, (unsigned long long)y->dims[1],
                        DATA_MAX_CLASSES);
    if (y->count / y->dims[0] != y0->count / y0->dims[0])
        return ash_fail(err, ASH_INVALID, "%s and %s hold labels of different shapes", y0->name, y->name);
    return ASH_OK;
}

/* ---- elements ---- */

typedef struct sink {
    float *x;
    double *y;
    const char *name;
    uint64_t width, channels, pixels; /* of a sample; channels > 0: they come first and go last */
} sink;

static ash_status bad_value(const sink *s, uint64_t i, double v, ash_error *err)
{
    return ash_fail(err, ASH_INVALID, "%s: sample %llu, element %llu is %s; values have to be finite floats", s->name,
                    (unsigned long long)(i / s->width + 1), (unsigned long long)(i % s->width + 1), isnan(v) ? "not a number" : "too large");
}

static ash_status put_x(void *ctx, uint64_t i, double v, ash_error *err)
{
    const sink *s = ctx;
    uint64_t to = i;
    if (s->channels) {
        uint64_t within = i % s->width;
        to = i - within + within % s->pixels * s->channels + within / s->pixels;
    }
    s->x[to] = (float)v;
    return isfinite(s->x[to]) ? ASH_OK : bad_value(s, i, v, err);
}

static ash_status put_y(void *ctx, uint64_t i, double v, ash_error *err)
{
    const sink *s = ctx;
    s->y[i] = v;
    return isfinite(v) ? ASH_OK : bad_value(s, i, v, err);
}

static ash_status read_arrays(npy_load *l, data_raw *raw, ash_error *err)
{
    uint64_t width = (uint64_t)raw->h * (uint64_t)raw->w * (uint64_t)raw->c, n = 0;
    uint64_t outputs = l->names[TRAIN][1] ? l->y[TRAIN].count / l->y[TRAIN].dims[0] : 0;
    for (int i = 0; i < N_SPLITS; i++)
        n += l->names[i][0] ? l->x[i].dims[0] : 0;
    if (n >= DATA_MAX_SAMPLES)
        return ash_fail(err, ASH_INVALID, "%s: %llu samples are too many", raw->name, (unsigned long long)n);
    raw->n = n;
    raw->n_val = l->names[VAL][0] ? l->x[VAL].dims[0] : 0;
    raw->n_test = l->names[TEST][0] ? l->x[TEST].dims[0] : 0;
    raw->n_outputs = (int)outputs;
    raw->x = arena_alloc_array(l->keep, n, width * sizeof *raw->x);
    l->labels = arena_alloc_array(l->scratch, n, outputs * sizeof *l->labels);
    if (!raw->x || !l->labels)
        return ash_fail_memory(err);
    bool first = strcmp(l->layout, "nchw") == 0 || strcmp(l->layout, "nft") == 0;
    uint64_t at = 0;
    for (int i = 0; i < N_SPLITS; i++) {
        if (!l->names[i][0])
            continue;
        sink y = {.y = l->labels + at * outputs, .name = l->y[i].name, .width = outputs};
        sink x = {.x = raw->x + at * width, .name = l->x[i].name, .width = width, .channels = first ? (uint64_t)raw->c : 0,
                  .pixels = (uint64_t)raw->h * (uint64_t)raw->w};
        ash_status s = outputs ? npy_read(&l->y[i], put_y, &y, err) : ASH_OK; /* the small array first: quick to refuse */
        if (s == ASH_OK)
            s = npy_read(&l->x[i], put_x, &x, err);
        if (s != ASH_OK)
            return s;
        at += l->x[i].dims[0];
    }
    return ASH_OK;
}

/* ---- what is learnt ---- */

static bool is_whole(const double *v, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (v[i] != floor(v[i]))
            return false;
    return true;
}

static bool few_values(const double *v, uint64_t n)
{
    double seen[FEW_VALUES];
    size_t n_seen = 0;
    for (uint64_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < n_seen && seen[k] != v[i])
            k++;
        if (k == FEW_VALUES)
            return false;
        if (k == n_seen)
            seen[n_seen++] = v[i];
    }
    return true;
}

static bool is_one_hot(const double *v, uint64_t n, uint64_t k)
{
    for (uint64_t i = 0; i < n; i++) {
        int ones = 0;
        for (uint64_t j = 0; j < k; j++) {
            if (v[i * k + j] != 0 && v[i * k + j] != 1)
                return false;
            ones += v[i * k + j] == 1;
        }
        if (ones != 1)
            return false;
    }
    return true;
}

static data_task choose_task(const npy_load *l, const data_raw *raw)
{
    if (strcmp(l->s->task, "auto") != 0)
        return strcmp(l->s->task, "classification") == 0 ? DATA_CLASSIFICATION : DATA_REGRESSION;
    size_t k = (size_t)raw->n_outputs;
    bool classes = k > 1 ? is_one_hot(l->labels, raw->n, k)
                         : l->y[TRAIN].kind != 'f' || (is_whole(l->labels, raw->n) && few_values(l->labels, raw->n));
    return classes ? DATA_CLASSIFICATION : DATA_REGRESSION;
}

static ash_status set_classes(npy_load *l, data_raw *raw, ash_error *err)
{
    size_t k = (size_t)raw->n_outputs;
    if (k > 1 && !is_one_hot(l->labels, raw->n, k))
        return ash_fail(err, ASH_INVALID, "%s: rows of %zu numbers that are not one-hot cannot be classes; task: regression learns several values",
                        l->y[TRAIN].name, k);
    raw->label = ARENA_NEW(l->keep, int32_t, raw->n);
    if (!raw->label)
        return ash_fail_memory(err);
    for (size_t i = 0; i < raw->n; i++) {
        double v = l->labels[i];
        if (k > 1)
            for (v = 0; l->labels[i * k + (size_t)v] != 1;)
                v++;
        if (v != floor(v) || v < 0 || v > INT32_MAX)
            return ash_fail(err, ASH_INVALID, "%s: label %g of sample %zu is no class; classes are whole numbers from 0", l->y[TRAIN].name, v, i + 1);
        raw->label[i] = (int32_t)v;
    }
    return data_label_classes(raw, l->s->classes, NULL, l->keep, err);
}

static ash_status set_targets(npy_load *l, data_raw *raw, ash_error *err)
{
    size_t k = (size_t)raw->n_outputs;
    const char **names = ARENA_NEW(l->keep, const char *, k);
    raw->target = arena_memdup(l->keep, l->labels, raw->n * k * sizeof *raw->target);
    if (!names || !raw->target)
        return ash_fail_memory(err);
    for (size_t j = 0; j < k; j++)
        if (!(names[j] = arena_printf(l->keep, k > 1 ? "y%zu" : "y", j + 1)))
            return ash_fail_memory(err);
    raw->target_names = names;
    return ASH_OK;
}

/* ---- the format ---- */

static ash_status load(npy_load *l, data_raw *raw, ash_error *err)
{
    static const char *const keys[N_SPLITS][2] = {{"x", "y"}, {"x_val", "y_val"}, {"x_test", "y_test"}};
    ash_status s = open_archive(l, err);
    if (s == ASH_OK)
        s = choose_names(l, err);
    for (int i = 0; i < N_SPLITS && s == ASH_OK; i++)
        if (l->names[i][0] && (s = open_array(l, keys[i][0], l->names[i][0], &l->x[i], err)) == ASH_OK && l->names[i][1])
            s = open_array(l, keys[i][1], l->names[i][1], &l->y[i], err);
    if (s == ASH_OK)
        s = set_shape(l, raw, err);
    for (int i = 0; i < N_SPLITS && s == ASH_OK; i++)
        if (l->names[i][0])
            s = check_split(l, i, err);
    const char *called = l->path ? l->path : s == ASH_OK ? l->x[TRAIN].name : "";
    if (!(raw->name = arena_strdup(l->keep, data_basename(called))))
        return ash_fail_memory(err);
    if (s == ASH_OK)
        s = read_arrays(l, raw, err);
    if (s != ASH_OK)
        return s;
    if (raw->n_outputs) {
        raw->task = choose_task(l, raw);
        s = raw->task == DATA_CLASSIFICATION ? set_classes(l, raw, err) : set_targets(l, raw, err);
    }
    return s == ASH_OK && !raw->is_image ? data_number_features(raw, l->keep, err) : s;
}

static ash_status read_npy(const void *settings, const node *map, arena *a, data_raw *out, ash_error *err)
{
    npy_load l = {.s = settings, .map = map, .keep = a, .scratch = arena_create()};
    if (!l.scratch)
        return ash_fail_memory(err);
    ash_status s = load(&l, out, err);
    for (int i = 0; i < N_SPLITS; i++) {
        npy_close(&l.x[i]);
        npy_close(&l.y[i]);
    }
    if (l.archive)
        zip_discard(l.archive);
    arena_destroy(l.scratch);
    return s;
}

static bool guess_npy(const char *const *paths, size_t n, data_guess *out)
{
    static const char *const keys[] = {"x", "y", "x_test", "y_test"};
    if (n == 1 && has_suffix(paths[0], ".npz")) {
        data_guess_path(out, "path", paths[0]);
        return true;
    }
    if (n == 1 && has_suffix(paths[0], ".npy")) { /* samples without labels */
        data_guess_path(out, "x", paths[0]);
        return true;
    }
    if (n == 1) {
        bool fits = true;
        data_guess_path(out, "path", paths[0]);
        for (size_t k = 0; k < N_KNOWN; k++)
            if (locate(paths[0], NULL, known[k][TRAIN][0], out->a, &fits) && locate(paths[0], NULL, known[k][TRAIN][1], out->a, &fits))
                return true;
        return false;
    }
    if (n != 2 && n != 4)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!has_suffix(paths[i], ".npy") && !has_suffix(paths[i], ".npy.gz"))
            return false;
        data_guess_path(out, keys[i], paths[i]);
    }
    return true;
}

const data_format data_format_npy = {
    .name = "npy",
    .help = "NumPy arrays: a .npz archive, a folder of .npy files, or files: images, sequences, features",
    .options = &options,
    .read = read_npy,
    .guess = guess_npy,
    .looks = "a .npz archive, a folder of .npy files, or two or four .npy files (samples, labels, test samples, test labels)",
};
