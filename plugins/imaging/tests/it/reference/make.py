"""Writes reference.json: what scipy, scikit-image and medpy say about inputs that the tests make again from a rule.

Made with numpy 2.4.6, scipy 1.17.1, scikit-image 0.26.0, medpy 0.5.2:
    python plugins/imaging/tests/it/reference/make.py
"""

import json
import pathlib

import numpy as np
from medpy.metric import binary
from scipy import ndimage
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

ORDER = {"nearest": 0, "linear": 1, "cubic": 3}
MODE = {"edge": "nearest", "mirror": "mirror", "reflect": "reflect", "constant": "grid-constant"}


def u(name, shape):
    """Uniform values in [-1, 1) that depend on the name and the index alone (FNV-1a, then splitmix64)."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) % 2**64
    with np.errstate(over="ignore"):
        i = np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint64)
        z = np.uint64(h) + i * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return ((z >> np.uint64(11)).astype(np.float64) * 2.0**-53 * 2 - 1).reshape(shape)


def mask(name, shape, sigma, level):
    """A few blobs: smoothed noise above a level."""
    return ndimage.gaussian_filter(u(name, shape), sigma, mode="nearest") > level


def sample(array, k=24):
    flat = np.asarray(array, np.float64).ravel()
    return [float(f"{flat[i * flat.size // k]:.10g}") for i in range(min(k, flat.size))]


def resampling():
    cases = []
    for shape, grid in [
        ((13, 17, 23), [["zoom", 20], ["zoom", 9], ["zoom", 23]]),
        ((1, 5, 40), [["zoom", 3], ["zoom", 5], ["zoom", 21]]),
        ((12, 14, 11), [["grid", -3.31, 0.7, 30], ["grid", 13.0, -1.0, 14], ["grid", 2.25, 0.9, 12]]),
    ]:
        volume = (300 * u("resample", shape)).astype(np.float32)
        axes = []
        for n, axis in zip(shape, grid):
            if axis[0] == "zoom":
                axes.append((np.arange(axis[1]) + 0.5) * (n / axis[1]) - 0.5)
            else:
                axes.append(axis[1] + axis[2] * np.arange(axis[3]))
        coordinates = np.meshgrid(*axes, indexing="ij")
        for interpolation, order in ORDER.items():
            for border, mode in MODE.items():
                out = ndimage.map_coordinates(volume.astype(np.float64), coordinates, order=order, mode=mode, cval=7.5)
                cases.append(
                    {"shape": shape, "grid": grid, "interpolation": interpolation, "border": border, "out": sample(out)}
                )
    return cases


def smoothing():
    shape, sigma = (9, 14, 20), (1.0, 0.4, 2.2)
    volume = u("smooth", shape)
    return [
        {
            "shape": shape,
            "sigma": sigma,
            "border": border,
            "out": sample(ndimage.gaussian_filter(volume, sigma, mode=mode.replace("grid-", ""), cval=7.5)),
        }
        for border, mode in MODE.items()
    ]


def surfaces():
    cases = []
    for name, shape, spacing in [
        ("blobs", (20, 24, 28), (1.0, 1.0, 1.0)),
        ("thick", (12, 30, 31), (3.0, 0.8, 0.75)),
        ("flat", (1, 40, 40), (5.0, 0.5, 0.5)),
    ]:
        a, b = (mask(f"{name}/{which}", shape, 2.0 if shape[0] > 1 else (0, 2, 2), 0.02) for which in "ab")
        cases.append(
            {
                "name": name,
                "shape": shape,
                "spacing": spacing,
                "a": np.flatnonzero(np.diff(np.concatenate([[0], a.ravel(), [0]]))).tolist(),
                "b": np.flatnonzero(np.diff(np.concatenate([[0], b.ravel(), [0]]))).tolist(),
                "dice": binary.dc(a, b),
                "hd": binary.hd(a, b, spacing),
                "hd95": binary.hd95(a, b, spacing),
                "assd": binary.assd(a, b, spacing),
                "masd": (binary.asd(a, b, spacing) + binary.asd(b, a, spacing)) / 2,
                "edt": sample(ndimage.distance_transform_edt(~a, spacing)),
                "components": [int(ndimage.label(a, ndimage.generate_binary_structure(3, c))[1]) for c in (1, 2, 3)],
            }
        )
    return cases


def similarity():
    cases = []
    for name, shape in [("cube", (14, 15, 16)), ("slices", (3, 20, 22))]:
        a = u(f"{name}/a", shape)
        b = 0.8 * a + 0.3 * u(f"{name}/b", shape)
        options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 2.0}
        case = {"name": name, "shape": shape, "psnr": peak_signal_noise_ratio(a, b, data_range=2.0)}
        case["ssim_slices"] = float(np.mean([structural_similarity(x, y, **options) for x, y in zip(a, b)]))
        if name == "cube":
            case["ssim"] = structural_similarity(a, b, **options)
            case["ssim_uniform_7"] = structural_similarity(
                a, b, win_size=7, use_sample_covariance=False, data_range=2.0
            )
        cases.append({key: float(value) if key.startswith(("ssim", "psnr")) else value for key, value in case.items()})
    return cases


if __name__ == "__main__":
    content = {
        "resampling": resampling(),
        "smoothing": smoothing(),
        "surfaces": surfaces(),
        "similarity": similarity(),
    }
    target = pathlib.Path(__file__).with_name("reference.json")
    target.write_text(json.dumps(content, separators=(",", ":")).replace('},{', '},\n{') + "\n")
