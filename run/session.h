/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session.h - a run file opened: data, space, evaluator, and the identity that they make
 *
 * `ashlar run` and `ashlar verify` open the same session, one from a file, the other from a database, so what was
 * searched is what is verified. A session is immutable while trials run.
 */
#ifndef RUN_SESSION_H
#define RUN_SESSION_H

#include "run/runfile.h"
#include "data/data.h"
#include "db/db.h"
#include "space/space.h"

typedef struct session {
    runfile *file;
    data_set *data; /* NULL when the evaluator needs none */
    space *space;
    const char *kernel_level;
    const evaluator_type *type;
    evaluator_context context;
    void *evaluator;
    const char *settings; /* canonical text of what the identity is made of, beside seed, level and data */
    hash256 identity;
    const char *const *objectives;
    size_t n_objectives;
} session;

/* Takes the file over, also when it fails; session_close after either. `level` NULL: what the file's isa means.
 * keep (may be NULL) is evaluator_context.keep_weights. */
ash_status session_open(session *s, runfile *f, const char *level,
                        void (*keep)(void *ctx, uint64_t trial_id, const void *bytes, size_t n), void *keep_ctx,
                        ash_error *err);
void session_close(session *s);
/* The session of a stored run, from the run file that the database holds (`path`: for messages). Refuses a data set that is not the one that the
 * run was made with. */
ash_status session_open_stored(session *s, const db_run *r, const char *path, const char *level,
                               void (*keep)(void *ctx, uint64_t trial_id, const void *bytes, size_t n), void *keep_ctx, ash_error *err);
/* Only data (when the evaluator needs them) and space, for commands that look at a space; takes the file over likewise. */
ash_status session_open_space(session *s, runfile *f, ash_error *err);

/* What the database and the report know of the data set (JSON, in the file's arena), with the baselines. "{}" without data. */
ash_status session_data_json(session *s, const char **json, ash_error *err);

/* The hypervolume reference point as text: the run file's, else chance level for what is learned and the worst of 256
 * fixed samples of the space for what is known before training. *text NULL: nobody can say. Refuses an objective that
 * the evaluator does not measure. */
ash_status session_reference(session *s, const char **text, ash_error *err);

#endif
