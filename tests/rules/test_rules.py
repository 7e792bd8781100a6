"""Alert rules: what each must have, that each has its tests, and that what it looks at is told by somebody."""
import collections
import json
import pathlib
import re
import subprocess

import pytest
import yaml

import rulefiles
import support

SEVERITIES = {"critical", "warning", "info", "none"}
SERVICES = {"postgres", "pool", "app", "search", "storage", "host", "containers", "logs", "meta"}
CAUSES = {"postgres", "search", "storage", "app", "edge", "agent", "loki"}
ANNOTATIONS = {"summary", "description", "impact", "action", "runbook_url", "dashboard_url"}
ALERTS = rulefiles.alerts()
NAMES = [rule["alert"] for _, rule in ALERTS]
# Metrics of other programs, which no table of ours lists: the program, and the test in which it is seen to tell them.
OTHERS = {
    "up": "Prometheus itself",
    "ALERTS": "Prometheus itself",
    "http_request_duration_seconds_bucket": "tests/platform/app.py, relayed",
    "http_request_duration_seconds_count": "tests/platform/app.py, relayed",
    "caddy_http_request_duration_seconds_bucket": "Caddy, relayed",
    "caddy_http_request_duration_seconds_count": "Caddy, relayed",
    "caddy_reverse_proxy_upstreams_healthy": "Caddy, relayed",
    "caddy_config_last_reload_successful": "Caddy since 2.9, relayed",
    "pg_settings_reserved_connections": "PostgreSQL 16 and later",
    "prometheus_config_last_reload_successful": "Prometheus, tests/rules/test_others.py",
    "prometheus_rule_evaluation_failures_total": "Prometheus, tests/rules/test_others.py",
    "prometheus_tsdb_head_samples_appended_total": "Prometheus, tests/rules/test_others.py",
    "prometheus_notifications_errors_total": "Prometheus, tests/rules/test_others.py",
    "prometheus_notifications_dropped_total": "Prometheus, tests/rules/test_others.py",
    "prometheus_tsdb_head_series": "Prometheus, tests/rules/test_others.py",
    "prometheus_notifications_alertmanagers_discovered": "Prometheus, tests/rules/test_others.py",
    "alertmanager_config_last_reload_successful": "Alertmanager, tests/rules/test_others.py",
    "alertmanager_notifications_failed_total": "Alertmanager, tests/rules/test_others.py",
    "loki_discarded_samples_total": "Loki, tests/rules/test_others.py",
    "scrape_duration_seconds": "Prometheus itself",
    "documents": "a query of exporters.sql, in deploy/config/business.yml",
    "minio_s3_requests_5xx_errors_total": "MinIO once there is one, passed on by minio_cluster",
    "minio_api_requests_5xx_errors_total": "MinIO's version 3 once there is one, passed on by minio_node",
    "minio_cluster_health_drives_offline_count": "MinIO's version 3, passed on by minio_cluster",
    "vedette_backup_last_success_timestamp_seconds": "the backup's script, through host_textfile",
    "vedette_backup_last_run_success": "the backup's script, through host_textfile",
}


# Fires for ever, and is missed where it does not arrive.
ALWAYS = "Watchdog"


def is_absence(rule):
    return rule["alert"].endswith("Absent")


