/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_runfile.c - any text as a run file: settings and a space whose genomes hold what space.h promises, or one message
 *
 * The space is read for images of 8x8 and ten classes. Genomes print and parse to themselves; those that decode have a canonical network that is its
 * own canonical network. test_corpus.c runs it over the corpus and the examples everywhere; scripts/fuzz with libFuzzer. */
#include "fuzz.h"

#include "core/log.h"
#include "run/runfile.h"
#include "space/space.h"
#include <string.h>

static void check_network(const space *s, const genome *g, arena *a)
{
    nn_graph *decoded, *canonical, *again;
    hash256 hash, same;
    ash_error err = {0};
    if (space_decode(s, g, a, &decoded, &err) != ASH_OK) {
        demand(err.status == ASH_INVALID && strlen(err.text) > 9);
        return;
    }
    if (decoded->n_nodes > 500) /* what follows takes time that grows faster */
        return;
    if (space_canonical(decoded, a, &canonical, &hash, &err) != ASH_OK)
        return;
    demand(space_canonical(canonical, a, &again, &same, &err) == ASH_OK && hash_equal(&hash, &same));
}

static void check_space(const space *s)
{
    arena *a = arena_create();
    ash_error err = {0};
    rng r = rng_stream(1, "fuzz", 1);
    genome *g = genome_create(s, a), *child = genome_create(s, a), *back = genome_create(s, a);
    space_sample(s, g, &r);
    for (int i = 0; i < 3; i++) {
        const char *text = space_print(s, g, a);
        demand(text && space_parse(s, text, back, &err) == ASH_OK && genome_equal(g, back));
        check_network(s, g, a);
        space_mutate(s, child, g, &r);
        genome_copy(g, child);
    }
    arena_destroy(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char *text = malloc(n + 1);
    runfile *f = NULL;
    space *s = NULL;
    ash_error err = {0};
    log_set_level(LOG_QUIET);
    memcpy(text, bytes, n);
    text[n] = '\0';
    ash_status status = runfile_read_text(text, NULL, &f, &err);
    if (status == ASH_OK && f->space)
        status = space_read(f->space, (nn_shape){8, 8, 1}, 10, &s, &err);
    if (status == ASH_OK && s)
        check_space(s);
    demand(status == ASH_OK || (strlen(err.text) > 9 && !s));
    space_destroy(s);
    runfile_close(f);
    free(text);
    return 0;
}
