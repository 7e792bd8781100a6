#!/usr/bin/python3
"""Links in the Markdown files resolve, quoted files are quoted as they are, and settings are accepted.

A fenced block after a line <!-- file: PATH --> is the whole of that file; one after <!-- check --> is a settings file
that `vedette check` must accept. Needs build/debug."""
import re
import subprocess
import tempfile

from files import ROOT, finish, tracked


def slug(heading):
    text = re.sub(r"[`*]", "", heading.strip().lower())
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", text))


def headings(text):
    return {slug(m[1]) for m in re.finditer(r"^#+\s+(.*)$", text, re.M)}


def check_links(path, text):
    prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (ROOT / path).parent / name if name else ROOT / path
        if not file.exists():
            yield f"{path}: the link to {target} leads nowhere"
        elif anchor and anchor not in headings(file.read_text()):
            yield f"{path}: {target}: that file has no such heading"


def check_quotes(path, text):
    for name, block in re.findall(r"^<!-- file: (\S+) -->\n```\w*\n(.*?)^```", text, re.M | re.S):
        file = ROOT / name
        if not file.exists():
            yield f"{path}: quotes {name}, which is not there"
        elif file.read_text() != block:
            yield f"{path}: its quotation of {name} differs from the file; copy the file again"


def check_settings(path, text):
    for block in re.findall(r"^<!-- check -->\n```\w*\n(.*?)^```", text, re.M | re.S):
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            file.write(block)
            file.flush()
            run = subprocess.run([ROOT / "build/debug/vedette", "check", f"--config.file={file.name}"], text=True,
                                 capture_output=True, check=False)
            if run.returncode:
                yield f"{path}: its settings are refused: {run.stdout}{run.stderr}"


faults = []
for md in tracked("*.md"):
    content = (ROOT / md).read_text()
    faults += [*check_links(md, content), *check_quotes(md, content), *check_settings(md, content)]
finish(faults)
