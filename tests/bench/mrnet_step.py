#!/usr/bin/env python3
"""One training iteration and one inference of MRNet: these networks in Python against the ones in Rust, in one run.

    python3 -m venv VENV
    VENV/bin/pip install numpy torch==2.11.0
    cargo build --release -p voxloom-mrnet --example mrnet_step
    VENV/bin/python tests/bench/mrnet_step.py [--width 0.25] [--size 64 64] [--batch 4] [--threads 1] [--literal]

Both sides use libtorch 2.11.0 on the CPU and do the same arithmetic: the encoder runs once for the three conditions, the raters' heads stand before the
enlargement. With `--literal` Python does as the authors wrote it (three passes, heads at full size). An iteration is three conditions through three
networks, and three Adams. The two run by turns, three times each; the median of each run counts, and the best run of each side. Prints seconds
and the ratios Python / Rust: above 1, Rust is faster.
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
R, C = 6, 2


class Block(nn.Module):
    def __init__(self, c_in, c_out, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False), nn.BatchNorm2d(c_out)
        self.conv2, self.bn2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False), nn.BatchNorm2d(c_out)
        self.down = None
        if stride != 1 or c_in != c_out:
            self.down = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True)))
        return F.relu(y + (x if self.down is None else self.down(x)), inplace=True)


class Eim(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embed, self.gates = nn.Conv2d(R, c, 3, padding=1), nn.Conv2d(2 * c, 4 * c, 3, padding=1)

    def forward(self, x, weights):
        e = self.embed(weights[:, :, None, None].expand(-1, -1, *x.shape[2:]))
        i, f, o, g = self.gates(torch.cat([x, e], 1)).chunk(4, 1)
        return o.sigmoid() * torch.tanh(f.sigmoid() * e + i.sigmoid() * g.tanh())


class Up(nn.Module):
    def __init__(self, c_in, skip, c_out):
        super().__init__()
        self.enlarge, self.skip = nn.ConvTranspose2d(c_in, c_out, 2, 2), nn.Conv2d(skip, c_out, 1)
        self.bn = nn.BatchNorm2d(2 * c_out)

    def forward(self, x, skip):
        return self.bn(F.relu(torch.cat([self.enlarge(x), self.skip(skip)], 1), inplace=True))


class Coarse(nn.Module):
    def __init__(self, ch):
        super().__init__()
        a, b, c, d = ch(64), ch(128), ch(256), ch(512)
        wide = 2 * b
        self.stem = nn.Sequential(nn.Conv2d(3, a, 7, 2, 3, bias=False), nn.BatchNorm2d(a), nn.ReLU(inplace=True))
        stage = lambda i, o, n, s: nn.Sequential(Block(i, o, s), *(Block(o, o, 1) for _ in range(n - 1)))
        self.stages = nn.ModuleList([stage(a, a, 3, 1), stage(a, b, 4, 2), stage(b, c, 6, 2), stage(c, d, 3, 2)])
        self.eim = Eim(d)
        self.ups = nn.ModuleList([Up(d, c, b), Up(wide, b, b), Up(wide, a, b), Up(wide, a, b)])
        self.last = nn.ConvTranspose2d(wide, C, 2, 2)

    def encode(self, x):
        skips = [self.stem(x)]
        x = F.max_pool2d(skips[0], 3, 2, 1)
        for stage in self.stages:
            x = stage(x)
            skips.append(x)
        return skips

    def decode(self, skips, weights):
        x = self.eim(skips[4], weights)
        for up, skip in zip(self.ups, skips[3::-1]):
            x = up(x, skip)
        return self.last(x), x


class Reconstruction(nn.Module):
    def __init__(self, ch, literal):
        super().__init__()
        self.literal = literal
        self.fuse = nn.Conv2d(3 + C, 3, 3, padding=1)
        self.blocks, c_in = nn.ModuleList(), 3
        for width, n in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
            layers = []
            for _ in range(n):
                layers += [nn.Conv2d(c_in, ch(width), 3, padding=1), nn.BatchNorm2d(ch(width)), nn.PReLU()]
                c_in = ch(width)
            self.blocks.append(nn.Sequential(*layers))
        d, c, low = ch(512), ch(256), ch(48)
        self.eim, self.up = Eim(d), nn.ConvTranspose2d(d, d, 2, 2)
        norm = lambda i, o, k, r=1: nn.Sequential(nn.Conv2d(i, o, k, padding=r if k == 3 else 0, dilation=r, bias=False), nn.BatchNorm2d(o))
        self.aspp = nn.ModuleList([norm(d, c, 1), norm(d, c, 3, 6), norm(d, c, 3, 12), norm(d, c, 3, 18)])
        self.pool, self.pool_act = norm(d, c, 1), nn.PReLU()
        self.merge, self.low = norm(5 * c, c, 1), norm(c, low, 1)
        self.first, self.second, self.act = norm(c + low, c, 3), norm(c, c, 3), nn.PReLU()
        self.heads = nn.ModuleList(nn.Conv2d(c, C, 1) for _ in range(R))

    def encode(self, image, maps):
        x = self.fuse(torch.cat([image, maps], 1))
        seen, low = [x], None
        for i, block in enumerate(self.blocks):
            x = block(x)
            low = x if i == 2 else low
            x = F.max_pool2d(x, 2, 2, ceil_mode=True) if i < 4 else x
            seen.append(x)
        return seen, low

    def forward(self, image, maps, weights):
        size = lambda x, like: F.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=True)
        seen, low = self.encode(image, maps)
        h = self.up(self.eim(seen[5], weights))
        sums = []
        for branch in self.aspp:
            a = F.relu(branch(h), inplace=True)
            sums.append(a if not sums else sums[-1] + a)
        sums.append(sums[-1] + self.pool_act(self.pool(h.mean((2, 3), keepdim=True))))
        x = size(F.relu(self.merge(torch.cat(sums, 1)), inplace=True), low)
        x = torch.cat([x, F.relu(self.low(low), inplace=True)], 1)
        x = self.act(self.second(F.relu(self.first(x), inplace=True)))
        if self.literal:
            x = size(x, image)
            return torch.stack([head(x) for head in self.heads], 1)
        return size(torch.cat([head(x) for head in self.heads], 1), image).view(-1, R, C, *image.shape[2:])


class Perception(nn.Module):
    def __init__(self, ch):
        super().__init__()
        c, wide = ch(64), 2 * ch(128)
        layers = [nn.ConvTranspose2d(wide, c, 2, 2), nn.BatchNorm2d(c), nn.PReLU()]
        for _ in range(2):
            layers += [nn.Conv2d(c, c, 3, padding=1), nn.BatchNorm2d(c), nn.PReLU()]
        self.block, self.pred = nn.Sequential(*layers), nn.Conv2d(2 * C * c, C, 3, padding=1)
        x = torch.arange(31) - 15.0
        g = torch.exp(-0.5 * (x / 5.3) ** 2)
        self.kernel = nn.Parameter((g[:, None] * g / g.sum() ** 2)[None, None])

    def forward(self, raters, features, logits):
        f = self.block(features)
        maps = [*logits.sigmoid().split(1, 1)[::-1], *raters.sigmoid().std(1).split(1, 1)[::-1]]
        out = []
        for m in maps:
            b = F.conv2d(m, self.kernel, padding=15)
            flat = b.flatten(2)
            least, most = flat.min(2, keepdim=True)[0][..., None], flat.max(2, keepdim=True)[0][..., None]
            out.append(f * torch.maximum((b - least) / (most - least + 1e-8), m) + f)
        return self.pred(torch.cat(out, 1))


bce = F.binary_cross_entropy_with_logits


def networks(args):
    ch = lambda n: max(4, round(n * args.width))
    return Coarse(ch), Reconstruction(ch, args.literal), Perception(ch)


def iterate(nets, optimizers, image, masks, literal):
    coarse, recon, percept = nets
    n = len(image)
    one = F.one_hot(torch.randint(R, (n,)), R).float()
    some = torch.randint(1, 11, (n, R)).float()
    weights = [one, some / some.sum(1, keepdim=True), torch.full((n, R), 1 / R)]
    targets = [(c[:, :, None, None, None] * masks).sum(1) for c in weights]
    total = lambda terms: (terms[0] + 2 * terms[1] + 3 * terms[2]) / 6
    skips = None if literal else coarse.encode(image)
    passes = [coarse.decode(coarse.encode(image) if literal else skips, c) for c in weights]
    maps = [z.detach() for z, _ in passes]
    raters = [recon(image, z, c) for z, c in zip(maps, weights)]
    loss = sum(bce(r[:, i], masks[:, i]) for r in raters for i in range(R)) / (3 * R)
    step(optimizers[1], loss)
    with torch.no_grad():
        a, b = recon.encode(image, maps[2])[0], recon.encode(image, targets[2])[0]
        agreement = sum(((x - y + 1e-6) ** 2).mean() * x.shape[-1] for x, y in zip(a, b)) / 1000
    step(optimizers[0], 0.7 * total([bce(z, y) for (z, _), y in zip(passes, targets)]) + 0.3 * agreement)
    refined = [percept(r.detach(), f.detach(), z) for r, (_, f), z in zip(raters, passes, maps)]
    step(optimizers[2], total([bce(s, y) for s, y in zip(refined, targets)]))


def step(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def infer(nets, image):
    coarse, recon, percept = nets
    weights = torch.full((len(image), R), 1 / R)
    with torch.no_grad():
        z, f = coarse.decode(coarse.encode(image), weights)
        return percept(recon(image, z, weights), f, z)[0, 0, 0, 0].item()


def median(times):
    times = sorted(times[1:])
    return times[len(times) // 2]


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def python_run(args):
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    h, w = args.size
    nets = networks(args)
    optimizers = [torch.optim.Adam(net.parameters(), lr=1e-4, weight_decay=5e-4) for net in nets]
    image = torch.sin(torch.arange(args.batch * 3 * h * w) * 0.01).view(args.batch, 3, h, w)
    masks = torch.stack([image[:, i % 3] > 0.05 * i for i in range(R * C)], 1).float().view(-1, R, C, h, w)
    training = median([timed(lambda: iterate(nets, optimizers, image, masks, args.literal)) for _ in range(args.steps)])
    for net in nets:
        net.eval()
    return training, median([timed(lambda: infer(nets, image)) for _ in range(args.steps)])


def rust_run(args):
    words = [args.width, *args.size, args.batch, args.threads, args.steps]
    out = subprocess.run([args.rust, *map(str, words)], check=True, capture_output=True, text=True).stdout
    found = json.loads(out)
    return found["training"], found["inference"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--size", type=int, nargs=2, default=[64, 64])
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--literal", action="store_true")
    parser.add_argument("--rust", default=str(ROOT / "target/release/examples/mrnet_step"))
    args = parser.parse_args()
    runs = [(python_run(args), rust_run(args)) for _ in range(3)]
    numbers = sum(p.numel() for net in networks(args) for p in net.parameters())
    how = "as the authors wrote it" if args.literal else "the same arithmetic"
    print(f"torch {torch.__version__}, {args.threads} thread(s), batch {args.batch} of {args.size}, {numbers} parameters, Python: {how}")
    for i, name in enumerate(("training", "inference")):
        python, rust = min(run[0][i] for run in runs), min(run[1][i] for run in runs)
        print(f"{name:10} Python {python:.4f} s, Rust {rust:.4f} s, ratio {python / rust:.3f}   (goal: at least 1)")


if __name__ == "__main__":
    main()
