/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file ashlar.h
 * libashlar: read studies, predict with the networks that they hold, run searches.
 *
 * A study is a database that `ashlar run` or ash_search() wrote. It holds runs, a run holds trials, and some trials are members of the
 * run's Pareto front. Objects are opaque. What a function returns as `const` belongs to the object it came from and lives as long as it.
 *
 * A function that can fail returns an ::ash_status and says why in an ::ash_error that the caller owns; what it hands out through
 * `out` is NULL then. A study and what comes from it is used by one thread at a time; different studies and models may be used by
 * different threads. The library never writes to standard output or standard error.
 *
 * @code
 * ash_error err;
 * ash_study *study;
 * const ash_run *run;
 * if (ash_study_open("digits.db", &study, &err) != ASH_OK || ash_study_run(study, 0, &run, &err) != ASH_OK)
 *     fprintf(stderr, "%s\n", err.text);
 * else
 *     for (size_t i = 0; i < ash_run_front_count(run); i++)
 *         printf("%g %s\n", ash_trial_metric(ash_run_front(run, i), "error"), ash_trial_genome(ash_run_front(run, i)));
 * ash_study_close(study);
 * @endcode
 */
#ifndef ASHLAR_H
#define ASHLAR_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define ASH_API __attribute__((visibility("default"))) /**< what the shared library exports */
#else
#define ASH_API /**< what the shared library exports */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** How a call ended; also the exit status of the program. */
typedef enum ash_status {
    ASH_OK = 0,      /**< it worked */
    ASH_BROKEN = 1,  /**< a broken world: memory, disk, database, a missing file permission */
    ASH_INVALID = 2, /**< wrong usage, configuration or data: the user can mend it */
    ASH_STALE = 3,   /**< another process has taken the study over: whoever wrote it before stores nothing more */
} ash_status;

/** Why a call failed. The caller owns it; it needs no initialisation and no release. */
typedef struct ash_error {
    ash_status status; /**< as returned */
    char text[2048];   /**< one message, no trailing newline; may hold a source line and a caret */
} ash_error;

/** The library's version, like "0.1.0". */
ASH_API const char *ash_version(void);

/** @name Studies
 * @{ */

typedef struct ash_study ash_study; /**< an open database */
typedef struct ash_run ash_run;     /**< one search: a run file and a seed */
typedef struct ash_trial ash_trial; /**< one network that was proposed, with what became of it */

/** Opens a database for reading; it is never changed, and may be read while a search writes it. */
ASH_API ash_status ash_study_open(const char *path, ash_study **out, ash_error *err);
/** Closes the study and everything that came from it, models excepted. NULL is fine. */
ASH_API void ash_study_close(ash_study *study);

/** Number of runs. */
ASH_API size_t ash_study_run_count(const ash_study *study);
/** Id of the i-th run (from 0, ascending); 0 past the end. */
ASH_API int64_t ash_study_run_id(const ash_study *study, size_t i);
/** Loads the run of this id with its trials as they are now; 0: the latest. ::ASH_INVALID when there is none. */
ASH_API ash_status ash_study_run(ash_study *study, int64_t id, const ash_run **out, ash_error *err);

/** The run's id in the study. */
ASH_API int64_t ash_run_id(const ash_run *run);
/** What the run is called. */
ASH_API const char *ash_run_name(const ash_run *run);
/** The seed that it was searched with. */
ASH_API uint64_t ash_run_seed(const ash_run *run);
/** Number of objectives; all are minimised. */
ASH_API size_t ash_run_objective_count(const ash_run *run);
/** Metric name of the i-th objective; NULL past the end. */
ASH_API const char *ash_run_objective(const ash_run *run, size_t i);
/** Number of trials. */
ASH_API size_t ash_run_trial_count(const ash_run *run);
/** The i-th trial in the order of ids; NULL past the end. */
ASH_API const ash_trial *ash_run_trial(const ash_run *run, size_t i);
/** The trial of this id; NULL when there is none. */
ASH_API const ash_trial *ash_run_find(const ash_run *run, uint64_t id);
/** Number of members of the Pareto front over the objectives. */
ASH_API size_t ash_run_front_count(const ash_run *run);
/** The i-th member of the front in the order of ids; NULL past the end. */
ASH_API const ash_trial *ash_run_front(const ash_run *run, size_t i);

