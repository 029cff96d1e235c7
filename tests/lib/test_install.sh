#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The library as others get it: installed into a prefix, what it shows, the example built through pkg-config (shared, static) and CMake.
set -u
[ -z "${ASHLAR_SANITIZE:-}" ] || { echo "skipped: a sanitized library does not link into a plain program"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
fail() { echo "FAIL: $1"; exit 1; }
for component in library development; do
    cmake --install "$ASHLAR_BUILD" --prefix "$folder/usr" --component $component >log 2>&1 || fail "$(cat log)"
done
lib=$(dirname "$(find usr -name libashlar.a)")
[ "$(find usr -name '*.h')" = usr/include/ashlar.h ] || fail "more headers than one: $(find usr -name '*.h')"

# the public names are those that the header declares, in both libraries
sed -n 's/^ASH_API .*[ *]\(ash_[a-z_]*\)(.*/\1/p' usr/include/ashlar.h | sort >declared
[ "$(wc -l <declared)" -ge 25 ] || fail "the header declares only $(wc -l <declared) functions"
nm -D --defined-only "$lib/libashlar.so" | awk '{print $3}' | sort >shown
diff declared shown >out || fail "libashlar.so shows other names than ashlar.h: $(cat out)"
nm -g --defined-only "$lib/libashlar.a" | awk 'NF == 3 {print $3}' | sort >shown
diff declared shown >out || fail "libashlar.a shows other names than ashlar.h: $(cat out)"

# the header alone, as C99 and C11, and as C++ where there is a compiler
echo '#include <ashlar.h>
int main(void) { return ash_version() == 0; }' >one.c
cp one.c one.cc
for standard in c99 c11; do
    cc -std=$standard -Wall -Wextra -Wpedantic -Werror -Iusr/include -c one.c -o one.o || fail "the header as $standard"
done
! command -v c++ >/dev/null || c++ -Wall -Wextra -Wpedantic -Werror -Iusr/include -c one.cc -o one.o || fail "the header as C++"

source=$ASHLAR_SOURCE/examples/c
export PKG_CONFIG_PATH=$folder/$lib/pkgconfig
cc -Wall -Wextra -Werror $(pkg-config --cflags ashlar) "$source/study.c" -o shared $(pkg-config --libs ashlar) || fail "pkg-config, shared"
mkdir static_only && cp "$lib/libashlar.a" static_only
cc -Wall -Wextra -Werror $(pkg-config --cflags ashlar) "$source/study.c" -o static -Lstatic_only $(pkg-config --libs --static ashlar | sed "s|-L[^ ]*$lib[^ ]*||") ||
    fail "pkg-config, static (is a new library missing in lib/ashlar.pc.in?)"
ldd static | grep -q libashlar && fail "the static program needs libashlar.so"
cmake -S "$source" -B with_cmake -G Ninja -DCMAKE_PREFIX_PATH="$folder/usr" >log 2>&1 && cmake --build with_cmake >log 2>&1 || fail "CMake: $(cat log)"

# they run: the digits of the built-in set are recognised, and both say the same
cat >digits.yaml <<'EOT'
data: {type: csv, path: digits.csv, shape: [8, 8]}
space: {stages: [{name: stem, block: conv, width: [8, 16], stride: 2}], head: {pool: flatten}}
train: {epochs: 6}
search: {strategy: random, objectives: [error, macs], lookahead: 2}
budget: {evaluations: 2}
EOT
zcat "$ASHLAR_SOURCE/data/digits/digits.csv.gz" >digits.csv
head -41 digits.csv | tail -40 | cut -d, -f1-64 >samples.txt
head -41 digits.csv | tail -40 | cut -d, -f65 >labels.txt
for program in "env LD_LIBRARY_PATH=$lib ./shared" ./static "env LD_LIBRARY_PATH=$lib with_cmake/study"; do
    $program digits.yaml digits.db <samples.txt >out.txt 2>err.txt || fail "$program: $(cat err.txt)"
    grep -q "^run 1, seed 1: " out.txt || fail "$program: $(cat out.txt)"
    tail -40 out.txt | cut -d' ' -f1 >found.txt
    right=$(paste -d' ' found.txt labels.txt | awk '$1 == $2' | wc -l)
    [ "$right" -ge 34 ] || fail "$program recognises $right of 40 digits: $(cat out.txt)"
    cksum <out.txt >>sums
done
[ "$(sort -u sums | wc -l)" = 1 ] || fail "the programs differ"

# a model file needs neither database nor data, and answers what the program says it answers
cat >bytes.yaml <<'EOT'
data: {type: csv, path: digits.csv, shape: [8, 8]}
space: {stages: [{name: stem, block: conv, width: 16, stride: 2, bits: 8, act_bits: 8}], head: {pool: flatten, bits: 4, act_bits: 8}}
train: {epochs: 6}
search: {strategy: random, objectives: [error]}
budget: {evaluations: 1}
EOT
"$ASHLAR" run bytes.yaml --db bytes.db >log 2>&1 && "$ASHLAR" infer bytes.db 1 --export digits.ashm >log 2>&1 || fail "$(cat log)"
mkdir alone && cp digits.ashm alone && cc -Wall -Wextra -Werror $(pkg-config --cflags ashlar) "$source/infer.c" -o alone/infer $(pkg-config --libs ashlar) ||
    fail "the example of model files"
(cd alone && LD_LIBRARY_PATH=$folder/$lib ./infer digits.ashm <../samples.txt >out.txt) || fail "the example of model files does not run"
right=$(cut -d' ' -f1 alone/out.txt | paste -d' ' - labels.txt | awk '$1 == $2' | wc -l)
[ "$right" -ge 34 ] || fail "the model file recognises $right of 40 digits: $(cat alone/out.txt)"
LD_LIBRARY_PATH=$lib with_cmake/infer digits.ashm <samples.txt | cmp - alone/out.txt || fail "the two builds of the example differ"
LD_LIBRARY_PATH=$lib alone/infer bytes.db <samples.txt >log 2>&1; [ $? = 2 ] && grep -q 'this is no Ashlar model file' log || fail "a database as a model file: $(cat log)"
./static digits.yaml <samples.txt >/dev/null 2>&1; [ $? = 2 ] || fail "usage"
./static missing.yaml digits.db <samples.txt >/dev/null 2>err.txt; [ $? = 2 ] || fail "a missing run file: $(cat err.txt)"
