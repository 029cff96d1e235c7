/* SPDX-License-Identifier: GPL-3.0-or-later */
/* format.h - what a data format provides
 *
 * A format is one file in data/formats/ that fills a data_format, and one line in data/formats.def. It turns
 * its settings into a data_raw: all samples in one array, unsplit and not normalised. The rest (splits, hash,
 * normalisation) is the same for all formats and happens in data.c.
 */
#ifndef DATA_FORMAT_H
#define DATA_FORMAT_H

#include "data/data.h"

/* No data set of this program has more; refused with a sentence. */
#define DATA_MAX_SAMPLES ((size_t)1 << 31)
#define DATA_MAX_CLASSES 10000
#define DATA_MAX_SIDE 65536 /* h, w, c */

typedef struct data_raw {
    const char *name;
    data_task task;
    bool is_image;
    int h, w, c;
    int n_outputs;
    size_t n;       /* samples, official test samples included */
    size_t n_test;  /* the last n_test are the official test split; 0: there is none */
    size_t n_val;   /* the n_val before them are the official validation split; 0: there is none */
    float *x;       /* (n, h, w, c); NaN: missing, filled later with the training mean */
    int32_t *label; /* (n), in [0, n_outputs); NULL for regression */
    double *target; /* (n, n_outputs), finite; NULL for classification. Neither label nor target: samples for an autoencoder only */
    const char *const *class_names, *const *feature_names, *const *target_names;
    const char *const *sample_names; /* (n) what a person calls each: its file; NULL: it has a number only */
    size_t dropped;
} data_raw;

struct data_format {
    const char *name, *help;
    const option_table *options; /* its own keys in the data section; may have no rows */
    /* `map` may be NULL; it is for messages (node_fail_key) and data_path. What lives on comes from `a`. */
    ash_status (*read)(const void *settings, const node *map, arena *a, data_raw *out, ash_error *err);
    /* Whether these files or this folder, which are there, look like this format; then adds the settings that read them. NULL: never. */
    bool (*guess)(const char *const *paths, size_t n, data_guess *out);
    const char *looks; /* what guess knows, for the message when no format does: "a folder of IDX files" */
};

/* `path` as the key's file means it, without a slash at its end; NULL: out of memory. */
const char *data_path(arena *a, const node *map, const char *key, const char *path);

/* The last component of a path, for data_raw.name. */
const char *data_basename(const char *path);

/* ASH_INVALID at the key's place when the map has it, else as a plain sentence. */
ash_status data_fail_key(const node *map, const char *key, ash_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define DATA_FORMAT(name) extern const data_format data_format_##name;
#include "data/formats.def"
#undef DATA_FORMAT

#endif
