#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ashlar bench train and infer run on every level of this machine and says what it measured; how fast it was is nobody's test.
set -u
failures=0
complain()
{
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

nets=("$ASHLAR_SOURCE"/examples/bench/*.yaml)
out=$("$ASHLAR" bench train --rounds 1 --time 1 --batch 8 --format csv "${nets[@]}") || complain "status $?"
[ "$(wc -l <<< "$out")" = $((${#nets[@]} + 1)) ] || complain "not a line per network: $out"
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    $at["batch"] != 8 || !($at["images_per_s"] > 0) || !($at["peak_gflops"] > 1) { bad = 1 }
    { share = $at["images_per_s"] * 6 * $at["macs"] / ($at["peak_gflops"] * 1e9) / $at["share_of_peak"]
      if (share < 0.5 || share > 2) bad = 1 }
    END { exit bad }' <<< "$out" || complain "shares, rates and peaks do not fit together: $out"
awk -F, '{ sub(/\r$/, "") } NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    $at["bytes"] <= 0 || $at["step_bytes"] != 0 { exit 1 }' <<< "$out" || complain "a training step takes memory: $out"
parts=$("$ASHLAR" bench train --breakdown --rounds 1 --time 1 --batch 8 --format csv "${nets[@]}") || complain "--breakdown: status $?"
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    { sum[$at["network"]] += $at["share"]; pass[$at["pass"]]++ }
    END { for (n in sum) if (sum[n] < 0.999 || sum[n] > 1.001) exit 1
          exit !(pass["load"] == 2 && pass["loss"] == 2 && pass["update"] == 2 && pass["forward"] == pass["backward"]) }' \
    <<< "$parts" || complain "the parts of a step do not make a whole: $parts"
"$ASHLAR" bench train --level reference --rounds 1 --time 1 --batch 2 "${nets[0]}" > /dev/null || complain "reference level"

for level in reference x86-64; do
    out=$("$ASHLAR" bench infer --level $level --size 4 --channels 33 --rounds 1 --time 1 --format csv 2>&1) || { grep -q "this machine lacks it" <<< "$out" || complain "bench infer: $out"; continue; }
    awk -F, '{ sub(/\r$/, "") } NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        { rows[$at["kernel"]]++; if (!($at["gops"] > 0) || !($at["ratio_to_fp32"] > 0)) exit 1 }
        $at["kernel"] == "fp32" && $at["ratio_to_fp32"] != 1 { exit 1 }
        END { exit !(rows["fp32"] == 1 && rows["int8"] == 1 && rows["xnor"] == 1 && NR == 6) }' <<< "$out" || complain "kernels: $out"
done

lenet=$ASHLAR_SOURCE/examples/architectures/lenet5-28.yaml
for level in reference x86-64; do
    out=$("$ASHLAR" bench infer --level $level --quantize "weight_bits=4, act_bits=2" --batch 3 --rounds 2 --time 1 --format csv "$lenet" 2>&1) ||
        { grep -q "this machine lacks it" <<< "$out" || complain "bench infer ARCH: $out"; continue; }
    awk -F, '{ sub(/\r$/, "") } NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        { ratio = $at["images_per_s"] / $at["fp32_images_per_s"] / $at["ratio_to_fp32"]
          if (ratio < 0.3 || ratio > 3 || !($at["ratio_to_fp32_batch"] > 0) || $at["batch"] != 3) exit 1
          if ($at["least"] > $at["most"] || $at["arena_bytes"] < 784 || $at["file_bytes"] < 1000) exit 1 }
        END { exit NR != 2 }' <<< "$out" || complain "networks: $out"
done

wrong()
{
    local expected=$1 message
    shift
    message=$("$ASHLAR" bench "$@" 2>&1 > /dev/null)
    [ $? = 2 ] || complain "ashlar bench $*: status is not 2"
    grep -q "$expected" <<< "$message" || complain "ashlar bench $*: \"$message\" does not say \"$expected\""
}
wrong "which benchmark"
wrong "unknown benchmark" fly "${nets[0]}"
wrong "which architecture" train
wrong "unknown kernel level" train --level x86-64-v9 "${nets[0]}"
wrong "not an integer network" infer "${nets[0]}"
wrong "are of convolutions" infer --size 8 "$lenet"
wrong "quantize is of infer ARCH" infer --quantize weight_bits=8
wrong "nowhere.yaml" train /nowhere.yaml
[ $failures = 0 ]
