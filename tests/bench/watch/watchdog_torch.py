#!/usr/bin/env python3
"""The same work as `voxloom watch pipelines/dodnet/predict.json`, as one writes it in Python: watchdog, nibabel and PyTorch.

    python3 -m venv VENV
    VENV/bin/pip install torch==2.11.0 watchdog nibabel safetensors scipy
    VENV/bin/python tests/bench/watch/watchdog_torch.py --in FOLDER --out FOLDER [--threads N] [--count N]

Every file that lies in the folder or is closed or renamed there is segmented by the shipped hippocampus network (that of
tests/bench/dodnet_step.py, loaded once), and its labels appear as OUT/<name>. `--count` ends after so many. There is no ledger,
no claim, no flush, no preview and no report: what the watched folder does besides is not asked of it.
"""

import argparse
import os
import pathlib
import queue
import re
import sys

import nibabel
import numpy
import torch
from safetensors.torch import load_file
from scipy import ndimage
from torch.nn import functional as F
from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "bench"))

from dodnet_step import DoDNet  # noqa: E402

# As in predict.json.
WEIGHTS = ROOT / "pipelines" / "dodnet" / "hippocampus.safetensors"
TASKS = 2
WIDTH = 0.25
WINDOW = (48, 64, 48)
BEYOND = -1.5
PERCENTILES = (0.5, 99.5)
THRESHOLD = 0.5


def network():
    net = DoDNet(WIDTH, TASKS, classes=1)
    # Checkpoints number the blocks of a layer, also where there is only one.
    plain = lambda name: re.sub(r"^(layer0|x\d_resb)\.0\.", r"\1.", name)
    net.load_state_dict({plain(name): value for name, value in load_file(WEIGHTS).items()})
    return net.eval()


def prepared(image):
    """Clipped to percentiles, mean 0, standard deviation 1; `[z, y, x]`."""
    values = image.get_fdata(dtype=numpy.float32).transpose(2, 1, 0)
    values = values.clip(*numpy.percentile(values, PERCENTILES)).astype(numpy.float64)
    return torch.from_numpy(((values - values.mean()) / max(values.std(), 1e-8)).astype(numpy.float32))


@torch.inference_mode()
def segmented(net, volume):
    """The strongest task above the threshold, each its largest piece."""
    missing = [window - size for window, size in zip(WINDOW, volume.shape)]
    if min(missing) < 0:
        raise ValueError(f"{tuple(volume.shape)} is larger than the one window {WINDOW} of this script")
    patch = F.pad(volume, (0, missing[2], 0, missing[1], 0, missing[0]), value=BEYOND)[None, None]
    last, pooled = net.features(patch)
    scores = torch.cat([net.heads(last, pooled, torch.tensor([task])).sigmoid()[0] for task in range(TASKS)])
    scores = scores[:, :volume.shape[0], :volume.shape[1], :volume.shape[2]]
    best, task = scores.max(0)
    labels = ((task + 1) * (best > THRESHOLD)).numpy().astype(numpy.uint8)
    touching = ndimage.generate_binary_structure(3, 2)
    for value in range(1, TASKS + 1):
        pieces, count = ndimage.label(labels == value, touching)
        if count > 1:
            largest = 1 + numpy.bincount(pieces.ravel())[1:].argmax()
            labels[(pieces > 0) & (pieces != largest)] = 0
    return labels


def work(net, path, output):
    image = nibabel.as_closest_canonical(nibabel.load(path))
    if not numpy.allclose(image.header.get_zooms()[:3], 1, atol=1e-3):
        raise ValueError(f"{path.name}: voxels of {image.header.get_zooms()[:3]} mm, this script takes 1 mm only")
    labels = segmented(net, prepared(image))
    hidden = output / f".part-{path.name}"
    nibabel.save(nibabel.Nifti1Image(labels.transpose(2, 1, 0), image.affine), hidden)
    os.replace(hidden, output / path.name)


class Arrivals(FileSystemEventHandler):
    def __init__(self, arrived):
        self.arrived = arrived

    def on_closed(self, event):
        self.arrived.put(event.src_path)

    def on_moved(self, event):
        self.arrived.put(event.dest_path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--in", dest="input", type=pathlib.Path, required=True)
    parser.add_argument("--out", dest="output", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--count", type=int, default=None)
    words = parser.parse_args()
    torch.set_num_threads(words.threads)
    words.output.mkdir(parents=True, exist_ok=True)
    net, arrived, done = network(), queue.Queue(), set()
    observer = Observer()
    observer.schedule(Arrivals(arrived), str(words.input))
    observer.start()
    for path in sorted(words.input.iterdir()):
        arrived.put(str(path))
    while words.count is None or len(done) < words.count:
        path = pathlib.Path(arrived.get())
        if path.name in done or path.name.startswith(".") or not path.name.endswith((".nii", ".nii.gz")):
            continue
        work(net, path, words.output)
        done.add(path.name)
    observer.stop()
    observer.join()


if __name__ == "__main__":
    main()
