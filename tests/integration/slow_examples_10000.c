/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slow_examples_10000.c - 10,000 random networks of every example's space */
#define NETWORKS 10000
#include "tests/integration/examples.h"
