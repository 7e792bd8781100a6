"""The rules of grafana/dashboard-linter, all of them and without exceptions; and what else makes dashboards rot."""
import collections
import copy
import re
import subprocess

import pytest
import yaml

import dashboards
import rulefiles
import support

ALL = {name: dashboards.load(name) for name in dashboards.NAMES}
RULES = {rule["alert"]: rule for _, rule in rulefiles.alerts()}
# panels that draw numbers need a unit
NUMBERS = {"stat", "timeseries", "table", "bargauge", "state-timeline", "gauge"}
UNITS = set("""short percentunit bool_yes_no s bytes Bps reqps ops iops rowsps pps logsps""".split())
COUNTER = re.compile(r"\w*_(total|sum|count|bucket)$")


def targets(dashboard, kind):
    for panel in dashboards.panels(dashboard):
        for target in panel.get("targets", ()):
            if target["datasource"]["type"] == kind:
                yield panel["title"], target["expr"]


def selectors(expression):
    """(name, matchers, range) of each series that is selected."""
    text = re.sub(r'"(?:[^"\\]|\\.)*"', lambda m: m[0].replace("{", "(").replace("}", ")"), expression)
    text = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", r"\1 ", text)
    for match in re.finditer(r"([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?\s*(\[[^\]]*\])?", text):
        name, matchers, window = match.groups()
        if name not in rulefiles.WORDS and not text[match.end():].lstrip().startswith("(") and not text[:match.start()].endswith("$"):
            if not inside_braces_or_quotes(text, match.start()):
                yield name, matchers or "", window or ""


def inside_braces_or_quotes(text, at):
    before = text[:at]
    return before.count("{") > before.count("}") or before.count("[") > before.count("]") or before.count('"') % 2 == 1


def has_variable(dashboard, name, **wanted):
    variable = dashboards.variables(dashboard).get(name)
    if not variable:
        return [f"no variable {name}"]
    return [f"variable {name}: {key} is {variable.get(key)!r}" for key, value in wanted.items() if variable.get(key) != value]


def template_datasource_rule(d):
    return has_variable(d, "datasource", type="datasource", query="prometheus") + has_variable(
        d, "loki", type="datasource", query="loki")


def template_job_rule(d):
    return has_variable(d, "job", type="query", label="Job", multi=True, allValue=".+")


def template_instance_rule(d):
    return has_variable(d, "instance", type="query", label="Instance", multi=True, allValue=".+")


def template_label_promql_rule(d):
    return [v["name"] for v in d["templating"]["list"] if v["type"] == "query" and v["datasource"]["type"] == "prometheus"
            and not re.fullmatch(r"label_values\(\w+(\{[^}]*\})?, \w+\)", v["query"]["query"])]


def template_on_time_change_reload_rule(d):
    return [v["name"] for v in d["templating"]["list"] if v["type"] == "query" and v["refresh"] != 2]


def panel_datasource_rule(d):
    allowed = ({"type": "prometheus", "uid": "${datasource}"}, {"type": "loki", "uid": "${loki}"})
    return [p["title"] for p in dashboards.panels(d)
            if p["datasource"] not in allowed or any(t["datasource"] not in allowed for t in p.get("targets", ()))]


def panel_title_description_rule(d):
    return [p["id"] for p in dashboards.panels(d) if not p.get("title") or len(p.get("description", "")) < 10]


def panel_units_rule(d):
    return [p["title"] for p in dashboards.panels(d)
            if p["type"] in NUMBERS and p["fieldConfig"]["defaults"].get("unit") not in UNITS]


def panel_no_targets_rule(d):
    return [p["title"] for p in dashboards.panels(d) if not p.get("targets")]


def target_logql_rule(d):
    """Its parser is Loki itself, in test_live.py; here: a selector, and every bracket closed."""
    return [title for title, expr in targets(d, "loki")
            if not re.search(r'\{\w+=~?"[^"]*"(, \w+=~?"[^"]*")*\}', expr) or any(
                expr.count(a) != expr.count(b) for a, b in ("()", "{}", "[]"))]


