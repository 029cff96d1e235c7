/* SPDX-License-Identifier: GPL-3.0-or-later */
/* assets.c - the page's files, put into the binary by the assembler
 *
 * .incbin takes a file as it is: no generated C, no limit on string literals, and the build knows the files as
 * dependencies of this one (CMakeLists.txt). */
#include "reports/assets.h"

#define ASSET(name, path)                                                                                              \
    __asm__(".pushsection .rodata\n"                                                                                   \
            ".global asset_" #name "\n"                                                                                \
            ".hidden asset_" #name "\n"                                                                                \
            ".type asset_" #name ", @object\n"                                                                         \
            "asset_" #name ":\n"                                                                                       \
            ".incbin \"" path "\"\n"                                                                                   \
            ".byte 0\n"                                                                                                \
            ".popsection\n")

ASSET(body, ASHLAR_WEB "/body.html");
ASSET(css, ASHLAR_WEB "/report.css");
ASSET(charts_svg, ASHLAR_WEB "/charts_svg.js");
ASSET(charts_vega, ASHLAR_WEB "/charts_vega.js");
ASSET(library, ASHLAR_WEB_LIBRARY);
#define WEB(name) ASSET(name, ASHLAR_WEB "/" #name ".js");
#include "reports/web.def"
