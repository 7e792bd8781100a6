"""`vedette convert promtail`: real configurations become settings that `check` accepts and that ship the same entries.

Each folder of tests/convert has promtail.yml and, as it must come out, expected.yml; with input.log, entries.txt has what
Promtail's documentation says becomes of its lines in the last source."""
import json
import re
import subprocess

import pytest

import journals
import support
from support import ROOT, VEDETTE

ALL_HAS_AN_EQUAL = {"plain"}
CASES = sorted(p.parent for p in (ROOT / "tests/convert").glob("*/expected.yml"))


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
    assert code == (0 if case.name in ALL_HAS_AN_EQUAL else 1)


@pytest.fixture
def settings(tmp_path):
    """What came out, with secrets that exist."""
    def copy(case):
        secret = tmp_path / "secret"
        secret.write_text("hush\n")
        config = tmp_path / "vedette.yml"
        config.write_text(re.sub(r"(?m)_file: /(var/)?run/.*", f"_file: {secret}", (case / "expected.yml").read_text()))
        return config
    return copy


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.name)
def test_check_accepts_it(case, settings, monkeypatch):
    monkeypatch.setenv("APP", "shop")
    code, _, said = vedette("check", f"--config.file={settings(case)}")
    assert (code, said) == (0, "")


@pytest.mark.parametrize("case", [c for c in CASES if (c / "entries.txt").exists()], ids=lambda p: p.name)
def test_entries_are_promtails(case, settings):
    source = re.findall(r"(?m)^    - name: (\S+)", (case / "expected.yml").read_text())[-1]
    lines = next(case.glob("**/*.log")).relative_to(case)
    code, out, said = vedette("ship", "--dry-run", f"--config.file={settings(case)}", f"--source={source}", lines,
                              cwd=case)
    assert (code, said) == (0, "")
    got = "".join(line[2:] + "\n" for line in out.splitlines() if re.match(r"  =>|     \S", line))
    assert got == (case / "entries.txt").read_text()


def test_misuse(tmp_path):
    for args in [], ["promtail"], ["fluentd", "x"], ["promtail", "a", "b"], ["promtail", "a", "--nothing"]:
        assert vedette("convert", *args)[0] == 2
    assert "no equal" in vedette("convert", "--help")[1]
    assert vedette("convert", "promtail", tmp_path / "missing")[0] == 1


@pytest.mark.parametrize("text, sentence", [
    ("", "no scrape_configs"), ("a: [", "promtail.yml:2:1: no valid YAML"), ("- a", "no scrape_configs"), ("scrape_configs: *a", "aliases"),
    ("\0", "promtail.yml:"), ("scrape_configs:\n- a: " + "[" * 100, "deep"),
], ids=["empty", "cut", "list", "alias", "binary", "deep"])
def test_what_is_no_configuration(tmp_path, text, sentence):
    code, out, said = convert(tmp_path, text)
    assert (code, out) == (1, "") and sentence in said


def test_odd_kinds_of_values(tmp_path):
    """Whatever stands where something else should: it is said, and what comes out is still accepted."""
    for value in "1", "[]", "{}", "[{}]", "'x'", "{x: [y]}", '"\\0"', '"a\\nb: c"', '"\\u0085"', "~":
        for key in "clients", "positions", "limits_config":
            assert convert(tmp_path, f"{key}: {value}\nscrape_configs: []\n")[0] in (0, 1)
        for key in "static_configs", "relabel_configs", "pipeline_stages", "docker_sd_configs", "journal", "job_name":
            static = "" if key == "static_configs" else "static_configs: [{labels: {__path__: /x}}], "
            code, out, _ = convert(tmp_path, f"clients: [{{url: 'http://x'}}]\nscrape_configs: [{{{static}{key}: {value}}}]\n")
            assert code in (0, 1)
            (tmp_path / "out.yml").write_text(out)
            assert vedette("check", f"--config.file={tmp_path}/out.yml")[0] == 0, out


PLAIN = "clients: [{url: '%s'}]\nscrape_configs: [{job_name: a, static_configs: [{labels: {job: a, __path__: %s}}]}]\n"


def take_over(directory, positions, *args):
    (directory / "positions.yaml").write_text(positions)
    return convert(directory, PLAIN % ("http://x", "/x"), "--positions=positions.yaml", f"--storage.path={directory}/state",
                   *args)


