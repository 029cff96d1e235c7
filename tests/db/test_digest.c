/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the digest is made of: each told field changes it, in its last bit; no annotation and no way of storing does. */
#include "db/db_test.h"
#include <math.h>

enum { N = 5 };

typedef struct told {
    trial t[N];
    metric metrics[N][3];
    curve_point curves[N][3];
} told;

static void make_told(told *s, arena *a)
{
    rng r = rng_stream(15, "digest", 0);
    for (size_t i = 0; i < N; i++) {
        s->t[i] = *plain_trial(&r, a, i + 1, 1000);
        s->t[i].status = TRIAL_OK;
        memcpy(s->metrics[i], s->t[i].metrics, sizeof(s->metrics[i]));
        for (size_t k = 0; k < 3; k++)
            if (isnan(s->metrics[i][k].value))
                s->metrics[i][k].value = 1;
        memcpy(s->curves[i], s->t[i].curve, sizeof(s->curves[i]));
        s->t[i].metrics = s->metrics[i];
        s->t[i].curve = s->curves[i];
        s->t[i].weights_hash = hash_of_bytes(&i, sizeof i);
    }
    s->t[3].status = TRIAL_DUPLICATE;
    s->t[3].original = 1;
}

/* Through a study: stored in the order given (1: backwards), flushed in between or not. */
static hash256 digest_of(const told *s, bool backwards, bool annotate)
{
    static int number;
    char name[32];
    snprintf(name, sizeof name, "d%d.db", number++);
    ash_error err;
    db *d;
    bool resumed;
    size_t n, clock;
    hash256 sum;
    db_run run = plain_run("digest", 1);
    assert_ok(db_open_writer(in_folder(name), &d, &err), err);
    assert_ok(db_run_begin(d, &run, false, &resumed, &err), err);
    for (size_t i = 0; i < N; i++) {
        assert_ok(db_put_trial(d, run.id, &s->t[backwards ? N - 1 - i : i], &err), err);
        if (backwards)
            assert_ok(db_flush(d, &err), err);
    }
    if (annotate) {
        assert_ok(db_put_metric(d, run.id, 1, "test_error", 0.5, &err), err);
        assert_ok(db_put_weights(d, run.id, 1, "w", 1, &err), err);
        assert_ok(db_run_end(d, run.id, "interrupted", &err), err);
    }
    assert_ok(db_digest(d, run.id, &sum, &n, &clock, &err), err);
    assert_int_equal(n, N);
    db_close(d);
    return sum;
}

static void flip(double *value) /* the last bit */
{
    uint64_t bits;
    memcpy(&bits, value, sizeof bits);
    bits ^= 1;
    memcpy(value, &bits, sizeof bits);
}

static void change_field(told *s, int field)
{
    trial *t = &s->t[2];
    switch (field) {
    case 0: t->id = 77; break;
    case 1: t->n_parents = 0; break;
    case 2: t->parents[0] ^= 3; break;
    case 3: t->genome = "conv out=65"; break;
    case 4: t->genome = NULL; break;
    case 5: t->key.b[31] ^= 1; break;
    case 6: s->t[3].original = 2; break;
    case 7: t->status = TRIAL_TIMEOUT; break;
    case 8: flip(&s->metrics[2][0].value); break;
    case 9: flip(&s->metrics[2][2].value); break;
    case 10: s->metrics[2][1].value = NAN; break;
    case 11: s->metrics[2][1].name = "bops"; break;
    case 12: t->n_metrics = 2; break;
    case 13: t->n_curve = 2; break;
    case 14: s->curves[2][1].epoch = 9; break;
    case 15: flip(&s->curves[2][1].train_loss); break;
    case 16: flip(&s->curves[2][2].val_loss); break;
    case 17: flip(&s->curves[2][0].val_error); break;
    case 18: t->weights_hash.b[0] ^= 128; break;
    default: s->metrics[2][0].value = -0.0; s->metrics[2][1].value = 0.0; break; /* against 19 + 1 below */
    }
}

static void told_fields(void **state)
{
    (void)state;
    arena *a = arena_create();
    told s;
    make_told(&s, a);
    hash256 seen[32];
    size_t n = 0;
    seen[n++] = digest_of(&s, false, false);
    for (int field = 0; field < 20; field++) {
        make_told(&s, a);
        change_field(&s, field);
        seen[n++] = digest_of(&s, false, false);
    }
    make_told(&s, a);
    s.metrics[2][0].value = 0.0; /* the sign of zero is told, too */
    s.metrics[2][1].value = 0.0;
    seen[n++] = digest_of(&s, false, false);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (hash_equal(&seen[i], &seen[j]))
                fail_msg("changes %zu and %zu give one digest", j, i);
    arena_destroy(a);
}

static void annotations(void **state)
{
    (void)state;
    arena *a = arena_create();
    told s;
    make_told(&s, a);
    hash256 plain = digest_of(&s, false, false), backwards = digest_of(&s, true, true);
    assert_true(hash_equal(&plain, &backwards));
    trial *t = &s.t[2];
    t->wall_s = 99;
    t->host = "elsewhere";
    t->worker = 7;
    t->attempts = 3;
    t->found_in = "another run";
    t->reason = "said otherwise";
    hash256 annotated = digest_of(&s, false, true);
    assert_true(hash_equal(&plain, &annotated));
    arena_destroy(a);
}

static void by_clock(void **state)
{
    (void)state;
    ash_error err;
    db *d;
    bool resumed;
    arena *a = arena_create();
    told s;
    make_told(&s, a);
    s.t[0].status = s.t[4].status = TRIAL_TIMEOUT;
    db_run run = plain_run("clock", 1);
    size_t n, clock;
    hash256 sum, empty;
    assert_ok(db_open_writer(in_folder("c.db"), &d, &err), err);
    assert_ok(db_run_begin(d, &run, false, &resumed, &err), err);
    assert_ok(db_digest(d, run.id, &empty, &n, &clock, &err), err);
    assert_int_equal(n + clock, 0);
    hash256 nothing = hash_of_bytes("", 0);
    assert_true(hash_equal(&empty, &nothing));
    for (size_t i = 0; i < N; i++)
        assert_ok(db_put_trial(d, run.id, &s.t[i], &err), err);
    assert_ok(db_digest(d, run.id, &sum, &n, &clock, &err), err);
    assert_int_equal(clock, 2);
    db_close(d);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(told_fields, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(annotations, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(by_clock, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
