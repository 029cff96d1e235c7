/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_wire_corpus.c - the fuzzer's corpus, whole, cut short and with bytes changed, through the same code */
#include "fuzz_wire.c"
#include <dirent.h>

/* Each file of the corpus with this first byte, `changes` times with a few bytes of it other ones or missing. */
static void go_through(char side, unsigned changes)
{
    char path[1024];
    const char *source = getenv("ASHLAR_SOURCE");
    snprintf(path, sizeof(path), "%s/tests/evaluator/corpus", source ? source : ".");
    DIR *d = opendir(path);
    assert_non_null(d);
    unsigned files = 0;
    LLVMFuzzerInitialize(NULL, NULL);
    for (struct dirent *e; (e = readdir(d));) {
        uint8_t bytes[1 << 14], changed[1 << 14];
        snprintf(path, sizeof(path), "%s/tests/evaluator/corpus/%s", source ? source : ".", e->d_name);
        FILE *f = e->d_name[0] == side ? fopen(path, "rb") : NULL;
        if (!f)
            continue;
        size_t n = fread(bytes, 1, sizeof(bytes), f);
        fclose(f);
        assert_true(n > 1);
        files++;
        LLVMFuzzerTestOneInput(bytes, n);
        for (unsigned i = 0; i < changes; i++) {
            rng r = rng_stream(i, e->d_name, 0);
            size_t left = rng_below(&r, 2) ? n : 1 + rng_below(&r, (uint32_t)n);
            memcpy(changed, bytes, n);
            for (unsigned k = rng_below(&r, 4); k; k--)
                if (left > 1)
                    changed[1 + rng_below(&r, (uint32_t)left - 1)] = (uint8_t)rng_u32(&r);
            LLVMFuzzerTestOneInput(changed, left);
        }
    }
    closedir(d);
    assert_true(files >= 5);
}

static void test_what_a_worker_may_say(void **state)
{
    (void)state;
    go_through('c', 200);
}

static void test_what_a_controller_may_say(void **state)
{
    (void)state;
    go_through('w', 20); /* each forks */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_a_worker_may_say), cmocka_unit_test(test_what_a_controller_may_say)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
