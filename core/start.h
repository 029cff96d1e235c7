/* SPDX-License-Identifier: GPL-3.0-or-later */
/* start.h - what a process does once, before any thread
 *
 * Turns GSL's error handler off, which would abort the process: its functions' return values are checked instead.
 */
#ifndef CORE_START_H
#define CORE_START_H

void ash_start(void);

#endif
