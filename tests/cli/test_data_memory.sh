#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# data.memory: samples that are larger than memory lie in a mapped file, and are the same samples.
case ${ASHLAR_SANITIZE:-} in ?*) echo "sanitizers take memory of their own"; exit 77 ;; esac
. "$(dirname "$0")/lib.sh"

# 8,000 images of 64 x 64 bytes: 131 MB as floats.
/usr/bin/python3 - <<'PY'
header = "{'descr': '|u1', 'fortran_order': False, 'shape': (8000, 64, 64), }".encode().ljust(117) + b"\n"
with open("x.npy", "wb") as f:
    f.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    for i in range(8000):
        f.write(bytes((i + k) % 251 for k in range(64)) * 64)
PY
printf 'data: {type: npy, x: x.npy, target: input}\n' > data.yaml
info() { "$ASHLAR" data info data.yaml --no-baselines --format json "$@"; }

info > plain.json || fail "without a limit: status $?"
info --set data.memory=16M > mapped.json || fail "with a file: status $?"
grep -q '4800 samples' plain.json || fail "not 8,000 samples: $(head -c 300 plain.json)"
cmp -s plain.json mapped.json || fail "the samples in a file are others"

# Memory that is too small for them, but not for the program.
(ulimit -d 60000; info > refused.txt 2>&1) && fail "131 MB fit into 60: the limit does not tell"
mkdir scratch
(ulimit -d 60000; info --set data.memory=16M --set data.scratch=scratch > limited.json) || fail "under a limit: status $?"
cmp -s plain.json limited.json || fail "the samples under a limit are others"
[ -z "$(ls scratch)" ] || fail "left behind: $(ls scratch)"

# A disk that is too small says so.
(ulimit -f 20000; trap '' XFSZ; info --set data.memory=16M > full.txt 2>&1) && fail "a full disk passed"
grep -q "no room for the scratch file.*data.scratch" full.txt || fail "a full disk said: $(cat full.txt)"
info --set data.memory=16M --set data.scratch=/no/such/folder > nowhere.txt 2>&1
[ $? = 2 ] || fail "no folder: status $?"
grep -q "/no/such/folder" nowhere.txt || fail "no folder said: $(cat nowhere.txt)"
finish
