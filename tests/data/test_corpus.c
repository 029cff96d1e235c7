/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_corpus.c - what was ever worth keeping of the fuzzer's inputs, through the same code */
#include "unit.h"

#include "fuzz_formats.c"
#include <dirent.h>

static void test_corpus(void **state)
{
    (void)state;
    char path[1024];
    const char *source = getenv("ASHLAR_SOURCE");
    snprintf(path, sizeof path, "%s/tests/data/corpus", source ? source : ".");
    DIR *d = opendir(path);
    assert_non_null(d);
    unsigned seen = 0;
    assert_int_equal(LLVMFuzzerInitialize(NULL, NULL), 0);
    for (struct dirent *e; (e = readdir(d));) {
        static uint8_t bytes[1 << 16];
        snprintf(path, sizeof path, "%s/tests/data/corpus/%s", source ? source : ".", e->d_name);
        FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (!f)
            continue;
        size_t n = fread(bytes, 1, sizeof bytes, f);
        fclose(f);
        assert_true(n > 0);
        seen |= 1u << bytes[0] % N_READERS;
        LLVMFuzzerTestOneInput(bytes, n);
    }
    closedir(d);
    assert_int_equal(seen, (1u << N_READERS) - 1); /* something for every reader */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
