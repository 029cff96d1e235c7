/* SPDX-License-Identifier: GPL-3.0-or-later */
/* private.h - what the files of reports/ share about several runs */
#ifndef REPORTS_PRIVATE_H
#define REPORTS_PRIVATE_H

#include "reports/runs.h"

/* groups.c: sorts the runs into groups by q->group. */
ash_status runs_make_groups(runs *s, const runs_request *q, arena *a, ash_error *err);

#endif
