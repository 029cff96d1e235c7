# SPDX-License-Identifier: GPL-3.0-or-later
# slow_aarch64.sh - the kernels of aarch64 pass their tests, too: cross-compiled, in qemu's user emulation, with and without the
# dot products of ARMv8.2
set -euo pipefail
command -v aarch64-linux-gnu-gcc >/dev/null && command -v qemu-aarch64 >/dev/null || { echo "no cross compiler or no qemu-aarch64"; exit 77; }
[ -z "$ASHLAR_SANITIZE" ] || { echo "once, without sanitizers"; exit 77; }
build=$ASHLAR_BUILD/aarch64
cmake -S "$ASHLAR_SOURCE/tests/nn/aarch64" -B "$build" -DCMAKE_BUILD_TYPE=Release -DASHLAR_WERROR=ON -DGSL_INCLUDE="$(pkg-config --variable=includedir gsl)" >/dev/null
cmake --build "$build" -j 2 >"$build/log" || { tail -n 40 "$build/log"; exit 1; }
for test in infer_linear infer_codes kernels_conv kernels_pass; do
    qemu-aarch64 "$build/$test"
done
qemu-aarch64 -cpu cortex-a72 "$build/infer_linear"
