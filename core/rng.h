/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rng.h - counter-based random streams
 *
 * Philox4x32-10 (Salmon et al., SC'11, doi:10.1145/2063384.2063405). A stream is a pure function of (key, purpose,
 * index): two parts of a program never share or disturb one another's numbers, and a stream costs nothing to
 * make. It is a plain value: copy it to fork it.
 *
 * rng_gsl_type wraps it as a gsl_rng_type, so that GSL's distributions work on it. Those may call libm, whose
 * last bit differs between versions, so nothing that training or the search depends on uses them; the
 * functions below use integer arithmetic and exact float scaling only.
 */
#ifndef CORE_RNG_H
#define CORE_RNG_H

#include <gsl/gsl_rng.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rng {
    uint32_t key[2], counter[4], block[4];
    unsigned left; /* words of `block` not handed out yet */
} rng;

/* The Philox4x32-10 bijection itself, for known-answer tests. */
void rng_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

rng rng_stream(uint64_t key, const char *purpose, uint64_t index);

uint32_t rng_u32(rng *r);
uint64_t rng_u64(rng *r);
uint32_t rng_below(rng *r, uint32_t n);                  /* uniform in [0, n), unbiased; n > 0 */
double rng_real(rng *r);                                 /* uniform in [0, 1), 53 bits */
float rng_float(rng *r);                                 /* uniform in [0, 1), 24 bits */
float rng_normal(rng *r);                                /* N(0,1) by own arithmetic, same bits everywhere */
void rng_shuffle(rng *r, uint32_t *items, size_t count); /* Fisher-Yates */

extern const gsl_rng_type *const rng_gsl_type; /* gsl_rng_set(seed) = rng_stream(seed, "gsl", 0) */
/* A gsl_rng whose state is a copy of `from`; caller frees with gsl_rng_free; NULL when out of memory. */
gsl_rng *rng_to_gsl(const rng *from);

#endif
