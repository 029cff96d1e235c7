/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session.c - see session.h */
#include "run/session.h"
#include "core/text.h"
#include "evaluator/quality/quality.h"
#include "search/constraint.h"
#include <jansson.h>
#include <math.h>
#include <string.h>

/* ---- identity ---- */

/* "evaluator.max_bytes: ..." without what only concerns execution. */
static ash_status print_evaluator(const session *s, buffer *out, ash_error *err)
{
    static const char *const not_theirs[] = {"type", NULL};
    buffer_printf(out, "evaluator.type: %s\n", s->type->name);
    if (!s->type->options)
        return ASH_OK;
    void *own = arena_alloc(s->file->arena, s->type->options->size);
    if (!own)
        return ash_fail_memory(err);
    if (option_read_except(s->type->options, own, s->file->evaluator, not_theirs, s->file->arena, err) != ASH_OK)
        return err->status;
    option_print(s->type->options, own, true, out);
    return ASH_OK;
}

static ash_status print_space(const session *s, buffer *out, ash_error *err)
{
    const node *map = s->file->space;
    for (const node *n = map && map->kind == NODE_MAP ? map->first : NULL; n; n = n->next) {
        node value = *n;
        value.key = NULL;
        value.next = NULL;
        const char *text = node_print(s->file->arena, &value);
        if (!text)
            return ash_fail_memory(err);
        buffer_printf(out, "space.%s: %s\n", n->key, text);
    }
    return ASH_OK;
}

static ash_status make_identity(session *s, ash_error *err)
{
    buffer text = {0};
    if (s->data)
        buffer_puts(&text, s->data->settings);
    ash_status status = ASH_OK;
    if (s->type->needs_data || s->type->takes_data)
        option_print(&nn_recipe_options, &s->file->recipe, true, &text);
    status = print_evaluator(s, &text, err);
    if (status == ASH_OK)
        status = controller_print_settings(s->file->search, true, &text, err);
    if (status == ASH_OK)
        status = print_space(s, &text, err);
    if (status == ASH_OK && (text.failed || !(s->settings = arena_strndup(s->file->arena, text.data, text.len))))
        status = ash_fail_memory(err);
    buffer_free(&text);
    if (status != ASH_OK)
        return status;
    hasher h;
    hash_init(&h);
    hash_text(&h, "ashlar run 1");
    hash_text(&h, s->settings);
    hash_u64(&h, (uint64_t)s->file->top.seed);
    hash_text(&h, s->kernel_level);
    hash_u64(&h, s->data != NULL);
    if (s->data) {
        hash_key(&h, &s->data->hash);
    } else { /* nothing else says what the networks read and answer */
        for (size_t i = 0; i < s->file->top.input.n; i++)
            hash_u64(&h, (uint64_t)s->file->top.input.v[i]);
        hash_u64(&h, (uint64_t)s->file->top.outputs);
    }
    if (s->type->content) {
        hash256 content = s->type->content(s->evaluator);
        hash_key(&h, &content);
    }
    s->identity = hash_final(&h);
    return ASH_OK;
}

/* ---- opening ---- */

static ash_status open_space(session *s, ash_error *err)
{
    const runfile *f = s->file;
    nn_shape input = {1, 1, 1};
    int outputs = (int)f->top.outputs;
    if (s->data) {
        input = (nn_shape){s->data->h, s->data->w, s->data->c};
        outputs = s->data->n_outputs;
    } else if (f->top.input.n == 3) {
        input = (nn_shape){(int)f->top.input.v[0], (int)f->top.input.v[1], (int)f->top.input.v[2]};
    }
    if (!f->space)
        return ash_fail(err, ASH_INVALID, "%s: there is no section \"space\": it says which networks may exist",
                        f->path ? f->path : "the run file");
    return space_read(f->space, input, outputs > 0 ? outputs : 1, &s->space, err);
}

ash_status session_open_space(session *s, runfile *f, ash_error *err)
{
    *s = (session){.file = f, .type = f->evaluator_type};
    if ((s->type->needs_data || (s->type->takes_data && f->data)) && data_open(f->data, &s->data, err) != ASH_OK)
        return err->status;
    return open_space(s, err);
}

