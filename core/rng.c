/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rng.c - Philox4x32-10 and the few distributions that everything depends on; see rng.h */
#include "core/rng.h"
#include <string.h>

static uint32_t mul_high(uint32_t a, uint32_t b) { return (uint32_t)((uint64_t)a * b >> 32); }

void rng_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2])
{
    const uint32_t m0 = 0xD2511F53u, m1 = 0xCD9E8D57u, w0 = 0x9E3779B9u, w1 = 0xBB67AE85u;
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint32_t h0 = mul_high(m0, c0), l0 = m0 * c0, h1 = mul_high(m1, c2), l1 = m1 * c2;
        c0 = h1 ^ c1 ^ k0;
        c1 = l1;
        c2 = h0 ^ c3 ^ k1;
        c3 = l0;
        k0 += w0;
        k1 += w1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* 64-bit FNV-1a of the purpose, mixed into the key by one Philox call; index is the upper half of the counter. */
rng rng_stream(uint64_t key, const char *purpose, uint64_t index)
{
    uint64_t h = 0xcbf29ce484222325ULL;
    for (const char *p = purpose; *p; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3ULL;
    uint32_t mixed[4];
    const uint32_t in[4] = {(uint32_t)h, (uint32_t)(h >> 32), 0x61736c61, 0x72};
    const uint32_t k[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
    rng_philox(mixed, in, k);
    rng r = {.key = {mixed[0], mixed[1]}, .counter = {0, 0, (uint32_t)index, (uint32_t)(index >> 32)}};
    return r;
}

uint32_t rng_u32(rng *r)
{
    if (r->left == 0) {
        rng_philox(r->block, r->counter, r->key);
        if (++r->counter[0] == 0)
            r->counter[1]++;
        r->left = 4;
    }
    return r->block[4 - r->left--];
}

uint64_t rng_u64(rng *r)
{
    uint64_t low = rng_u32(r);
    return low | (uint64_t)rng_u32(r) << 32;
}

/* Lemire, arXiv:1805.10941: multiply, reject the few words that would be counted once too often. */
uint32_t rng_below(rng *r, uint32_t n)
{
    uint64_t product = (uint64_t)rng_u32(r) * n;
    if ((uint32_t)product < n) {
        uint32_t threshold = -n % n;
        while ((uint32_t)product < threshold)
            product = (uint64_t)rng_u32(r) * n;
    }
    return (uint32_t)(product >> 32);
}

double rng_real(rng *r) { return (double)(rng_u64(r) >> 11) * 0x1p-53; }

float rng_float(rng *r) { return (float)(rng_u32(r) >> 8) * 0x1p-24f; }

/* N(0,1) as a sum of binomials and uniforms: popcount of 64 fair bits is binomial with mean 32 and variance 16; a uniform of
 * width 1 fills the gaps between integers (variance 1/12). Two of each give a smooth bell whose excess kurtosis is
 * about -1/64; all operations are exact or correctly rounded, so the bits do not depend on libm. */
float rng_normal(rng *r)
{
    int bits = __builtin_popcountll(rng_u64(r)) + __builtin_popcountll(rng_u64(r));
    double first = rng_real(r), second = rng_real(r); /* C leaves the order within one expression open */
    double sum = bits - 64 + first + second - 1.0;
    return (float)(sum / 5.6715665090578513); /* sqrt(2 * (16 + 1/12)) */
}

void rng_shuffle(rng *r, uint32_t *items, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        uint32_t j = rng_below(r, (uint32_t)i), held = items[i - 1];
        items[i - 1] = items[j];
        items[j] = held;
    }
}

/* ------------------------------------------------------------------ as a gsl_rng_type */

static void gsl_set(void *state, unsigned long seed)
{
    rng r = rng_stream(seed, "gsl", 0);
    memcpy(state, &r, sizeof(r));
}

static unsigned long gsl_get(void *state) { return rng_u32(state); }
static double gsl_get_double(void *state) { return rng_real(state); }

static const gsl_rng_type philox_type = {"philox4x32-10", 0xffffffffUL, 0, sizeof(rng), gsl_set, gsl_get, gsl_get_double};
const gsl_rng_type *const rng_gsl_type = &philox_type;

gsl_rng *rng_to_gsl(const rng *from)
{
    gsl_rng *g = gsl_rng_alloc(rng_gsl_type);
    if (g)
        memcpy(g->state, from, sizeof(*from));
    return g;
}
