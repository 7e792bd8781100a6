"""The metric reference and the settings reference say what is there, and nothing else."""

import json
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VEDETTE = os.environ.get("VEDETTE", os.path.join(ROOT, "build/debug/vedette"))
SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="(?:[^"\\]|\\.)*"')


def vedette(*arguments):
    return subprocess.run([VEDETTE, *arguments], capture_output=True, text=True, timeout=60)


def reference():
    done = vedette("metrics", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def matcher(rows):
    """A function from a family's name to its row."""
    plain = {row["name"]: row for row in rows if not row["pattern"]}
    patterns = [(re.compile(re.sub(r"<[^>]*>", "[a-zA-Z0-9_]+", row["name"]) + "$"), row)
                for row in rows if row["pattern"]]

    def find(name):
        if name in plain:
            return plain[name]
        return next((row for pattern, row in patterns if pattern.match(name)), None)
    return find


def all_collectors(tmp_path):
    names = sorted({row["collector"][len("host_"):] for row in reference() if row["collector"].startswith("host_")})
    config = tmp_path / "all.yml"
    config.write_text("exporters: {host: {collectors: {enable: [%s]}}}\n" % ", ".join(names))
    return str(config)


def test_every_family_that_is_emitted_is_in_the_reference(tmp_path):
    find = matcher(reference())
    done = vedette("scrape", "--config.file", all_collectors(tmp_path))
    assert done.stdout, done.stderr
    types, families, missing = {}, 0, []
    for line in done.stdout.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            types[name] = kind
            families += 1
            row = find(name)
            if not row or row["type"] != kind:
                missing.append(line)
        elif not line.startswith("#"):
            name, labels, _ = SAMPLE.match(line).groups()
            row = find(name)
            known = set(filter(None, row["labels"].split(","))) if row else set()
            if not row or not set(LABEL.findall(labels or "")) <= known:
                missing.append(line)
    assert families > 100
    assert not missing, missing[:20]


def test_names_mean_one_thing_and_are_explained():
    """Several collectors may report a family, of which they say the same; none names it twice."""
    rows = reference()
    meanings = {(row["name"], row["type"], row["pattern"], row["labels"], row["help"]) for row in rows}
    names = [meaning[0] for meaning in meanings]
    assert len(names) == len(set(names)), sorted(n for n in names if names.count(n) > 1)
    places = [(row["name"], row["collector"]) for row in rows]
    assert len(places) == len(set(places)), sorted(p for p in places if places.count(p) > 1)
    assert all(row["help"].endswith(".") for row in rows)


def test_markdown_has_every_family():
    text = vedette("metrics").stdout
    for row in reference():
        assert "| `%s` |" % row["name"] in text
    assert vedette("metrics", "--markdown").stdout == text


def test_settings_reference_names_every_collector_with_settings():
    text = vedette("config").stdout
    for key in ("web.listen_address", "web.scrape_timeout", "external_labels", "exporters.host.collectors.disable",
                "exporters.host.filesystem.mount_points_exclude", "exporters.host.textfile.max_age"):
        assert key in text, key


def test_print_shows_what_is_in_force_and_can_be_read_again(tmp_path):
    config = tmp_path / "vedette.yml"
    config.write_text("web: {listen_address: '127.0.0.1:1234'}\nexporters: {host: {textfile: {max_age: 36h}}}\n")
    printed = vedette("config", "--print", "--config.file", str(config))
    assert printed.returncode == 0, printed.stderr
    assert "127.0.0.1:1234" in printed.stdout
    again = tmp_path / "again.yml"
    again.write_text(printed.stdout)
    assert vedette("check", "--config.file", str(again)).returncode == 0
    assert vedette("config", "--print", "--config.file", str(again)).stdout == printed.stdout


def test_help_of_every_command():
    top = vedette("--help")
    assert top.returncode == 0
    commands = re.findall(r"^  ([a-z]+)  ", top.stdout, re.M)
    assert set(commands) == {"run", "check", "scrape", "ship", "convert", "metrics", "config", "healthcheck",
                             "version"}
    for command in commands:
        one = vedette(command, "--help")
        assert one.returncode == 0 and one.stdout.startswith("Usage: vedette " + command)


def test_wrong_calls_say_how_to_call():
    for arguments, part in ((["nonsense"], "there is no command nonsense"), (["run", "--nonsense"], "--nonsense"),
                            (["run", "extra"], "takes no argument extra"), (["run", "--config.file"], "needs a value"),
                            (["run", "--log.level=loud"], "loud"), (["check", "--print"], "no option --print")):
        done = vedette(*arguments)
        assert done.returncode == 2, arguments
        assert part in done.stderr and "--help" in done.stderr or "log.level" in done.stderr, done.stderr