@pytest.mark.parametrize("path", rulefiles.files(), ids=lambda p: p.name)
def test_promtool_takes_the_file(path):
    done = rulefiles.promtool("check", "rules", "--lint=all", "--lint-fatal", path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", sorted(rulefiles.TESTS.glob("*.yml")), ids=lambda p: p.name)
def test_alerts_fire_and_resolve_as_they_should(path):
    done = rulefiles.promtool("test", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_names_are_unique():
    assert [n for n, count in collections.Counter(NAMES).items() if count > 1] == []


@pytest.mark.parametrize("path, rule", ALERTS, ids=NAMES)
def test_each_alert_has_what_whoever_is_called_needs(path, rule):
    labels, annotations, name = rule["labels"], rule["annotations"], rule["alert"]
    assert re.fullmatch(r"([A-Z][a-z0-9]*)+([A-Z0-9][a-z0-9]*)*", name)
    assert labels["severity"] in SEVERITIES and labels["service"] in SERVICES
    assert labels["deployment"] == "{{ $externalLabels.deployment }}"
    assert labels.keys() <= {"severity", "service", "deployment", "depends_on"}
    assert labels.get("depends_on", "agent") in CAUSES
    assert not any("$value" in str(v) for v in labels.values()), "a value in a label restarts `for` each time"
    assert annotations.keys() == ANNOTATIONS
    assert "{{" not in annotations["summary"] and annotations["summary"][-1] not in ".!"
    assert "$value" not in annotations["description"] or "humanize" in annotations["description"]
    assert annotations["runbook_url"] == f"http://localhost:19100/runbook/{name}"
    assert annotations["dashboard_url"].startswith("http://localhost:3000/d/vedette-")
    if labels["severity"] == "critical":
        assert "keep_firing_for" in rule
    if is_absence(rule):
        assert rule["for"] == "10m" and labels["depends_on"] == "agent" and "absent(" in rule["expr"]
    elif name != ALWAYS:
        assert re.search(r"[<>]=?|[=!]=", re.sub(r"\{[^}]*\}", "", rule["expr"])), "nothing is compared"
    if "for" not in rule and name != ALWAYS:
        assert "_over_time(" in rule["expr"], "without `for` a single sample would page"


def test_each_page_would_be_missed_aloud():
    """For each metric that a page looks at, an alert says when nobody tells it: itself, or through a record."""
    inputs = {r["record"]: rulefiles.metrics_of(r["expr"]) for r in rulefiles.records()}

    def seen(metrics):
        """With what they are computed from."""
        out = set(metrics)
        for name in metrics:
            out |= seen(inputs.get(name, set()))
        return out

    watched = seen({name for _, rule in ALERTS if is_absence(rule) for name in rulefiles.metrics_of(rule["expr"])})
    # what is told by the same collector in the same scrape as one that is watched
    together = {"vedette_pg_login_success": "pg_up", "db_pool_timeouts_total": "db_pool_connections",
                # the canary always says whether it succeeded; the queries of exporters.sql are asked on PostgreSQL's connection
                "vedette_search_canary_hits": "vedette_search_canary_success", "meilisearch_index_docs_count": "vedette_search_up",
                "documents": "pg_up",
                "probe_duration_seconds": "probe_success",
                "http_request_duration_seconds_count": "http_request_duration_seconds_bucket",
                "caddy_http_request_duration_seconds_count": "caddy_http_request_duration_seconds_bucket"}
    for _, rule in ALERTS:
        if rule["labels"]["severity"] != "critical":
            continue
        for name in seen(rulefiles.metrics_of(rule["expr"])) - inputs.keys() - {"ALERTS"}:
            assert together.get(name, name) in watched, f"{rule['alert']}: nobody notices when {name} is gone"


def emitted():
    done = subprocess.run([support.VEDETTE, "metrics", "--json"], capture_output=True, check=True, timeout=60)
    names = set()
    for metric in json.loads(done.stdout):
        names.add(metric["name"])
        if metric["type"] in ("histogram", "summary"):
            names |= {metric["name"] + end for end in ("_bucket", "_sum", "_count")}
    return names


def frozen():
    """Names that our expositions of frozen input have, also those that are only a pattern in the table: pg_settings_<name>."""
    texts = (path.read_text() for path in (support.ROOT / "tests/golden").glob("*/*/expected.prom"))
    return {re.match(r"[\w:]+", line)[0] for text in texts for line in text.splitlines() if line and line[0] != "#"}


def test_somebody_tells_each_metric():
    known = emitted() | frozen() | OTHERS.keys() | {r["record"] for r in rulefiles.records()}
    for path, group in rulefiles.groups():
        for rule in group["rules"]:
            unknown = rulefiles.metrics_of(rule["expr"]) - known
            assert not unknown, f"{path.name}: {rule.get('alert') or rule['record']}: nobody tells {unknown}"


def cases():
    """Alert -> words of the names of the tests that ask for it -> whether one of them expects it to fire."""
    out = collections.defaultdict(list)
    for path in sorted(rulefiles.TESTS.glob("*.yml")):
        for test in yaml.safe_load(path.read_text())["tests"]:
            for case in test.get("alert_rule_test", ()):
                out[case["alertname"]].append((test["name"], case))
    return out


@pytest.mark.parametrize("path, rule", ALERTS, ids=NAMES)
def test_each_alert_has_its_tests(path, rule):
    """Fires with exactly these words, is silent, resolves, and (unless it is about absence) at the boundary, without."""
    mine = cases()[rule["alert"]]
    fired = [case for _, case in mine if case["exp_alerts"]]
    assert fired and all(set(a["exp_annotations"]) == ANNOTATIONS for case in fired for a in case["exp_alerts"])
    if rule["alert"] == ALWAYS:
        return
    assert any(not case["exp_alerts"] for _, case in mine)
    names = " ".join(name for name, _ in mine)
    for word in ("fires", "resolves", *(() if is_absence(rule) else ("boundary", "absent"))):
        assert word in names, f"no test of {rule['alert']} says {word}"


def mutants(rule):
    """Each number, comparison and duration of an alert, changed a little: (what, the changed rule)."""
    expression = rule["expr"]
    protected = [m.span() for m in re.finditer(r'\{[^}]*\}|"[^"]*"', expression)]

    def free(match):
        return not any(a <= match.start() < b for a, b in protected)

    for match in re.finditer(r"(?<![\w.\[])(\d+(?:\.\d+)?)(?![\w.\]])", expression):
        if free(match):
            number = float(match[0])
            small = number == int(number) and number <= 4  # a count, for which a quarter more is the same
            for value in (number + 1, number - 1) if small else (number * 1.25, number * 0.75):
                value = repr(value)
                yield (f"{match[0]} -> {value}",
                       {**rule, "expr": expression[:match.start()] + value + expression[match.end():]})
    for match in re.finditer(r"\[(\d+)([smhd])\]", expression):
        for number in (int(match[1]) * 3, 0.2 * int(match[1])):
            text = f"[{max(1, int(number * {'s': 1, 'm': 60, 'h': 3600, 'd': 86400}[match[2]]))}s]"
            yield (f"{match[0]} -> {text}", {**rule, "expr": expression[:match.start()] + text + expression[match.end():]})
    swaps = {"<": "<=", ">": ">=", "<=": "<", ">=": ">", "==": "!="}
    for match in re.finditer(r"<=|>=|==|<|>", expression):
        if free(match):
            yield (f"{match[0]} -> {swaps[match[0]]}",
                   {**rule, "expr": expression[:match.start()] + swaps[match[0]] + expression[match.end():]})
    for key in ("for", "keep_firing_for"):
        if key in rule:
            number, unit = re.fullmatch(r"(\d+)([smhd])", rule[key]).groups()
            seconds = int(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
            yield f"{key} x 2", {**rule, key: f"{seconds * 2}s"}
            yield f"{key} / 2", {**rule, key: f"{seconds // 2}s"}


# (alert, change): why no test tells it from the rule as it is
FALLING = "a value that falls is at a limit in one evaluation only, and a forecast is never just 0"
EXTRAPOLATED = "numbers that are extrapolated from two scrapes are never just at a limit"
SURVIVORS = {
    ("DiskFullIn4h", "< -> <="): FALLING,
    ("DiskFullIn3d", "< -> <="): FALLING,
    ("DiskFullIn3d", "[3d] -> [777600s]"): "what looks back for longer notices later",
    ("CpuStealOrCredits", "> -> >="): "1 - 0.8 is a little less than 0.2",
    ("ContainerRestarting", "> -> >="): "restarts are whole, the limit is not",
    ("ContainerMemNearLimit", "0 -> 1.0"): "nobody has a limit of one byte",
    ("Http5xxRatio", "> -> >="): EXTRAPOLATED,
    ("HighLatencyP95", "< -> <="): EXTRAPOLATED,
}


def asking_for(path, alert):
    """The test file of that group, with those tests only that ask for the alert."""
    content = yaml.safe_load((rulefiles.TESTS / path.name).read_text())
    content["tests"] = [t for t in content["tests"] if alert in json.dumps(t)]
    return content


@pytest.mark.parametrize("path, rule", [a for a in ALERTS if a[1]["alert"] != ALWAYS],
                         ids=[name for name in NAMES if name != ALWAYS])
def test_a_changed_rule_is_noticed(path, rule, tmp_path):
    survivors, total = [], 0
    (tmp_path / "rules").mkdir()
    for other in rulefiles.files():
        (tmp_path / "rules" / other.name).write_text(other.read_text())
    content = asking_for(path, rule["alert"])
    content["rule_files"] = [str(tmp_path / "rules" / pathlib.Path(f).name) for f in content["rule_files"]]
    (tmp_path / "test.yml").write_text(yaml.safe_dump(content))
    rules = yaml.safe_load(path.read_text())
    for what, changed in mutants(rule):
        total += 1
        for group in rules["groups"]:
            group["rules"] = [changed if r.get("alert") == rule["alert"] else r for r in group["rules"]]
        (tmp_path / "rules" / path.name).write_text(yaml.safe_dump(rules))
        if rulefiles.promtool("test", "rules", tmp_path / "test.yml").returncode == 0:
            survivors.append(what)
    assert total and [s for s in survivors if (rule["alert"], s) not in SURVIVORS] == []