ash_status session_open(session *s, runfile *f, const char *level,
                        void (*keep)(void *ctx, uint64_t trial_id, const void *bytes, size_t n), void *keep_ctx,
                        ash_error *err)
{
    if (session_open_space(s, f, err) != ASH_OK)
        return err->status;
    s->kernel_level = level;
    s->objectives = f->objectives.objectives.v;
    s->n_objectives = f->objectives.objectives.n;
    if (!level && runfile_kernel_level(f, &s->kernel_level, err) != ASH_OK)
        return err->status;
    s->context = (evaluator_context){
        .space = s->space,
        .data = s->data,
        .recipe = &f->recipe,
        .kernel_level = s->kernel_level,
        .training_seed = (uint64_t)f->top.seed,
        .keep_weights = keep,
        .keep_ctx = keep_ctx,
    };
    if (s->type->create(f->evaluator, &s->context, &s->evaluator, err) != ASH_OK)
        return err->status;
    return make_identity(s, err);
}

ash_status session_open_stored(session *s, const db_run *r, const char *path, const char *level,
                               void (*keep)(void *ctx, uint64_t trial_id, const void *bytes, size_t n), void *keep_ctx, ash_error *err)
{
    runfile *f;
    char hex[65] = "";
    *s = (session){0};
    if (!r->config)
        return ash_fail(err, ASH_INVALID, "%s: run %lld has no run file stored and cannot be repeated", path, (long long)r->id);
    if (runfile_read_text(r->config, r->config_path, &f, err) != ASH_OK)
        return ash_prefix(err, "%s", path);
    if (session_open(s, f, level, keep, keep_ctx, err) != ASH_OK)
        return err->status;
    if (s->data)
        hash_to_hex(hex, &s->data->hash);
    if (s->data && r->data_hash && strcmp(hex, r->data_hash) != 0)
        return ash_fail(err, ASH_INVALID, "%s: the data set %s is not the one that the run was made with (its hash is %.12s, "
                        "the run's %.12s)", path, s->data->name, hex, r->data_hash);
    return ASH_OK;
}

void session_close(session *s)
{
    if (s->evaluator)
        s->type->destroy(s->evaluator);
    space_destroy(s->space);
    data_close(s->data);
    runfile_close(s->file);
    *s = (session){0};
}

/* ---- the data set as JSON ---- */

static void put_number(json_t *object, const char *key, double value)
{
    if (isfinite(value))
        json_object_set_new(object, key, json_real(value));
}

static json_t *describe_data(const data_set *d, const data_baseline *b)
{
    json_t *baselines = json_object(), *o = json_object();
    put_number(baselines, "linear_val_error", b->linear_val_error);
    put_number(baselines, "linear_test_error", b->linear_test_error);
    json_object_set_new(baselines, "linear_macs", json_integer(b->linear_macs));
    put_number(baselines, "nn1_val_error", b->nn1_val_error);
    put_number(baselines, "nn1_test_error", b->nn1_test_error);
    json_object_set_new(o, "name", json_string(d->name));
    json_object_set_new(o, "format", json_string(d->format));
    json_object_set_new(o, "task", json_string(data_task_name(d->task)));
    json_object_set_new(o, "shape", json_pack("[iii]", d->h, d->w, d->c));
    json_object_set_new(o, d->task == DATA_CLASSIFICATION ? "classes" : "outputs", json_integer(d->n_outputs));
    json_object_set_new(o, "train", json_integer((json_int_t)d->train.n));
    json_object_set_new(o, "val", json_integer((json_int_t)d->val.n));
    json_object_set_new(o, "test", json_integer((json_int_t)d->test.n));
    json_object_set_new(o, "normalize", json_string(d->normalize));
    json_object_set_new(o, "baselines", baselines);
    return o;
}

ash_status session_data_json(session *s, const char **json, ash_error *err)
{
    *json = "{}";
    if (!s->data)
        return ASH_OK;
    data_baseline b;
    if (data_baselines(s->data, &b, err) != ASH_OK)
        return err->status;
    json_t *o = describe_data(s->data, &b);
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    *json = text ? arena_strdup(s->file->arena, text) : NULL;
    free(text);
    json_decref(o);
    return *json ? ASH_OK : ash_fail_memory(err);
}

/* ---- the reference point ---- */

enum { SAMPLES = 256 };

/* What an untrained network reaches; NaN: not a learned metric. */
static double chance(const session *s, const char *name)
{
    if (s->type->chance)
        return s->type->chance(s->evaluator, name);
    return s->data && strcmp(name, "error") == 0 ? quality_chance(s->data, name) : NAN;
}

