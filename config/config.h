/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config.h - YAML documents to nodes, nodes to every folder's settings
 *
 * Only this folder knows YAML (libyaml, by its events). Anchors and aliases are refused (a run file needs none, and an
 * alias bomb is one), as are duplicate keys, several documents, tabs-as-indentation (libyaml), NUL bytes, files over 16 MiB and nesting
 * deeper than 64, each at its file:line:column.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "core/node.h"
#include "core/option.h"

/* Root is a map (an empty document is an empty map). Everything lives in `a`. */
ash_status config_read_file(const char *path, arena *a, node **root, ash_error *err);
ash_status config_read_text(const char *text, const char *name, arena *a, node **root, ash_error *err);

/* "train.epochs=5", "search.objectives=[error, macs]": the value is YAML flow style. Missing maps on the way are made;
 * whether the key exists is checked when the section is read, with "--set" as the place. */
ash_status config_set(arena *a, node *root, const char *assignment, ash_error *err);

typedef struct config_section {
    const char *key;           /* top-level key: "train" */
    const option_table *table; /* NULL: a raw subtree, stored in *(const node **)settings */
    void *settings;
    const char *const *except; /* keys in the map that somebody else reads; NULL-terminated or NULL */
} config_section;

/* Read all sections of a run file; a top-level key that is no section and not in `top` (scalars such as name and
 * seed, whose table may be NULL) is an error with "did you mean". Absent sections get their defaults. */
ash_status config_read_sections(const node *root, const option_table *top, void *top_settings,
                                const config_section *sections, size_t count, arena *a, ash_error *err);

#endif
