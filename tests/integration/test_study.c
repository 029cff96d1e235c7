/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The study that the tests of query, show, digest and of docs/database.md read: "test_integration_study PATH" makes it.
 *
 * Run 1 has eight trials with error and macs as below, a front of 1, 4 and 7, hostile text in trial 3, and test errors. Run 2 has one.
 * Without an argument it is a test: made twice, it is one study. */
#include "db/db.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCKS                                                                                                                         \
    "{\"input\":[8,8,1],\"layers\":[" LAYER("conv2d_1", "conv2d", "8,8,1", "8,8,16", 9216, 144, 72, 4, "input") "," LAYER(              \
        "dense_2", "dense", "8,8,16", "1,1,10", 10240, 10250, 10290, 8, "conv2d_1") "]}"
#define LAYER(name, op, in, out, macs, params, bytes, bits, from)                                                                      \
    "{\"name\":\"" name "\",\"op\":\"" op "\",\"block\":\"stem\",\"in\":[" in "],\"out\":[" out "],\"macs\":" #macs                    \
    ",\"flops\":0,\"params\":" #params ",\"params_folded\":" #params ",\"bytes\":" #bytes ",\"weight_bits\":" #bits                    \
    ",\"out_bits\":32,\"inputs\":[\"" from "\"]}"

static const struct row {
    uint64_t id;
    trial_status status;
    double error, macs;
    uint64_t parent;
    const char *genome, *reason;
} rows[] = {
    {1, TRIAL_OK, 0.5, 1000, 0, "conv(width=4)", NULL},
    {2, TRIAL_OK, 0.25, 30000, 1, "conv(width=8)", NULL},
    {3, TRIAL_FAILED, NAN, NAN, 1, "a,\"b\"\r\n\tc \xc3\xa9 \xff", "the evaluation crashed: \"signal 11\", twice"},
    {4, TRIAL_OK, 0.25, 20000, 2, "conv(width=6)", NULL},
    {5, TRIAL_DUPLICATE, 0.5, 1000, 4, "conv(width=4)", NULL},
    {6, TRIAL_TIMEOUT, NAN, 5, 4, "conv(width=64)", "over the limit of 10 s"},
    {7, TRIAL_OK, 1.0 / 3, 12345, 4, "conv(width=5)", NULL},
    {8, TRIAL_OK, 0.75, 1e9, 0, "conv(width=99)", NULL},
};

static ash_status tell(db *d, int64_t run, const struct row *r, ash_error *err)
{
    metric m[] = {{"error", r->error}, {"macs", r->macs}, {"sparsity", 0.125}};
    curve_point curve[40];
    for (uint32_t e = 0; e < 40; e++)
        curve[e] = (curve_point){e + 1, 2.0 / (e + 1), e % 7 == 3 ? NAN : 2.5 / (e + 1), r->error + 1.0 / (e + 2)};
    trial t = {.id = r->id,
               .status = r->status,
               .genome = r->genome,
               .reason = r->reason,
               .key = hash_of_bytes(r->genome, strlen(r->genome)),
               .virtual_start = 100 * r->id,
               .virtual_duration = 100,
               .metrics = m,
               .n_metrics = r->status == TRIAL_FAILED ? 0 : 3,
               .blocks = r->status == TRIAL_OK ? BLOCKS : NULL,
               .trained_macs = r->status == TRIAL_OK ? 123456789 : 0,
               .wall_s = 0.5,
               .host = "here",
               .attempts = 1};
    if (r->status == TRIAL_OK)
        t.curve = curve, t.n_curve = 40;
    if (r->status == TRIAL_DUPLICATE)
        t.original = 1;
    if (r->parent)
        t.parents[t.n_parents++] = r->parent;
    return db_put_trial(d, run, &t, err);
}

static ash_status make(const char *path, ash_error *err)
{
    db *d;
    bool resumed;
    db_run run = {.name = "digits",
                  .identity = hash_of_bytes("1", 1),
                  .settings = "train.epochs: 40\n",
                  .config = "name: digits\n",
                  .seed = 1,
                  .objectives = "error,macs",
                  .reference = "1,1000000",
                  .kernel_level = "x86-64-v3",
                  .data_name = "digits",
                  .data_json = "{}",
                  .data_hash = "abc",
                  .space_text = "space"};
    ash_status status = db_open_writer(path, &d, err);
    if (status != ASH_OK)
        return status;
    status = db_run_begin(d, &run, false, &resumed, err);
    for (size_t i = 0; status == ASH_OK && i < sizeof(rows) / sizeof(*rows); i++)
        status = tell(d, run.id, &rows[i], err);
    if (status == ASH_OK)
        status = db_put_metric(d, run.id, 4, "test_error", 0.3, err);
    if (status == ASH_OK)
        status = db_put_weights(d, run.id, 4, "weights", 7, err);
    if (status == ASH_OK)
        status = db_run_end(d, run.id, "finished", err);
    run.identity = hash_of_bytes("2", 1);
    run.seed = 2;
    if (status == ASH_OK)
        status = db_run_begin(d, &run, true, &resumed, err);
    if (status == ASH_OK)
        status = tell(d, run.id, &rows[0], err);
    if (status == ASH_OK)
        status = db_run_end(d, run.id, "finished", err);
    db_close(d);
    return status;
}

static ash_status check(const char *path, ash_error *err)
{
    db *d;
    hash256 first, second;
    size_t n, clock;
    ash_status status = make(path, err);
    if (status != ASH_OK || (status = db_open_reader(path, &d, err)) != ASH_OK)
        return status;
    status = db_digest(d, 1, &first, &n, &clock, err);
    db_close(d);
    if (status == ASH_OK && (status = make(path, err)) == ASH_OK && (status = db_open_reader(path, &d, err)) == ASH_OK) {
        status = db_digest(d, 1, &second, &n, &clock, err);
        db_close(d);
    }
    if (status == ASH_OK && (!hash_equal(&first, &second) || n != sizeof(rows) / sizeof(*rows) || clock != 1))
        status = ash_fail(err, ASH_BROKEN, "made twice, it is another study");
    return status;
}

int main(int argc, char **argv)
{
    ash_error err = {0};
    char folder[] = "/tmp/ashlar_study_XXXXXX", path[64];
    ash_status status;
    if (argc == 2) {
        status = make(argv[1], &err);
    } else {
        if (!mkdtemp(folder))
            return 1;
        snprintf(path, sizeof path, "%s/a.db", folder);
        status = check(path, &err);
        unlink(path);
        rmdir(folder);
    }
    if (status != ASH_OK)
        fprintf(stderr, "%s\n", err.text);
    return status;
}
