#!/usr/bin/env python3
"""Fine-tuning from a pretrained encoder against from scratch, at several shares of the labels, several seeds each.

    pipelines/pcrl/compare.py classify --data FOLDER --out FOLDER --encoder FILE
    pipelines/pcrl/compare.py segment  --data FOLDER --out FOLDER --encoder FILE

`--data` is the folder of the NIH subset (classify) or of the four-rater nodules (segment), laid out as README.md says.
Both arms see the same images in the same order: a seed draws the labelled patients, the order and the initial weights.
Runs that are done are not repeated; `--table` only shows what is there. Needs Python alone, nothing else.
"""
import argparse, csv, json, os, random, statistics, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
# Labels for choosing the weights that are kept, beside those that are learned from, and patients that only measure.
SELECTION, TEST = 0.2, 0.2


def classify_cases(data):
    """Training pool and test cases; a case is (patient, entry)."""
    def read(split):
        with open(os.path.join(data, split + ".csv")) as file:
            for row in csv.DictReader(file):
                image = os.path.abspath(os.path.join(data, split, os.path.basename(row["file"])))
                yield row["file"].split("_")[0], {"image": image, "labels": [int(row["abnormal"])]}
    return list(read("train")), list(read("valid"))


def segment_cases(data, seen):
    """Patients of `seen`, whose images the encoder was pretrained with, are never in the test."""
    cases = []
    with open(os.path.join(data, "index.csv")) as file:
        for row in csv.DictReader(file):
            case = row["case"]
            path = lambda name: os.path.abspath(os.path.join(data, case, name))
            raters = [path("rater%d.png" % rater) for rater in range(4)]
            cases.append((case.split("_")[0], {"name": case, "image": path("image.png"), "files": {"raters": raters}}))
    patients = {patient for patient, _ in cases}
    held = set(shuffled(patients - seen, 0)[: round(len(patients) * TEST)])
    return [c for c in cases if c[0] not in held], [c for c in cases if c[0] in held]


def shuffled(patients, seed):
    patients = sorted(patients)
    random.Random(seed).shuffle(patients)
    return patients


def lists(pool, share, seed):
    """Cases to learn from and to select by: whole patients. The selection is the same for every share."""
    patients = shuffled({patient for patient, _ in pool}, seed)
    cut = round(len(patients) * SELECTION)
    count = lambda of: sum(1 for patient, _ in pool if patient in of)
    rest = patients[cut:]
    wanted, learn = share * count(set(rest)), []
    for patient in rest:
        # Up to the share, and over it where that is nearer.
        size = count({patient})
        if learn and count(set(learn)) + size - wanted > wanted - count(set(learn)):
            break
        learn.append(patient)
    chosen, learn = set(patients[:cut]), set(learn)
    return [c for p, c in pool if p in learn], [c for p, c in pool if p in chosen]


def write(path, cases):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        json.dump(cases, file)


def voxloom(args, pipeline, seed, report, values):
    command = [args.program, "run", os.path.join(HERE, pipeline), "--quiet", "--seed", str(seed), "--report", report]
    command += ["--threads", str(args.threads), "--device", args.device]
    for key, value in values.items():
        command += ["--set", "%s=%s" % (key, value)]
    subprocess.run(command, check=True)
    with open(report) as file:
        return json.load(file)


def results(report, node, key):
    """The last value that a node has left, at a path of keys."""
    value = [item["results"][node] for item in report["results"] if node in item["results"]][-1]
    for name in key:
        value = value[name]
    return value