def target_logql_auto_rule(d):
    return [title for title, expr in targets(d, "loki") if re.search(r"\[(?!\$__auto\])", expr)]


def target_promql_rule(d):
    records = [{"record": "a:b:c", "expr": dashboards.substituted(expr)} for _, expr in targets(d, "prometheus")]
    text = yaml.safe_dump({"groups": [{"name": str(n), "rules": [record]} for n, record in enumerate(records)]})
    done = subprocess.run([support.monitoring("promtool"), "check", "rules", "--lint=none", "/dev/stdin"], input=text,
                          capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else [done.stdout + done.stderr]


def target_rate_interval_rule(d):
    return [title for title, expr in targets(d, "prometheus")
            for window in re.findall(r"\bi?rate\([^()]*\[([^\]]*)\]", expr) if window != "$__rate_interval"]


def with_matcher(d, matcher):
    return [f"{title}: {name}" for title, expr in targets(d, "prometheus") for name, matchers, _ in selectors(expr)
            if matcher not in matchers]


def target_job_rule(d):
    return with_matcher(d, 'job=~"$job"')


def target_instance_rule(d):
    return with_matcher(d, 'instance=~"$instance"')


def target_counter_agg_rule(d):
    """A counter is of use only as a rate; what ends as a counter and is none is named so by others."""
    return [f"{title}: {name}" for title, expr in targets(d, "prometheus") for name, _, window in selectors(expr)
            if COUNTER.fullmatch(name) and not window and name not in GAUGES]


GAUGES = {"pg_stat_activity_count", "pg_locks_count", "meilisearch_index_docs_count"}


def uneditable_dashboard_rule(d):
    return [] if d["editable"] is False else ["it can be edited"]


LINT = [value for name, value in list(globals().items()) if name.endswith("_rule")]


@pytest.mark.parametrize("rule", LINT, ids=lambda r: r.__name__)
@pytest.mark.parametrize("name", ALL)
def test_lint(name, rule):
    assert rule(ALL[name]) == []


def test_there_are_seventeen_rules():
    assert len(LINT) == 17


def break_variable(name, **values):
    def act(d):
        dashboards.variables(d)[name].update(values)
    return act


def break_panel(**values):
    def act(d):
        next(p for p in dashboards.panels(d) if p["type"] in NUMBERS).update(values)
    return act


def break_expression(new, kind="prometheus"):
    def act(d):
        for panel in dashboards.panels(d):
            for target in panel["targets"]:
                if target["datasource"]["type"] == kind:
                    target["expr"] = new
                    return
    return act


BREAK = {  # a way to break what each rule watches
    template_datasource_rule: break_variable("datasource", type="query", datasource={"type": "x"}, refresh=2),
    template_job_rule: break_variable("job", multi=False),
    template_instance_rule: break_variable("instance", allValue=None),
    template_label_promql_rule: break_variable("job", query={"query": "up"}),
    template_on_time_change_reload_rule: break_variable("job", refresh=1),
    panel_datasource_rule: break_panel(datasource={"type": "prometheus", "uid": "${DS_PROMETHEUS}"}),
    panel_title_description_rule: break_panel(description=""),
    panel_units_rule: break_panel(fieldConfig={"defaults": {}}),
    panel_no_targets_rule: break_panel(targets=[]),
    target_logql_rule: break_expression('rate({a="b"[$__auto])', "loki"),
    target_logql_auto_rule: break_expression('rate({a="b"}[5m])', "loki"),
    target_promql_rule: break_expression("sum by (up"),
    target_rate_interval_rule: break_expression('rate(a_total{job=~"$job", instance=~"$instance"}[5m])'),
    target_job_rule: break_expression('up{instance=~"$instance"}'),
    target_instance_rule: break_expression('a + on (job) up{job=~"$job", instance=~"$instance"}'),
    target_counter_agg_rule: break_expression('sum(a_total{job=~"$job", instance=~"$instance"})'),
    uneditable_dashboard_rule: lambda d: d.update(editable=True),
}


@pytest.mark.parametrize("rule", LINT, ids=lambda r: r.__name__)
def test_each_rule_finds_what_it_is_for(rule):
    broken = copy.deepcopy(ALL["overview"])
    BREAK[rule](broken)
    assert rule(broken)


def test_the_files_are_what_the_generator_makes():
    done = subprocess.run([dashboards.DIRECTORY / "generate.py", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_uids_and_ids_are_unique():
    assert sorted(d["uid"] for d in ALL.values()) == sorted(f"vedette-{name}" for name in ALL)
    for name, d in ALL.items():
        for what in ("id", "title"):
            seen = collections.Counter(p[what] for p in d["panels"])
            assert [x for x, count in seen.items() if count > 1] == [], f"{name}: {what}"
        assert "__inputs" not in d and d["id"] is None and len(dashboards.panels(d)) > 10


def overlaps(a, b):
    return (a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"])


@pytest.mark.parametrize("name", ALL)
def test_no_panel_lies_on_another(name):
    places = [(p["title"], p["gridPos"]) for p in ALL[name]["panels"]]
    for n, (title, place) in enumerate(places):
        assert place["x"] + place["w"] <= 24
        for other, where in places[n + 1:]:
            assert not overlaps(place, where), f"{title} and {other}"


def urls(d):
    """Where a click leads: (from which panel, or None for the whole dashboard; url)"""
    for link in d["links"]:
        yield None, link["url"]
    for panel in dashboards.panels(d):
        for link in panel["links"]:
            yield panel["title"], link["url"]
        for url in re.findall(r"\]\((\S+?)\)", panel["description"]):
            yield panel["title"], url
        for override in panel["fieldConfig"].get("overrides", ()):
            for property_ in override["properties"]:
                for link in property_["value"]:
                    yield panel["title"], link["url"]


@pytest.mark.parametrize("name", ALL)
def test_links_lead_somewhere(name):
    services = {s["labels"].get("service_name") for s in logged_services()} | {"vedette", "prometheus", "alertmanager", "loki", "grafana", ".+"}
    for title, url in urls(ALL[name]):
        if url.startswith("${runbooks}/"):
            alert = url.rsplit("/", 1)[1]
            assert alert in RULES or alert == "${__value.text}", f"{title}: {url}"
        else:
            assert re.match(r"/d/vedette-([\w-]+)", url)[1] in ALL, f"{title}: {url}"
            if title:
                assert "${__url_time_range}" in url and "${loki:queryparam}" in url, f"{title}: the link forgets what was chosen"
            service = re.search(r"var-service=(\S+)", url)
            assert not service or service[1] in services, f"{title}: who is {service[1]}?"
    assert all(link["keepTime"] and link["includeVars"] for link in ALL[name]["links"])


def logged_services():
    settings = yaml.safe_load((support.ROOT / "deploy/config/logs.yml").read_text())
    return [source for source in settings["logs"]["sources"] if "labels" in source]


@pytest.mark.parametrize("name", ALL)
def test_panels_name_alerts_that_there_are_and_draw_their_limits(name):
    for panel in dashboards.panels(ALL[name]):
        named = re.findall(r"^Alert: \[(\w+)\]", panel["description"], re.M)
        assert set(named) <= RULES.keys(), panel["title"]
        for step in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", ()):
            limit = step["value"]
            # what is empty or not, on or off, needs no number in a rule
            if limit is not None and limit not in (0, 1):
                assert any(limit in limits_of(RULES[alert]["expr"]) for alert in named), f"{panel['title']}: {limit}"


def limits_of(expression):
    out = set()
    for product in re.findall(r"(?:[<>]=?|[=!]=)\s*((?:[\d.]+\s*\*\s*)*[\d.]+)", expression):
        value = 1.0
        for factor in product.split("*"):
            value *= float(factor)
        out.add(value)
    return out


@pytest.mark.parametrize("alert", RULES)
def test_each_alert_leads_to_a_dashboard_that_shows_it(alert):
    name = RULES[alert]["annotations"]["dashboard_url"].rsplit("/d/vedette-", 1)[1]
    shown = re.findall(r"Alert: \[(\w+)\]", " ".join(p["description"] for p in dashboards.panels(ALL[name])))
    if alert.endswith("Absent"):
        return  # there is nothing to be seen then; meta shows which targets answer
    assert alert in shown, f"no panel of {name} names {alert}"


# Metrics of other programs that only dashboards look at: whose. test_live.py sees each of them, or says why not.
OTHERS = {
    **dict.fromkeys(["http_request_duration_seconds_sum"], "tests/platform/app.py, relayed"),
    **dict.fromkeys(["caddy_http_requests_in_flight"], "Caddy, relayed"),
    **dict.fromkeys(["meilisearch_http_requests_total", "meilisearch_http_response_time_seconds_sum",
                     "meilisearch_http_response_time_seconds_count"], "Meilisearch's own, passed on"),
    **dict.fromkeys(["minio_s3_requests_total", "minio_s3_traffic_received_bytes", "minio_s3_traffic_sent_bytes"],
                    "MinIO's own, passed on"),
    **dict.fromkeys(["vedette_backup_size_bytes"], "the backup's script, through host_textfile"),
    **dict.fromkeys(["alertmanager_notifications_total"], "Alertmanager"),
    **dict.fromkeys(["loki_request_duration_seconds_count"], "Loki"),
    **dict.fromkeys(["process_resident_memory_bytes", "process_cpu_seconds_total", "process_start_time_seconds"], "everybody"),
}


def test_somebody_tells_each_metric():
    import sys
    sys.path.insert(0, str(support.ROOT / "tests/rules"))
    import test_rules
    known = (test_rules.emitted() | test_rules.frozen() | test_rules.OTHERS.keys() | OTHERS.keys()
             | {r["record"] for r in rulefiles.records()})
    for name in ALL:
        for it in dashboards.expressions(name):
            if it.kind == "prometheus":
                unknown = {metric for metric, _, _ in selectors(it.text)} - known
                assert not unknown, f"{name}: {it.panel}: nobody tells {unknown}"


FAILURES = {  # what the platform's five ways to fail begin with on the overview, and where they have to lead
    "PostgresDown": ("PostgreSQL", "postgres", "postgresql"),
    "DbPoolExhausted": ("Connection pool", "postgres", "fastapi"),
    "DiskSpaceCritical": ("Disk space that is available", "host", ".+"),
    "HighLatencyP95": ("Time of the slowest one in twenty", "app-edge", "fastapi"),
    "SearchEmpty": ("Searches find", "search", "meilisearch"),
}


@pytest.mark.parametrize("alert", FAILURES)
def test_three_clicks_from_the_overview_to_the_runbook(alert):
    tile, detail, service = FAILURES[alert]
    first = [url for title, url in urls(ALL["overview"]) if title == tile and url.startswith(f"/d/vedette-{detail}?")]
    second = [url for title, url in urls(ALL[detail]) if url.endswith(f"&var-service={service}") and any(
        alert in p["description"] for p in dashboards.panels(ALL[detail]) if p["title"] == title)]
    third = [url for _, url in urls(ALL["logs"]) if url == "${runbooks}/${__value.text}"]
    assert first and second and third
    # and straight on, for whoever is in a hurry
    assert any(url == f"${{runbooks}}/{alert}" for title, url in urls(ALL["overview"]) if title == tile)
    assert any(url == f"${{runbooks}}/{alert}" for _, url in urls(ALL[detail]))
