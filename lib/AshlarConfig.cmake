# SPDX-License-Identifier: GPL-3.0-or-later
# find_package(Ashlar) gives the target Ashlar::ashlar.
include(${CMAKE_CURRENT_LIST_DIR}/AshlarTargets.cmake)
