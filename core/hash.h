/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hash.h - SHA-256 over typed fields
 *
 * Keys (networks, data sets, trainings, runs) and digests are SHA-256 (FIPS 180-4, by Nettle). Every field is
 * hashed with its length or its type, so ("ab","c") and ("a","bc") differ. Doubles are hashed as their
 * hexadecimal text (text_of_hex), integers little-endian: the same on every machine.
 */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <nettle/sha2.h>

typedef struct hash256 {
    uint8_t b[32];
} hash256;

typedef struct hasher {
    struct sha256_ctx ctx;
} hasher;

void hash_init(hasher *h);
void hash_bytes(hasher *h, const void *bytes, size_t n);
void hash_text(hasher *h, const char *text); /* NULL is hashed unlike "" */
void hash_u64(hasher *h, uint64_t value);
void hash_real(hasher *h, double value);
void hash_key(hasher *h, const hash256 *key);
hash256 hash_final(hasher *h);

hash256 hash_of_bytes(const void *bytes, size_t n); /* plain SHA-256 of the bytes */
uint64_t hash_to_u64(const hash256 *h);             /* the first eight bytes, little-endian: a seed */
char *hash_to_hex(char out[65], const hash256 *h);
bool hash_from_hex(const char *hex, hash256 *out);
bool hash_equal(const hash256 *a, const hash256 *b);
bool hash_is_zero(const hash256 *h);

#endif
