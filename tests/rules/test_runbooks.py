"""Runbooks: one for each alert and none without, all of one shape, and commands that a shell can read."""
import re
import subprocess

import pytest

import rulefiles

RUNBOOKS = rulefiles.RULES / "runbooks"
NAMES = sorted(rule["alert"] for _, rule in rulefiles.alerts())
HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Prevention"]


def test_each_alert_has_one_and_none_is_without_alert():
    assert sorted(path.stem for path in RUNBOOKS.glob("*")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_its_shape(name):
    text = (RUNBOOKS / f"{name}.md").read_text()
    assert text.startswith(f"# {name}\n")
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    assert re.findall(r"^## (.*)$", prose, re.M) == HEADINGS
    for section in re.split(r"^## .*$", prose, flags=re.M)[1:]:
        assert section.strip(), "a section is empty"
    assert "TODO" not in text
    for other in re.findall(r"\b(?:see|as for|watch) ([A-Z][a-z]+[A-Z]\w*)", prose):
        assert other in NAMES, f"{other} is no alert"


@pytest.mark.parametrize("name", NAMES)
def test_its_commands_are_commands(name):
    blocks = re.findall(r"^```sh\n(.*?)^```$", (RUNBOOKS / f"{name}.md").read_text(), re.M | re.S)
    assert blocks, "what is to be typed?"
    for block in blocks:
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert done.returncode == 0, block + done.stderr


def test_they_know_when_their_alert_ends():
    """Nobody shall wait for a message sooner than it comes."""
    for _, rule in rulefiles.alerts():
        text = " ".join((RUNBOOKS / f"{rule['alert']}.md").read_text().split())
        for minutes in re.findall(r"The alert ends (\d+) minutes after", text):
            assert rule["keep_firing_for"] == f"{minutes}m", rule["alert"]
