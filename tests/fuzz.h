/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz.h - what every tests/FOLDER/fuzz_NAME.c needs: libFuzzer's entry, and how it says what does not hold */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define demand(what)                                                                                                   \
    do {                                                                                                               \
        if (!(what)) {                                                                                                 \
            fprintf(stderr, "%s does not hold\n", #what);                                                              \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

#endif
