"""Makes optimizers.json: what torch.optim does to two small weights. Needs Python with torch (2.11.0 made the committed file).

    python make.py

The loss of item t is  sum(w * w) / 2 + sum(c_t * w),  and on even items also  sum(v * v * v) / 3:  `v` has no gradient on odd ones.
"""

import json
from pathlib import Path

import torch

STEPS = 6
W = [0.5, -1.25, 2.0, 0.75, -0.375]
V = [1.0, -0.5, 0.25]

CASES = {
    "sgd": ("train.sgd", {"lr": 0.1}),
    "sgd_momentum_decay": ("train.sgd", {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.01}),
    "sgd_dampening": ("train.sgd", {"lr": 0.05, "momentum": 0.9, "dampening": 0.5}),
    "sgd_nesterov": ("train.sgd", {"lr": 0.01, "momentum": 0.99, "nesterov": True, "weight_decay": 0.003}),
    "adam": ("train.adam", {"lr": 0.01}),
    "adam_decay": ("train.adam", {"lr": 0.02, "betas": [0.8, 0.95], "eps": 1e-6, "weight_decay": 0.1}),
    "adamw": ("train.adamw", {"lr": 0.02, "weight_decay": 0.1}),
    "clip_norm": ("train.sgd", {"lr": 0.1, "momentum": 0.9, "clip_norm": 0.5}),
    "clip_value": ("train.sgd", {"lr": 0.1, "clip_value": 0.2}),
    "accumulate": ("train.sgd", {"lr": 0.1, "momentum": 0.9, "accumulate": 2}),
    "polynomial": ("train.sgd", {"lr": 0.1, "schedule": {"curve": "polynomial", "total": 8, "power": 0.9}}),
    "cosine_warmup": ("train.adamw", {"lr": 0.1, "schedule": {"curve": "cosine", "total": 8, "warmup": 3, "warmup_from": 0.25}}),
}

CLASSES = {"train.sgd": torch.optim.SGD, "train.adam": torch.optim.Adam, "train.adamw": torch.optim.AdamW}


def schedule(optimizer, params):
    match params.get("schedule"):
        case None:
            return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
        case {"curve": "polynomial", "total": total, "power": power}:
            return torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=total, power=power)
        case {"curve": "cosine", "total": total, "warmup": warmup, "warmup_from": start}:
            # The curve and the line multiply; torch's own chaining would start each from the other's value.
            curve = torch.optim.lr_scheduler.CosineAnnealingLR(torch.optim.SGD([torch.zeros(1)], 1.0), total)
            values = []
            for t in range(STEPS):
                values.append(curve.get_last_lr()[0] * (start + (1 - start) * t / warmup if t < warmup else 1.0))
                curve.optimizer.step()
                curve.step()
            return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: values[min(t, STEPS - 1)])
    raise ValueError(params)


def run(name, params):
    own = ["lr", "momentum", "dampening", "nesterov", "weight_decay", "betas", "eps"]
    w, v = (torch.tensor(values, requires_grad=True) for values in (W, V))
    optimizer = CLASSES[name]([w, v], **{key: params[key] for key in own if key in params})
    scheduler = schedule(optimizer, params)
    accumulate = params.get("accumulate", 1)
    steps = []
    for t in range(STEPS):
        c = torch.cos(torch.arange(len(W), dtype=torch.float64) + 3 * t).float()
        loss = (w * w).sum() / 2 + (c * w).sum()
        if t % 2 == 0:
            loss = loss + (v * v * v).sum() / 3
        (loss / accumulate).backward()
        if (t + 1) % accumulate == 0:
            if "clip_value" in params:
                torch.nn.utils.clip_grad_value_([w, v], params["clip_value"])
            if "clip_norm" in params:
                torch.nn.utils.clip_grad_norm_([w, v], params["clip_norm"])
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            scheduler.step()
        steps.append({"c": c.tolist(), "loss": loss.item(), "w": w.tolist(), "v": v.tolist()})
    return steps


def main():
    cases = [{"case": case, "op": name, "params": params, "items": run(name, params)} for case, (name, params) in CASES.items()]
    document = {"made_with": f"torch {torch.__version__}", "w": W, "v": V, "cases": cases}
    Path(__file__).with_name("optimizers.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
