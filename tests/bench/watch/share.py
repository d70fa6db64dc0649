#!/usr/bin/env python3
"""Two watchers on one share, each on a mount of its own as on two machines, one of them killed again and again.

    cargo xtask build
    tests/bench/watch/share.py [--inputs 200] [--kills 8] [--lease 30] [--via sshfs|smb|direct]

As root, with `sshfs` and `sftp-server` of OpenSSH installed, or with `--via smb` Samba's `smbd` and `smbnetfs` (it takes port 445
of 127.0.0.1); nothing leaves the machine. One folder is mounted twice by two processes, which know nothing of each other: what
one changes raises no events on the other, and shows there only when what it remembers (20 s by sshfs's defaults) has run out. The second watcher has a host name and process numbers of its own
(`unshare`), so that only the lease can tell the first one that it is dead. Inputs come from a third side, the folder itself:
by rename, and every fifth by slow copying with pauses shorter than `--settle`. With `--via direct` there are no mounts, for comparison.

Prints JSON: `is_right`, which says that each input has one whole result, was told of as done at most once and lies where it belongs (and
fails otherwise); what each watcher said; and `held_s`, how long the input waited for its result that a killed watcher had at work.
"""

import argparse
import gzip
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from soak import HERE, PROGRAM, volume

SFTP = next((path for path in ["/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server"] if os.path.exists(path)), None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=200)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--lease", type=float, default=30)
    parser.add_argument("--settle", type=float, default=5)
    parser.add_argument("--after", choices=["keep", "done", "delete"], default="keep")
    parser.add_argument("--via", choices=["sshfs", "smb", "direct"], default="sshfs")
    parser.add_argument("--folder", type=pathlib.Path, default=None)
    words = parser.parse_args()
    place = pathlib.Path(tempfile.mkdtemp(dir=words.folder))
    mounts, server = [place / "a", place / "b"], None
    try:
        for folder in [place / "share" / "in", place / "share" / "out", *mounts]:
            folder.mkdir(parents=True)
        server = samba(place) if words.via == "smb" else None
        roots = [mount(place, folder, words.via) for folder in mounts]
        report = trial(place, roots, words)
        print(json.dumps(report, indent=2))
        return 0 if report["is_right"] else 1
    finally:
        for folder in mounts:
            if os.path.ismount(folder):
                subprocess.run(["umount", folder], check=True)
        if server:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()
        shutil.rmtree(place)


def mount(place, folder, via):
    if via == "direct":
        return place / "share"
    if via == "smb":
        return smb(place, folder)
    transport = place / "transport"
    transport.write_text(f"#!/bin/sh\nexec {SFTP}\n")
    transport.chmod(0o755)
    subprocess.run(["sshfs", "-o", f"ssh_command={transport}", f"here:{place / 'share'}", folder], check=True)
    return folder


def samba(place):
    """A server that shares the folder with everybody on this machine."""
    own = place / "samba"
    own.mkdir(mode=0o700)
    folders = ["private dir", "lock directory", "state directory", "cache directory", "pid directory", "ncalrpc dir"]
    lines = ["interfaces = lo", "bind interfaces only = yes", "smb ports = 445", "map to guest = Bad User", "disable netbios = yes"]
    lines += ["load printers = no", "server role = standalone", f"log file = {own / 'log'}", *(f"{name} = {own}" for name in folders)]
    lines += ["[share]", f"path = {place / 'share'}", "guest ok = yes", "read only = no", "force user = root"]
    (own / "smb.conf").write_text("\n".join(["[global]", *lines, ""]))
    server = subprocess.Popen(["smbd", "--foreground", "--no-process-group", "-s", own / "smb.conf"], stdin=subprocess.DEVNULL, start_new_session=True)
    for _ in range(100):
        time.sleep(0.1)
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", 445)) == 0:
                return server
    raise SystemExit("smbd does not answer")


def smb(place, folder):
    home = place / f"home-{folder.name}"
    (home / ".smb").mkdir(parents=True, mode=0o700)
    (home / ".smb" / "smb.conf").write_text("[global]\nclient min protocol = SMB2\n")
    (home / ".smb" / "smbnetfs.conf").write_text('smb_query_browsers "false"\n')
    (home / ".smb" / "smbnetfs.conf").chmod(0o600)
    subprocess.run(["smbnetfs", folder], check=True, env={**os.environ, "HOME": str(home)})
    root = folder / "127.0.0.1" / "share"
    if sorted(os.listdir(root)) != ["in", "out"]:
        raise SystemExit(f"{root} is not the share")
    return root


