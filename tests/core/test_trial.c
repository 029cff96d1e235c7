/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_trial.c - the record's message: round trip, and nothing that was damaged on its way is taken for a trial */
#include "core/rng.h"
#include "core/trial.h"
#include "unit.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static ash_error err;

static const metric metrics[] = {{"error", 0.0173}, {"macs", 123456}, {"val_loss", NAN}, {"model_bytes", INFINITY}};
static const curve_point curve[] = {{1, 2.302, 2.1, 0.8}, {2, -0.0, 5e-324, NAN}, {4000000000u, 1, 2, 3}};

static trial sample(void)
{
    trial t = {
        .id = 300, .n_parents = 2, .parents = {7, UINT64_MAX}, .genome = "conv 16 k3 | dense 10", .original = 128,
        .virtual_start = 127, .virtual_duration = UINT64_MAX - 1, .status = TRIAL_DUPLICATE, .reason = "",
        .metrics = metrics, .n_metrics = 4, .curve = curve, .n_curve = 3, .blocks = "[{\"op\":\"größe\"}]", .trained_macs = 1,
        .wall_s = 0.25, .host = "here", .worker = 3, .attempts = UINT32_MAX, .found_in = "run-1",
    };
    memset(t.key.b, 0xa5, sizeof(t.key.b));
    memset(t.weights_hash.b, 0x5a, sizeof(t.weights_hash.b));
    return t;
}

static void same_text(const char *x, const char *y)
{
    assert_int_equal(!x, !y);
    if (x)
        assert_string_equal(x, y);
}

static void same_bits(double x, double y) { assert_memory_equal(&x, &y, sizeof(x)); }

static void same(const trial *x, const trial *y)
{
    assert_true(x->id == y->id && x->n_parents == y->n_parents && x->original == y->original && x->status == y->status);
    for (uint32_t i = 0; i < x->n_parents; i++)
        assert_true(x->parents[i] == y->parents[i]);
    assert_true(x->virtual_start == y->virtual_start && x->virtual_duration == y->virtual_duration && x->trained_macs == y->trained_macs);
    assert_true(hash_equal(&x->key, &y->key) && hash_equal(&x->weights_hash, &y->weights_hash));
    assert_true(x->worker == y->worker && x->attempts == y->attempts);
    same_text(x->genome, y->genome);
    same_text(x->reason, y->reason);
    same_text(x->blocks, y->blocks);
    same_text(x->host, y->host);
    same_text(x->found_in, y->found_in);
    same_bits(x->wall_s, y->wall_s);
    assert_int_equal(x->n_metrics, y->n_metrics);
    for (size_t i = 0; i < x->n_metrics; i++) {
        assert_string_equal(x->metrics[i].name, y->metrics[i].name);
        same_bits(x->metrics[i].value, y->metrics[i].value);
    }
    assert_int_equal(x->n_curve, y->n_curve);
    for (size_t i = 0; i < x->n_curve; i++) {
        assert_int_equal(x->curve[i].epoch, y->curve[i].epoch);
        same_bits(x->curve[i].train_loss, y->curve[i].train_loss);
        same_bits(x->curve[i].val_loss, y->curve[i].val_loss);
        same_bits(x->curve[i].val_error, y->curve[i].val_error);
    }
}

static void check_round_trip(const trial *t)
{
    arena *a = arena_create();
    buffer b = {0}, again = {0};
    trial *back;
    trial_encode(t, &b);
    if (trial_decode(b.data, b.len, a, &back, &err) != ASH_OK)
        fail_msg("%s", err.text);
    same(t, back);
    same(t, trial_copy(a, t));
    trial_encode(back, &again);
    assert_int_equal(b.len, again.len);
    assert_memory_equal(b.data, again.data, b.len);
    buffer_free(&b);
    buffer_free(&again);
    arena_destroy(a);
}

