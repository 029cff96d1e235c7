/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strategy.c - the registry of strategies, from strategies.def */
#include "search/strategy.h"

#include <string.h>

#define STRATEGY(name) extern const strategy strategy_##name;
#include "search/strategies.def"
#undef STRATEGY

static const strategy *const table[] = {
#define STRATEGY(name) &strategy_##name,
#include "search/strategies.def"
#undef STRATEGY
    NULL,
};

const char *const strategy_names[] = {
#define STRATEGY(name) #name,
#include "search/strategies.def"
#undef STRATEGY
    NULL,
};

const strategy *strategy_at(size_t i)
{
    return i < sizeof(table) / sizeof(table[0]) ? table[i] : NULL;
}

const strategy *strategy_find(const char *name)
{
    for (size_t i = 0; table[i]; i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}