def test_a_file_is_continued_where_promtail_was(tmp_path, start_agent, loki):
    log = tmp_path / "app.log"
    lines = [f"line {n}" for n in range(1000)]
    log.write_text("".join(line + "\n" for line in lines))
    (tmp_path / "other.log").write_text("never read\n")
    read = sum(len(line) + 1 for line in lines[:420])
    code, out, said = take_over(tmp_path, f"positions:\n  {log}: \"{read}\"\n")
    assert (code, said) == (0, "")
    (tmp_path / "promtail.yml").write_text(PLAIN % (loki.url + "/loki/api/v1/push", f"{tmp_path}/*.log"))
    code, out, said = vedette("convert", "promtail", tmp_path / "promtail.yml")
    assert (code, said) == (0, "")
    start_agent(out, args=[f"--storage.path={tmp_path}/state"])
    support.wait_until(lambda: len(loki.lines()) >= 581, 60, "the rest of the lines in Loki")
    assert sorted(loki.lines()) == sorted(lines[420:] + ["never read"])


def test_positions_that_lead_nowhere_are_named(tmp_path):
    (tmp_path / "short.log").write_text("x\n")
    code, _, said = take_over(tmp_path, f"""positions:
  {tmp_path}/gone.log: "12"
  {tmp_path}/short.log: "12"
  {tmp_path}/state: "12"
  journal-x: s=abc;i=1
  {tmp_path}/short.log.1: many
""")
    assert code == 1
    for place, sentence in ("2:3", "No such file"), ("3:3", "is shorter"), ("5:3", "is no file"), ("6:3", "no number"):
        assert re.search(f"(?m)^positions.yaml:{place}: .*{sentence}", said), said


def test_positions_are_not_overwritten_unasked(tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    (state / "positions").write_text("precious")
    code, out, said = take_over(tmp_path, "positions: {}\n")
    assert (code, out) == (1, "") and "--overwrite" in said
    assert (state / "positions").read_text() == "precious"
    (tmp_path / "a.log").write_text("x\n")
    assert take_over(tmp_path, f"positions: {{{tmp_path}/a.log: '2'}}\n", "--overwrite")[0] == 0
    assert "file " in (state / "positions").read_text()


def test_positions_of_an_agent_that_runs_are_left_alone(tmp_path, start_agent):
    (tmp_path / "x.log").write_text("")
    (tmp_path / "state").mkdir()
    start_agent(f"logs: {{loki: {{url: http://127.0.0.1:9}}, sources: [{{file: {{paths: [{tmp_path}/x.log]}}}}]}}\n",
                args=[f"--storage.path={tmp_path}/state"])
    code, _, said = take_over(tmp_path, "positions: {}\n")
    assert code == 1 and "in use by an agent" in said


@pytest.mark.parametrize("text", ["", "a: b", "positions: [a]", "positions: {a: &b c}", "\0"])
def test_positions_that_are_none(tmp_path, text):
    code, out, said = take_over(tmp_path, text)
    assert (code, out) == (1, "") and "positions.yaml" in said
    assert not (tmp_path / "state/positions").exists()


def test_a_journal_is_continued_where_promtail_was(tmp_path, start_agent, loki):
    journal = journals.Journal(tmp_path / "journal")
    journal.print(*(f"line {n}" for n in range(20)))
    shown = subprocess.run(["journalctl", f"--directory={tmp_path}/journal", "-o", "json"], capture_output=True, check=True)
    entry = next(e for e in map(json.loads, shown.stdout.splitlines()) if e["MESSAGE"] == "line 6")
    text = (f"clients: [{{url: '{loki.url}/loki/api/v1/push'}}]\nscrape_configs:\n  - job_name: system\n"
            f"    journal: {{path: {tmp_path}/journal, max_age: 12h, labels: {{job: j}}}}\n")
    (tmp_path / "positions.yaml").write_text(f"positions:\n  cursor-system: {entry['__CURSOR']}\n")
    code, out, said = convert(tmp_path, text, "--positions=positions.yaml", f"--storage.path={tmp_path}/state")
    assert (code, said) == (0, "")
    start_agent(out, args=[f"--storage.path={tmp_path}/state"])
    support.wait_until(lambda: len(loki.lines('{job="j"}')) >= 13, 60, "the rest of the journal in Loki")
    assert sorted(loki.lines('{job="j"}')) == sorted(f"line {n}" for n in range(7, 20))
