"""The alert rules as the tests see them: every rule with its file, parsed; needs no server."""
import re
import subprocess

import yaml

import support

RULES = support.ROOT / "rules"
TESTS = support.ROOT / "tests/rules"


def files():
    return sorted(RULES.glob("*.yml"))


def groups():
    for path in files():
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield path, group


def alerts():
    """(file, rule) of each alert."""
    return [(path, rule) for path, group in groups() for rule in group["rules"] if "alert" in rule]


def records():
    return [rule for _, group in groups() for rule in group["rules"] if "record" in rule]


def promtool(*args):
    return subprocess.run([support.monitoring("promtool"), *map(str, args)], capture_output=True, text=True, timeout=300,
                          check=False)


WORDS = set("""and or unless on ignoring group_left group_right by without bool offset sum min max avg count absent rate
increase changes histogram_quantile predict_linear min_over_time max_over_time count_over_time avg_over_time deriv time
vector clamp_max clamp_min abs scalar label_replace sum_over_time last_over_time topk round inf nan""".split())


def metrics_of(expression):
    """Names of metrics in an expression: what is no label, string, duration, function or keyword."""
    text = re.sub(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', '""', expression)
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", text)
    text = re.sub(r"\b(on|ignoring|by|without|group_left|group_right)\s*\([^)]*\)", r"\1", text)
    return {name for name in re.findall(r"(?<![\w:.])([a-zA-Z_:][\w:]*)", text) if name not in WORDS}
