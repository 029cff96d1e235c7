# SPDX-License-Identifier: GPL-3.0-or-later
"""nets.py - Ashlar's networks in PyTorch: from an architecture file, or from the layers that `ashlar show` prints

Windows that Ashlar pads on one side only are padded alike on both, as a user of PyTorch would: the same shapes and MACs,
and no operator of its own for padding."""
import torch
from torch import nn
import yaml


def pair(value):
    return tuple(value) if isinstance(value, (list, tuple)) else (value, value)


def same(kernel, stride, size):
    """Padding so that the output has ceil(size / stride) pixels."""
    out = [-(-n // s) for n, s in zip(size, stride)]
    return tuple(max(0, -(-((o - 1) * s + k - n) // 2)) for o, s, k, n in zip(out, stride, kernel, size))


class Global(nn.Module):
    def forward(self, x):
        return x.mean((2, 3), keepdim=True)


def module(op, a, shape):
    """The module of one layer that reads (c, h, w), and its output's shape."""
    c, h, w = shape
    kernel, stride = pair(a.get("kernel", 2 if "pool" in op else 3)), pair(a.get("stride", 2 if "pool" in op else 1))
    if op in ("conv2d", "depthwise_conv2d"):
        out = a.get("out", c)
        pad = (0, 0) if a.get("padding") == "valid" else same(kernel, stride, (h, w))
        m = nn.Conv2d(c, out, kernel, stride, pad, groups=c if op[0] == "d" else a.get("groups", 1), bias=a.get("bias", True))
    elif op in ("max_pool", "avg_pool"):
        pad = same(kernel, stride, (h, w)) if a.get("padding") == "same" else (0, 0)
        m = (nn.MaxPool2d if op == "max_pool" else nn.AvgPool2d)(kernel, stride, pad)
    elif op == "dense":
        m = nn.Sequential(nn.Flatten(), nn.Linear(c * h * w, a["out"], bias=a.get("bias", True)), nn.Unflatten(1, (a["out"], 1, 1)))
    else:
        m = {"batch_norm": lambda: nn.BatchNorm2d(c), "relu": lambda: nn.ReLU(inplace=True),
             "relu6": lambda: nn.ReLU6(inplace=True), "identity": nn.Identity, "global_avg_pool": Global,
             "dropout": lambda: nn.Dropout(a.get("rate", 0.5)),
             "flatten": lambda: nn.Sequential(nn.Flatten(), nn.Unflatten(1, (c * h * w, 1, 1)))}[op]()
    with torch.no_grad():
        was = m.training
        out = m.eval()(torch.zeros(1, c, h, w)).shape[1:]
        m.train(was)
    return m, tuple(out)


class Net(nn.Module):
    """layers: (id, operator, attributes, ids of inputs) in an order of execution."""

    def __init__(self, shape, layers):
        super().__init__()
        self.steps, self.parts, shapes = [], nn.ModuleList(), {"input": shape}
        readers = {}
        for _, _, _, inputs in layers:
            for i in inputs:
                readers[i] = readers.get(i, 0) + 1
        for name, op, attributes, inputs in layers:
            if op == "add":
                self.steps.append((name, None, inputs))
                shapes[name] = shapes[inputs[0]]
                continue
            m, shapes[name] = module(op, attributes, shapes[inputs[0]])
            if hasattr(m, "inplace") and readers.get(inputs[0], 0) > 1:
                m.inplace = False
            self.steps.append((name, len(self.parts), inputs))
            self.parts.append(m)

    def forward(self, x):
        values = {"input": x}
        for name, part, inputs in self.steps:
            if part is None:
                y = values[inputs[0]]
                for i in inputs[1:]:
                    y = y + values[i]
            else:
                y = self.parts[part](values[inputs[0]])
            values[name] = y
        return y.flatten(1)


def from_file(path):
    """(name, (c, h, w), Net) of an architecture file."""
    with open(path) as f:
        a = yaml.safe_load(f)
    h, w, c = a["input"]
    layers, last = [], "input"
    for i, layer in enumerate(a["layers"]):
        layer = dict(layer)
        op, name = layer.pop("op"), layer.pop("id", f"{i}")
        inputs = layer.pop("inputs", [last])
        layers.append((name, op, layer, inputs))
        last = name
    return a["name"], (c, h, w), Net((c, h, w), layers)


def from_blocks(blocks):
    """((c, h, w), Net) of the "blocks" of a trial in `ashlar show --format json`."""
    h, w, c = blocks["input"]
    layers = []
    for layer in blocks["layers"]:
        attributes = {}
        for text in filter(None, layer.get("attributes", "").split(", ")):
            key, _, value = text.partition(" ")
            attributes[key] = yaml.safe_load(value) if value else True
        if layer["op"] in ("conv2d", "dense"):
            attributes["out"] = layer["out"][2]
        if layer["op"].endswith(("conv2d", "dense")):
            weights = layer["macs"] // max(1, layer["out"][0] * layer["out"][1])
            attributes["bias"] = layer["params"] > weights
        layers.append((layer["name"], layer["op"], attributes, layer["inputs"]))
    return (c, h, w), Net((c, h, w), layers)


class Training:
    """Steps like those of `ashlar bench train`: noise, cross-entropy, SGD with momentum, one thread."""

    def __init__(self, net, shape, batch, classes, layout):
        self.net = net.train().to(memory_format=layout)
        self.x = [torch.randn(batch, *shape).contiguous(memory_format=layout) for _ in range(4)]
        self.label = torch.arange(batch) % classes
        self.loss = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.001, momentum=0.9, weight_decay=5e-4)
        self.at = 0

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(self.net(self.x[self.at]), self.label).backward()
        self.optimizer.step()
        self.at = (self.at + 1) % 4
