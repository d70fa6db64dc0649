#!/usr/bin/env python3
"""A watched folder under steady load: does its memory stay flat, and what do 100,000 waiting files cost?

    cargo xtask build
    tests/bench/watch/soak.py [--minutes 10 | --items 20000] [--waiting 100000] [--folder DIR]

First, small volumes, no two alike, are renamed into the folder as fast as they are worked on (cheap.json; never more than
`--backlog` ahead), while memory, open files, the ledger and the backlog of the program are sampled. Then a new watcher is
started on a folder that holds `--waiting` files and a HALT file, so that it only looks and waits.

Prints JSON. `rss_slope_kib_per_1000` is the line of least squares through all samples but those of the first quarter, which
fill caches. Needs nothing but Python's own library, and /proc.
"""

import argparse
import json
import pathlib
import shutil
import signal
import sqlite3
import statistics
import struct
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = ROOT / "target" / "release" / "voxloom"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=None, help="so long instead of --items")
    parser.add_argument("--backlog", type=int, default=200)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--lanes", type=int, default=1, help="inputs at one time")
    parser.add_argument("--after", choices=["keep", "done", "delete"], default="delete")
    parser.add_argument("--folder", type=pathlib.Path, default=None)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=words.folder) as name:
        report = {"steady": steady(pathlib.Path(name) / "steady", words)}
    with tempfile.TemporaryDirectory(dir=words.folder) as name:
        report["waiting"] = waiting(pathlib.Path(name) / "waiting", words.waiting)
    print(json.dumps(report, indent=2))


def steady(place, words):
    (place / "in").mkdir(parents=True)
    watcher = start(place, "--items", str(words.lanes), f"--{words.after}")
    began, made, samples = time.monotonic(), 0, []
    until = lambda: words.minutes is not None and time.monotonic() - began > 60 * words.minutes
    n_items = words.items if words.minutes is None else float("inf")
    while not (made >= n_items or until()):
        done = count(place, "done")
        while made < min(n_items, done + words.backlog):
            hidden = place / "in" / ".next"
            hidden.write_bytes(volume(made))
            hidden.rename(place / "in" / f"{made}.nii")
            made += 1
            if made % 1000 == 0:
                # Results are not what is measured, and would fill the disk.
                clear(place / "out", made - 1000)
        samples.append({**look(place, watcher), "done": done, "backlog": made - done})
        time.sleep(0.5)
    while count(place, "done") < made:
        assert watcher.poll() is None, "the watcher has died"
        time.sleep(0.2)
    seconds = time.monotonic() - began
    samples.append({**look(place, watcher), "done": made, "backlog": 0})
    failed = count(place, "failed")
    stop(watcher)
    quarter = max(1, len(samples) // 4)
    first, last, later = samples[:quarter], samples[-quarter:], samples[quarter:]
    mean = lambda part, key: round(statistics.fmean(sample[key] for sample in part), 1)
    slope = statistics.linear_regression([sample["done"] / 1000 for sample in later], [sample["rss_kib"] for sample in later]).slope
    return {
        "items": made,
        "failed": failed,
        "seconds": round(seconds),
        "ms_an_item": round(1000 * seconds / made, 2),
        "rss_slope_kib_per_1000": round(slope, 1),
        "rss_kib": {"first_quarter": mean(first, "rss_kib"), "last_quarter": mean(last, "rss_kib")},
        "open_files": {"first_quarter": mean(first, "open_files"), "last_quarter": mean(last, "open_files")},
        "threads": {"first_quarter": mean(first, "threads"), "last_quarter": mean(last, "threads")},
        "ledger_bytes_an_item": round(samples[-1]["ledger"] / made),
        "log_of_ledger_kib_most": round(max(sample["log"] for sample in samples) / 1024),
        "backlog_most": max(sample["backlog"] for sample in samples),
    }


def waiting(place, n):
    (place / "in").mkdir(parents=True)
    (place / "in" / "HALT").touch()
    for index in range(n):
        folder = place / "in" / str(index // 1000)
        folder.mkdir(exist_ok=True)
        (folder / f"{index}.nii").write_bytes(b"a few bytes")
    began = time.monotonic()
    watcher = start(place)
    most = min(n, 10_000)
    while count(place, "waiting") < most:
        assert watcher.poll() is None, "the watcher has died"
        time.sleep(0.05)
    seconds = time.monotonic() - began
    first = look(place, watcher)
    time.sleep(20)
    later = look(place, watcher)
    stop(watcher)
    return {
        "files": n,
        "seconds_until_the_queue_is_full_and_recorded": round(seconds, 2),
        "rss_kib": {"then": first["rss_kib"], "20_s_later": later["rss_kib"]},
        "cpu_s": {"then": first["cpu_s"], "20_s_later": later["cpu_s"]},
    }


def start(place, *more):
    return subprocess.Popen(
        [PROGRAM, "watch", HERE / "cheap.json", "--in", place / "in", "--out", place / "out", "--ledger", place / "ledger",
         "--settle", "0", "--device", "cpu", "--threads", "1", "--quiet", *more],
    )


def stop(watcher):
    watcher.send_signal(signal.SIGTERM)
    assert watcher.wait(timeout=60) == 0


def volume(number):
    """A NIfTI file of 8 x 8 x 8 voxels that holds its number."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, 8, 8, 8, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 2, 8)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 0, 0, 0, 0)
    struct.pack_into("<2f", header, 108, 352, 1)
    struct.pack_into("<2h", header, 252, 0, 1)
    for row in range(3):
        struct.pack_into("<f", header, 280 + 20 * row, 1)
    header[344:348] = b"n+1\0"
    return bytes(header) + number.to_bytes(8, "little") * 64


def count(place, state):
    try:
        ledger = sqlite3.connect(f"file:{place / 'ledger'}?mode=ro", uri=True, timeout=5)
        try:
            return ledger.execute("SELECT count(*) FROM item WHERE state = ?", [state]).fetchone()[0]
        finally:
            ledger.close()
    except sqlite3.OperationalError:
        return 0


def look(place, watcher):
    process = pathlib.Path("/proc") / str(watcher.pid)
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    times = (process / "stat").read_text().rsplit(")", 1)[1].split()
    size = lambda name: (place / name).stat().st_size if (place / name).exists() else 0
    return {
        "rss_kib": int(status["VmRSS"].split()[0]),
        "threads": int(status["Threads"]),
        "open_files": len(list((process / "fd").iterdir())),
        "cpu_s": (int(times[11]) + int(times[12])) / 100,
        "ledger": size("ledger"),
        "log": size("ledger-wal"),
    }


def clear(output, below):
    for result in output.glob("*.nii"):
        if int(result.stem) < below:
            shutil.rmtree(result)


if __name__ == "__main__":
    main()
