"""`vedette convert promtail`: real configurations become settings that `check` accepts and that ship the same entries.

Each folder of tests/convert has promtail.yml and, as it must come out, expected.yml; with input.log, entries.txt has what
Promtail's documentation says becomes of its lines in the last source."""
import re
import subprocess

import pytest

from support import ROOT, VEDETTE

CASES = sorted(p.parent for p in (ROOT / "tests/convert").glob("*/promtail.yml"))


def vedette(*args, **kwargs):
    done = subprocess.run([VEDETTE, *map(str, args)], capture_output=True, timeout=60, check=False, **kwargs)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def convert(directory, text, *args):
    (directory / "promtail.yml").write_text(text)
    return vedette("convert", "promtail", "promtail.yml", *args, cwd=directory)


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.name)
def test_case(case):
    code, out, said = vedette("convert", "promtail", "promtail.yml", cwd=case)
    assert out == (case / "expected.yml").read_text()
    comments = {line.strip().removeprefix("# ") for line in out.splitlines() if line.strip().startswith("# ")}
    assert set(said.splitlines()) <= comments  # whatever is said stands beside its place too
    assert code == (1 if re.search("(?m)no equal|left out, for", said) else 0)


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.name)
def test_check_accepts_it(case):
    assert vedette("check", f"--config.file={case}/expected.yml")[0] == 0


@pytest.mark.parametrize("case", [c for c in CASES if (c / "input.log").exists()], ids=lambda p: p.name)
def test_entries_are_promtails(case):
    source = re.findall(r"(?m)^    - name: (\S+)", (case / "expected.yml").read_text())[-1]
    code, out, said = vedette("ship", "--dry-run", f"--config.file={case}/expected.yml", f"--source={source}",
                              case / "input.log")
    assert (code, said) == (0, "")
    got = "".join(line[2:] + "\n" for line in out.splitlines() if re.match(r"  =>|     \|", line))
    assert got == (case / "entries.txt").read_text()