/* What the evaluator adds to the static costs; NULL: it does not say. */
static const char *const *measured(const session *s)
{
    return s->type->measures ? s->type->measures(s->evaluator) : NULL;
}

static bool is_measured(const session *s, const char *name)
{
    const char *const *names = measured(s);
    while (names && *names && strcmp(*names, name) != 0)
        names++;
    return !names || *names;
}

/* `name` at place k of the search section's list `key`. */
static ash_status unknown_metric(const session *s, const char *key, size_t k, const char *name, const trial *t, ash_error *err)
{
    const char *names[66];
    size_t n = 0;
    buffer list = {0};
    for (const char *const *learned = measured(s); *learned && n < 33; learned++)
        names[n++] = *learned;
    for (size_t i = 0; i < t->n_metrics && n < 66; i++)
        names[n++] = t->metrics[i].name;
    for (size_t i = 0; i < n; i++)
        buffer_printf(&list, "%s%s", i ? ", " : "", names[i]);
    const char *near = text_nearest(name, names, n);
    const node *at = node_get(s->file->search, key);
    if (at && at->kind == NODE_LIST)
        at = node_at(at, k);
    if (near)
        node_fail(at, err, "there is no metric \"%s\"; did you mean \"%s\"?", name, near);
    else
        node_fail(at, err, "there is no metric \"%s\"; there are %s", name, list.data ? list.data : "none");
    buffer_free(&list);
    return err->status;
}

/* That each of the metrics which the search looks at is known before training, or measured. */
static ash_status check_metrics(const session *s, const trial *t, ash_error *err)
{
    for (size_t k = 0; k < s->n_objectives; k++)
        if (isnan(trial_metric(t, s->objectives[k])) && !is_measured(s, s->objectives[k]))
            return unknown_metric(s, "objectives", k, s->objectives[k], t, err);
    const option_texts *soft = &s->file->objectives.soft_constraints;
    for (size_t k = 0; k < soft->n; k++) {
        constraint c;
        if (constraint_parse(soft->v[k], s->file->arena, &c, err) != ASH_OK)
            return err->status;
        if (isnan(trial_metric(t, c.metric)) && !is_measured(s, c.metric))
            return unknown_metric(s, "soft_constraints", k, c.metric, t, err);
    }
    return ASH_OK;
}

/* worst (n_objectives): NaN where no sample has the metric. *seen: how many samples decode. */
static ash_status worst_of_samples(session *s, double *worst, size_t *seen, ash_error *err)
{
    arena *a = arena_create();
    if (!a)
        return ash_fail_memory(err);
    ash_status status = ASH_OK;
    *seen = 0;
    for (uint64_t i = 0; status == ASH_OK && i < SAMPLES; i++) {
        rng r = rng_stream(0, "reference point", i);
        trial t = {.id = 1};
        genome *g = genome_create(s->space, a);
        if (!g) {
            status = ash_fail_memory(err);
            break;
        }
        space_sample(s->space, g, &r);
        status = s->type->cost(s->evaluator, g, &t, a, err);
        if (status == ASH_OK && t.status == TRIAL_PENDING)
            status = check_metrics(s, &t, err);
        for (size_t k = 0; status == ASH_OK && t.status == TRIAL_PENDING && k < s->n_objectives; k++)
            worst[k] = fmax(worst[k], trial_metric(&t, s->objectives[k])); /* NaN loses */
        *seen += t.status == TRIAL_PENDING;
        arena_reset(a);
    }
    arena_destroy(a);
    return status;
}

ash_status session_reference(session *s, const char **text, ash_error *err)
{
    double *worst = ARENA_NEW(s->file->arena, double, s->n_objectives);
    size_t seen;
    *text = NULL;
    if (!worst)
        return ash_fail_memory(err);
    for (size_t k = 0; k < s->n_objectives; k++)
        worst[k] = chance(s, s->objectives[k]);
    if (worst_of_samples(s, worst, &seen, err) != ASH_OK)
        return err->status;
    buffer out = {0};
    bool known = true;
    for (size_t k = 0; k < s->n_objectives; k++) {
        char number[32];
        double value = s->file->top.reference.n ? s->file->top.reference.v[k] : worst[k];
        known = known && isfinite(value);
        buffer_printf(&out, "%s%s", k ? "," : "", text_of_real(number, value));
    }
    if (known && !out.failed)
        *text = arena_strndup(s->file->arena, out.data, out.len);
    buffer_free(&out);
    return known && !*text ? ash_fail_memory(err) : ASH_OK;
}
