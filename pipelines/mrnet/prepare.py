#!/usr/bin/env python3
"""Crops and lists for MRNet's pipelines from the published slices of LIDC-IDRI.

    python3 -m venv VENV && VENV/bin/pip install pillow
    VENV/bin/python prepare.py SLICES OUT [--splits train validate test] [--side 64]

SLICES is the folder `LIDC-IDRI-slices` of github.com/periclesanfe/Pulmoseg (commit 045c0c6b), with `<patient>/<nodule>/images/<slice>` and
`<patient>/<nodule>/mask-0` to `mask-3` beside it. `lidc/cases.csv`, beside this script, names patient, nodule, slice and split of every case.
OUT gets `<split>/<case>/image.png`, `rater0.png` to `rater3.png`, cut from the middle, and a list `<split>.json` for the pipelines.
"""

import argparse
import csv
import json
import pathlib

from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent


def sources(folder, row):
    """The five files of a case: image, then the raters' masks."""
    nodule = folder / row["patient"] / row["nodule"]
    return [nodule / part / row["slice"] for part in ("images", "mask-0", "mask-1", "mask-2", "mask-3")]


def crop(path, side, levels):
    with Image.open(path) as picture:
        if picture.width < side or picture.height < side:
            raise SystemExit(f"{path} is {picture.width} x {picture.height}, smaller than {side}")
        x, y = (picture.width - side) // 2, (picture.height - side) // 2
        part = picture.convert("L").crop((x, y, x + side, y + side))
    return part.point(lambda value: 255 if value else 0).convert("1") if levels == 2 else part


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("slices", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--cases", type=pathlib.Path, default=HERE / "lidc/cases.csv")
    parser.add_argument("--splits", nargs="+", default=["train", "validate", "test"])
    parser.add_argument("--side", type=int, default=64)
    args = parser.parse_args()
    with open(args.cases, newline="") as file:
        rows = list(csv.DictReader(file))
    for split in args.splits:
        cases = []
        for row in rows:
            if row["split"] != split:
                continue
            folder = args.out / split / row["case"]
            folder.mkdir(parents=True, exist_ok=True)
            names = ["image", "rater0", "rater1", "rater2", "rater3"]
            for name, source in zip(names, sources(args.slices, row)):
                crop(source, args.side, 256 if name == "image" else 2).save(folder / f"{name}.png", optimize=True)
            place = f"{split}/{row['case']}"
            raters = [f"{place}/rater{r}.png" for r in range(4)]
            cases.append({"name": row["case"], "image": f"{place}/image.png", "files": {"raters": raters}})
        lines = ",\n".join("  " + json.dumps(case) for case in cases)
        (args.out / f"{split}.json").write_text(f"[\n{lines}\n]\n")
        print(f"{split}: {len(cases)} cases of {len({row['patient'] for row in rows if row['split'] == split})} patients")


if __name__ == "__main__":
    main()
