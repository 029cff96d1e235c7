/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dispatch.c - which variants exist, and which is a level's on this CPU
 *
 * The table is filled once, before main, so that finding a level takes no lock and is safe from any thread. */
#include "nn/infer/kernels/variants.h"
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

#define INFER_VARIANT(ident, level, supported) extern const infer_kernels infer_level_##ident;
#include "nn/infer/kernels/variants.def"
#undef INFER_VARIANT

static infer_variant variants[] = {
    {.name = "reference", .can_run = true},
#define INFER_VARIANT(ident, level, supported) {.name = #ident},
#include "nn/infer/kernels/variants.def"
#undef INFER_VARIANT
    {0},
};

#if defined(__x86_64__)
static bool has_v3(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

static bool has_v4(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

static bool has_avx_vnni(void) /* clang 14's __builtin_cpu_supports does not know it */
{
    unsigned a = 0, b, c, d;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & bit_AVXVNNI);
}
#elif defined(__aarch64__)
static bool has_dot_products(void)
{
    enum { ASIMDDP = 1 << 20 }; /* HWCAP_ASIMDDP of asm/hwcap.h */
    return (getauxval(AT_HWCAP) & ASIMDDP) != 0;
}
#endif

__attribute__((constructor)) static void fill_variants(void)
{
    infer_variant *v = variants;
    v++->kernels = infer_reference;
#if defined(__x86_64__)
    __builtin_cpu_init();
#endif
#define INFER_VARIANT(ident, text, supported)                                                                \
    v->can_run = (supported);                                                                                \
    v->kernels = infer_level_##ident;                                                                        \
    v++->kernels.level = text;
#include "nn/infer/kernels/variants.def"
#undef INFER_VARIANT
    infer_kernels *reference = &variants[0].kernels;
    const infer_kernels *plainest = &variants[1].kernels;
    reference->unpack = plainest->unpack;
    reference->pack = plainest->pack;
    reference->quantise = plainest->quantise;
    reference->pass = plainest->pass;
}

const infer_variant *infer_variants(void) { return variants; }

const infer_kernels *infer_kernels_find(const char *level)
{
    const infer_kernels *found = NULL;
    for (const infer_variant *v = variants; v->name; v++)
        if (v->can_run && strcmp(v->kernels.level, level) == 0)
            found = &v->kernels;
    return found;
}

const infer_kernels *infer_kernels_best(void)
{
    const infer_kernels *best = NULL;
    for (const infer_variant *v = variants; v->name; v++)
        if (v->can_run)
            best = &v->kernels;
    return best;
}
