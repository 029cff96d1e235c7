# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains one trial in PyTorch: noisy images with a cross, a ring or a square. See docs/external-evaluator.md."""
import json
import math
import sys

import torch
from torch.nn import functional as F

from torch_network import Network


def images(n, generator, size=12):
    """(n, 1, size, size) and labels."""
    label = torch.randint(3, (n,), generator=generator)
    centre = torch.randint(4, size - 4, (n, 2), generator=generator)
    grid = torch.arange(size)
    dy = (grid[None, :, None] - centre[:, 0, None, None]).abs()
    dx = (grid[None, None, :] - centre[:, 1, None, None]).abs()
    cross = (torch.minimum(dx, dy) == 0) & (torch.maximum(dx, dy) <= 3)
    ring = ((dx * dx + dy * dy).float().sqrt() - 3).abs() < 0.6
    square = torch.maximum(dx, dy) == 3
    shape = torch.stack([cross, ring, square], 1)[torch.arange(n), label].float()
    return (shape + 0.7 * torch.randn(n, size, size, generator=generator))[:, None], label


def main():
    trial = json.load(sys.stdin)
    settings, recipe = trial["settings"], trial["recipe"]
    torch.set_num_threads(settings["threads"])  # ashlar runs several trials at once
    torch.use_deterministic_algorithms(True)
    data = torch.Generator().manual_seed(1)  # the same images for every trial
    x, label = images(settings["samples"], data)
    val_x, val_label = images(settings["samples"] // 2, data)
    torch.manual_seed(trial["seed"])
    net = Network(trial["network"])
    params = sum(p.numel() for p in net.parameters())
    assert params == trial["costs"]["params"], f"{params} parameters instead of {trial['costs']['params']}"
    optimizer = torch.optim.SGD(net.parameters(), recipe["lr"], recipe["momentum"], weight_decay=recipe["weight_decay"])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, recipe["epochs"])
    curve = []
    for epoch in range(1, recipe["epochs"] + 1):
        net.train()
        losses = []
        for batch in torch.randperm(len(x)).split(recipe["batch"]):
            loss = F.cross_entropy(net(x[batch]), label[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        schedule.step()
        net.eval()
        with torch.no_grad():
            out = net(val_x)
        curve.append({"epoch": epoch, "train_loss": sum(losses) / len(losses), "val_loss": F.cross_entropy(out, val_label).item(),
                      "val_error": (out.argmax(1) != val_label).float().mean().item()})
        if not math.isfinite(curve[-1]["val_loss"]):
            return {"status": "diverged", "reason": f"the loss is not finite in epoch {epoch}"}
    return {"status": "ok", "metrics": {"error": curve[-1]["val_error"], "val_loss": curve[-1]["val_loss"]}, "curve": curve,
            "trained_macs": 3 * trial["costs"]["macs"] * len(x) * recipe["epochs"]}


json.dump(main(), sys.stdout)
