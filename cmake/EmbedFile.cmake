# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -DIN=file -DOUT=file.c -DSYMBOL=name -P EmbedFile.cmake: a file as a C array, `name` and `name_size`. Plain C, so it
# works with every compiler, with link-time optimisation and when cross-compiling.
file(READ "${IN}" hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
get_filename_component(source "${IN}" NAME)
file(WRITE "${OUT}.tmp" "/* made from ${source}; do not edit */\n#include <stddef.h>\n"
  "extern const unsigned char ${SYMBOL}[];\nextern const size_t ${SYMBOL}_size;\n"
  "const size_t ${SYMBOL}_size = ${size};\nconst unsigned char ${SYMBOL}[] = {\n${hex}};\n")
file(RENAME "${OUT}.tmp" "${OUT}")
