"""A copy of the rules in which time runs faster, so that a drill of hours takes minutes.

One factor divides every duration: `for`, `keep_firing_for`, the interval of a group, ranges, offsets, the seconds that
predict_linear() looks ahead, and the limit that something with time() is compared to. All else stays, so a rate is still
one per second, and a gate on a count within a range wants as much more traffic as time runs faster."""
import re

import yaml

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
DURATION = r"(?:\d+(?:ms|[smhdwy]))+"
PRODUCT = r"\d+(?:\.\d+)?(?:\s*\*\s*\d+(?:\.\d+)?)*"
KEYS = ("for", "keep_firing_for", "interval")


def seconds(duration):
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", duration))


def duration(text, factor):
    milliseconds = seconds(text) * 1000 / factor
    assert milliseconds == 0 or milliseconds >= 1, f"{text} is too short to be divided by {factor}"
    return f"{round(milliseconds)}ms"


def number(text, factor):
    value = 1.0
    for part in text.split("*"):
        value *= float(part)
    return f"{value / factor:.10g}"


def closing(text, start):
    """Where the bracket ends that opens before `start`, and where its last argument begins."""
    depth, last = 1, start
    for at in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return at, last
        if depth == 1 and text[at] == ",":
            last = at + 1
    raise AssertionError(f"a bracket is not closed: {text}")


def predictions(expression, factor):
    out, at = "", 0
    for call in re.finditer(r"predict_linear\(", expression):
        end, last = closing(expression, call.end())
        out += expression[at:last] + " " + number(expression[last:end], factor)
        at = end
    return out + expression[at:]


def ages(expression, factor):
    """What stands behind the comparison of an expression with time()."""
    changed = re.sub(rf"(\btime\(\)[^<>=]*?[<>]=?\s*)({PRODUCT})(?![\w.\[])",
                     lambda m: m[1] + number(m[2], factor), expression)
    assert changed.count("time()") == len(re.findall(rf"\btime\(\)[^<>=]*?[<>]=?\s*{PRODUCT}", changed)), \
        f"to what is time() compared? {expression}"
    return changed


def expression(text, factor):
    text = re.sub(rf"\[({DURATION})(:({DURATION})?)?\]", lambda m: "[" + duration(m[1], factor) + (
        ":" + (duration(m[3], factor) if m[3] else "") if m[2] else "") + "]", text)
    text = re.sub(rf"\boffset\s+({DURATION})", lambda m: f"offset {duration(m[1], factor)}", text)
    return ages(predictions(text, factor), factor)


def rules(text, factor):
    """The text of a file of rules, and the same in another time."""
    tree = yaml.safe_load(text)
    for group in tree["groups"]:
        for rule in (group, *group["rules"]):
            rule.update({key: duration(rule[key], factor) for key in KEYS if key in rule})
            if "expr" in rule:
                rule["expr"] = expression(rule["expr"], factor)
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=1000)
