/* SPDX-License-Identifier: GPL-3.0-or-later */
/* assets.h - files of reports/web inside the binary */
#ifndef REPORTS_ASSETS_H
#define REPORTS_ASSETS_H

/* NUL-terminated. The library is "" when the program was built without it (ASHLAR_WEB_ASSETS). */
extern const char asset_body[], asset_css[], asset_axes[], asset_charts_svg[], asset_charts_vega[], asset_networks[], asset_report[],
    asset_library[];

#endif
