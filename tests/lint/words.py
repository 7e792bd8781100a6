#!/usr/bin/python3
"""No file names a path of somebody's machine, holds a left-over of a merge, or ends a line with blanks."""
import re

from files import ROOT, finish, tracked

# split, so that this file does not find itself
PLACES = re.compile(rb"/tmp/" rb"wt\b|/work/" rb"(main|shared)\b|/home/" rb"[a-z]+/(src|work|git)/")
MERGE = re.compile(rb"^(<{7} |>{7} )", re.M)
BLANKS = re.compile(rb"[ \t]+$", re.M)
FREE = (b"tests/golden/", b"tests/fuzz/corpus/", b"tests/integration/bad/")  # inputs are as they are

faults = []
for path in tracked():
    data = (ROOT / path).read_bytes()
    if path.encode().startswith(FREE) or b"\0" in data[:8192]:
        continue
    for pattern, what in ((PLACES, "names a place on one machine"), (MERGE, "left from a merge"),
                          (BLANKS, "blanks at the end of the line")):
        for match in pattern.finditer(data):
            line = data.count(b"\n", 0, match.start()) + 1
            faults.append(f"{path}:{line}: {what}")
finish(faults)
