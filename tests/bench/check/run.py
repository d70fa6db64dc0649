"""Wall time of `voxloom check` for a file of 200 nodes, plugins cached: `python3 tests/bench/check/run.py` after `cargo xtask build`.

The whole program is timed: start, plugins found in the cache, file read and checked, end. Goal: under 20 ms.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
PROGRAM = os.path.join(ROOT, "target", "release", "voxloom")
NODES = 200
RUNS = 30
GOAL_MS = 20.0


def main():
    graph = {"n0": {"op": "synthetic.volume", "params": {"shape": [8, 8, 8]}}}
    for number in range(1, NODES):
        # Parameters differ, so that every node is checked for itself.
        graph[f"n{number}"] = {
            "op": "template.threshold",
            "in": {"volume": f"n{number - 1}"},
            "params": {"low": number / 1000, "high": 1.0},
        }
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "chain.json")
        with open(file, "w") as out:
            json.dump({"voxloom": 1, "graph": graph}, out, indent=2)
        environment = dict(os.environ, XDG_CACHE_HOME=os.path.join(folder, "cache"))
        first = check(file, environment)
        times = [check(file, environment) for _ in range(RUNS)]
    median = statistics.median(times)
    print(f"{NODES} nodes: first {first:.0f} ms (plugins scanned), then median {median:.1f} ms, least {min(times):.1f} ms of {RUNS}")
    print(f"{'goal met' if median < GOAL_MS else 'goal missed'}: {median:.1f} ms / {GOAL_MS:.0f} ms = {median / GOAL_MS:.2f}")
    sys.exit(0 if median < GOAL_MS else 1)


def check(file, environment):
    began = time.perf_counter()
    done = subprocess.run([PROGRAM, "check", file], env=environment, capture_output=True, text=True)
    took = (time.perf_counter() - began) * 1e3
    if done.returncode != 0:
        sys.exit(f"error: {done.stderr}")
    return took


if __name__ == "__main__":
    main()
