/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_corpus.c - the examples, and what was ever worth keeping of the fuzzer's inputs, through the same code */
#include "unit.h"

#include "fuzz_runfile.c"
#include <dirent.h>

static int run_folder(const char *name)
{
    static uint8_t bytes[1 << 16];
    char path[1024];
    const char *source = getenv("ASHLAR_SOURCE");
    snprintf(path, sizeof path, "%s/%s", source ? source : ".", name);
    DIR *d = opendir(path);
    int n_files = 0;
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s/%s", source ? source : ".", name, e->d_name);
        FILE *f = e->d_type == DT_REG ? fopen(path, "rb") : NULL;
        if (!f)
            continue;
        size_t n = fread(bytes, 1, sizeof bytes, f);
        fclose(f);
        LLVMFuzzerTestOneInput(bytes, n);
        n_files++;
    }
    closedir(d);
    return n_files;
}

static void test_corpus(void **state)
{
    (void)state;
    assert_true(run_folder("tests/run/corpus") > 0);
    assert_true(run_folder("examples") > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