static void test_round_trip(void **state)
{
    (void)state;
    trial t = sample();
    check_round_trip(&t);
    check_round_trip(&(trial){0});
    for (int s = 0; s < TRIAL_STATUS_COUNT; s++) {
        trial_status back;
        t.status = (trial_status)s;
        check_round_trip(&t);
        assert_true(trial_status_from_name(trial_status_name(t.status), &back) && back == t.status);
    }
    trial_status unused;
    assert_false(trial_status_from_name("OK", &unused));
    for (int shift = 0; shift < 64; shift++) { /* every length of an integer */
        t.id = (uint64_t)1 << shift;
        t.original = t.id - 1;
        check_round_trip(&t);
    }
}

/* Two messages in one buffer: the second's checksum covers the second only. */
static void test_appends(void **state)
{
    (void)state;
    arena *a = arena_create();
    trial t = sample(), *back;
    buffer b = {0};
    trial_encode(&t, &b);
    size_t first = b.len;
    trial_encode(&t, &b);
    assert_int_equal(b.len, 2 * first);
    assert_int_equal(trial_decode(b.data + first, first, a, &back, &err), ASH_OK);
    assert_int_equal(trial_decode(b.data, 2 * first, a, &back, &err), ASH_INVALID);
    buffer_free(&b);
    arena_destroy(a);
}

/* The message in memory of exactly its size, so that a sanitizer sees a read beyond it. */
static ash_status decode(const void *bytes, size_t n)
{
    arena *a = arena_create();
    void *exact = malloc(n + !n);
    trial *t = NULL;
    memcpy(exact, bytes, n);
    ash_status status = trial_decode(exact, n, a, &t, &err);
    assert_true((status == ASH_OK) == (t != NULL));
    if (t)
        trial_copy(a, t); /* all its parts are there */
    free(exact);
    arena_destroy(a);
    return status;
}

static void test_every_truncation(void **state)
{
    (void)state;
    trial t = sample();
    buffer b = {0};
    trial_encode(&t, &b);
    for (size_t n = 0; n < b.len; n++)
        assert_int_equal(decode(b.data, n), ASH_INVALID);
    assert_int_equal(decode(b.data, b.len), ASH_OK);
    buffer_free(&b);
}

