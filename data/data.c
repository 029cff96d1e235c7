/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data.c - from settings to a data set: read, split, hash, fill, normalise
 *
 * The format reads everything into one array; the split permutes it in place, so that train, validation and
 * test are three stretches of it and no second copy exists. The hash is taken there, before anything is
 * fitted. */
#include "core/log.h"
#include "data/format.h"
#include "data/normalize.h"
#include "data/split.h"
#include "data/target.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const data_format *const formats[] = {
#define DATA_FORMAT(name) &data_format_##name,
#include "data/formats.def"
#undef DATA_FORMAT
};
enum { N_FORMATS = sizeof formats / sizeof *formats };

static const char *const format_names[] = {
#define DATA_FORMAT(name) #name,
#include "data/formats.def"
#undef DATA_FORMAT
    NULL,
};
static const char *const target_names[] = {"label", "input", NULL};
static const char *const normalize_names[] = {"auto", "none", "global", "feature", NULL};

static const option rows[] = {
    {"type", OPTION_NAME, offsetof(data_settings, type), "digits", .names = format_names,
     .help = "where the samples come from"},
    {"split_seed", OPTION_INT, offsetof(data_settings, split_seed), "1", 0, 9007199254740992.0,
     .help = "decides which samples are held out; the search seed never does"},
    {"val_fraction", OPTION_REAL, offsetof(data_settings, val_fraction), "0.2", 0.001, 0.9,
     .help = "share of the samples that validate; validation chooses"},
    {"test_fraction", OPTION_REAL, offsetof(data_settings, test_fraction), "0.2", 0, 0.9,
     .help = "share of the samples that test; ignored when the set has official test files"},
    {"target", OPTION_NAME, offsetof(data_settings, target), "label", .names = target_names, .later = true,
     .help = "what is learned: the label, or the input itself (an autoencoder)"},
    {"anomaly", OPTION_TEXT_LIST, offsetof(data_settings, anomaly), NULL, .optional = true, .later = true,
     .help = "with target input: classes that never train, and that the reconstruction error should tell"},
    {"limit", OPTION_COUNT, offsetof(data_settings, limit), "0", 0, 2147483647.0,
     .help = "train on at most this many samples, stratified; 0: all"},
    {"val_limit", OPTION_COUNT, offsetof(data_settings, val_limit), "0", 0, 2147483647.0,
     .help = "validate on at most this many samples, stratified; 0: all"},
    {"normalize", OPTION_NAME, offsetof(data_settings, normalize), "auto", .names = normalize_names,
     .help = "to mean 0 and deviation 1: global (per channel), feature (per element), none; auto: images "
             "global, tables feature"},
    {"flip", OPTION_BOOL, offsetof(data_settings, flip), "false",
     .help = "mirror half of the training images left to right"},
    {"shift", OPTION_INT, offsetof(data_settings, shift), "0", 0, 1024, .unit = "pixels",
     .help = "shift training images by up to this much, repeating the edge; sequences: steps"},
    {"rotate", OPTION_REAL, offsetof(data_settings, rotate), "0", 0, 45, .unit = "degrees", .later = true,
     .help = "turn training images by up to this much"},
    {"cutout", OPTION_INT, offsetof(data_settings, cutout), "0", 0, 1024, .unit = "pixels", .later = true,
     .help = "hide a square of this side somewhere in each training image; sequences: steps"},
    {"noise", OPTION_REAL, offsetof(data_settings, noise), "0", 0, 100, .later = true,
     .help = "deviation of what is added to each value of a training sample, after normalisation"},
    {"memory", OPTION_SIZE, offsetof(data_settings, memory), "0", 0, 9e18, .unit = "B", .execution = true,
     .help = "samples that take more than this lie in a mapped file instead of in memory; 0: never"},
    {"scratch", OPTION_TEXT, offsetof(data_settings, scratch), NULL, .optional = true, .execution = true,
     .help = "folder of that file; default: TMPDIR or /var/tmp"},
};
const option_table data_options = OPTION_TABLE("data", data_settings, rows);

