/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command_json.c - see command.h */
#include "evaluator/command.h"
#include "evaluator/json.h"
#include "evaluator/network.h"
#include "nn/op.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PROTOCOL = 1, MOST_EPOCHS = 100000 };

/* ---- the trial ---- */

static json_t *shape_of(nn_shape s) { return json_pack("[i,i,i]", s.h, s.w, s.c); }

static json_t *layer_of(const nn_graph *g, const nn_node *n)
{
    json_t *o = json_object(), *inputs = json_array();
    bool ok = true;
    for (int k = 0; k < n->n_inputs; k++)
        ok = ok && json_array_append_new(inputs, json_string(g->nodes[n->inputs[k]].name)) == 0;
    ok = json_put(o, "id", json_string(n->name)) && ok;
    ok = json_put(o, "op", json_string(n->op->name)) && ok;
    ok = json_put(o, "inputs", inputs) && ok;
    ok = json_put(o, "attributes", json_of_options(n->op->attrs, n->attrs)) && ok;
    ok = json_put(o, "in", shape_of(g->nodes[n->inputs[0]].shape)) && ok;
    ok = json_put(o, "out", shape_of(n->shape)) && ok;
    ok = json_put(o, "weight_bits", json_integer(n->weight_bits)) && ok;
    ok = json_put(o, "out_bits", json_integer(n->out_bits)) && ok;
    ok = json_put(o, "macs", json_integer(n->macs)) && ok;
    ok = json_put(o, "params", json_integer(nn_node_params(n))) && ok;
    if (n->block)
        ok = json_put(o, "block", json_string(n->block)) && ok;
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *network_json(const nn_graph *g)
{
    json_t *o = json_object(), *layers = json_array();
    bool ok = json_put(o, "input", shape_of(g->nodes[0].shape));
    for (int i = 1; i < g->n_nodes; i++)
        ok = ok && json_array_append_new(layers, layer_of(g, &g->nodes[i])) == 0;
    ok = json_put(o, "layers", layers) && ok;
    ok = json_put(o, "output", json_string(g->nodes[g->output].name)) && ok;
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

/* "stem.width=8" a line (space_describe) to {"stem.width": 8}. */
static json_t *genes_json(const space *s, const genome *g, arena *a)
{
    buffer lines = {0};
    space_describe(s, g, &lines);
    json_t *o = json_object();
    bool ok = !lines.failed;
    for (char *line = lines.data, *end; ok && line && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        char *equals = strchr(line, '=');
        if (!equals)
            continue;
        *equals = '\0';
        node *value = node_scalar(a, NULL, equals + 1);
        ok = value && json_put(o, line, json_of_node(value));
    }
    buffer_free(&lines);
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *costs_json(const trial *t)
{
    json_t *o = json_object();
    for (size_t i = 0; i < t->n_metrics; i++)
        if (!json_put(o, t->metrics[i].name, json_of_real(t->metrics[i].value))) {
            json_decref(o);
            return NULL;
        }
    return o;
}

static json_t *texts_json(option_texts texts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < texts.n; i++)
        if (json_array_append_new(list, json_string(texts.v[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *data_json(const data_set *d)
{
    return json_pack("{s:s, s:s, s:s, s:[i,i,i], s:i, s:I, s:I, s:I}", "name", d->name, "format", d->format, "task", data_task_name(d->task),
                     "shape", d->h, d->w, d->c, "outputs", d->n_outputs, "train", (json_int_t)d->train.n, "val", (json_int_t)d->val.n,
                     "test", (json_int_t)d->test.n);
}

ash_status command_write_trial(const command_options *o, const evaluator_context *context, const char *folder, const trial *t, arena *a,
                               buffer *out, ash_error *err)
{
    nn_graph *graph;
    hash256 hash;
    char key[65];
    genome *g = genome_create(context->space, a);
    if (!g)
        return ash_fail_memory(err);
    if (space_parse(context->space, t->genome, g, err) != ASH_OK || network_decode(context->space, g, a, &graph, &hash, err) != ASH_OK) {
        err->status = ASH_BROKEN; /* cost() decoded this genome: not the candidate's fault */
        return err->status;
    }
    json_t *root = json_object();
    bool ok = json_put(root, "ashlar", json_integer(PROTOCOL)) && json_put(root, "trial", json_integer((json_int_t)t->id)) &&
              json_put(root, "key", json_string(hash_to_hex(key, &t->key))) &&
              json_put(root, "seed", json_integer((json_int_t)(hash_to_u64(&t->key) >> 33))) &&
              json_put(root, "genome", json_string(t->genome)) && json_put(root, "genes", genes_json(context->space, g, a)) &&
              json_put(root, "network", network_json(graph)) && json_put(root, "costs", costs_json(t)) &&
              json_put(root, "metrics", texts_json(o->metrics)) &&
              json_put(root, "recipe", json_of_options(&nn_recipe_options, context->recipe)) &&
              json_put(root, "settings", o->settings ? json_of_node(o->settings) : json_object()) &&
              json_put(root, "folder", json_string(folder)) && (!context->data || json_put(root, "data", data_json(context->data)));
    char *text = ok ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (!text)
        return ash_fail_memory(err);
    buffer_puts(out, text);
    buffer_puts(out, "\n");
    free(text);
    return out->failed ? ash_fail_memory(err) : ASH_OK;
}

/* ---- the answer ---- */

bool command_is_utf8(const char *text)
{
    json_t *string = json_string(text); /* jansson checks */
    json_decref(string);
    return string != NULL;
}

/* A number of the answer; NULL and null are NaN. false: something else. */
static bool number(const json_t *value, double *out)
{
    *out = NAN;
    if (!value || json_is_null(value))
        return true;
    if (!json_is_number(value))
        return false;
    *out = json_number_value(value);
    return isfinite(*out);
}

/* A reason (from `a`) why the answer is refused, or NULL. */
static const char *read_metrics(const command_options *o, const json_t *answer, trial *t, arena *a, metric *all)
{
    json_t *given = json_object_get(answer, "metrics"), *value;
    const char *name;
    if (!json_is_object(given))
        return "the answer has no object \"metrics\"";
    json_object_foreach(given, name, value) {
        size_t i = 0;
        while (i < o->metrics.n && strcmp(o->metrics.v[i], name) != 0)
            i++;
        if (i == o->metrics.n)
            return arena_printf(a, "the answer has a metric \"%.64s\" that evaluator.metrics does not list", name);
    }
    for (size_t i = 0; i < o->metrics.n; i++) {
        double v;
        value = json_object_get(given, o->metrics.v[i]);
        if (!value)
            return arena_printf(a, "the answer has no metric \"%s\"", o->metrics.v[i]);
        if (!number(value, &v) || isnan(v))
            return arena_printf(a, "metric \"%s\" is not a finite number", o->metrics.v[i]);
        all[i] = (metric){o->metrics.v[i], v};
    }
    memcpy(all + o->metrics.n, t->metrics, t->n_metrics * sizeof(*all));
    return NULL;
}

static const char *read_curve(const json_t *answer, arena *a, const curve_point **curve, size_t *n)
{
    json_t *list = json_object_get(answer, "curve"), *point;
    size_t i;
    if (!list || json_is_null(list))
        return NULL;
    if (!json_is_array(list) || json_array_size(list) > MOST_EPOCHS)
        return "\"curve\" is not a list of at most 100000 epochs";
    curve_point *points = ARENA_NEW(a, curve_point, json_array_size(list) + 1);
    if (!points)
        return "out of memory";
    json_array_foreach(list, i, point) {
        const json_t *epoch = json_object_get(point, "epoch");
        json_int_t number_of_epoch = epoch ? json_integer_value(epoch) : (json_int_t)i + 1;
        points[i].epoch = (uint32_t)number_of_epoch;
        if (!json_is_object(point) || number_of_epoch < 1 || number_of_epoch > UINT32_MAX || (i && points[i].epoch <= points[i - 1].epoch))
            return "the epochs of \"curve\" are not objects with \"epoch\" ascending from 1";
        if (!number(json_object_get(point, "train_loss"), &points[i].train_loss) ||
            !number(json_object_get(point, "val_loss"), &points[i].val_loss) ||
            !number(json_object_get(point, "val_error"), &points[i].val_error))
            return arena_printf(a, "epoch %u of \"curve\" has something else than finite numbers", points[i].epoch);
    }
    *curve = points;
    *n = json_array_size(list);
    return NULL;
}

static const char *read_ok(const command_options *o, const json_t *answer, trial *t, arena *a)
{
    metric *all = ARENA_NEW(a, metric, o->metrics.n + t->n_metrics + 1);
    const curve_point *curve = NULL;
    size_t n_curve = 0;
    double macs;
    if (!all)
        return "out of memory";
    const char *wrong = read_metrics(o, answer, t, a, all);
    if (!wrong)
        wrong = read_curve(answer, a, &curve, &n_curve);
    if (!wrong && (!number(json_object_get(answer, "trained_macs"), &macs) || macs < 0 || macs > 9e18))
        wrong = "\"trained_macs\" is not a count";
    if (wrong)
        return wrong;
    t->metrics = all;
    t->n_metrics += o->metrics.n;
    t->curve = curve;
    t->n_curve = n_curve;
    t->trained_macs = macs > 0 ? (uint64_t)macs : 0;
    t->status = TRIAL_OK;
    return NULL;
}

/* A status that the program gives itself: it has not measured anything, and says why. */
static bool read_refusal(const json_t *answer, trial_status *status, const char **reason)
{
    const char *name = json_string_value(json_object_get(answer, "status")), *why = json_string_value(json_object_get(answer, "reason"));
    trial_status own;
    if (!name || !trial_status_from_name(name, &own) ||
        !(own == TRIAL_DIVERGED || own == TRIAL_CAPPED || own == TRIAL_TIMEOUT || own == TRIAL_FAILED))
        return false;
    *status = own;
    *reason = why && *why ? why : "the program gives no reason";
    return true;
}

ash_status command_read_answer(const command_options *o, const buffer *answer, trial *t, arena *a, ash_error *err)
{
    json_error_t where;
    trial_status status = TRIAL_FAILED;
    const char *wrong = NULL;
    json_t *root = answer->len ? json_loadb(answer->data, answer->len, JSON_REJECT_DUPLICATES, &where) : NULL;
    const json_t *said = json_object_get(root, "status");
    if (!answer->len)
        wrong = "no answer on standard output";
    else if (!root)
        wrong = arena_printf(a, "the answer is not JSON: line %d: %s (messages belong on standard error)", where.line, where.text);
    else if (!json_is_object(root))
        wrong = "the answer is not a JSON object";
    else if (!said || (json_string_value(said) && strcmp(json_string_value(said), "ok") == 0))
        wrong = read_ok(o, root, t, a);
    else if (!read_refusal(root, &status, &wrong))
        wrong = "\"status\" is none of ok, diverged, capped, timeout, failed";
    ash_status out = ASH_OK;
    if (t->status == TRIAL_PENDING)
        out = wrong ? network_reject(t, status, wrong, a, err) : ash_fail_memory(err);
    json_decref(root);
    return out;
}
