#!/usr/bin/python3
"""Each header compiles alone, and begins with what it is for."""
import concurrent.futures
import os
import subprocess

from files import ROOT, finish, tracked

FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-DVEDETTE_VERSION=\"0\"", "-Wall", "-Wextra", "-Werror", "-Iagent", "-I.",
         "-Ibuild/debug/generated", "-I/usr/include/postgresql"]


def check(path):
    faults = []
    if not (ROOT / path).read_text().startswith("/* "):
        faults.append(f"{path}: starts without the comment that says what it is for, who owns memory, which thread calls")
    run = subprocess.run([os.environ.get("CC", "cc"), *FLAGS, "-fsyntax-only", "-x", "c", "-"], cwd=ROOT, text=True,
                         input=f'#include "{path}"\n#include "{path}"\nint unused;\n', capture_output=True, check=False)
    if run.returncode:
        faults.append(f"{path} does not compile alone:\n{run.stderr.rstrip()}")
    return faults


with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    finish([f for faults in pool.map(check, tracked("agent/*.h", "exporters/*.h")) for f in faults])
