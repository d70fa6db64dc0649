#!/usr/bin/env python3
"""The watched folder against a shell loop that calls `voxloom run` on each file: the same pipeline, files and threads.

    cargo build --release -p voxloom-watch --example measure
    cargo xtask build
    tests/bench/watch/run.py [--files N] [--folder DIR]

prints JSON: what the watcher itself costs for each input (examples/measure.rs), then seconds a volume for both, taken in turns.
`--folder` lies on the disk that is measured. Needs nothing but Python's own library.
"""

import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = pathlib.Path(__file__).resolve().parent
BUILT = ROOT / "target" / "release"
PROGRAM = BUILT / "voxloom"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", type=pathlib.Path, default=None)
    parser.add_argument("--measure", type=pathlib.Path, default=BUILT / "examples" / "measure")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=words.folder) as name:
        folder = pathlib.Path(name)
        (folder / "cost").mkdir()
        measured = subprocess.run([words.measure, folder / "cost"], check=True, capture_output=True, text=True)
        volumes = sorted((ROOT / "pipelines/dodnet/hippocampus").rglob("*.nii.gz"))
        volumes = [volume for volume in volumes if "label" not in str(volume.relative_to(ROOT)).lower()]
        times = {"watch": [], "loop": []}
        for turn in range(words.rounds):
            for way, run in (("watch", watch), ("loop", loop)):
                place = folder / f"{way}{turn}"
                (place / "in").mkdir(parents=True)
                names = []
                for volume in volumes[:words.files]:
                    names.append(place / "in" / volume.name)
                    shutil.copyfile(volume, names[-1])
                began = time.perf_counter()
                run(place, names, words.threads)
                times[way].append((time.perf_counter() - began) / len(names))
    seconds = {way: round(statistics.median(values), 4) for way, values in times.items()}
    print(json.dumps({
        "own_cost": json.loads(measured.stdout),
        "files": min(words.files, len(volumes)),
        "threads": words.threads,
        "seconds_a_volume": seconds,
        "times_faster": round(seconds["loop"] / seconds["watch"], 2),
    }, indent=2))


def watch(place, names, threads):
    subprocess.run(
        [PROGRAM, "watch", HERE / "segment.json", "--in", place / "in", "--out", place / "out", "--ledger", place / "ledger",
         "--settle", "0", "--once", "--device", "cpu", "--threads", str(threads), "--quiet"],
        check=True,
    )
    done = sum(1 for _ in (place / "out").glob("*/report.json"))
    assert done == len(names), f"{done} of {len(names)} are done"


def loop(place, names, threads):
    for name in names:
        subprocess.run(
            [PROGRAM, "run", HERE / "segment.json", "--set", f"input={name}", "--set", f"output={place / 'out' / name.name}",
             "--device", "cpu", "--threads", str(threads), "--quiet"],
            check=True, stdout=subprocess.DEVNULL,
        )


if __name__ == "__main__":
    main()
