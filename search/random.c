/* SPDX-License-Identifier: GPL-3.0-or-later */
/* random.c - uniform sampling: the baseline that every strategy has to beat
 *
 * Each proposal is an independent uniform sample of the space. Without replacement (the default) a sample that
 * repeats a known network is drawn again; with replacement it stands. State: one flag. */
#include "search/strategy.h"

typedef struct settings {
    bool with_replacement;
} settings;

static const option rows[] = {
    {"with_replacement", OPTION_BOOL, offsetof(settings, with_replacement), "false",
     .help = "a sample may repeat a known network"},
};
static const option_table options = OPTION_TABLE("search", settings, rows);

typedef struct state {
    const space *space;
    bool with_replacement;
} state;

static ash_status init(void *self, const strategy_context *context, ash_error *err)
{
    (void)err;
    state *s = self;
    s->space = context->space;
    s->with_replacement = ((const settings *)context->settings)->with_replacement;
    return ASH_OK;
}

static bool wants_new(const void *self)
{
    return !((const state *)self)->with_replacement;
}

static void ask(const void *self, uint64_t id, rng *r, proposal *out)
{
    (void)id;
    const state *s = self;
    out->n_parents = 0;
    space_sample(s->space, out->genome, r);
}

static ash_status tell(void *self, const observation *o, ash_error *err)
{
    (void)self, (void)o, (void)err;
    return ASH_OK;
}

const strategy strategy_random = {
    .name = "random",
    .help = "uniform sampling of the space",
    .options = &options,
    .state_size = sizeof(state),
    .init = init,
    .wants_new = wants_new,
    .ask = ask,
    .tell = tell,
};
