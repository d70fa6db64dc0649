#!/usr/bin/env python3
"""Lowest Dice of labels 1 and 2 over all volumes of two folders: `same_labels.py WATCHED PYTHON`, results of run.py."""

import pathlib
import sys

import nibabel
import numpy


def main():
    watched, python = map(pathlib.Path, sys.argv[1:])
    lowest = 1.0
    for theirs in sorted(python.glob("*.nii.gz")):
        pair = [load(watched / theirs.name / theirs.name), load(theirs)]
        for value in (1, 2):
            a, b = (labels == value for labels in pair)
            lowest = min(lowest, 2 * (a & b).sum() / (a.sum() + b.sum()))
    print(round(float(lowest), 6))


def load(path):
    return numpy.asarray(nibabel.as_closest_canonical(nibabel.load(path)).dataobj)


if __name__ == "__main__":
    main()
