/* SPDX-License-Identifier: GPL-3.0-or-later */
/* arena.h - memory with one lifetime, freed at once
 *
 * A run has an arena, a worker has one per trial and resets it after each candidate: no free lists and no leak
 * across ten thousand networks. Blocks grow by doubling, are kept over arena_reset and are 64-byte aligned. What is larger than memory can lie in
 * a mapped file instead.
 *
 * For tests, arena_fail_at(k) makes the k-th allocation from now on (1 = the next), over all arenas of the
 * process, return NULL once; 0 switches it off. arena_live() is the number of bytes held from the system.
 */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include "core/status.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct arena arena;

arena *arena_create(void);     /* NULL when out of memory */
void arena_destroy(arena *a);  /* NULL is fine */
void arena_reset(arena *a);    /* everything allocated from it is gone; keeps the largest block */

/* From now on, what needs a block of at least `least` bytes gets one that is mapped from a file in `folder` (unlinked at once, so that nothing is left
 * behind): the system keeps in memory what is in use of it. The space on the disk is taken when it is asked for; a full disk is NULL, as a full memory
 * is, and arena_spill_failed tells. ASH_INVALID: no file can be made there. */
ash_status arena_spill(arena *a, size_t least, const char *folder, ash_error *err);
bool arena_spill_failed(const arena *a);

/* Zeroed memory, or NULL. `align` is a power of two up to 64; arena_alloc aligns for any scalar. */
void *arena_alloc(arena *a, size_t bytes);
void *arena_alloc_aligned(arena *a, size_t bytes, size_t align);
#define ARENA_NEW(a, type, count) ((type *)arena_alloc_array((a), (count), sizeof(type)))
void *arena_alloc_array(arena *a, size_t count, size_t size); /* NULL too when count * size overflows */

char *arena_strdup(arena *a, const char *text);
char *arena_strndup(arena *a, const char *text, size_t n);
void *arena_memdup(arena *a, const void *bytes, size_t n);
char *arena_printf(arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

size_t arena_used(const arena *a); /* bytes handed out since the last reset */

void arena_fail_at(long k);
size_t arena_live(void);

#endif
