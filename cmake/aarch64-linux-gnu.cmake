# SPDX-License-Identifier: GPL-3.0-or-later
# For 64-bit Arm on a machine of another kind: Debian's cross compiler, and the target's libraries in a folder that scripts/aarch64 makes.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(ASHLAR_SYSROOT ${CMAKE_CURRENT_LIST_DIR}/../build/aarch64-root CACHE PATH "root of a Debian for arm64")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ASHLAR_SYSROOT)
get_filename_component(CMAKE_SYSROOT ${ASHLAR_SYSROOT} REALPATH)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${CMAKE_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig)
