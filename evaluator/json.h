/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.h - settings and documents as JSON, for whoever speaks it */
#ifndef EVALUATOR_JSON_H
#define EVALUATOR_JSON_H

#include "core/option.h"
#include <jansson.h>

/* All return a new reference, or NULL when out of memory. */
json_t *json_of_options(const option_table *table, const void *settings); /* an object; absent optional texts are left out */
json_t *json_of_node(const node *n); /* maps, lists; plain scalars become numbers, booleans or null where they read so */
json_t *json_of_real(double value);  /* whole numbers as integers; what is not finite as null */

/* Steals `value`; false when it is NULL or does not fit. */
static inline bool json_put(json_t *object, const char *key, json_t *value) { return json_object_set_new(object, key, value) == 0; }

#endif
