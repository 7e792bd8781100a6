#!/usr/bin/python3
"""clang-tidy finds nothing (.clang-tidy; functions of at most 70 lines), and no C file is over 600 lines.

What was clean is remembered under build/lint by the hash of all that goes into it. Needs build/debug."""
import concurrent.futures
import hashlib
import json
import os
import subprocess
import sys

from files import ROOT, finish, tracked

MAX_LINES = 600
BUILD = ROOT / "build/debug"
CACHE = ROOT / "build/lint"


def shared_hash():
    digest = hashlib.sha256()
    for path in [".clang-tidy", *tracked("*.h", "*.def")]:
        digest.update(path.encode() + b"\0" + (ROOT / path).read_bytes())
    return digest.hexdigest()


def tidy(path, shared):
    mark = CACHE / hashlib.sha256(shared.encode() + path.encode() + (ROOT / path).read_bytes()).hexdigest()
    if mark.exists():
        return None
    run = subprocess.run(["clang-tidy", "--quiet", "--extra-arg=-Wno-error", "-p", str(BUILD), str(ROOT / path)], cwd=ROOT, text=True,
                         capture_output=True, check=False)
    if run.returncode:
        return (run.stdout or run.stderr).replace(str(ROOT) + "/", "").rstrip()
    mark.touch()
    return None


def main():
    database = BUILD / "compile_commands.json"
    if not database.exists():
        sys.exit("build/debug is missing: cmake --preset debug first")
    compiled = {os.path.realpath(os.path.join(entry["directory"], entry["file"]))
                for entry in json.loads(database.read_text())}
    sources = [p for p in tracked("*.c") if str(ROOT / p) in compiled]
    faults = [f"{p}: {n} lines; {MAX_LINES} is the most, 350 the rule" for p in tracked("*.c", "*.h")
              if (n := len((ROOT / p).read_bytes().splitlines())) > MAX_LINES]
    CACHE.mkdir(parents=True, exist_ok=True)
    shared = shared_hash()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        faults += [f for f in pool.map(lambda p: tidy(p, shared), sources) if f]
    finish(faults)


main()
