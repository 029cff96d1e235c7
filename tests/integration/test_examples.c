/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sample of what slow_examples_10000.c does */
#define NETWORKS 120
#include "tests/integration/examples.h"
