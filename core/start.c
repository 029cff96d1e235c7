/* SPDX-License-Identifier: GPL-3.0-or-later */
/* start.c - see start.h */
#include "core/start.h"
#include <gsl/gsl_errno.h>

void ash_start(void) { gsl_set_error_handler_off(); }
