#!/usr/bin/env python3
"""One training step and one use of SERAN: this network in Python against the one in Rust, in one run.

    python3 -m venv VENV
    VENV/bin/pip install numpy torch==2.11.0
    cargo build --release -p voxloom-seran --example seran_step
    VENV/bin/python tests/bench/seran_step.py [--feats 32] [--groups 2] [--blocks 3] [--size 24] [--batch 8] [--threads 1]

Both sides use libtorch 2.11.0 on the CPU. The two run by turns, five times each; the median step of each run counts, and the best run of each
side. Prints seconds and the ratios Python / Rust: above 1, Rust is faster. The network below is a plain statement of the specification in
PyTorch's own words.
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


def conv3(c_in, c_out):
    return nn.Conv2d(c_in, c_out, 3, padding=1)


class PRR(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.g, self.W, self.theta, self.phi = (nn.Conv1d(width, width, 1) for _ in range(4))
        nn.init.zeros_(self.W.weight)
        nn.init.zeros_(self.W.bias)

    def forward(self, v):
        relation = self.theta(v).transpose(1, 2) @ self.phi(v) / v.shape[2]
        return self.W(self.g(v) @ relation.transpose(1, 2)) + v


class SEAB(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(1))
        self.convA, self.convB, self.convV, self.conv_reconstruct = (nn.Conv2d(c, c, 1) for _ in range(4))
        self.prr = PRR(c)

    def forward(self, x):
        n, _, h, w = x.shape
        squeeze = self.convB(x).flatten(2).softmax(-1)
        v = self.prr(self.convA(x).flatten(2) @ squeeze.transpose(1, 2))
        excite = self.convV(x).flatten(2).softmax(1)
        return x + self.scale * self.conv_reconstruct((v @ excite).view(n, -1, h, w))


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.body = nn.Sequential(conv3(c, c), nn.ReLU(inplace=True), conv3(c, c))

    def forward(self, x):
        return x + self.body(x)


class Group(nn.Module):
    def __init__(self, c, blocks):
        super().__init__()
        self.body = nn.Sequential(*(Block(c) for _ in range(blocks)), SEAB(c), conv3(c, c))

    def forward(self, x):
        return x + self.body(x)


class SERAN(nn.Module):
    def __init__(self, c, groups, blocks):
        super().__init__()
        self.head = conv3(1, c)
        self.body = nn.Sequential(*(Group(c, blocks) for _ in range(groups)), conv3(c, c))
        self.tail = nn.Sequential(conv3(c, 4 * c), nn.PixelShuffle(2), conv3(c, 1))

    def forward(self, x):
        h = self.head(x)
        return self.tail(h + self.body(h))


def median(steps, call):
    seconds = []
    for _ in range(steps):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    seconds = sorted(seconds[1:])
    return seconds[len(seconds) // 2]


def python_side(args):
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    net = SERAN(args.feats, args.groups, args.blocks)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    wave = lambda n: torch.sin(torch.arange(args.batch * n * n) * 0.01).view(args.batch, 1, n, n) * 100
    lr, hr = wave(args.size), wave(2 * args.size)

    def train():
        optimizer.zero_grad()
        loss = F.l1_loss(net(lr), hr)
        loss.backward()
        optimizer.step()
        loss.item()

    def infer():
        with torch.no_grad():
            net(lr)

    return median(args.steps, train), median(args.steps, infer)


def rust_side(args):
    words = [args.feats, args.groups, args.blocks, args.size, args.batch, args.threads, args.steps]
    out = subprocess.run([args.rust, *map(str, words)], check=True, capture_output=True, text=True).stdout
    found = json.loads(out)
    return found["train"], found["infer"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in [("feats", 32), ("groups", 2), ("blocks", 3), ("size", 24), ("batch", 8), ("threads", 1), ("steps", 12)]:
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--rust", default=str(ROOT / "target/release/examples/seran_step"))
    args = parser.parse_args()
    runs = [(python_side(args), rust_side(args)) for _ in range(5)]
    parameters = sum(p.numel() for p in SERAN(args.feats, args.groups, args.blocks).parameters())
    print(f"torch {torch.__version__}, {args.threads} thread(s), batch {args.batch} of {args.size} x {args.size}, {parameters} parameters")
    for place, what in enumerate(["a training step", "one use"]):
        python, rust = (min(side[place] for side in sides) for sides in zip(*runs))
        print(f"{what:16} Python {python:.4f} s, Rust {rust:.4f} s, ratio {python / rust:.3f}   (goal: at least 1)")


if __name__ == "__main__":
    main()
