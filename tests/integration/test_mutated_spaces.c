/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mutated run files: the spaces of examples/ with bytes changed, lines dropped, doubled and moved are read or refused in one sentence, and what
 * is read samples genomes that decode or do not */
#include "unit.h"

#include "config/config.h"
#include "core/rng.h"
#include "space/space.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MUTANTS = 400, MOST_LINES = 200 };

static char *load(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = calloc(1, 65536);
    assert_non_null(f);
    assert_true(text && fread(text, 1, 65535, f) > 0);
    fclose(f);
    return text;
}

/* One to three changes; from the line `space:` on, so that it is the space that suffers. */
static char *mutate(const char *text, rng *r, arena *a)
{
    static const char bytes[] = "$({[]})!*/%,:-\"# 019.a\n";
    static const char *const words[] = {"$in", "$width", "$in.c", "$", "0", "-1", "99999999999", "1 / 0", "when: 0", "max(1, 2)", "op", "block", "[]", "{}", "input"};
    char *line[MOST_LINES], *copy = arena_strdup(a, text), *rest = copy;
    size_t n = 0, first = 0;
    while (n < MOST_LINES && (line[n] = strsep(&rest, "\n"))) {
        first = strcmp(line[n], "space:") == 0 ? n : first;
        n++;
    }
    for (uint32_t changes = 1 + rng_below(r, 3); changes > 0; changes--) {
        size_t at = first + rng_below(r, (uint32_t)(n - first)), other = first + rng_below(r, (uint32_t)(n - first)), length = strlen(line[at]);
        size_t from = length ? rng_below(r, (uint32_t)length) : 0;
        switch (rng_below(r, 6)) {
        case 0: line[at] = arena_strdup(a, ""); break;
        case 1: line[at] = arena_strdup(a, line[other]); break;
        case 2: line[at] = arena_printf(a, "%s\n%s", line[at], line[at]); break;
        case 3: line[at] = arena_printf(a, "%.*s%c%s", (int)from, line[at], bytes[rng_below(r, sizeof(bytes) - 1)], line[at] + from + !!length); break;
        case 4: line[at] = arena_printf(a, "%.*s", (int)from, line[at]); break;
        default: {
            size_t word = strcspn(line[at] + from, " ,:]}");
            line[at] = arena_printf(a, "%.*s%s%s", (int)from, line[at], words[rng_below(r, sizeof(words) / sizeof(words[0]))], line[at] + from + word);
        }
        }
    }
    buffer out = {0};
    for (size_t i = 0; i < n; i++)
        buffer_printf(&out, "%s\n", line[i]);
    char *made = arena_strdup(a, out.data);
    buffer_free(&out);
    return made;
}

/* true: it is a space. */
static bool try_mutant(const char *text, rng *r, arena *a)
{
    node *root;
    ash_error err = {0};
    space *s;
    nn_graph *g;
    if (config_read_text(text, "mutant.yaml", a, &root, &err) != ASH_OK ||
        space_read(node_get(root, "space"), (nn_shape){8, 8, 3}, 3, &s, &err) != ASH_OK) {
        if (err.status != ASH_INVALID || !*err.text)
            fail_msg("%s\nstatus %d: %s", text, err.status, err.text);
        return false;
    }
    genome *genes = genome_create(s, a);
    for (int i = 0; i < 5; i++) {
        space_sample(s, genes, r);
        ash_status status = space_decode(s, genes, a, &g, &err);
        if (status != ASH_OK && (status != ASH_INVALID || !*err.text))
            fail_msg("%s\nstatus %d: %s", text, status, err.text);
    }
    space_destroy(s);
    return true;
}

static void test_mutants(void **state)
{
    (void)state;
    char pattern[4096];
    glob_t files;
    int read = 0, refused = 0;
    assert_non_null(getenv("ASHLAR_SOURCE"));
    snprintf(pattern, sizeof(pattern), "%s/examples/*.yaml", getenv("ASHLAR_SOURCE"));
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char *text = load(files.gl_pathv[i]);
        for (uint64_t k = 0; k < MUTANTS && strstr(text, "\nspace:"); k++) {
            arena *a = arena_create();
            rng r = rng_stream(i, "mutants", k);
            bool ok = try_mutant(mutate(text, &r, a), &r, a);
            read += ok;
            refused += !ok;
            arena_destroy(a);
        }
        free(text);
    }
    printf("%d mutants are spaces, %d are refused\n", read, refused);
    assert_true(read > 500 && refused > 500);
    globfree(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mutants)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
