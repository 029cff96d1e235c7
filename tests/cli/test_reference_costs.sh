#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The shipped architectures cost exactly what their originals do: totals, and layer by layer for the four of MLPerf Tiny.
set -u
arch=$ASHLAR_SOURCE/examples/architectures
failures=0

complain()
{
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

# value JSON KEY: the number of a key in a JSON text with one object
value()
{
    tr -d ' \n' <<< "$1" | grep -o "\"$2\":[0-9.]*" | cut -d: -f2
}

checked=0
check()
{
    local file=$1 json
    json=$("$ASHLAR" cost --format json "$arch/$file.yaml") || complain "$file: status $?"
    local got="$(value "$json" params) $(value "$json" params_folded) $(value "$json" macs)"
    [ "$got" = "$2 $3 $4" ] || complain "$file: params, params_folded, macs are $got; they should be $2 $3 $4"
    checked=$((checked + 1))
}
check lenet5                61706     61706      416520
check lenet5-28             61706     61706      416520
check cnn-28                89242     89098     8514240
check lenet-caffe          431080    431080     2293000
check lenet-caffe-bn       431650    431080     2293000
check lenet-300-100        266610    266610      266200
check resnet8               78186     77706    12501632
check ds-cnn                23756     22604     2656768
check mobilenet-v1-0.25    216322    210850     7489664
check fc-autoencoder       267928    265864      264192
check resnet20             272474    271690    40813184
check resnet18           11689512  11684712  1814073344
check mobilenet-v2        3504872   3487816   300774272
check vgg16             138357544 138357544 15470264320
[ "$(find "$arch" -name '*.yaml' | wc -l)" = $checked ] || complain "an architecture file is not checked here"

# peak FILE BYTES [OPTION...]: activation memory at 8 bits
peak()
{
    local file=$1 bytes=$2 json
    shift 2
    json=$("$ASHLAR" cost --format json --activation-bits 8 "$@" "$arch/$file.yaml")
    [ "$(value "$json" peak_ram_bytes)" = "$bytes" ] ||
        complain "$file $*: peak_ram_bytes is $(value "$json" peak_ram_bytes), not $bytes"
}
peak resnet8           49152
peak lenet-caffe       14400
peak lenet-300-100      1084
peak lenet-300-100       400 --exclude-input
peak ds-cnn            16000 # these three: the largest sum of an operator's input and output
peak mobilenet-v1-0.25 55296
peak fc-autoencoder      768

# layers FILE: "op in out params macs" of the layers that compute, as MLPerf Tiny's own files have them. Their models have batch norm and ReLU
# inside the layer before, and hold dense layers' inputs flat.
layers()
{
    "$ASHLAR" cost --layers --format csv "$arch/$1.yaml" | awk -F, '
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        function flush() { if (row != "") print row, params, macs; row = "" }
        {
            gsub(/"[^"]*"/, "attributes")
            op = $at["op"]
            if (op == "batch_norm") { params += $at["params_folded"]; next }
            if (op == "relu" || op == "dropout" || op == "flatten") next
            flush()
            row = op " " $at["in"] " " $at["out"]; params = $at["params_folded"]; macs = $at["macs"]
        }
        END { flush() }'
}

# original FILE TITLE: the same from the reference list
original()
{
    awk -v title="## $2" '
        BEGIN { name["FC"] = "dense"; name["CONV"] = "conv2d"; name["DWCONV"] = "depthwise_conv2d"; name["ADD"] = "add"; name["AVGPOOL"] = "global_avg_pool" }
        index($0, "## ") == 1 { here = index($0, title) == 1 }
        here && ($1 in name) {
            in_shape = $0; sub(/.*in=\[\[1, /, "", in_shape); sub(/\].*/, "", in_shape); gsub(/, /, "x", in_shape)
            out = $0; sub(/.*out=\[1, /, "", out); sub(/\].*/, "", out); gsub(/, /, "x", out)
            params = $0; sub(/.*params=/, "", params); sub(/ .*/, "", params)
            macs = $0; sub(/.*macs=/, "", macs)
            if ($1 == "FC") { in_shape = "1x1x" in_shape; out = "1x1x" out }
            print name[$1], in_shape, out, params, macs
        }' "$list"
}

list=$ASHLAR_SOURCE/../shared/data/mlperf_tiny_layers.md
if [ -r "$list" ]; then
    for pair in "fc-autoencoder:FC autoencoder:10" "ds-cnn:DS-CNN:11" "resnet8:ResNet-8:14" "mobilenet-v1-0.25:MobileNetV1:29"; do
        IFS=: read -r file title n <<< "$pair"
        expected=$(original "$file" "$title")
        [ "$(wc -l <<< "$expected")" = "$n" ] || complain "$title: $(wc -l <<< "$expected") layers in the list, not $n"
        diff <(echo "$expected") <(layers "$file") || complain "$file differs from its original, layer by layer"
    done
else
    echo "no $list: layers not compared"
fi

# Wrong inputs: status 2 and one message.
wrong()
{
    local expected=$1 out
    shift
    out=$("$ASHLAR" cost "$@" 2>&1 > /dev/null)
    [ $? = 2 ] || complain "ashlar cost $*: status is not 2"
    grep -q "$expected" <<< "$out" || complain "ashlar cost $*: \"$out\" does not say \"$expected\""
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wrong "which architecture"
wrong "nowhere.yaml" "$work/nowhere.yaml"
wrong "activation-bits" --activation-bits 0 "$arch/lenet5.yaml"
printf 'input: [8, 8, 1]\nlayers:\n  - {op: conv2d, out: 4, kernal: 3}\n' > "$work/typo.yaml"
wrong 'typo.yaml:3:.*did you mean "kernel"' "$work/typo.yaml"
printf 'input: [8, 8, 6]\nlayers:\n  - {op: conv2d, out: 4, groups: 4}\n' > "$work/groups.yaml"
wrong "groups.yaml:3:.*groups 4 does not divide" "$work/groups.yaml"
printf 'input: [8, 8, 1]\nlayers:\n  - {op: conv2d, out: 4, weight_bits: 3}\n' > "$work/bits.yaml"
wrong "weight_bits is 32, 8, 4, 2 or 1" "$work/bits.yaml"
printf 'input: [8, 8, 1]\nlayers:\n  - {op: max_pool, kernel: 9, padding: valid}\n' > "$work/window.yaml"
wrong "window.yaml:3" "$work/window.yaml"

[ $failures = 0 ] || exit 1
echo "all costs as they should be"
