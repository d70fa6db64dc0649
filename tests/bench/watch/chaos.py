#!/usr/bin/env python3
"""Two watchers of one folder that are killed, stopped and told to read their pipeline again at random, while inputs come in
every way; then it is counted whether each input ended as it should.

    cargo xtask build
    tests/bench/watch/chaos.py [--seconds 60] [--seed 1] [--after {keep,done,delete}] [--folder DIR]

Volumes, no two alike and some of them broken, are renamed into place, copied slowly, or renamed from `.part`. In the end each
good one must have one result that equals it, and lie where `--after` says; each broken one must lie in `failed/` with its
`error.json` and have no result. Prints JSON, and exits with 1 where `wrong` is not empty. Needs nothing but Python's own
library.
"""

import argparse
import gzip
import json
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

PROGRAM = pathlib.Path(__file__).resolve().parents[3] / "target" / "release" / "voxloom"
PIPELINE = {
    "voxloom": 1,
    "about": "Writes what it has read",
    "params": {"input": {"type": "path"}, "output": {"type": "path"}},
    "graph": {
        "case": {"op": "imaging.cases", "params": {"path": "${input}"}},
        "volume": {"op": "imaging.read", "in": {"case": "case"}},
        "write": {"op": "imaging.write", "in": {"volume": "volume", "case": "case"}, "params": {"folder": "${output}", "content": "image"}},
    },
}
SHAPE = (10, 9, 8)
HEADER = 352


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--after", choices=["keep", "done", "delete"], default="done")
    parser.add_argument("--folder", type=pathlib.Path, default=None)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=words.folder) as name:
        told = Chaos(pathlib.Path(name), words.after, words.seed).run(words.seconds)
    print(json.dumps(told, indent=2))
    sys.exit(1 if told["wrong"] else 0)


def voxels(seed):
    n = SHAPE[0] * SHAPE[1] * SHAPE[2]
    return struct.pack(f"<{n}h", *(random.Random(seed).randrange(1000) for _ in range(n)))


def volume(seed):
    """NIfTI-1 of 16-bit integers, 1 mm, in RAS."""
    header = bytearray(HEADER)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *SHAPE, 1, 1, 1, 1)
    struct.pack_into("<hh", header, 70, 4, 16)
    struct.pack_into("<8f", header, 76, *[1.0] * 8)
    struct.pack_into("<f", header, 108, HEADER)
    struct.pack_into("<h", header, 254, 1)
    for row, offset in enumerate((280, 296, 312)):
        struct.pack_into("<4f", header, offset, *(1.0 if column == row else 0.0 for column in range(4)))
    header[344:348] = b"n+1\0"
    return bytes(header) + voxels(seed)


class Chaos:
    def __init__(self, base, after, seed):
        self.base, self.after, self.random = base, after, random.Random(seed)
        self.inputs, self.kills, self.stops, self.reloads = {}, 0, 0, 0
        (base / "in").mkdir()
        self.pipeline("one")
        self.watchers = [self.start(index) for index in range(2)]

    def pipeline(self, name):
        (self.base / "p.json").write_text(json.dumps({**PIPELINE, "about": name}))

    def start(self, index):
        words = "watch p.json --in in --out out --settle 0.2 --rescan 2 --items 2 --pause 1 --lease 3".split()
        after = [] if self.after == "keep" else [f"--{self.after}"]
        log = open(self.base / f"log {index}", "ab")
        return subprocess.Popen([PROGRAM, *words, "--ledger", f"{index}.sqlite", *after], cwd=self.base, stderr=log)

    def run(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.step()
            time.sleep(self.random.random() * 0.1)
        wrong = self.settled()
        for watcher in self.watchers:
            watcher.send_signal(signal.SIGTERM)
        codes = [watcher.wait() for watcher in self.watchers]
        if any(codes):
            wrong.append(f"exit codes {codes}")
        claims = [path.name for path in (self.base / "in/.voxloom/claims").iterdir()]
        wrong += [f"a claim is left: {name}" for name in claims]
        counts = {"inputs": len(self.inputs), "broken": sum(self.inputs.values())}
        return {**counts, "kills": self.kills, "stops": self.stops, "reloads": self.reloads, "wrong": wrong}

    def step(self):
        choice = self.random.random()
        which = self.random.randrange(len(self.watchers))
        if choice < 0.85:
            self.deliver(len(self.inputs))
        elif choice < 0.95:
            is_kill = choice < 0.92
            self.kills, self.stops = self.kills + is_kill, self.stops + (not is_kill)
            self.watchers[which].send_signal(signal.SIGKILL if is_kill else signal.SIGTERM)
            self.watchers[which].wait()
            self.watchers[which] = self.start(which)
        else:
            self.reloads += 1
            self.pipeline(self.random.choice(["one", "two"]))
            for watcher in self.watchers:
                watcher.send_signal(signal.SIGHUP)

    def deliver(self, index):
        name = self.random.choice(["", "a/", "b c/", "d/e/"]) + f"v{index}.nii"
        path = self.base / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.inputs[name] = self.random.random() < 0.1
        data = b"no volume %d" % index if self.inputs[name] else volume(index)
        how = self.random.choice(["rename", "slowly", "part"])
        if how == "slowly":
            with open(path, "wb") as file:
                for part in (data[: len(data) // 2], data[len(data) // 2 :]):
                    file.write(part)
                    file.flush()
                    time.sleep(0.05)
            return
        beside = self.base / f"{index}.nii" if how == "rename" else path.with_name(path.name + ".part")
        beside.write_bytes(data)
        os.rename(beside, path)

    def settled(self):
        """What is wrong when nothing changes any more; a minute is given."""
        until = time.monotonic() + 60
        while self.wrong() and time.monotonic() < until:
            time.sleep(0.5)
        # And nothing is undone again.
        time.sleep(3)
        return self.wrong()

    def wrong(self):
        return [text for name, is_broken in self.inputs.items() for text in self.wrong_of(name, is_broken)]

    def wrong_of(self, name, is_broken):
        source, result = self.base / "in" / name, self.base / "out" / name
        if (self.base / "out" / (name + ".2")).exists():
            yield f"{name}: two results"
        if is_broken:
            if result.exists() or not (self.base / "in/failed" / name / "error.json").exists():
                yield f"{name}: broken, and not failed"
            return
        files = sorted(result.glob("*.nii.gz"))
        if len(files) != 1 or gzip.decompress(files[0].read_bytes())[HEADER:] != voxels(int(pathlib.Path(name).stem[1:])):
            yield f"{name}: no result that equals it"
        is_done = (self.base / "in/done" / name).exists()
        if (source.exists(), is_done) != (self.after == "keep", self.after == "done"):
            yield f"{name}: not put away as it should be"


if __name__ == "__main__":
    main()
