/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/cores.h"

#include <stdatomic.h>

static atomic_int spare; /* less than 0: more work than cores, until borrowed ones come back */

void cores_add(int n)
{
    atomic_fetch_add(&spare, n);
}

int cores_take(int most)
{
    int now = atomic_load(&spare), n;
    do
        n = now < most ? now : most;
    while (n > 0 && !atomic_compare_exchange_weak(&spare, &now, now - n));
    return n > 0 ? n : 0;
}
