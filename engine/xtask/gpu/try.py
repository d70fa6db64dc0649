"""Tries Voxloom's CUDA lanes on this machine: `python3 try.py [more --set name=value]`.

Needs an NVIDIA GPU and Python with torch 2.11.0 for CUDA 13; nothing else is installed or compiled.
Prints, for 1, 2 and 4 streams: whether the labels equal those of the CPU lanes, cases per second, and how much the
lanes overlapped (busy time of all lanes divided by wall time). Ends with 1 where labels differ in more than one voxel
of a thousand: other kernels round otherwise, so that a tie at an edge may fall the other way.
"""

import glob
import gzip
import importlib.util
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PIPELINE = os.path.join(HERE, "pipelines", "dodnet", "segment.json")
TOLERANCE = 1e-3


def main():
    environment = with_libtorch()
    more = [part for value in sys.argv[1:] if value != "--set" for part in ("--set", value)]
    wall, _ = run(environment, "cpu", ["--device", "cpu"], more)
    cases = len(labels("cpu"))
    if cases == 0:
        sys.exit("error: the run on CPU lanes wrote no label volume")
    print(f"cpu           {cases} cases in {wall:6.1f} s   {cases / wall:6.2f} cases/s")
    failed = False
    for streams in (1, 2, 4):
        folder = f"cuda-{streams}"
        wall, busy = run(environment, folder, ["--device", "cuda", "--lanes", str(streams)], more)
        share = difference("cpu", folder)
        failed |= share > TOLERANCE
        print(
            f"{streams} stream(s)   {cases} cases in {wall:6.1f} s   {cases / wall:6.2f} cases/s   "
            f"lanes busy {busy / wall:5.2f} at once   voxels that differ {share:.2e}"
        )
    print("FAILED: the labels are not those of the CPU lanes" if failed else "ok: the labels are those of the CPU lanes")
    sys.exit(1 if failed else 0)


def with_libtorch():
    found = importlib.util.find_spec("torch")
    if found is None:
        sys.exit("error: python3 has no torch; install it: python3 -m pip install torch==2.11.0")
    folder = found.submodule_search_locations[0]
    with open(os.path.join(folder, "version.py")) as file:
        version = next(line.split("'")[1] for line in file if line.startswith("__version__"))
    if not version.startswith("2.11."):
        sys.exit(f"error: the plugins were built for libtorch 2.11, python3 has {version}")
    libraries = [os.path.join(folder, "lib")] + glob.glob(os.path.join(os.path.dirname(folder), "nvidia", "*", "lib"))
    path = os.pathsep.join(libraries + [os.environ.get("LD_LIBRARY_PATH", "")]).strip(os.pathsep)
    print(f"libtorch {version} in {folder}")
    return dict(os.environ, VOXLOOM_LIBTORCH=folder, LIBTORCH=folder, LD_LIBRARY_PATH=path)


def run(environment, folder, options, more):
    """Runs the pipeline into `folder`; wall time in seconds, and the sum of the lanes' busy time."""
    trace = os.path.join(HERE, folder + ".trace.json")
    command = [os.path.join(HERE, "voxloom"), "--plugins", os.path.join(HERE, "plugins"), "run", PIPELINE]
    command += ["--set", "output=" + os.path.join(HERE, folder), "--trace", trace, "--seed", "0"] + options + more
    started = time.monotonic()
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wall = time.monotonic() - started
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(command)}\n{done.stderr}")
    with open(trace) as file:
        events = json.load(file)
    events = events["traceEvents"] if isinstance(events, dict) else events
    busy = sum(event.get("dur", 0) for event in events if event.get("ph") == "X") / 1e6
    return wall, busy


def labels(folder):
    return sorted(glob.glob(os.path.join(HERE, folder, "**", "*.nii.gz"), recursive=True))


def difference(one, other):
    """The largest share of bytes, over all label volumes, in which two folders differ."""
    worst = 0.0
    for path in labels(one):
        twin = os.path.join(HERE, other, os.path.relpath(path, os.path.join(HERE, one)))
        if not os.path.exists(twin):
            sys.exit(f"error: {twin} is missing")
        with gzip.open(path) as first, gzip.open(twin) as second:
            a, b = first.read(), second.read()
        if len(a) != len(b):
            sys.exit(f"error: {twin} has another size than {path}")
        worst = max(worst, sum(x != y for x, y in zip(a, b)) / max(1, len(a)))
    return worst


if __name__ == "__main__":
    main()
