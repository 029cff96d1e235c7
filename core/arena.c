/* SPDX-License-Identifier: GPL-3.0-or-later */
/* arena.c - a list of blocks, the newest first; each twice as large as the one before, up to a limit
 *
 * arena_reset keeps only the largest block, so that an arena that is reset after each trial soon stops asking the system
 * for memory. Blocks are cleared when they are handed out again, not when they are freed.
 */
#include "core/arena.h"
#include "core/format.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ALIGN = 64, FIRST_BLOCK = 4096 - ALIGN, MOST_DOUBLED = 64 << 20 };

typedef struct block {
    struct block *next;
    size_t size, used;
    bool mapped;
    _Alignas(ALIGN) unsigned char bytes[];
} block;

struct arena {
    block *blocks;
    size_t used;
    size_t spill_least; /* 0: blocks are in memory */
    int spill;          /* the file */
    off_t spilled;      /* bytes of it */
    bool spill_failed;
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
    if (b->mapped) {
        munmap(b, sizeof(*b) + b->size);
        return;
    }
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
    if (a->spill_least)
        close(a->spill);
    atomic_fetch_sub(&live_bytes, sizeof(*a));
    free(a);
}

ash_status arena_spill(arena *a, size_t least, const char *folder, ash_error *err)
{
    char name[4096];
    int n = snprintf(name, sizeof(name), "%s/ashlar-XXXXXX", folder);
    a->spill = n > 0 && (size_t)n < sizeof(name) ? mkostemp(name, O_CLOEXEC) : -1;
    if (a->spill < 0)
        return ash_fail(err, ASH_INVALID, "no scratch file can be made in %s: %s", folder, strerror(errno));
    unlink(name);
    a->spill_least = least;
    return ASH_OK;
}

bool arena_spill_failed(const arena *a) { return a->spill_failed; }

/* A stretch of the file, as long as the machine's pages want it. */
static block *map_block(arena *a, size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (sizeof(block) + bytes + page - 1) / page * page;
    block *b = MAP_FAILED;
    if (posix_fallocate(a->spill, a->spilled, (off_t)size) == 0)
        b = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, a->spill, a->spilled);
    a->spill_failed = b == MAP_FAILED;
    if (a->spill_failed)
        return NULL;
    a->spilled += (off_t)size;
    block **at = a->blocks ? &a->blocks->next : &a->blocks; /* small pieces go on where they were */
    *b = (block){.next = *at, .size = size - sizeof(block), .mapped = true};
    *at = b;
    return b;
}

void arena_reset(arena *a)
{
    block *largest = NULL;
    for (block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        if (b->mapped)
            free_block(b);
        else if (!largest || b->size > largest->size) {
            if (largest)
                free_block(largest);
            largest = b;
        } else {
            free_block(b);
        }
    }
    a->blocks = largest;
    a->used = 0;
    if (a->spilled && ftruncate(a->spill, 0) == 0)
        a->spilled = 0;
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
    if (a->spill_least && bytes >= a->spill_least)
        return map_block(a, bytes);
    size = size > MOST_DOUBLED / 2 ? MOST_DOUBLED : 2 * size;
    size = size > bytes ? size : bytes;
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
    if (!b->mapped || b->used) /* a fresh file is zero */
        memset(b->bytes + start, 0, bytes);
    b->used = start + bytes;
    a->used += bytes;
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
