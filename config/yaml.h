/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaml.h - inside config: one YAML document to a tree of nodes */
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include "core/node.h"

/* `text` of n bytes is followed by a NUL, and it and `file` outlive the tree: nodes point into them for
 * errors. *root is NULL when there is no document. */
ash_status yaml_read(const char *text, size_t n, const char *file, arena *a, node **root, ash_error *err);

#endif
