/* SPDX-License-Identifier: GPL-3.0-or-later */
/* arena.c - a list of blocks, the newest first; each twice as large as the one before
 *
 * arena_reset keeps only the largest block, so that an arena that is reset after each trial soon stops asking the system
 * for memory. Blocks are cleared when they are handed out again, not when they are freed.
 */
#include "core/arena.h"
#include "core/format.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64, FIRST_BLOCK = 4096 - ALIGN };

typedef struct block {
    struct block *next;
    size_t size, used;
    _Alignas(ALIGN) unsigned char bytes[];
} block;

struct arena {
    block *blocks;
    size_t used;
};

static atomic_long fail_countdown; /* 0: off */
static atomic_size_t live_bytes;

static bool injected_failure(void)
{
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) <= 0)
        return false;
    return atomic_fetch_sub(&fail_countdown, 1) == 1;
}

void arena_fail_at(long k) { atomic_store(&fail_countdown, k); }

size_t arena_live(void) { return atomic_load(&live_bytes); }

arena *arena_create(void)
{
    if (injected_failure())
        return NULL;
    arena *a = calloc(1, sizeof(*a));
    if (a)
        atomic_fetch_add(&live_bytes, sizeof(*a));
    return a;
}

static void free_block(block *b)
{
    atomic_fetch_sub(&live_bytes, sizeof(*b) + b->size);
    free(b);
}

void arena_destroy(arena *a)
{
    if (!a)
        return;
    while (a->blocks) {
        block *b = a->blocks;
        a->blocks = b->next;
        free_block(b);
    }
    atomic_fetch_sub(&live_bytes, sizeof(*a));
    free(a);
}

void arena_reset(arena *a)
{
    block *largest = NULL;
    for (block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        if (!largest || b->size > largest->size) {
            if (largest)
                free_block(largest);
            largest = b;
        } else {
            free_block(b);
        }
    }
    a->blocks = largest;
    a->used = 0;
    if (largest) {
        largest->next = NULL;
        largest->used = 0;
    }
}

static block *grow(arena *a, size_t bytes)
{
    size_t size = a->blocks ? a->blocks->size : FIRST_BLOCK / 2;
    if (bytes > SIZE_MAX / 4 || size > SIZE_MAX / 4)
        return NULL;
    size = 2 * size > bytes ? 2 * size : bytes;
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    block *b = aligned_alloc(ALIGN, sizeof(*b) + size);
    if (!b)
        return NULL;
    *b = (block){.next = a->blocks, .size = size};
    a->blocks = b;
    atomic_fetch_add(&live_bytes, sizeof(*b) + size);
    return b;
}

void *arena_alloc_aligned(arena *a, size_t bytes, size_t align)
{
    if (injected_failure())
        return NULL;
    block *b = a->blocks;
    size_t start = b ? (b->used + align - 1) & ~(align - 1) : 0;
    if (!b || start > b->size || b->size - start < bytes) {
        b = grow(a, bytes);
        if (!b)
            return NULL;
        start = 0;
    }
    b->used = start + bytes;
    a->used += bytes;
    memset(b->bytes + start, 0, bytes);
    return b->bytes + start;
}

void *arena_alloc(arena *a, size_t bytes) { return arena_alloc_aligned(a, bytes, _Alignof(max_align_t)); }

void *arena_alloc_array(arena *a, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    return arena_alloc(a, count * size);
}

void *arena_memdup(arena *a, const void *bytes, size_t n)
{
    void *copy = arena_alloc(a, n);
    if (copy && n)
        memcpy(copy, bytes, n);
    return copy;
}

char *arena_strndup(arena *a, const char *text, size_t n)
{
    n = strnlen(text, n);
    char *copy = arena_alloc_aligned(a, n + 1, 1);
    if (copy)
        memcpy(copy, text, n);
    return copy;
}

char *arena_strdup(arena *a, const char *text) { return arena_strndup(a, text, strlen(text)); }

char *arena_printf(arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = format_args(NULL, 0, format, args);
    va_end(args);
    char *text = n < 0 ? NULL : arena_alloc_aligned(a, (size_t)n + 1, 1);
    if (!text)
        return NULL;
    va_start(args, format);
    format_args(text, (size_t)n + 1, format, args);
    va_end(args);
    return text;
}

size_t arena_used(const arena *a) { return a->used; }