static void test_every_flip(void **state)
{
    (void)state;
    trial t = sample();
    buffer b = {0};
    trial_encode(&t, &b);
    for (size_t bit = 0; bit < 8 * b.len; bit++) {
        b.data[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_equal(decode(b.data, b.len), ASH_INVALID);
        b.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    b.data[0]++;
    assert_int_equal(decode(b.data, b.len), ASH_INVALID);
    assert_non_null(strstr(err.text, "version 2"));
    buffer_free(&b);
}

/* With a right checksum over wrong bytes, every check but the checksum's must hold: decoding ends with a status, never beyond the bytes. */
static void seal(buffer *b)
{
    uint32_t crc = (uint32_t)crc32(0, (const Bytef *)b->data, (uInt)(b->len - 4));
    for (int i = 0; i < 4; i++)
        b->data[b->len - 4 + (size_t)i] = (char)(crc >> 8 * i);
}

static void test_sealed_garbage(void **state)
{
    (void)state;
    trial t = sample();
    buffer b = {0};
    trial_encode(&t, &b);
    size_t whole = b.len, harmless = 0;
    char *kept = malloc(whole);
    memcpy(kept, b.data, whole);
    for (size_t bit = 8; bit < 8 * (whole - 4); bit++) {
        b.data[bit / 8] ^= (char)(1 << bit % 8);
        seal(&b);
        harmless += decode(b.data, b.len) == ASH_OK; /* another number or letter */
        b.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    assert_true(harmless > whole && harmless < 8 * whole);
    for (size_t n = 5; n < whole; n++) {
        b.len = n;
        seal(&b);
        assert_int_equal(decode(b.data, n), ASH_INVALID);
        memcpy(b.data, kept, whole);
    }
    rng r = rng_stream(1, "trial", 0);
    for (int i = 0; i < 20000; i++) {
        memcpy(b.data, kept, whole);
        b.len = whole;
        for (uint32_t changes = 1 + rng_below(&r, 8); changes; changes--)
            b.data[1 + rng_below(&r, (uint32_t)whole - 5)] = (char)rng_u32(&r);
        seal(&b);
        decode(b.data, b.len);
    }
    free(kept);
    b.len = b.cap;
    buffer_free(&b);
}

/* Numbers that would ask for absurd memory are refused before any is taken. */
static void test_absurd_counts(void **state)
{
    (void)state;
    trial t = {.genome = "g"};
    buffer b = {0};
    trial_encode(&t, &b);
    size_t head = 1 + 1 + 1 + 2 + 32 + 3 + 1 + strlen("pending") + 1; /* up to the number of metrics */
    assert_int_equal(b.data[head], 0);
    const uint8_t most[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
    buffer bad = {0};
    buffer_add(&bad, b.data, head);
    buffer_add(&bad, most, sizeof(most));
    buffer_add(&bad, b.data + head + 1, b.len - head - 1);
    seal(&bad);
    size_t before = arena_live();
    assert_int_equal(decode(bad.data, bad.len), ASH_INVALID);
    assert_int_equal(arena_live(), before);
    bad.data[head + 9] = 0x02; /* 65 bits */
    seal(&bad);
    assert_int_equal(decode(bad.data, bad.len), ASH_INVALID);
    buffer_free(&b);
    buffer_free(&bad);
}

static void test_no_memory(void **state)
{
    (void)state;
    trial t = sample(), *back;
    buffer b = {0};
    trial_encode(&t, &b);
    long k = 1;
    for (ash_status status = ASH_BROKEN; status != ASH_OK; k++) {
        arena *a = arena_create();
        arena_fail_at(k);
        status = trial_decode(b.data, b.len, a, &back, &err);
        arena_fail_at(0);
        arena_destroy(a);
        assert_true(status == ASH_OK || status == ASH_BROKEN);
        assert_true(k < 100);
    }
    assert_true(k > 10);
    buffer_free(&b);
}

static hash256 digest(const trial *t)
{
    hasher h;
    hash_init(&h);
    trial_digest(t, &h);
    return hash_final(&h);
}

static void expect_digest(const trial *x, const trial *y, bool equal)
{
    hash256 a = digest(x), b = digest(y);
    assert_int_equal(hash_equal(&a, &b), equal);
}

/* What is reproducible is in the digest, what is not is not. */
static void test_digest(void **state)
{
    (void)state;
    const trial t = sample();
    trial u = t;
    u.wall_s = 9, u.host = "there", u.worker = 1, u.attempts = 1, u.found_in = NULL;
    expect_digest(&t, &u, true);
#define CHANGE(statement) do { u = t; statement; expect_digest(&t, &u, false); } while (0)
    metric other[4];
    curve_point longer[3];
    memcpy(other, metrics, sizeof(other));
    memcpy(longer, curve, sizeof(longer));
    other[1].value = 123457;
    longer[2].val_error = 4;
    CHANGE(u.id++);
    CHANGE(u.genome = "conv 16 k3 | dense 11");
    CHANGE(u.status = TRIAL_OK);
    CHANGE(u.key.b[31]++);
    CHANGE(u.weights_hash.b[0]++);
    CHANGE(u.parents[1]--);
    CHANGE(u.n_parents--);
    CHANGE(u.original++);
    CHANGE(u.metrics = other);
    CHANGE(u.n_metrics--);
    CHANGE(u.curve = longer);
    CHANGE(u.n_curve--);
#undef CHANGE
    assert_true(trial_metric(&t, "macs") == 123456);
    assert_true(isnan(trial_metric(&t, "flops")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_appends),       cmocka_unit_test(test_every_truncation), cmocka_unit_test(test_every_flip),
        cmocka_unit_test(test_sealed_garbage), cmocka_unit_test(test_absurd_counts), cmocka_unit_test(test_no_memory),        cmocka_unit_test(test_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
