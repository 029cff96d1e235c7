/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cores.h - how many of this process's cores have nothing to do
 *
 * Whoever has a network to train occupies a core, and may take spare ones for a while to train it sooner. What is computed never depends on how
 * many there were. The process begins with one core and that one occupied: nothing is spare. Safe from any thread.
 */
#ifndef CORE_CORES_H
#define CORE_CORES_H

void cores_add(int n);      /* spare ones from now on; less than 0: taken away, or occupied whoever else has taken them */
int cores_take(int most);   /* takes up to `most` spare cores; returns how many. Give them back by cores_add */

#endif
