# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores one trial in plain Python: is a point inside or outside a ring? See docs/external-evaluator.md."""
import json
import math
import random
import sys


def points(n, rng):
    """n points of the square and whether each lies in the ring."""
    out = []
    for _ in range(n):
        x = [rng.uniform(-1, 1), rng.uniform(-1, 1)]
        out.append((x, int(0.4 < math.hypot(*x) < 0.9)))
    return out


class Dense:
    def __init__(self, inputs, outputs, rng):
        bound = math.sqrt(6 / inputs)
        self.w = [[rng.uniform(-bound, bound) for _ in range(inputs)] for _ in range(outputs)]
        self.b = [0.0] * outputs

    def forward(self, x):
        self.x = x
        return [sum(w * v for w, v in zip(row, x)) + b for row, b in zip(self.w, self.b)]

    def backward(self, grad, rate):
        back = [sum(g * row[i] for g, row in zip(grad, self.w)) for i in range(len(self.x))]
        for k, g in enumerate(grad):
            self.b[k] -= rate * g
            self.w[k] = [w - rate * g * v for w, v in zip(self.w[k], self.x)]
        return back


class Relu:
    def forward(self, x):
        self.x = x
        return [max(v, 0.0) for v in x]

    def backward(self, grad, rate):
        return [g if v > 0 else 0.0 for g, v in zip(grad, self.x)]


def build(network, rng):
    layers = []
    for layer in network["layers"]:
        if layer["op"] == "dense":
            layers.append(Dense(math.prod(layer["in"]), layer["attributes"]["out"], rng))
        elif layer["op"] == "relu":
            layers.append(Relu())
        else:
            raise ValueError(f"score.py knows no operator {layer['op']}")
    return layers


def answer(layers, x):
    for layer in layers:
        x = layer.forward(x)
    top = max(x)
    e = [math.exp(v - top) for v in x]
    return [v / sum(e) for v in e]


def main():
    trial = json.load(sys.stdin)
    settings = trial["settings"]
    data = random.Random(1)  # the same points for every trial
    train, val = points(settings["samples"], data), points(500, data)
    rng = random.Random(trial["seed"])  # everything else follows from the trial's seed
    layers = build(trial["network"], rng)
    curve = []
    for epoch in range(1, settings["epochs"] + 1):
        rng.shuffle(train)
        loss = 0.0
        for x, label in train:
            p = answer(layers, x)
            loss -= math.log(max(p[label], 1e-12))
            grad = [v - (k == label) for k, v in enumerate(p)]
            for layer in reversed(layers):
                grad = layer.backward(grad, settings["rate"])
        wrong = sum(max(range(2), key=answer(layers, x).__getitem__) != label for x, label in val)
        curve.append({"epoch": epoch, "train_loss": loss / len(train), "val_error": wrong / len(val)})
    if not math.isfinite(curve[-1]["train_loss"]):
        return {"status": "diverged", "reason": "the loss is not finite"}
    return {"status": "ok", "metrics": {"error": curve[-1]["val_error"]}, "curve": curve,
            "trained_macs": 3 * trial["costs"]["macs"] * len(train) * settings["epochs"]}


json.dump(main(), sys.stdout)
