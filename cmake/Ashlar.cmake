# SPDX-License-Identifier: GPL-3.0-or-later
# How every folder of Ashlar is built.

add_library(ashlar_flags INTERFACE)
target_compile_options(ashlar_flags INTERFACE -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wvla -fno-math-errno)
# Bits may not depend on the compiler's mood: no contraction outside the kernels, which ask for it themselves.
target_compile_options(ashlar_flags INTERFACE -ffp-contract=off)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_C_COMPILER_VERSION VERSION_LESS 13 AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  # An internal error of gcc 12.2 (vect_transform_reduction) in loops that look for a maximum. The kernels ask for vectors themselves.
  target_compile_options(ashlar_flags INTERFACE -fno-tree-loop-vectorize)
endif()
target_compile_definitions(ashlar_flags INTERFACE _GNU_SOURCE)
target_include_directories(ashlar_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
if(ASHLAR_WERROR)
  target_compile_options(ashlar_flags INTERFACE -Werror)
endif()
if(ASHLAR_SANITIZE)
  target_compile_options(ashlar_flags INTERFACE -fsanitize=${ASHLAR_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(ashlar_flags INTERFACE -fsanitize=${ASHLAR_SANITIZE})
endif()
if(ASHLAR_FUZZ) # coverage for libFuzzer; its own main is linked to tests/*/fuzz_*.c
  target_compile_options(ashlar_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# ashlar_folder(NAME [DEPENDS folder...] [LIBS target...])
# A static library ash_NAME of every .c file under the folder. The files are globbed, so that a new
# operator, block or strategy is one file and its registry line, without an edit here.
function(ashlar_folder NAME)
  cmake_parse_arguments(A "" "" "DEPENDS;LIBS;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  foreach(pattern ${A_EXCLUDE})
    list(FILTER sources EXCLUDE REGEX ${pattern})
  endforeach()
  add_library(ash_${NAME} STATIC ${sources})
  target_link_libraries(ash_${NAME} PUBLIC ashlar_flags ${A_LIBS})
  foreach(dep ${A_DEPENDS})
    target_link_libraries(ash_${NAME} PUBLIC ash_${dep})
  endforeach()
endfunction()
