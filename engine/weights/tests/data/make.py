"""Makes the checkpoints of this folder. Needs Python with torch (2.11.0 made the committed ones).

    python make.py

Every file holds small whole numbers, so that each element type keeps them exactly.
"""

import os
import pickle
from pathlib import Path

import torch
from torch import nn

HERE = Path(__file__).parent
LEGACY = {"_use_new_zipfile_serialization": False}


def count(*shape, dtype=torch.float32):
    n = torch.Size(shape).numel()
    return (torch.arange(n) % 100).to(dtype).reshape(shape)


def network():
    net = nn.Sequential(nn.Conv3d(1, 2, 1, bias=False), nn.BatchNorm3d(2), nn.Linear(2, 3))
    with torch.no_grad():
        for tensor in net.state_dict().values():
            tensor.copy_(count(*tensor.shape, dtype=tensor.dtype))
    return net


class Shell:
    def __reduce__(self):
        return os.system, ("touch voxloom-was-here",)


def main():
    net = network()
    state = net.state_dict()
    torch.save(state, HERE / "zip.pth")
    torch.save(state, HERE / "legacy.pth", **LEGACY)
    torch.save(nn.DataParallel(net).state_dict(), HERE / "data_parallel.pth")
    torch.save(nn.DataParallel(net).state_dict(), HERE / "data_parallel_legacy.pth", **LEGACY)

    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
    net(torch.ones(1, 1, 1, 1, 2)).sum().backward()
    optimizer.step()
    net.load_state_dict({name: count(*t.shape, dtype=t.dtype) for name, t in state.items()})
    training = {"epoch": 3, "model": net.state_dict(), "optimizer": optimizer.state_dict(), "best": 0.5, "loss": torch.tensor(1.0)}
    torch.save(training, HERE / "nested.pth")
    torch.save(training, HERE / "nested_legacy.pth", **LEGACY)
    torch.save({"student": net.state_dict(), "teacher": net.state_dict(), "epoch": 1}, HERE / "ambiguous.pth")
    torch.save({"epoch": 3, "names": ["a"]}, HERE / "no_tensors.pth")
    torch.save({"a": count(2), "version": 3, "note": "x"}, HERE / "beside.pth")
    torch.save([count(2)], HERE / "list.pth")

    base = count(4, 6)
    views = {
        "whole": base,
        "transposed": base.t(),
        "column": base[:, 2],
        "rows": base[1:3],
        "every_other": base[:, ::2],
        "expanded": count(3).unsqueeze(0).expand(2, 3),
        "scalar": torch.tensor(7.0),
        "empty": torch.zeros(0, 4),
        "parameter": nn.Parameter(count(2, 2)),
        "channels_last": count(1, 2, 2, 3).contiguous(memory_format=torch.channels_last),
    }
    torch.save(views, HERE / "views.pth")
    torch.save(views, HERE / "views_legacy.pth", **LEGACY)

    types = ["float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
    tensors = {name: count(2, 3, dtype=getattr(torch, name)) for name in types}
    torch.save(tensors, HERE / "types.pth")
    torch.save(tensors, HERE / "types_legacy.pth", **LEGACY)
    torch.save({"a": count(2, dtype=torch.complex64)}, HERE / "complex.pth")

    torch.save({"a": count(2), "evil": Shell()}, HERE / "shell.pth")
    torch.save({"a": count(2), "evil": Shell()}, HERE / "shell_legacy.pth", **LEGACY)
    torch.save(net, HERE / "whole_model.pth")
    with open(HERE / "plain.pkl", "wb") as file:
        pickle.dump({"a": [1.0, 2.0]}, file)
    torch.jit.script(nn.Linear(1, 1)).save(str(HERE / "script.pt"))


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
