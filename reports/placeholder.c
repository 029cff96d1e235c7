/* SPDX-License-Identifier: GPL-3.0-or-later */
/* placeholder until the folder has its first source; delete */
typedef int ash_reports_placeholder;
