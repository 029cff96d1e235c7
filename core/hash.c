/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hash.c - see hash.h */
#include "core/hash.h"
#include "core/text.h"
#include <stdio.h>
#include <string.h>

void hash_init(hasher *h) { sha256_init(&h->ctx); }

static void add_u64(hasher *h, uint64_t value)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    sha256_update(&h->ctx, sizeof(bytes), bytes);
}

static void add_field(hasher *h, char type, const void *bytes, size_t n)
{
    sha256_update(&h->ctx, 1, (const uint8_t *)&type);
    add_u64(h, n);
    if (n)
        sha256_update(&h->ctx, n, bytes);
}

void hash_bytes(hasher *h, const void *bytes, size_t n) { add_field(h, 'b', bytes, n); }

void hash_text(hasher *h, const char *text)
{
    if (text)
        add_field(h, 't', text, strlen(text));
    else
        add_field(h, '0', NULL, 0);
}

void hash_u64(hasher *h, uint64_t value)
{
    sha256_update(&h->ctx, 1, (const uint8_t *)"u");
    add_u64(h, value);
}

void hash_real(hasher *h, double value)
{
    char text[32];
    text_of_hex(text, value);
    add_field(h, 'r', text, strlen(text));
}

void hash_key(hasher *h, const hash256 *key) { add_field(h, 'k', key->b, sizeof(key->b)); }

hash256 hash_final(hasher *h)
{
    hash256 out;
    sha256_digest(&h->ctx, sizeof(out.b), out.b);
    return out;
}

hash256 hash_of_bytes(const void *bytes, size_t n)
{
    hasher h;
    hash_init(&h);
    sha256_update(&h.ctx, n, bytes);
    return hash_final(&h);
}

uint64_t hash_to_u64(const hash256 *h)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | h->b[i];
    return value;
}

char *hash_to_hex(char out[65], const hash256 *h)
{
    for (int i = 0; i < 32; i++)
        snprintf(out + 2 * i, 3, "%02x", h->b[i]);
    return out;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hash_from_hex(const char *hex, hash256 *out)
{
    if (strlen(hex) != 64)
        return false;
    hash256 value;
    for (int i = 0; i < 32; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        value.b[i] = (uint8_t)(high << 4 | low);
    }
    *out = value;
    return true;
}

bool hash_equal(const hash256 *a, const hash256 *b) { return memcmp(a->b, b->b, sizeof(a->b)) == 0; }

bool hash_is_zero(const hash256 *h)
{
    static const hash256 zero;
    return hash_equal(h, &zero);
}
