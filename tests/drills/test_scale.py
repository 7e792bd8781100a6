"""The rules of the drills are the rules that run, but for their time."""
import re

import pytest
import yaml

import rulefiles
import scale

FILES = rulefiles.files()
NUMBER = r"\b\d[\d.]*(?:ms|[smhdwy])?\b"
FACTOR = 20


@pytest.mark.parametrize("text, want", [
    ("rate(a[5m]) > 0.1", "rate(a[15000ms]) > 0.1"),
    ("max_over_time(a[1h30m:1m]) > 5", "max_over_time(a[270000ms:3000ms]) > 5"),
    ("max_over_time(a[1h:]) > 5", "max_over_time(a[180000ms:]) > 5"),
    ("a - a offset 1d > 3", "a - a offset 4320000ms > 3"),
    ("predict_linear(a{b=~'(c|d),'}[2h], 4 * 3600) < 0", "predict_linear(a{b=~'(c|d),'}[360000ms], 720) < 0"),
    ("time() - a > 26 * 3600 and b > 7", "time() - a > 4680 and b > 7"),
    ("a - time() < 86400 or time() - b >= 60", "a - time() < 4320 or time() - b >= 3"),
    ("(time() - a) / 3600 > 26", "(time() - a) / 3600 > 1.3"),
    ("time() - a > b", None),
])
def test_an_expression(text, want):
    if want is None:
        with pytest.raises(AssertionError, match="time"):
            scale.expression(text, FACTOR)
    else:
        assert scale.expression(text, FACTOR) == want


def numbers(text):
    """The text without its numbers, and its numbers: products computed, durations in seconds."""
    def value(match):
        if not match[0][0].isdigit():
            return match[0]  # a name
        parts = [scale.seconds(p) if p[-1].isalpha() else float(p) for p in re.split(r"\s*\*\s*", match[0])]
        found.append(round(parts[0] * (parts[1] if len(parts) > 1 else 1), 6))
        return "#"
    found = []
    return re.sub(r"\s+", "", re.sub(rf"[a-zA-Z_][\w:]*|{NUMBER}(?:\s*\*\s*{NUMBER})?", value, text)), found


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_nothing_else_is_changed(path):
    """Word for word; a number is the same, or divided, and only as many are as there are times."""
    before = yaml.safe_load(path.read_text())
    after = yaml.safe_load(scale.rules(path.read_text(), FACTOR))
    for group, fast in zip(before["groups"], after["groups"], strict=True):
        for rule, copy in zip((group, *group["rules"]), (fast, *fast["rules"]), strict=True):
            assert rule.keys() == copy.keys()
            for key in rule.keys() - {"rules", "expr"}:
                if key in scale.KEYS:
                    assert scale.seconds(copy[key]) * FACTOR == scale.seconds(rule[key])
                else:
                    assert copy[key] == rule[key]
            if "expr" in rule:
                (words, values), (words_after, values_after) = numbers(rule["expr"]), numbers(copy["expr"])
                assert words == words_after
                assert all(b in (a, pytest.approx(a / FACTOR)) for a, b in zip(values, values_after, strict=True))
                times = re.findall(rf"[\[:]{scale.DURATION}|offset\s|predict_linear\(|\btime\(\)", rule["expr"])
                assert sum(a != b for a, b in zip(values, values_after)) == len(times)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_back_and_forth_is_where_it_was(path):
    text = path.read_text()
    assert scale.rules(scale.rules(text, FACTOR), 1 / FACTOR) == scale.rules(text, 1)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_prometheus_takes_it(path, tmp_path):
    copy = tmp_path / path.name
    copy.write_text(scale.rules(path.read_text(), FACTOR))
    done = rulefiles.promtool("check", "rules", copy)
    assert done.returncode == 0, done.stdout + done.stderr
