#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ashlar data info and ashlar init: what they say of each kind of data, the sheet, what is found to be wrong with a person's files, and that what
# init writes runs as it is.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "skipped: python3 is missing"; exit 77; }

python3 - <<'PY'
import os, struct, zlib
def png(path, h, w, value):
    def chunk(name, data): return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    rows = b"".join(b"\0" + bytes((value + 3 * x + y) % 256 for x in range(w)) for y in range(h))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
def npy(path, shape, kind, data):
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    open(path, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data)
for i in range(30):
    png(f"photos/{'ab'[i % 2]}/{i}.png", 12, 12, 40 * (i % 2) + i)
    png(f"mixed photos/{'ab'[i % 2]}/{i}.png", 20 + i, 30, 40 * (i % 2) + i)
    png(f"split/{'train' if i < 20 else 'test'}/{'ab'[i % 2]}/{i}.png", 12, 12, 40 * (i % 2) + i)
png("photos/a/copy.png", 12, 12, 2)                               # the same as 2.png
os.makedirs("empty"); os.makedirs("loose"); png("loose/1.png", 4, 4, 0)
npy("x.npy", (30, 20, 3), "<f4", struct.pack("<1800f", *[(i * i % 37) / 9 - 2 for i in range(1800)]))
npy("short.npy", (29,), "|u1", bytes(i % 3 for i in range(29)))
npy("y.npy", (30,), "|u1", bytes(i % 3 for i in range(30)))
npy("two.npy", (30, 2), "<f4", struct.pack("<60f", *[i * i % 11 + .5 for i in range(60)]))
npy("objects.npy", (30,), "|O", b"\x80" * 240)
os.makedirs("cifar")
open("cifar/data_batch_1.bin", "wb").write(b"".join(bytes([i % 2]) + bytes((i * k) % 256 for k in range(3072)) for i in range(20)))
open("table.csv", "w").write("a,b,low,high\n" + "".join(f"{i},{i * i % 7},{i / 3:.3f},{i * 2.5:.3f}\n" for i in range(40)))
PY

info() { "$ASHLAR" data info "$@" --no-baselines >out.txt 2>err.txt || fail "data info $*: $(cat err.txt)"; }
says() { grep -qF -- "$1" out.txt || fail "no \"$1\" in: $(cat out.txt)"; }

info photos --sheet s.png
says '12 x 12 x 1 (height, width, channels)'
says '2: a, b'
grep -Eq 'a/(copy|2).png = a/(copy|2).png' out.txt || fail "the copy is not found: $(cat out.txt)"
[ "$(head -c 4 s.png | tail -c 3)" = PNG ] || fail "no sheet"
info photos --sheet - && [ "$(head -c 4 out.txt | tail -c 3)" = PNG ] || fail "no sheet on standard output"
info 'mixed photos'
says '20 x 20 x 1' # the smallest side
info split
says '10 samples (official)'
says 'no sample occurs twice'
info x.npy y.npy --sheet s.png
says '20 steps of 3 features'
info x.npy two.npy
says '2: y1, y2'
info table.csv --set 'data.label=[low, high]' --sheet s.png
says '2: low, high'
info cifar
says '32 x 32 x 3'
"$ASHLAR" data info photos --no-baselines --format json >out.txt || fail "no JSON"
says '"repeats_in_training"'
says '"test_in_training"'

# What init writes runs as it is; from another folder too.
mkdir elsewhere
for data in photos 'mixed photos' split 'x.npy y.npy' 'x.npy two.npy' cifar; do
    if [ -e "$data" ]; then words=("$data"); else read -ra words <<<"$data"; fi
    (cd elsewhere && "$ASHLAR" init "${words[@]/#/../}" -o run.yaml --force && "$ASHLAR" run run.yaml --evaluations 2 --set train.epochs=1 -q --new-run) \
        >out.txt 2>err.txt || fail "init $data: $(cat err.txt)"
done
grep -q 'block: \[conv1d' <("$ASHLAR" init x.npy y.npy -o -) || fail "no one-dimensional blocks for a sequence"
"$ASHLAR" init mixed\ photos -o - | grep -q '^  size: 20' || fail "init chooses no size"

# What a stranger gets wrong: one sentence, status 2.
refuses() { # PATTERN COMMAND...
    local pattern=$1
    shift
    "$ASHLAR" "$@" >out.txt 2>err.txt
    same "status of $*" 2 $?
    [ "$(grep -c '^ashlar' err.txt)" -eq 1 ] || fail "$*: not one message: $(cat err.txt)"
    grep -qE -- "$pattern" err.txt || fail "$*: no \"$pattern\" in: $(cat err.txt)"
}
refuses 'what data is this' init empty
refuses 'holds images, but no folders' init loose
refuses 'what data is this' init "$ASHLAR"
refuses 'No such file' init photo
refuses 'holds Python objects' data info objects.npy y.npy
refuses 'holds 30 samples, but .* holds' data info x.npy short.npy
refuses 'there is no label to learn; target: input' init x.npy
refuses 'different sizes.*size: \[64, 64\]' run elsewhere/run.yaml --set data.type=images --set data.path="$PWD/mixed photos" --db x.db
refuses 'did you mean "rotate"' data info photos --set data.rotat=3
refuses 'cutout 12 would hide the whole of a 12 x 12 image' data info photos --set data.cutout=12
head -c 100 photos/a/0.png >photos/a/00.png
refuses 'photos/a/00.png: this PNG file is damaged' init photos
echo text >photos/a/00.png
refuses 'photos/a/00.png: neither a PNG nor a JPEG' data info photos
finish
