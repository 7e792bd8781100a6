"""The dashboards as the tests see them: each panel and each expression with where it stands; needs no Grafana."""
import collections
import json
import re

import support

DIRECTORY = support.ROOT / "dashboards"
NAMES = sorted(path.stem for path in DIRECTORY.glob("*.json"))
METRICS, LOGS = "prometheus", "loki"

# kind: METRICS or LOGS; panel: its title, or "variable x", "annotation x"
Expression = collections.namedtuple("Expression", "dashboard panel kind text instant")


def load(name):
    return json.loads((DIRECTORY / f"{name}.json").read_text())


def panels(dashboard):
    """All but the headings of rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def variables(dashboard):
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def expressions(name):
    """Everything that is asked of a data source when the dashboard is opened."""
    dashboard = load(name)
    for panel in panels(dashboard):
        for target in panel.get("targets", ()):
            yield Expression(name, panel["title"], target["datasource"]["type"], target["expr"], target.get("instant", False))
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query" and variable["datasource"]["type"] == METRICS:
            asked = re.fullmatch(r"label_values\((.*), *(\w+)\)", variable["query"]["query"])
            yield Expression(name, f"variable {variable['name']}", METRICS, asked[1], True)
    for annotation in dashboard["annotations"]["list"]:
        yield Expression(name, f"annotation {annotation['name']}", METRICS, annotation["expr"], False)


def substituted(text, interval="5m", span="1h"):
    """As Grafana sends it with All chosen for each variable."""
    for variable, value in (("$__rate_interval", interval), ("$__auto", interval), ("$__interval", interval),
                            ("$__range", span), ("$job", ".+"), ("$instance", ".+"), ("$service", ".+")):
        text = text.replace(variable, value)
    assert "$" not in text, f"what is left of the variables in {text}?"
    return text
