#!/usr/bin/env python3
"""One training step of DoDNet: this network in Python against the one in Rust, in one run.

    python3 -m venv VENV
    VENV/bin/pip install numpy torch==2.11.0
    cargo build --release -p voxloom-dodnet --example training_step
    VENV/bin/python tests/bench/dodnet_step.py [--width 1] [--size 16 32 32] [--batch 2] [--threads 1]

Both sides use libtorch 2.11.0 on the CPU. Where set-up fetched a whole torch (with CUDA's libraries), `PYTHONPATH=.libtorch` does instead of
installing it again, with `numpy typing_extensions sympy networkx jinja2 fsspec filelock mpmath` in VENV.

The two run by turns, three
times each; the median step of each run counts, and the best run of each side. Prints seconds and the ratio Python / Rust: above 1, Rust is
faster. The network below is a plain statement of the paper's in PyTorch's own words.
"""

import argparse
import json
import pathlib
import subprocess
import time

import torch
from torch import nn
from torch.nn import functional as F

ROOT = pathlib.Path(__file__).resolve().parents[2]


class WSConv(nn.Conv3d):
    """A convolution whose weights are standardised, output channel by output channel."""

    def __init__(self, c_in, c_out, kernel, stride=1):
        super().__init__(c_in, c_out, kernel, stride, kernel // 2, bias=False)

    def forward(self, x):
        rows = self.weight.flatten(1)
        rows = (rows - rows.mean(1, keepdim=True)) / torch.sqrt(rows.var(1, keepdim=True) + 1e-12)
        return F.conv3d(x, rows.view_as(self.weight), None, self.stride, self.padding)


def groups(channels):
    return next(n for n in range(16, 0, -1) if channels % n == 0)


def norm(channels):
    return nn.GroupNorm(groups(channels), channels)


class Block(nn.Module):
    def __init__(self, c_in, c_out, stride=1):
        super().__init__()
        self.gn1, self.conv1 = norm(c_in), WSConv(c_in, c_out, 3, stride)
        self.gn2, self.conv2 = norm(c_out), WSConv(c_out, c_out, 3)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or c_in != c_out:
            self.downsample = nn.Sequential(norm(c_in), nn.ReLU(inplace=True), WSConv(c_in, c_out, 1, stride))

    def forward(self, x):
        residual = x if self.downsample is None else self.downsample(x)
        out = self.conv1(self.relu(self.gn1(x)))
        return self.conv2(self.relu(self.gn2(out))) + residual


class DoDNet(nn.Module):
    def __init__(self, width=1.0, tasks=7, classes=2):
        super().__init__()
        c = [max(1, round(base * width / 4)) * 4 for base in (32, 64, 128, 256, 256)]
        self.tasks = tasks
        self.conv1 = WSConv(1, c[0], 3)
        self.layer0 = Block(c[0], c[0])
        down = lambda i: nn.Sequential(Block(c[i], c[i + 1], 2), Block(c[i + 1], c[i + 1]))
        self.layer1, self.layer2, self.layer3, self.layer4 = (down(i) for i in range(4))
        self.fusionConv = nn.Sequential(norm(c[4]), nn.ReLU(inplace=True), WSConv(c[4], c[3], 1))
        self.x8_resb, self.x4_resb = Block(c[3], c[2]), Block(c[2], c[1])
        self.x2_resb, self.x1_resb = Block(c[1], c[0]), Block(c[0], c[0])
        self.precls_conv = nn.Sequential(norm(c[0]), nn.ReLU(inplace=True), nn.Conv3d(c[0], 8, 1))
        self.GAP = nn.Sequential(norm(c[3]), nn.ReLU(inplace=True), nn.AdaptiveAvgPool3d(1))
        self.sizes = [64, 64, 8 * classes, 8, 8, classes]
        self.controller = nn.Conv3d(c[3] + tasks, sum(self.sizes), 1)

    def forward(self, x, task):
        return self.heads(*self.features(x), task)

    def features(self, x):
        """What all tasks share: the last features, and the pooled ones that heads are made from."""
        up = lambda t: F.interpolate(t, scale_factor=2, mode="trilinear", align_corners=False)
        skip0 = self.layer0(self.conv1(x))
        skip1 = self.layer1(skip0)
        skip2 = self.layer2(skip1)
        skip3 = self.layer3(skip2)
        x = self.fusionConv(self.layer4(skip3))
        pooled = self.GAP(x)
        x = self.x8_resb(up(x) + skip3)
        x = self.x4_resb(up(x) + skip2)
        x = self.x2_resb(up(x) + skip1)
        x = self.x1_resb(up(x) + skip0)
        return self.precls_conv(x), pooled

    def heads(self, x, pooled, task):
        n = x.shape[0]
        code = F.one_hot(task, self.tasks).to(x.dtype)[:, :, None, None, None]
        params = self.controller(torch.cat([pooled, code], 1)).flatten(1)
        # The heads of a batch as grouped convolutions, as the authors do it.
        size = x.shape[2:]
        x = x.reshape(1, -1, *size)
        w1, w2, w3, b1, b2, b3 = params.split(self.sizes, 1)
        layers = [(w1, b1, 8), (w2, b2, 8), (w3, b3, self.sizes[-1])]
        for i, (w, b, out) in enumerate(layers):
            x = F.conv3d(x, w.reshape(n * out, 8, 1, 1, 1), b.reshape(n * out), groups=n)
            x = F.relu(x) if i < 2 else x
        return x.reshape(n, -1, *size)


def loss_of(logits, label):
    """Dice + BCE; every channel is labelled here."""
    z, t = logits.flatten(2), label.flatten(2)
    p = torch.sigmoid(z)
    dice = 1 - 2 * (p * t).sum(2) / (p.sum(2) + t.sum(2) + 1)
    bce = F.binary_cross_entropy_with_logits(z, t, reduction="none").mean(2)
    return dice.mean(0).mean() + bce.mean(0).mean()


def python_step(args):
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    d, h, w = args.size
    net = DoDNet(args.width)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9, nesterov=True)
    image = torch.sin(torch.arange(args.batch * d * h * w) * 0.01).view(args.batch, 1, d, h, w)
    label = torch.cat([image > 0.3, image > 0.8], 1).float()
    task = torch.arange(args.batch) % 4
    seconds = []
    for _ in range(args.steps):
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = loss_of(net(image, task), label)
        loss.backward()
        optimizer.step()
        loss.item()
        seconds.append(time.perf_counter() - start)
    seconds = sorted(seconds[1:])
    return seconds[len(seconds) // 2]


def rust_step(args):
    words = [args.width, *args.size, args.batch, args.threads, args.steps]
    out = subprocess.run([args.rust, *map(str, words)], check=True, capture_output=True, text=True).stdout
    return json.loads(out)["seconds"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--size", type=int, nargs=3, default=[16, 32, 32])
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--rust", default=str(ROOT / "target/release/examples/training_step"))
    args = parser.parse_args()
    runs = [(python_step(args), rust_step(args)) for _ in range(3)]
    python, rust = (min(side) for side in zip(*runs))
    parameters = sum(p.numel() for p in DoDNet(args.width).parameters())
    print(f"torch {torch.__version__}, {args.threads} thread(s), batch {args.batch} of {args.size}, {parameters} parameters")
    print(f"Python  {python:.4f} s a step")
    print(f"Rust    {rust:.4f} s a step")
    print(f"ratio   {python / rust:.3f}   (goal: at least 1)")


if __name__ == "__main__":
    main()
