"""What the lints share: the project's files, and how a lint ends."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def tracked(*patterns):
    """Paths relative to the root that git knows or would add, existing ones only."""
    out = subprocess.run(["git", "-C", str(ROOT), "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
                          "--exclude-standard", "--", *patterns], capture_output=True, text=True, check=False)
    if out.returncode == 0:
        names = {n for n in out.stdout.split("\0") if n}
    else:  # an unpacked source archive: everything but build/
        names = {str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file()}
        names = {n for n in names if not n.startswith(("build/", ".git/"))}
        if patterns:
            names = {n for n in names if any(pathlib.PurePath(n).match(p) for p in patterns)}
    return sorted(n for n in names if (ROOT / n).is_file())


def finish(faults):
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)
