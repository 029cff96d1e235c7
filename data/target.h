/* SPDX-License-Identifier: GPL-3.0-or-later */
/* target.h - what is learned: what the format read as label, or the input itself */
#ifndef DATA_TARGET_H
#define DATA_TARGET_H

#include "data/format.h"

/* With `target: input` the set becomes a reconstruction: as many outputs as a sample has elements, no targets; and where `anomaly`
 * names classes, labels until it is split: 0 for normal samples and 1 for anomalies. What lives on comes from `a`. ASH_INVALID: settings that do not fit the set. */
ash_status data_aim(data_raw *raw, const data_settings *s, const node *map, arena *a, ash_error *err);

#endif
