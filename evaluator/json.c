/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.c - see json.h */
#include "evaluator/json.h"
#include "core/text.h"
#include <math.h>
#include <string.h>

json_t *json_of_real(double value)
{
    if (!isfinite(value))
        return json_null();
    return value == floor(value) && fabs(value) < 9e15 ? json_integer((json_int_t)value) : json_real(value);
}

/* NULL poisons the list, as a failed allocation does. */
static json_t *append(json_t *list, json_t *value)
{
    if (list && json_array_append_new(list, value) == 0)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *of_option(const option *o, const void *at)
{
    json_t *list = NULL;
    switch (o->type) {
    case OPTION_BOOL: return json_boolean(*(const bool *)at);
    case OPTION_INT:
    case OPTION_SIZE:
    case OPTION_COUNT: return json_integer(*(const int64_t *)at);
    case OPTION_REAL: return json_of_real(*(const double *)at);
    case OPTION_TEXT:
    case OPTION_NAME: return json_string(*(const char *const *)at);
    case OPTION_INT_LIST:
        list = json_array();
        for (size_t i = 0; i < ((const option_ints *)at)->n; i++)
            list = append(list, json_integer(((const option_ints *)at)->v[i]));
        return list;
    case OPTION_REAL_LIST:
        list = json_array();
        for (size_t i = 0; i < ((const option_reals *)at)->n; i++)
            list = append(list, json_of_real(((const option_reals *)at)->v[i]));
        return list;
    case OPTION_TEXT_LIST:
    case OPTION_NAME_LIST:
        list = json_array();
        for (size_t i = 0; i < ((const option_texts *)at)->n; i++)
            list = append(list, json_string(((const option_texts *)at)->v[i]));
        return list;
    case OPTION_NODE: return json_of_node(*(const node *const *)at);
    }
    return NULL;
}

static bool is_absent(const option *o, const void *at)
{
    bool pointer = o->type == OPTION_TEXT || o->type == OPTION_NAME || o->type == OPTION_NODE;
    return pointer && !*(const void *const *)at;
}

json_t *json_of_options(const option_table *table, const void *settings)
{
    json_t *object = json_object();
    for (size_t i = 0; table && i < table->count; i++) {
        const option *o = &table->rows[i];
        const void *at = (const char *)settings + o->offset;
        if (!is_absent(o, at) && !json_put(object, o->name, of_option(o, at))) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *of_scalar(const node *n)
{
    double real;
    int64_t integer;
    if (!n->quoted) {
        if (strcmp(n->text, "true") == 0 || strcmp(n->text, "false") == 0)
            return json_boolean(*n->text == 't');
        if (!*n->text || strcmp(n->text, "null") == 0 || strcmp(n->text, "~") == 0)
            return json_null();
        if (text_to_int(n->text, &integer))
            return json_integer(integer);
        if (text_to_real(n->text, &real))
            return json_real(real);
    }
    return json_string(n->text);
}

json_t *json_of_node(const node *n)
{
    if (n->kind == NODE_SCALAR)
        return of_scalar(n);
    json_t *out = n->kind == NODE_MAP ? json_object() : json_array();
    for (const node *child = n->first; out && child; child = child->next) {
        if (n->kind == NODE_LIST) {
            out = append(out, json_of_node(child));
        } else if (!json_put(out, child->key, json_of_node(child))) {
            json_decref(out);
            out = NULL;
        }
    }
    return out;
}
