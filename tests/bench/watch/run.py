#!/usr/bin/env python3
"""The watched folder against two that do the same with the same files and threads: a shell loop that calls `voxloom run` on
each file, and a Python program with watchdog and the same network in PyTorch (watchdog_torch.py).

    cargo build --release -p voxloom-watch --example measure
    cargo xtask build
    python3 -m venv VENV && VENV/bin/pip install torch==2.11.0 watchdog nibabel safetensors scipy
    tests/bench/watch/run.py [--python VENV/bin/python] [--files N] [--folder DIR]

prints JSON: what the watcher itself costs for each input (examples/measure), then seconds a volume for each, taken in
turns: `whole` with the start of the program, `steady` from its first result to its last. `times` is the other divided by the
watched folder: above 1, the watched folder is faster. `--folder` lies on the disk that is measured. Without `--python` that
peer is left out, and nothing but Python's own library is needed.
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
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", type=pathlib.Path, default=None)
    parser.add_argument("--measure", type=pathlib.Path, default=BUILT / "examples" / "measure")
    parser.add_argument("--python", type=pathlib.Path, default=None)
    words = parser.parse_args()
    ways = {"watch": watch, "loop": loop}
    if words.python:
        ways["python"] = lambda place, names, threads: python(words.python, place, names, threads)
    volumes = sorted((ROOT / "pipelines/dodnet/hippocampus/imagesTr").glob("*.nii.gz"))[:words.files]
    whole, steady = {way: [] for way in ways}, {way: [] for way in ways}
    report = {}
    with tempfile.TemporaryDirectory(dir=words.folder) as name:
        folder = pathlib.Path(name)
        (folder / "cost").mkdir()
        measured = subprocess.run([words.measure, folder / "cost"], check=True, capture_output=True, text=True)
        report["own_cost"] = json.loads(measured.stdout)
        for turn in range(words.rounds):
            for way, run in ways.items():
                place = folder / f"{way}{turn}"
                (place / "in").mkdir(parents=True)
                names = [place / "in" / volume.name for volume in volumes]
                for volume, copy in zip(volumes, names):
                    shutil.copyfile(volume, copy)
                began = time.perf_counter()
                run(place, names, words.threads)
                whole[way].append((time.perf_counter() - began) / len(names))
                made = sorted(path.stat().st_mtime for path in results(place / "out"))
                assert len(made) == len(names), f"{way}: {len(made)} of {len(names)} are done"
                steady[way].append((made[-1] - made[0]) / (len(made) - 1))
        if words.python:
            compare = [words.python, HERE / "same_labels.py", folder / "watch0/out", folder / "python0/out"]
            report["lowest_dice_with_python"] = float(subprocess.run(compare, check=True, capture_output=True, text=True).stdout)
    report |= {"files": len(volumes), "rounds": words.rounds, "threads": words.threads}
    for name, times in (("whole", whole), ("steady", steady)):
        seconds = {way: statistics.median(values) for way, values in times.items()}
        report[name] = {
            "seconds_a_volume": {way: round(value, 4) for way, value in seconds.items()},
            "times": {way: round(value / seconds["watch"], 2) for way, value in seconds.items() if way != "watch"},
        }
    print(json.dumps(report, indent=2))


def results(output):
    """Labels: OUT/<name>/<name> where the program makes folders, else OUT/<name>."""
    return [path for path in output.rglob("*.nii.gz") if path.is_file() and ".voxloom" not in path.parts]


def watch(place, names, threads):
    subprocess.run(
        [PROGRAM, "watch", ROOT / "pipelines/dodnet/predict.json", "--in", place / "in", "--out", place / "out", "--ledger", place / "ledger",
         "--settle", "0", "--once", "--device", "cpu", "--threads", str(threads), "--quiet"],
        check=True,
    )


def loop(place, names, threads):
    for name in names:
        subprocess.run(
            [PROGRAM, "run", ROOT / "pipelines/dodnet/predict.json", "--set", f"input={name}", "--set", f"output={place / 'out' / name.name}",
             "--device", "cpu", "--threads", str(threads), "--quiet"],
            check=True, stdout=subprocess.DEVNULL,
        )


def python(program, place, names, threads):
    subprocess.run(
        [program, HERE / "watchdog_torch.py", "--in", place / "in", "--out", place / "out", "--threads", str(threads),
         "--count", str(len(names))],
        check=True,
    )


if __name__ == "__main__":
    main()
