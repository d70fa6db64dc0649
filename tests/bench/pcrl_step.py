#!/usr/bin/env python3
"""One training step of PCRL's 2D method: in Python against Rust, in one run; and one use of its U-Net.

    python3 -m venv VENV
    VENV/bin/pip install numpy torch==2.11.0
    cargo build --release -p voxloom-pcrl --example pcrl_step
    VENV/bin/python tests/bench/pcrl_step.py [--width 0.25] [--size 64] [--batch 16] [--threads 1]

Both sides use libtorch 2.11.0 on the CPU. Where set-up fetched a whole torch (with CUDA's libraries), `PYTHONPATH=.libtorch` does instead of
installing it again, with `numpy typing_extensions sympy networkx jinja2 fsspec filelock mpmath` in VENV.

The two run by turns, three times each; the median step of each run counts, and the best run of each side. Prints seconds and the ratio
Python / Rust: above 1, Rust is faster. The network below is a plain statement of the method in PyTorch's own words.
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


def scaled(channels, width):
    return max(1, round(channels * width / 4)) * 4


def conv(c_in, c_out, kernel, stride=1):
    return nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False)


class Basic(nn.Module):
    def __init__(self, c_in, c_out, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(c_in, c_out, 3, stride), nn.BatchNorm2d(c_out)
        self.conv2, self.bn2 = conv(c_out, c_out, 3), nn.BatchNorm2d(c_out)
        self.downsample = None
        if stride != 1 or c_in != c_out:
            self.downsample = nn.Sequential(conv(c_in, c_out, 1, stride), nn.BatchNorm2d(c_out))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(out + identity)


class Up(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        unit = lambda c: nn.Sequential(conv(c, c_out, 3), nn.BatchNorm2d(c_out), nn.ReLU(inplace=True))
        self.conv1, self.conv2 = unit(c_in), unit(c_out)

    def forward(self, x, skip):
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = x if skip is None else torch.cat([x, skip], 1)
        return self.conv2(self.conv1(x))


class PCRL(nn.Module):
    def __init__(self, width):
        super().__init__()
        e = [scaled(c, width) for c in (64, 64, 128, 256, 512)]
        d = [scaled(c, width) for c in (256, 128, 64, 32, 16)]
        self.stem = nn.Sequential(conv(3, e[0], 7, 2), nn.BatchNorm2d(e[0]), nn.ReLU(inplace=True))
        self.pool = nn.MaxPool2d(3, 2, 1)
        stage = lambda i: nn.Sequential(Basic(e[i - 1], e[i], 1 if i == 1 else 2), Basic(e[i], e[i], 1))
        self.stages = nn.ModuleList(stage(i) for i in range(1, 5))
        inputs = [e[4] + e[3], d[0] + e[2], d[1] + e[1], d[2] + e[0], d[3]]
        self.blocks = nn.ModuleList(Up(c_in, c_out) for c_in, c_out in zip(inputs, d))
        self.head = nn.Conv2d(d[4], 3, 3, padding=1)
        self.fc1, self.fc2 = nn.Linear(e[4], 128), nn.Linear(128, 128)
        self.aug_fc1, self.aug_fc2 = nn.Linear(6, e[4] // 2), nn.Linear(e[4] // 2, e[4])

    def encode(self, x):
        features = [self.stem(x)]
        x = self.pool(features[0])
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features

    def embed(self, features):
        return self.fc2(F.relu(self.fc1(features[-1].mean((2, 3)))))

    def gate(self, v):
        return torch.sigmoid(self.aug_fc2(F.relu(self.aug_fc1(v))))[:, :, None, None]

    def decode(self, bottleneck, skips):
        x = bottleneck
        for block, skip in zip(self.blocks, [*reversed(skips), None]):
            x = block(x, skip)
        return self.head(x)

    def forward(self, x, teacher, alpha, gates=None):
        features = self.encode(x)
        own, other = features[-1], teacher[-1]
        if gates:
            own, other = own * self.gate(gates[0]), other * self.gate(gates[1])
        plain = self.decode(own, features[:-1])
        mix = lambda a, b: alpha * a + (1 - alpha) * b
        hybrid = self.decode(mix(own, other), [mix(a, b) for a, b in zip(features[:-1], teacher)])
        return self.embed(features), hybrid, plain


class Queue:
    def __init__(self, size=4096, n_data=1000):
        self.memory = (torch.rand(size, 128) * 2 - 1) / (128 / 3) ** 0.5
        self.size, self.n_data, self.place, self.z = size, n_data, 0, None

    def __call__(self, q, k):
        q = q / q.pow(2).sum(1, keepdim=True).sqrt()
        k = (k / k.pow(2).sum(1, keepdim=True).sqrt()).detach()
        out = torch.cat([(q * k).sum(1, keepdim=True), q @ self.memory.clone().t()], 1).div(0.2).exp()
        if self.z is None:
            self.z = int(out.mean().item() * self.n_data)
        out = out / self.z
        c = self.size / self.n_data
        found, refused = out[:, :1], out[:, 1:]
        loss = -(torch.log(found / (found + c + 1e-5)).sum() + torch.log(c / (refused + c + 1e-5)).sum()) / len(q)
        with torch.no_grad():
            rows = (torch.arange(len(k)) + self.place) % self.size
            self.memory.index_copy_(0, rows, k)
            self.place = (self.place + len(k)) % self.size
        return loss


def python_run(args):
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    student, teacher, queue = PCRL(args.width), PCRL(args.width), Queue()
    teacher.load_state_dict(student.state_dict())
    for parameter in teacher.parameters():
        parameter.requires_grad_(False)
    optimizer = torch.optim.SGD(student.parameters(), lr=0.001, momentum=0.9, weight_decay=1e-4)
    shape = (args.batch, 3, args.size, args.size)
    image = lambda length: torch.sin(torch.arange(torch.Size(shape).numel()) * length).view(shape)
    x1, x2, m1, m2, g1, g2 = (image(0.01 * i) for i in range(1, 7))
    v = torch.tensor([1.0, 0, 0, 1, 0, 0]).repeat(args.batch, 1)
    index = (torch.arange(args.batch) + 1) % args.batch
    mix = lambda y: 0.7 * y + 0.3 * y[index]

    def step():
        with torch.no_grad():
            t = teacher.encode(x2)
            k = teacher.embed(t)
        q, hybrid, plain = student(x1, t, 0.8, (v, v))
        o1 = queue(q, k)
        with torch.no_grad():
            t2 = teacher.encode(mix(x2))
            k2 = teacher.embed(t2)
        q2, hybrid2, plain2 = student(mix(x1), t2, 0.6)
        c2l = (o1 + queue(q2, k2) + queue(q2, mix(k))) / 3
        h1, h2 = mix(g1), mix(g2)
        mg = F.mse_loss(plain, m1) + F.mse_loss(plain2, h1) + F.mse_loss(hybrid, 0.8 * m1 + 0.2 * m2)
        mg = (mg + F.mse_loss(hybrid2, 0.6 * h1 + 0.4 * h2)) / 4
        loss = c2l + mg
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for target, source in zip(teacher.parameters(), student.parameters()):
                target.mul_(0.999).add_(source, alpha=0.001)
        loss.item()

    def use():
        with torch.no_grad():
            features = student.encode(x1)
            student.decode(features[-1], features[:-1])[0, 0, 0, 0].item()

    training = median(args.steps, step)
    student.eval()
    return training, median(2 * args.steps, use)


def median(times, work):
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    seconds = sorted(seconds[1:])
    return seconds[len(seconds) // 2]


def rust_run(args):
    words = [args.width, args.size, args.batch, args.threads, args.steps]
    out = json.loads(subprocess.run([args.rust, *map(str, words)], check=True, capture_output=True, text=True).stdout)
    return out["seconds"], out["inference"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--rust", default=str(ROOT / "target/release/examples/pcrl_step"))
    args = parser.parse_args()
    runs = [(python_run(args), rust_run(args)) for _ in range(3)]
    parameters = sum(p.numel() for p in PCRL(args.width).parameters())
    print(f"torch {torch.__version__}, {args.threads} thread(s), batch {args.batch} of {args.size} x {args.size}, {parameters} parameters")
    for place, what in enumerate(["training step", "inference"]):
        python, rust = (min(run[side][place] for run in runs) for side in (0, 1))
        print(f"{what:14} Python {python:.4f} s, Rust {rust:.4f} s, ratio {python / rust:.3f}   (goal: at least 1)")


if __name__ == "__main__":
    main()
