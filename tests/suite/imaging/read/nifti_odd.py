"""Makes nifti_odd.tsv: what nibabel reads from tests/data/nifti_odd, for the test to compare with.

    pip install nibabel numpy
    python tests/suite/imaging/read/nifti_odd.py > tests/suite/imaging/read/nifti_odd.tsv

Columns: file, sizes along i, j, k, stored type, type in memory, rows of the affine (nibabel's, in millimetres), CRC-32 of the voxels
as little-endian bytes with i fastest. nibabel gives the stored numbers, shape and affine; type in memory and scaling follow the
rule that plugins/imaging/src/nifti/voxels.rs states, and the scaled numbers are compared with nibabel's own here.
"""

import gzip
import os
import struct
import sys
import zlib

import nibabel as nib
import numpy as np

ROOT = os.path.join(os.path.dirname(__file__), "..", "..", "..", "data", "nifti_odd")
WIDER = {"uint16": "int32", "uint32": "int64", "uint64": "int64"}


def slope_and_inter(path):
    """From the raw header, because nibabel blanks them."""
    with open(path, "rb") as file:
        raw = file.read()
    raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    for order in "<>":
        if struct.unpack(order + "i", raw[:4])[0] == 348:
            return struct.unpack(order + "2f", raw[112:120])
        if struct.unpack(order + "i", raw[:4])[0] == 540:
            return struct.unpack(order + "2d", raw[176:192])
    raise ValueError(path)


def header_of(path):
    stem, end = path.split(".img")[0], path[-3:]
    if ".img" not in path:
        return path
    tried = [stem + ".hdr.gz", stem + ".hdr"] if end == ".gz" else [stem + ".hdr", stem + ".hdr.gz"]
    return next(name for name in tried if os.path.exists(name))


def load(path):
    path = path.replace("minimal2.hdr", "minimal2.img.gz")
    try:
        return nib.load(path)
    except nib.filebasedimages.ImageFileError:
        # nibabel wants both halves of a pair gzipped, or neither; minimal2 has one of each.
        header = nib.Nifti1Header.from_fileobj(open(header_of(path), "rb"))
        with gzip.open(path) as file:
            return nib.Nifti1Image(header.raw_data_from_fileobj(file), header.get_best_affine(), header)


def row(name, path):
    image = load(path)
    if not isinstance(image, (nib.Nifti1Pair, nib.Nifti2Image)) or isinstance(image, nib.Cifti2Image):
        return None
    if np.prod(image.shape[3:]) > 1:
        return None
    stored = image.get_data_dtype().newbyteorder("=")
    if stored.kind not in "iuf" or stored.itemsize > 8:
        return None
    shape = (tuple(image.shape) + (1, 1, 1))[:3]
    raw = image.dataobj.get_unscaled() if hasattr(image.dataobj, "get_unscaled") else image.dataobj
    data = np.asarray(raw).reshape(shape).astype(stored)
    slope, inter = slope_and_inter(header_of(path))
    inter = inter if np.isfinite(inter) else 0.0
    scaled = not (slope == 0 or not np.isfinite(slope) or (slope == 1 and inter == 0))
    if scaled:
        wide = stored.itemsize > 2 and stored != np.float32
        values = (data.astype(np.float64) * slope + inter).astype(np.float64 if wide else np.float32)
    else:
        values = data.astype(WIDER.get(stored.name, stored.name))
    if hasattr(image.dataobj, "get_unscaled"):
        assert np.allclose(values, image.get_fdata().reshape(shape), rtol=1e-6, equal_nan=True), name
    crc = zlib.crc32(np.ascontiguousarray(values.transpose(2, 1, 0)).astype(values.dtype.newbyteorder("<")).tobytes())
    affine = " ".join(f"{value:.9g}" for value in np.asarray(image.affine)[:3].ravel())
    return [name, "x".join(map(str, shape)), stored.name, values.dtype.name, affine, f"{crc:08x}"]


def main():
    print("# Made by nifti_odd.py with nibabel %s; refused files are in nifti_odd_refused.tsv" % nib.__version__)
    for folder, _, files in sorted(os.walk(ROOT)):
        for file in sorted(files):
            path = os.path.join(folder, file)
            name = os.path.relpath(path, ROOT)
            try:
                columns = row(name, path)
            except Exception as error:  # refused by nibabel as well
                print(f"{name}: {error}", file=sys.stderr)
                continue
            if columns:
                print("\t".join(columns))


main()