/** The trial's id in its run, from 1. */
ASH_API uint64_t ash_trial_id(const ash_trial *trial);
/** "ok", "duplicate", "invalid", "infeasible", "diverged", "capped", "timeout" or "failed". */
ASH_API const char *ash_trial_status(const ash_trial *trial);
/** Why it is not "ok"; NULL when it is. */
ASH_API const char *ash_trial_reason(const ash_trial *trial);
/** Its genome: one line of text. */
ASH_API const char *ash_trial_genome(const ash_trial *trial);
/** Its network as JSON (docs/costs.md, "The block description"); NULL when it has none. */
ASH_API const char *ash_trial_network(const ash_trial *trial);
/** Number of metrics measured in the search. */
ASH_API size_t ash_trial_metric_count(const ash_trial *trial);
/** Name of the i-th metric; NULL past the end. */
ASH_API const char *ash_trial_metric_name(const ash_trial *trial, size_t i);
/** Value of a metric, or of an annotation such as "test_error"; NaN when the trial has neither. */
ASH_API double ash_trial_metric(const ash_trial *trial, const char *name);
/** Its i-th parent's id (at most two, from 0); 0: none. */
ASH_API uint64_t ash_trial_parent(const ash_trial *trial, size_t i);

/** @}
 * @name Models
 * @{ */

typedef struct ash_model ash_model; /**< a trained network, with the normalisation of the data set that it was trained on */

/** The trained network of a trial. Weights are kept for members of the front; a trial without them is ::ASH_INVALID. The data set that the
 * run's configuration names is read again, for its normalisation, and must still be the same. Independent of the study afterwards. */
ASH_API ash_status ash_model_load(ash_study *study, const ash_trial *trial, ash_model **out, ash_error *err);
/** The integer network of a model file, which `ashlar infer --export` writes (docs/model-file.md). It needs nothing else, and answers with the same
 * bits on every machine. A file that is damaged, or of a later version, is ::ASH_INVALID.
 *
 * @code
 * ash_error err;
 * ash_model *model;
 * float pixels[64] = {0}, probabilities[10];
 * if (ash_model_open("digits.ashm", &model, &err) != ASH_OK || ash_model_predict(model, pixels, 1, probabilities, &err) != ASH_OK)
 *     fprintf(stderr, "%s\n", err.text);
 * else
 *     printf("%s: %g\n", ash_model_output_name(model, 3), probabilities[3]);
 * ash_model_close(model);
 * @endcode
 */
ASH_API ash_status ash_model_open(const char *path, ash_model **out, ash_error *err);
/** Releases the model. NULL is fine. */
ASH_API void ash_model_close(ash_model *model);

/** Shape of one sample: height, width, channels; a row of a table is 1 x 1 x features. Any of the pointers may be NULL. */
ASH_API void ash_model_input(const ash_model *model, int *h, int *w, int *c);
/** Classes, or values per sample. */
ASH_API size_t ash_model_output_count(const ash_model *model);
/** Name of the i-th class or value; NULL when it has none. */
ASH_API const char *ash_model_output_name(const ash_model *model, size_t i);
/** Predicts n samples: `samples` is (n, h, w, c) in the data set's own units (NaN: missing), `out` (n, outputs) becomes the probabilities of the classes,
 * the values in the target's units, or the reconstructed sample. */
ASH_API ash_status ash_model_predict(ash_model *model, const float *samples, size_t n, float *out, ash_error *err);

/** @}
 * @name Searching
 * @{ */

/** Where a search stands. The library allocates it; later versions may add fields at the end. */
typedef struct ash_progress {
    uint64_t evaluated;  /**< trials that count against the budget */
    uint64_t trials;     /**< all trials that are settled: also duplicates and what broke a constraint */
    uint64_t failed;     /**< diverged, capped, timed out, failed */
    uint64_t front;      /**< members of the front so far */
    double best;         /**< lowest value of the first objective so far; infinite: none */
    double fraction;     /**< of the budget that is used up soonest, in [0, 1] */
} ash_progress;

/** Called as trials settle, from one thread at a time, not always the same. Returns 0 to go on, 1 to finish what is in training and
 * stop, 2 to abandon it. */
typedef int (*ash_progress_fn)(void *ctx, const ash_progress *progress);

/** Searches a run file into a database, as `ashlar run` does: resumes or extends what is stored there.
 *
 * `settings` override the run file ("train.epochs=5"), NULL-terminated; NULL: none. `progress` may be NULL. A search that `progress`
 * stopped is ::ASH_OK; the same call resumes it. Uses the threads that the run file says. */
ASH_API ash_status ash_search(const char *run_file, const char *database, const char *const *settings, ash_progress_fn progress, void *ctx,
                              ash_error *err);

/** @} */

#ifdef __cplusplus
}
#endif

#endif
