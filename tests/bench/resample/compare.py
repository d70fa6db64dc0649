"""Resampling against scipy: equality on the same coordinates, and the ratio of times on the same cores, in one run.

Needs numpy and scipy, and the example built:
    cargo build --release -p voxloom-imaging --example resample
    python tests/bench/resample/compare.py            # equality and times
    python tests/bench/resample/compare.py --no-times # equality alone
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import scipy
from scipy import ndimage

ROOT = pathlib.Path(__file__).resolve().parents[3]
ORDER = {"nearest": 0, "linear": 1, "cubic": 3}
MODE = {"edge": "nearest", "mirror": "mirror", "reflect": "reflect", "7.5": "grid-constant"}
REPEATS = 5  # the best counts, for both
# Largest |difference| / (largest |value|): the kernels work in float32, scipy in float64.
TOLERANCE = {"nearest": 0.0, "linear": 5e-7, "cubic": 2e-6}


def ours(program, folder, volume, axes, interpolation, border, threads, repeats):
    source, target = folder / "in.raw", folder / "out.raw"
    volume.tofile(source)
    shape = ",".join(map(str, volume.shape))
    command = [program, source, shape, target, *axes, interpolation, border, threads, repeats]
    seconds = float(subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout)
    return np.fromfile(target, np.float32), seconds


def zoomed(volume, size, interpolation, border):
    factors = [(n + 1e-9) / o for n, o in zip(size, volume.shape)]
    return ndimage.zoom(
        volume, factors, order=ORDER[interpolation], mode=MODE[border], cval=7.5, grid_mode=True, output=np.float32
    )


def mapped(volume, grid, interpolation, border):
    axes = [start + step * np.arange(n) for start, step, n in grid]
    coordinates = np.meshgrid(*axes, indexing="ij")
    return ndimage.map_coordinates(
        volume, coordinates, order=ORDER[interpolation], mode=MODE[border], cval=7.5, output=np.float32
    )


def equality(program, folder):
    random = np.random.default_rng(0)
    worst = {name: 0.0 for name in ORDER}
    cases = [
        ((13, 17, 23), ("zoom", (20, 9, 23))),
        ((33, 40, 29), ("zoom", (33, 61, 15))),
        ((1, 5, 70), ("zoom", (3, 5, 35))),
        ((12, 12, 12), ("zoom", (18, 9, 16))),
        ((16, 21, 18), ("grid", ((-3.31, 0.7, 30), (20.0, -1.0, 21), (2.25, 0.9, 12)))),
    ]
    failed = False
    for shape, (kind, target) in cases:
        volume = random.normal(0, 300, shape).astype(np.float32)
        if kind == "zoom":
            axes = [f"zoom:{n}" for n in target]
        else:
            axes = [f"{start}:{step}:{n}" for start, step, n in target]
        for interpolation in ORDER:
            for border in MODE:
                reference = (zoomed if kind == "zoom" else mapped)(volume, target, interpolation, border)
                result, _ = ours(program, folder, volume, axes, interpolation, border, 1, 1)
                error = np.abs(result - reference.ravel()).max() / np.abs(volume).max()
                worst[interpolation] = max(worst[interpolation], error)
                if error > TOLERANCE[interpolation]:
                    failed = True
                    print(f"DIFFERS {shape} {kind} {target} {interpolation} {border}: {error:.2e}")
    for name, error in worst.items():
        print(f"equality  {name:8} largest difference {error:.1e} of the largest value (tolerance {TOLERANCE[name]:.0e})")
    return not failed


def times(program, folder, threads):
    random = np.random.default_rng(1)
    fast = True
    for shape, size in [((120, 256, 256), (160, 192, 192)), ((60, 192, 192), (120, 256, 256))]:
        volume = random.normal(0, 300, shape).astype(np.float32)
        axes = [f"zoom:{n}" for n in size]
        for interpolation in ORDER:
            theirs = float("inf")
            for _ in range(REPEATS):
                start = time.perf_counter()
                zoomed(volume, size, interpolation, "edge")
                theirs = min(theirs, time.perf_counter() - start)
            _, mine = ours(program, folder, volume, axes, interpolation, "edge", threads, REPEATS)
            ratio = theirs / mine
            fast &= ratio >= 5
            print(
                f"time      {shape} -> {size} {interpolation:8} scipy {theirs:7.3f} s  "
                f"voxloom {mine:7.3f} s ({threads} thread)  ratio {ratio:5.1f}"
            )
    return fast


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "target/release/examples/resample")
    parser.add_argument("--threads", type=int, default=1, help="threads of ours; scipy has one (default 1)")
    parser.add_argument("--no-times", action="store_true")
    arguments = parser.parse_args()
    print(f"scipy {scipy.__version__}, numpy {np.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        good = equality(arguments.program, folder)
        if not arguments.no_times:
            good &= times(arguments.program, folder, arguments.threads)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
