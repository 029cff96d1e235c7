/* SPDX-License-Identifier: GPL-3.0-or-later */
/* assets.h - files of reports/web inside the binary, NUL-terminated */
#ifndef REPORTS_ASSETS_H
#define REPORTS_ASSETS_H

extern const char asset_body[], asset_css[], asset_charts_svg[], asset_charts_vega[];
extern const char asset_library[]; /* "" when the program was built without it (ASHLAR_WEB_ASSETS) */
#define WEB(name) extern const char asset_##name[];
#include "reports/web.def"
#undef WEB

#endif