def trial(place, mounts, words):
    dice = random.Random(1)
    share = place / "share"
    steady, other = Watcher("a", place, mounts[0], words), Watcher("b", place, mounts[1], words)
    steady.start()
    other.start()
    began, sent = time.monotonic(), list(range(words.inputs))
    kills = sorted(dice.sample(range(words.inputs // 10, words.inputs), words.kills))
    for number in range(words.inputs):
        deliver(share / "in", number, words.settle)
        if number in kills:
            # While it certainly has work: some inputs at once.
            time.sleep(dice.uniform(0, 2 * words.settle))
            other.kill()
            other.start()
        time.sleep(dice.uniform(0, 0.3))
    held = last_kill(share, steady, other, words, sent)
    limit = time.monotonic() + 120 + 4 * words.lease
    while missing(share, sent) and time.monotonic() < limit:
        time.sleep(0.5)
    seconds = time.monotonic() - began
    time.sleep(2 * words.settle + 5)
    steady.stop()
    return report(share, steady, other, sent, words.after, {"seconds": round(seconds), "kills": words.kills + 1, "held_s": held})


def deliver(folder, number, settle):
    name, bytes_ = f"{number}.nii", content(number)
    if number % 5 or number >= BIG:
        (folder / f".{name}").write_bytes(bytes_)
        (folder / f".{name}").rename(folder / name)
    else:
        with open(folder / name, "wb") as file:
            for start in range(0, len(bytes_), 400):
                file.write(bytes_[start : start + 400])
                file.flush()
                time.sleep(settle / 4)


# Inputs from this number on take long enough to be found at work.
BIG = 100_000


def content(number):
    if number < BIG:
        return volume(number)
    header = bytearray(volume(number)[:352])
    struct.pack_into("<8h", header, 40, 3, 256, 256, 256, 1, 1, 1, 1)
    return bytes(header) + number.to_bytes(8, "little") * 2**21


def last_kill(share, steady, other, words, sent):
    """Kills the second watcher for good while it is at work, and waits for the other to take over: so many seconds."""
    # The other sleeps until then, so that it does not always come first.
    steady.signal(signal.SIGSTOP)
    try:
        killed = kill_at_work(share, other, sent, words)
    finally:
        steady.signal(signal.SIGCONT)
    result = share / "out" / f"{sent[-1]}.nii"
    while not result.exists() and time.monotonic() - killed < 10 * words.lease:
        time.sleep(0.05)
    return round(time.monotonic() - killed, 1)


def kill_at_work(share, other, sent, words):
    claims = share / "in" / ".voxloom" / "claims"
    for number in range(BIG, BIG + 50):
        deliver(share / "in", number, words.settle)
        sent.append(number)
        result = share / "out" / f"{number}.nii"
        while not result.exists():
            time.sleep(0.01)
            if any(owner(path) == ("b", result.name) for path in claims.glob("*")):
                other.kill()
                if not result.exists():
                    return time.monotonic()
                other.start()
                break
    raise SystemExit("the second watcher was never killed at work")


def owner(path):
    try:
        facts = json.loads(path.read_text())
        return facts["owner"]["host"], facts["input"]
    except (OSError, ValueError):
        return None


def missing(share, sent):
    return [number for number in sent if not (share / "out" / f"{number}.nii" / ".voxloom.json").exists()]


def report(share, steady, other, sent, after, report):
    told = {"done": {}, "known": {}, "failed": {}}
    for watcher in [steady, other]:
        lines = watcher.lines()
        for line in lines:
            if line["event"] in told:
                told[line["event"]].setdefault(line["input"], []).append(watcher.host)
        others = sorted({line["text"][:160] for line in lines if line["event"] in ("warning", "paused", "again")})
        count = lambda event: sum(line["event"] == event for line in lines)
        report[watcher.host] = {"done": count("done"), "known": count("known"), "failed": count("failed"), "else": others}
    results = [path.parent.name for path in (share / "out").glob("*/.voxloom.json")]
    wrong = [name for name in results if content(int(name.split(".")[0]))[352:] not in outcome(share / "out" / name)]
    report |= {
        "inputs": len(sent),
        "missing": missing(share, sent),
        "misplaced": misplaced(share / "in", sent, after),
        "wrong": wrong,
        "numbered": sorted(name for name in results if not name.endswith(".nii")),
        "done_twice": {name: hosts for name, hosts in told["done"].items() if len(hosts) > 1},
        "claims_left": len(list((share / "in" / ".voxloom" / "claims").glob("*.*"))),
    }
    report["is_right"] = not (report["missing"] or report["misplaced"] or wrong or report["numbered"] or report["done_twice"] or told["failed"])
    return report


def misplaced(folder, sent, after):
    """Inputs that do not lie where those that are done belong."""
    places = {"keep": [True, False], "done": [False, True], "delete": [False, False]}
    lies = lambda number: [(place / f"{number}.nii").exists() for place in (folder, folder / "done")]
    return [number for number in sent if lies(number) != places[after]]


def outcome(folder):
    files = [path for path in folder.iterdir() if path.name.endswith((".nii", ".nii.gz"))]
    return b"".join(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files)


class Watcher:
    def __init__(self, host, place, mount, words):
        self.host, self.log, self.process = host, place / f"{host}.log", None
        self.command = [
            *(["unshare", "--uts", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc", "sh", "-c", f'hostname {host}; exec "$@"', "sh"]),
            PROGRAM, "watch", HERE / "cheap.json", "--in", mount / "in", "--out", mount / "out", "--ledger", place / f"{host}.sqlite",
            "--settle", str(words.settle), "--lease", str(words.lease), f"--{words.after}", "--device", "cpu", "--threads", "1", "--log", "json",
        ]

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(self.command, stderr=log)

    def kill(self):
        # With the first process of its namespace all others die.
        self.process.kill()
        self.process.wait()

    def signal(self, number):
        child = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0]
        os.kill(int(child), number)

    def stop(self):
        self.signal(signal.SIGTERM)
        self.process.wait(timeout=90)

    def lines(self):
        found = []
        for line in self.log.read_text().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                pass  # It was killed in the middle of a line.
        return found


if __name__ == "__main__":
    sys.exit(main())
