# SPDX-License-Identifier: GPL-3.0-or-later
"""A trial's network as a PyTorch module. Images are (n, c, h, w) here and (n, h, w, c) in Ashlar; `dense` reads them in Ashlar's order."""
import torch
from torch import nn
from torch.nn import functional as F


class Quantise(torch.autograd.Function):
    """Weights rounded to `bits`, one scale per output channel; the gradient passes straight through."""

    @staticmethod
    def forward(ctx, w, bits):
        rows = w.flatten(1)
        shape = (-1,) + (1,) * (w.dim() - 1)
        if bits == 1:
            return torch.where(w < 0, -1.0, 1.0) * rows.abs().mean(1).view(shape)
        most = 2 ** (bits - 1) - 1
        scale = rows.abs().amax(1).clamp(min=1e-12).view(shape) / most
        return (w / scale).round().clamp(-most, most) * scale

    @staticmethod
    def backward(ctx, grad):
        return grad, None


def pair(value):
    return (value[0], value[-1])


def pads(attributes, size):
    """Padding (left, right, top, bottom): `same` is TensorFlow's, with the odd pixel at the bottom and the right."""
    kernel, stride = pair(attributes["kernel"]), pair(attributes["stride"])
    dilation, padding = pair(attributes.get("dilation", [1])), pair(attributes["padding"])
    out = []
    for axis in (1, 0):
        if padding[axis] == "same":
            span = (kernel[axis] - 1) * dilation[axis] + 1
            total = max((-(-size[axis] // stride[axis]) - 1) * stride[axis] + span - size[axis], 0)
            out += [total // 2, total - total // 2]
        else:
            out += [0, 0] if padding[axis] == "valid" else [int(padding[axis])] * 2
    return out


class Layer(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.op, self.a, self.bits = layer["op"], layer["attributes"], layer["weight_bits"]
        h, w, c = layer["in"]
        self.size = (h, w)
        if self.op in ("conv2d", "depthwise_conv2d"):
            groups = c if self.op == "depthwise_conv2d" else self.a.get("groups", 1)
            self.inner = nn.Conv2d(c, layer["out"][2], pair(self.a["kernel"]), pair(self.a["stride"]), 0, pair(self.a["dilation"]), groups,
                                   self.a["bias"])
        elif self.op == "dense":
            self.inner = nn.Linear(h * w * c, self.a["out"], self.a["bias"])
        elif self.op == "batch_norm":
            self.inner = nn.BatchNorm2d(c, self.a["epsilon"], self.a["momentum"])
        if self.op in ("conv2d", "depthwise_conv2d", "dense"):
            nn.init.kaiming_uniform_(self.inner.weight, nonlinearity="relu")

    def weight(self):
        return self.inner.weight if self.bits == 32 else Quantise.apply(self.inner.weight, self.bits)

    def forward(self, xs):
        x, a = xs[0], self.a
        if self.op in ("conv2d", "depthwise_conv2d"):
            i = self.inner
            return F.conv2d(F.pad(x, pads(a, self.size)), self.weight(), i.bias, i.stride, 0, i.dilation, i.groups)
        if self.op == "dense":
            return F.linear(x.permute(0, 2, 3, 1).flatten(1), self.weight(), self.inner.bias)[:, :, None, None]
        if self.op == "batch_norm":
            return self.inner(x)
        if self.op == "max_pool":
            return F.max_pool2d(F.pad(x, pads(a, self.size), value=float("-inf")), pair(a["kernel"]), pair(a["stride"]))
        if self.op == "avg_pool":  # padding does not count
            pool = lambda v: F.avg_pool2d(F.pad(v, pads(a, self.size)), pair(a["kernel"]), pair(a["stride"]))
            return pool(x) / pool(torch.ones_like(x[:1, :1]))
        if self.op == "global_avg_pool":
            return x.mean((2, 3), keepdim=True)
        if self.op == "flatten":
            return x.permute(0, 2, 3, 1).flatten(1)[:, :, None, None]
        if self.op == "dropout":
            return F.dropout(x, a["rate"], self.training)
        if self.op == "concat":
            return torch.cat(xs, 1)
        if self.op == "add":
            return sum(xs[1:], x)
        if self.op == "identity":
            return x
        if self.op == "multiply":
            return xs[0] * xs[1]
        return ACTIVATIONS[self.op](x)


ACTIVATIONS = {"relu": F.relu, "relu6": F.relu6, "hard_swish": F.hardswish, "hard_sigmoid": F.hardsigmoid, "sigmoid": torch.sigmoid, "tanh": torch.tanh}
KNOWN = ("conv2d", "depthwise_conv2d", "dense", "batch_norm", "max_pool", "avg_pool", "global_avg_pool", "flatten", "dropout", "concat", "add",
         "identity", "multiply", *ACTIVATIONS)


class Network(nn.Module):
    def __init__(self, network):
        super().__init__()
        for layer in network["layers"]:
            if layer["op"] not in KNOWN:
                raise ValueError(f"torch_network.py knows no operator {layer['op']}")
        self.description = network["layers"]
        self.layers = nn.ModuleList(Layer(layer) for layer in network["layers"])
        self.output = network["output"]

    def forward(self, x):
        values = {"input": x}
        for layer, module in zip(self.description, self.layers):
            y = values[layer["id"]] = module([values[name] for name in layer["inputs"]])
            h, w, c = layer["out"]
            assert y.shape[1:] == (c, h, w), f"{layer['id']}: {tuple(y.shape)} instead of {layer['out']}"
        return values[self.output].flatten(1)
