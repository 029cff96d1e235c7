/* SPDX-License-Identifier: GPL-3.0-or-later */
/* about.h - between a data set and what a network that leaves it has to know of it (nn/infer/about.h) */
#ifndef EVALUATOR_ABOUT_H
#define EVALUATOR_ABOUT_H

#include "data/data.h"
#include "nn/infer/about.h"

/* Copied: the data set may go. */
ash_status about_data(const data_set *d, const char *name, arena *a, infer_about **out, ash_error *err);

/* The reverse: makes of a data set that was opened with `normalize: none` what a network that was trained elsewhere reads, in place. ASH_INVALID:
 * other shapes, classes or values than it knows. */
ash_status about_adopt(const infer_about *about, data_set *d, ash_error *err);

#endif