const data_format *data_format_at(size_t i)
{
    return i < N_FORMATS ? formats[i] : NULL;
}
const char *data_format_name(const data_format *f)
{
    return f->name;
}
const char *data_format_help(const data_format *f)
{
    return f->help;
}
const option_table *data_format_options(const data_format *f)
{
    return f->options;
}
const char *data_format_looks(const data_format *f)
{
    return f->looks;
}
const char *data_task_name(data_task t)
{
    static const char *const names[] = {"classification", "regression", "reconstruction"};
    return names[t];
}

const data_format *data_format_find(const char *name)
{
    for (size_t i = 0; i < N_FORMATS; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

const char *data_path(arena *a, const node *map, const char *key, const char *path)
{
    const node *n = node_get(map, key);
    const char *slash = n && n->file && path[0] != '/' ? strrchr(n->file, '/') : NULL;
    char *whole = slash ? arena_printf(a, "%.*s/%s", (int)(slash - n->file), n->file, path) : arena_strdup(a, path);
    for (size_t length = whole ? strlen(whole) : 0; length > 1 && whole[length - 1] == '/';)
        whole[--length] = '\0';
    return whole;
}

const char *data_basename(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

ash_status data_fail_key(const node *map, const char *key, ash_error *err, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const node *n = node_get(map, key);
    return n ? node_fail(n, err, "%s", text) : ash_fail(err, ASH_INVALID, "%s", text);
}

/* ---- settings ---- */

typedef struct opened { /* what a data_set really is */
    data_set set;
    arena *arena;
} opened;

/* One table of the common rows and the format's, over one struct: a typo is compared with all keys that
 * count. */
static ash_status read_settings(const data_format *f, const node *map, arena *a, data_settings **common,
                                void **own, const char **text, ash_error *err)
{
    size_t align = _Alignof(max_align_t), at = (sizeof(data_settings) + align - 1) / align * align;
    size_t n = data_options.count + f->options->count;
    option *all = ARENA_NEW(a, option, n);
    char *settings = arena_alloc(a, at + f->options->size);
    if (!all || !settings)
        return ash_fail_memory(err);
    memcpy(all, data_options.rows, data_options.count * sizeof *all);
    for (size_t i = 0; i < f->options->count; i++) {
        all[data_options.count + i] = f->options->rows[i];
        all[data_options.count + i].offset += at;
    }
    option_table table = {"data", all, n, at + f->options->size};
    ash_status s = option_read(&table, settings, map, a, err);
    if (s != ASH_OK)
        return s;
    *common = (data_settings *)settings;
    *own = settings + at;
    buffer print = {0};
    option_print(&table, settings, true, &print); /* without paths: a data set may move */
    *text = print.failed ? NULL : arena_strndup(a, print.data ? print.data : "", print.len);
    buffer_free(&print);
    return *text ? ASH_OK : ash_fail_memory(err);
}

/* The format first, as it decides which keys there are. */
static ash_status find_format(const node *map, const data_format **out, ash_error *err)
{
    const node *type = node_get(map, "type");
    *out = data_format_find(type && type->kind == NODE_SCALAR ? type->text : data_options.rows[0].def);
    if (*out)
        return ASH_OK;
    /* Unknown: the option reader says it best. */
    arena *a = arena_create();
    if (!a)
        return ash_fail_memory(err);
    static const option_table only_type = {"data", rows, 1, sizeof(data_settings)};
    data_settings s;
    node alone = *type,
         parent = {.kind = NODE_MAP, .first = &alone, .count = 1, .file = type->file, .source = type->source};
    alone.next = NULL;
    ash_status status = option_read(&only_type, &s, &parent, a, err);
    arena_destroy(a);
    return status != ASH_OK ? status : node_fail(type, err, "unknown data type \"%s\"", type->text);
}

/* All that formats keep comes from the data set's arena: a large array of samples then lies in the file. */
static ash_status limit_memory(const data_settings *s, const node *map, arena *a, ash_error *err)
{
    if (!s->memory)
        return ASH_OK;
    ash_error why;
    const char *folder = s->scratch ? data_path(a, map, "scratch", s->scratch) : getenv("TMPDIR");
    if (s->scratch && !folder)
        return ash_fail_memory(err);
    if (arena_spill(a, (size_t)s->memory, folder && *folder ? folder : "/var/tmp", &why) != ASH_OK)
        return data_fail_key(map, s->scratch ? "scratch" : "memory", err, "%s; data.scratch names another folder", why.text);
    return ASH_OK;
}

static ash_status read_raw(const data_format *f, const void *own, const node *map, arena *a, data_raw *raw, ash_error *err)
{
    ash_status status = f->read(own, map, a, raw, err);
    if (status != ASH_OK && arena_spill_failed(a))
        return ash_fail(err, ASH_BROKEN, "the disk has no room for the scratch file of data.memory; data.scratch names another folder");
    return status;
}

/* ---- hash ---- */

static void hash_split(hasher *h, const data_set *d, const data_split *p, const double *target)
{
    size_t width = (size_t)d->h * (size_t)d->w * (size_t)d->c;
    hash_u64(h, p->n);
    if (p->n_anomalies)
        hash_u64(h, p->n_anomalies);
    hash_bytes(h, p->x, p->n * width * sizeof *p->x);
    if (p->label)
        hash_bytes(h, p->label, p->n * sizeof *p->label);
    else if (target)
        hash_bytes(h, target, p->n * (size_t)d->n_outputs * sizeof *target);
}

/* Raw bytes of floats and integers: all machines that we build for are little-endian IEEE. */
static hash256 hash_data(const data_set *d, const data_settings *s, const double *target)
{
    hasher h;
    hash_init(&h);
    hash_text(&h, "ashlar data 1");
    hash_text(&h, data_task_name(d->task));
    hash_u64(&h, (uint64_t)d->h);
    hash_u64(&h, (uint64_t)d->w);
    hash_u64(&h, (uint64_t)d->c);
    hash_u64(&h, (uint64_t)d->n_outputs);
    for (int k = 0; k < d->n_outputs && d->task != DATA_RECONSTRUCTION; k++)
        hash_text(&h, d->class_names ? d->class_names[k] : d->target_names[k]);
    hash_u64(&h, (uint64_t)s->split_seed);
    hash_real(&h, d->official_val ? -1 : s->val_fraction);
    hash_real(&h, d->official_test ? -1 : s->test_fraction);
    hash_u64(&h, (uint64_t)s->limit);
    hash_u64(&h, (uint64_t)s->val_limit);
    hash_text(&h, d->normalize);
    data_augment_hash(d, &h);
    size_t k = (size_t)d->n_outputs;
    hash_split(&h, d, &d->train, target);
    hash_split(&h, d, &d->val, target ? target + d->train.n * k : NULL);
    hash_split(&h, d, &d->test, target ? target + (d->train.n + d->val.n) * k : NULL);
    return hash_final(&h);
}

/* ---- opening ---- */

static ash_status check_augmentation(const data_raw *raw, const data_settings *s, const node *map,
                                     ash_error *err)
{
    bool sequences = raw->is_image && raw->w == 1, images = raw->is_image && !sequences;
    if (s->flip && !images)
        return data_fail_key(map, "flip", err, "flip is for images; %s has none", raw->name);
    if (s->rotate > 0 && !images)
        return data_fail_key(map, "rotate", err, "rotate is for images; %s has none", raw->name);
    if (s->shift && !raw->is_image)
        return data_fail_key(map, "shift", err, "shift is for images and sequences; %s has none", raw->name);
    if (s->cutout && !raw->is_image)
        return data_fail_key(map, "cutout", err, "cutout is for images and sequences; %s has none", raw->name);
    int least = sequences || raw->h < raw->w ? raw->h : raw->w;
    if (s->shift >= least && s->shift)
        return data_fail_key(map, "shift", err, "shift %lld would push a %d x %d image out of sight",
                             (long long)s->shift, raw->h, raw->w);
    if (s->cutout && s->cutout >= raw->h && s->cutout >= raw->w)
        return data_fail_key(map, "cutout", err, "cutout %lld would hide the whole of a %d x %d image",
                             (long long)s->cutout, raw->h, raw->w);
    return ASH_OK;
}

static void fill_set(data_set *d, const data_raw *raw, const data_settings *s, const data_order *order)
{
    size_t width = (size_t)raw->h * (size_t)raw->w * (size_t)raw->c;
    d->name = raw->name;
    d->task = raw->task;
    d->is_image = raw->is_image;
    d->h = raw->h;
    d->w = raw->w;
    d->c = raw->c;
    d->n_outputs = raw->n_outputs;
    d->class_names = raw->class_names;
    d->feature_names = raw->feature_names;
    d->target_names = raw->target_names;
    d->dropped = raw->dropped;
    d->official_val = raw->n_val > 0;
    d->official_test = raw->n_test > 0;
    d->sample_names = raw->sample_names;
    d->flip = s->flip;
    d->shift = (int)s->shift;
    d->rotate = s->rotate;
    d->cutout = (int)s->cutout;
    d->noise = s->noise;
    d->normalize = strcmp(s->normalize, "auto") != 0 ? s->normalize : raw->is_image ? "global" : "feature";
    data_split *splits[] = {&d->train, &d->val, &d->test};
    const size_t sizes[] = {order->n_train, order->n_val, order->n_test}, anomalies[] = {0, order->val_anomalies, order->test_anomalies};
    int32_t *label = raw->task == DATA_CLASSIFICATION ? raw->label : NULL;
    for (size_t i = 0, first = 0; i < 3; first += sizes[i++])
        *splits[i] = (data_split){.n = sizes[i], .n_anomalies = anomalies[i], .x = raw->x + first * width,
                                  .label = label ? label + first : NULL, .origin = order->order + first};
}

/* Constant features of a table are legal and useless: say so once. */
static void warn_constant(const data_set *d)
{
    size_t n = 0;
    const char *first = NULL;
    for (int k = 0; k < d->c && !d->is_image; k++)
        if (d->summary[k].std <= 0) {
            first = first ? first : d->feature_names[k];
            n++;
        }
    if (n == 1)
        log_warn("%s: feature \"%s\" is constant in the training split and tells nothing", d->name, first);
    else if (n > 1)
        log_warn("%s: %zu features (\"%s\", ...) are constant in the training split and tell nothing",
                 d->name, n, first);
}

static ash_status open_in(opened *o, const node *map, arena *scratch, ash_error *err)
{
    arena *a = o->arena;
    data_set *d = &o->set;
    const data_format *f;
    data_settings *s = NULL;
    void *own = NULL;
    data_raw raw = {0};
    data_order order;

    ash_status status = find_format(map, &f, err);
    if (status == ASH_OK)
        status = read_settings(f, map, a, &s, &own, &d->settings, err);
    if (status == ASH_OK)
        status = limit_memory(s, map, a, err);
    if (status == ASH_OK)
        status = read_raw(f, own, map, a, &raw, err);
    if (status == ASH_OK)
        status = data_aim(&raw, s, map, scratch, err);
    if (status == ASH_OK)
        status = check_augmentation(&raw, s, map, err);
    if (status == ASH_OK)
        status = data_split_make(&raw, s, map, a, scratch, &order, err);
    if (status == ASH_OK)
        status = data_split_apply(&raw, &order, scratch, err);
    if (status != ASH_OK)
        return status;
    fill_set(d, &raw, s, &order);
    d->format = f->name;
    d->hash = hash_data(d, s, raw.target);
    status = data_summarise(d, a, err);
    if (status != ASH_OK)
        return status;
    data_fill_missing(d);
    status = data_normalise(d, a, err);
    if (status == ASH_OK && d->task == DATA_REGRESSION)
        status = data_standardise(d, raw.target, a, err);
    if (status == ASH_OK)
        warn_constant(d);
    return status;
}

ash_status data_open(const node *map, data_set **out, ash_error *err)
{
    *out = NULL;
    arena *a = arena_create(), *scratch = arena_create();
    opened *o = a ? ARENA_NEW(a, opened, 1) : NULL;
    ash_status status;
    if (!o || !scratch) {
        status = ash_fail_memory(err);
    } else {
        o->arena = a;
        status = open_in(o, map, scratch, err);
    }
    arena_destroy(scratch);
    if (status != ASH_OK) {
        arena_destroy(a);
        return status;
    }
    *out = &o->set;
    return ASH_OK;
}

void data_close(data_set *d)
{
    if (d)
        arena_destroy(((opened *)d)->arena);
}