def run(args, arm, share, seed, pool, test):
    folder = os.path.join(args.out, args.task, "%s-%03d-%d" % (arm, round(share * 100), seed))
    done = os.path.join(folder, "result.json")
    if os.path.exists(done):
        with open(done) as file:
            return json.load(file)
    learn, select = lists(pool, share, seed)
    path = {name: os.path.join(folder, name + ".json") for name in ("learn", "select", "test")}
    write(path["learn"], learn)
    write(path["select"], select)
    write(path["test"], [case for _, case in test])
    values = {"cases": path["learn"], "validate": path["select"], "output": os.path.join(folder, "run")}
    if arm != "scratch":
        values["encoder"] = args.encoder
    values.update(dict(pair.split("=", 1) for pair in args.set))
    start = time.time()
    voxloom(args, "finetune-%s.json" % args.task, seed, os.path.join(folder, "train.json"), values)
    seconds = time.time() - start
    weights = os.path.join(folder, "run", "best", "net.safetensors")
    if args.task == "classify":
        measured = voxloom(args, "classify.json", 0, os.path.join(folder, "test-report.json"),
                           {"input": path["test"], "output": os.path.join(folder, "test"), "weights": weights})
        value = results(measured, "auc", ["auc", "macro"])
    else:
        measured = voxloom(args, "segment.json", 0, os.path.join(folder, "test-report.json"),
                           {"input": path["test"], "output": os.path.join(folder, "test"), "weights": weights})
        value = results(measured, "mean", ["summary", "mean", "dice"])
    result = {"task": args.task, "arm": arm, "share": share, "seed": seed, "value": value, "learned_from": len(learn),
              "selected_by": len(select), "tested_on": len(test), "train_seconds": round(seconds, 1)}
    with open(done, "w") as file:
        json.dump(result, file)
    print(json.dumps(result), flush=True)
    return result


def table(args):
    found = {}
    root = os.path.join(args.out, args.task)
    for name in sorted(os.listdir(root)):
        path = os.path.join(root, name, "result.json")
        if os.path.exists(path):
            with open(path) as file:
                result = json.load(file)
            found.setdefault((result["arm"], result["share"]), []).append(result)
    print("| start | labels | images learned from | n | %s | std | each |" % ("AUC" if args.task == "classify" else "Dice"))
    print("|---|---|---|---|---|---|---|")
    for (arm, share), results in sorted(found.items(), key=lambda item: (item[0][1], item[0][0])):
        values = [result["value"] for result in sorted(results, key=lambda result: result["seed"])]
        std = statistics.stdev(values) if len(values) > 1 else 0.0
        images = ", ".join(str(result["learned_from"]) for result in results)
        print("| %s | %d %% | %s | %d | %.3f | %.3f | %s |" % (
            arm, round(share * 100), images, len(values), statistics.mean(values), std, ", ".join("%.3f" % v for v in values)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["classify", "segment"])
    parser.add_argument("--data", help="folder with the images and their table")
    parser.add_argument("--seen", help="segment: the folder that the encoder was pretrained with; its patients are not tested on")
    parser.add_argument("--out", required=True, help="folder for all runs")
    parser.add_argument("--encoder", default="", help="the pretrained encoder")
    parser.add_argument("--arm", default="pretrained", help="what runs from the encoder are called")
    parser.add_argument("--arms", default="both", choices=["both", "scratch", "pretrained"])
    parser.add_argument("--shares", default="0.1,0.3,1.0")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for the training pipeline of both arms")
    parser.add_argument("--program", default=os.path.join(HERE, "../../target/release/voxloom"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--table", action="store_true", help="only show what is there")
    args = parser.parse_args()
    if not args.table:
        arms = {"both": ["scratch", args.arm], "scratch": ["scratch"], "pretrained": [args.arm]}[args.arms]
        if args.arms != "scratch" and not os.path.exists(args.encoder):
            sys.exit("--encoder must name a file, got `%s`" % args.encoder)
        seen = {os.path.basename(name).split("_")[0] for name in os.listdir(args.seen)} if args.seen else set()
        pool, test = classify_cases(args.data) if args.task == "classify" else segment_cases(args.data, seen)
        for seed in map(int, args.seeds.split(",")):
            for share in map(float, args.shares.split(",")):
                for arm in arms:
                    run(args, arm, share, seed, pool, test)
    table(args)


if __name__ == "__main__":
    main()
