/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runfile.h - a run file with its overrides, as one struct
 *
 * Every section is read and checked by the folder that declares its options; data, space and evaluator settings stay
 * raw until their folder opens them (study.h). Errors name file and line, or "--set".
 */
#ifndef RUN_RUNFILE_H
#define RUN_RUNFILE_H

#include "core/buffer.h"
#include "core/option.h"
#include "evaluator/evaluator.h"
#include "evaluator/exec/executor.h"
#include "nn/train.h"
#include "search/controller.h"

typedef struct runfile_top { /* top-level keys that are no section */
    const char *name;        /* NULL: the file's name without its extension */
    int64_t seed;
    const char *isa;         /* "auto" or a kernel level's name */
    option_ints input;       /* [h, w, c]: shape of a sample where there is no data set */
    int64_t outputs;         /* classes or values, where there is no data set */
    option_reals reference;  /* hypervolume reference point, one per objective */
} runfile_top;
extern const option_table runfile_top_options;

typedef struct execution_settings { /* option table "execution": how, never what */
    int64_t threads;                /* 0: all cores */
    const char *executor;
    int64_t memory_cap; /* bytes; 0: none */
    option_texts prefixes; /* commands in front of workers */
    const char *program;   /* that workers run; NULL: this one */
    double heartbeat_s, look_s;
    const char *pilots;    /* name of the Slurm jobs that hold nodes; NULL: see launch */
} execution_settings;
extern const option_table execution_options;

typedef struct runfile {
    arena *arena;
    node *root;
    const char *path; /* as given; NULL: from text without one */
    const char *name;
    runfile_top top;
    const node *data, *space, *evaluator, *search; /* raw; NULL when absent */
    nn_recipe recipe;
    search_settings objectives; /* the common part of `search` */
    search_budget budget;
    execution_settings execution;
    const evaluator_type *evaluator_type;
} runfile;

/* `overrides`: "section.key=value" texts, applied in order. path NULL: an empty run file, all defaults. A file that holds
 * only the settings of a data section is a run file with that section. */
ash_status runfile_read(const char *path, const char *const *overrides, size_t n, runfile **out, ash_error *err);
/* The same with the data section of another file in place of its own; data_path NULL: its own. */
ash_status runfile_read_with_data(const char *path, const char *data_path, const char *const *overrides, size_t n,
                                  runfile **out, ash_error *err);
/* The same from the text that a database holds; `path` is where relative paths in it start. */
ash_status runfile_read_text(const char *text, const char *path, runfile **out, ash_error *err);
void runfile_close(runfile *f); /* NULL is fine */

/* "examples/digits.yaml" is searched into digits.db of the working directory. In `a`; NULL: out of memory. */
const char *runfile_default_database(const char *path, arena *a);

/* The kernel level that `isa` means on this machine; ASH_INVALID when it lacks it. */
ash_status runfile_kernel_level(const runfile *f, const char **level, ash_error *err);

/* --set and its shorthands, collected while a command line is parsed. */
typedef struct override_list {
    arena *arena;
    const char **v;
    size_t n, cap;
} override_list;
void overrides_add(override_list *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
void overrides_free(override_list *l);

#endif
