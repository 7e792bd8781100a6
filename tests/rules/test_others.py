"""What rules ask of Prometheus, Alertmanager and Loki is what real ones tell of themselves."""
import re
import time

import pytest

import alertmanager
import loki
import rulefiles
import support

PROMETHEUS = """
rule_files: [{rules}]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:1']}}]}}]}}
"""
ALERTMANAGER = """
route: {receiver: nobody}
receivers: [{name: nobody, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}]
"""


def asked(prefix):
    """Metrics of that program that rules look at."""
    return {name for _, group in rulefiles.groups() for rule in group["rules"] for name in rulefiles.metrics_of(rule["expr"])
            if name.startswith(prefix)}


def told(port):
    return set(re.findall(r"^(\w+)[{ ]", support.request(port, "/metrics").body, re.M))


def test_prometheus(tmp_path):
    """With a rule, whose results it stores and counts, and an Alertmanager."""
    (tmp_path / "rules.yml").write_text("groups: [{name: one, interval: 1s, rules: [{record: one, expr: vector(1)}]}]")
    (tmp_path / "prometheus.yml").write_text(PROMETHEUS.format(rules=tmp_path / "rules.yml"))
    port = support.free_port()
    daemon = support.Daemon([support.monitoring("prometheus"), f"--config.file={tmp_path / 'prometheus.yml'}",
                             f"--storage.tsdb.path={tmp_path / 'data'}", f"--web.listen-address=127.0.0.1:{port}"],
                            tmp_path, port, "/-/ready")
    try:
        assert asked("prometheus_")
        support.wait_until(lambda: not asked("prometheus_") - told(port), 60, "Prometheus tells all of it")
    finally:
        daemon.end()


def test_alertmanager(tmp_path):
    (tmp_path / "alertmanager.yml").write_text(ALERTMANAGER)
    it = alertmanager.Alertmanager(tmp_path / "alertmanager.yml", tmp_path)
    try:
        assert asked("alertmanager_") and asked("alertmanager_") <= told(it.port)
    finally:
        it.end()


@pytest.fixture
def strict_loki(tmp_path):
    it = loki.Loki(tmp_path, limits="  max_line_size: 10")
    yield it
    it.kill()


def test_loki(strict_loki):
    """Once it has refused a line."""
    body = '{"streams": [{"stream": {"job": "a"}, "values": [["%d", "longer than ten"]]}]}' % time.time_ns()
    reply = support.request(strict_loki.port, "/loki/api/v1/push", "POST", {"Content-Type": "application/json"}, body=body)
    assert reply.status == 400
    assert asked("loki_") and asked("loki_") <= told(strict_loki.port)
