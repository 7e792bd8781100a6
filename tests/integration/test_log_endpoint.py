"""How the agent gets to a Loki: TLS, logins, tenants, headers, a proxy; and what it tells of refusals."""
import re
import subprocess
import time

import pytest

import log_door
import loki as loki_server
import support
import test_log_docker
from test_logs import numbers, wait_for_all, write

PASSWORD = "pa:ss wörd$1 {x}"

CONFIG = """
logs:
  loki: {{url: '{url}', batch: {{max_age: 100ms}}, {more}}}
  sources: [{{file: {{paths: ['{directory}/*.log']}}}}]
"""


@pytest.fixture
def doors(loki):
    made = []

    def make(**kwargs):
        made.append(log_door.Door(loki.port, **kwargs))
        return made[-1]

    yield make
    for door in made:
        door.end()


@pytest.fixture
def ship(start_agent, tmp_path):
    def start(url, more=""):
        agent = start_agent(CONFIG.format(url=url, directory=tmp_path, more=more), args=[f"--storage.path={tmp_path / 'state'}"])
        agent.expect_log("Loki cannot be reached|Loki does not")
        return agent

    return start


@pytest.fixture
def authority(tmp_path):
    return log_door.Authority(tmp_path)


def shows_nowhere(agent, secret):
    shown = agent.log.read_text() + agent.get("/").body + agent.metrics("/metrics/agent").text
    shown += open(f"/proc/{agent.pid}/cmdline", "rb").read().decode(errors="replace")
    shown += subprocess.run([support.VEDETTE, "config", "--print", f"--config.file={agent.config}"], capture_output=True,
                            text=True, check=True).stdout
    assert secret not in shown


def test_basic_auth_tenant_and_headers(ship, doors, tmp_path, loki):
    (tmp_path / "password").write_text(PASSWORD + "\n")
    door = doors(wanted={"Authorization": log_door.basic("me", PASSWORD), "X-Scope-OrgID": "shop", "X-Own": "yes"})
    write(tmp_path / "app.log", numbers(10))
    agent = ship(door.url, f"tenant: shop, headers: {{X-Own: 'yes'}}, "
                           f"basic_auth: {{username: me, password_file: {tmp_path / 'password'}}}")
    wait_for_all(loki, numbers(10))
    path, headers = door.seen[0]
    assert path == "/loki/api/v1/push"
    assert headers["Content-Type"] == "application/x-protobuf"
    shows_nowhere(agent, PASSWORD)


def test_bearer_token(ship, doors, tmp_path, loki):
    (tmp_path / "token").write_text("t0k3n-of-mine\n")
    door = doors(wanted={"Authorization": "Bearer t0k3n-of-mine"})
    write(tmp_path / "app.log", numbers(10))
    agent = ship(door.url, f"bearer_token_file: {tmp_path / 'token'}")
    wait_for_all(loki, numbers(10))
    shows_nowhere(agent, "t0k3n-of-mine")


@pytest.mark.parametrize("status", [200, 302, 401, 403, 404, 405])
def test_not_let_in_is_kept_and_told(ship, doors, tmp_path, loki, status):
    door = doors()
    door.refuse = lambda request: status
    write(tmp_path / "app.log", numbers(10))
    agent = ship(door.url)
    support.wait_until(lambda: "Loki has not taken logs" in agent.get("/").body, what="the page tells")
    assert f"{status} not you" in agent.get("/").body
    door.refuse = lambda request: None
    wait_for_all(loki, numbers(10), 120)
    assert sum(agent.metrics("/metrics/agent").named("vedette_logs_dropped_entries_total").values()) == 0


def test_a_refusal_without_an_end_is_one(ship, doors, tmp_path, loki):
    door = doors()
    door.endless, door.refuse = True, lambda request: 400
    write(tmp_path / "app.log", numbers(10))
    agent = ship(door.url)
    agent.expect_log("Loki refuses log entries")
    dropped = "vedette_logs_dropped_entries_total"
    support.wait_until(lambda: agent.metrics("/metrics/agent").value(dropped, reason="refused by Loki") == 10, what="the count")
    door.refuse = lambda request: None
    write(tmp_path / "app.log", numbers(10, 10))
    wait_for_all(loki, numbers(10, 10))


def test_tls_with_an_authority_and_a_client_certificate(ship, doors, authority, tmp_path, loki):
    certificate, key = authority.issue("client")
    door = doors(tls=log_door.server_tls(*authority.issue("server"), clients=authority.certificate))
    write(tmp_path / "app.log", numbers(10))
    ship(door.url, f"tls: {{ca_file: {authority.certificate}, cert_file: {certificate}, key_file: {key}}}")
    wait_for_all(loki, numbers(10))


@pytest.mark.parametrize("wrong", ["another authority", "no client certificate", "another host"])
def test_tls_that_is_wrong_is_told_and_nothing_sent(ship, doors, authority, tmp_path, wrong):
    other = log_door.Authority(tmp_path, "other")
    server = (other if wrong == "another authority" else authority).issue(
        "server", address="192.0.2.1" if wrong == "another host" else "127.0.0.1")
    door = doors(tls=log_door.server_tls(*server, clients=authority.certificate if wrong.startswith("no") else None))
    write(tmp_path / "app.log", numbers(10))
    agent = ship(door.url, f"tls: {{ca_file: {authority.certificate}}}")
    support.wait_until(lambda: "Loki cannot be reached" in agent.log.read_text(), what="a word about it")
    support.wait_until(lambda: agent.metrics("/metrics/agent").value("vedette_logs_retries_total") >= 2, what="tries")
    # one that the server ends just after its handshake is told in libcurl's words, which vary
    assert re.search("certificate|SSL|alert", agent.log.read_text()) or wrong.startswith("no")
    assert not door.seen


def test_through_a_proxy(ship, doors, tmp_path, loki):
    proxy = doors()
    write(tmp_path / "app.log", numbers(10))
    ship("http://loki.invalid:3100", f"proxy: '{proxy.url}'")
    wait_for_all(loki, numbers(10))
    assert proxy.seen[0][0] == "http://loki.invalid:3100/loki/api/v1/push"


@pytest.fixture
def strict(tmp_path_factory):
    """A real Loki with narrow limits."""
    server = loki_server.Loki(tmp_path_factory.mktemp("strict"), limits="  max_line_size: 200B\n"
                              "  max_line_size_truncate: false\n  creation_grace_period: 10m\n")
    yield server
    server.kill()


def test_partial_refusals_are_counted_and_the_rest_is_there(ship, strict, tmp_path):
    lines = [("x" * 300 if n % 10 == 0 else f"line {n}") for n in range(100)]
    write(tmp_path / "app.log", lines)
    agent = ship(strict.url)
    agent.expect_log("Loki refuses log entries")
    support.wait_until(lambda: len(strict.lines()) == 90, what="what Loki takes")
    value = agent.metrics("/metrics/agent").value
    support.wait_until(lambda: agent.metrics("/metrics/agent").value("vedette_logs_dropped_entries_total",
                                                                     reason="refused by Loki") == 10, what="the count")
    assert value("vedette_logs_retries_total") == 0
    assert value("vedette_logs_sent_entries_total") == 90
    write(tmp_path / "app.log", ["and on"])
    support.wait_until(lambda: "and on" in strict.lines(), what="the next line")


def test_times_in_the_future_are_refused_and_counted(start_agent, strict, tmp_path):
    future = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7200))
    write(tmp_path / "app.log", [f"{future} tomorrow", "2026 today"])
    config = CONFIG.format(url=strict.url, directory=tmp_path, more="").replace(
        "]}}]", "]}, stages: [{regex: {expression: '^(?P<t>\\S+T\\S+Z)'}}, {timestamp: {source: t, format: rfc3339}}]}]")
    agent = start_agent(config, args=[f"--storage.path={tmp_path / 'state'}"])
    agent.expect_log("Loki refuses log entries")
    support.wait_until(lambda: strict.lines() == ["2026 today"], what="the line of today")
    support.wait_until(lambda: agent.metrics("/metrics/agent").value("vedette_logs_dropped_entries_total",
                                                                     reason="refused by Loki") == 1, what="the count")


EXAMPLE = """
external_labels: {deployment: production}
logs:
  loki: {url: http://loki:3100, tenant: '', batch: {max_bytes: 1MiB, max_age: 1s}, basic_auth: {username: u, password_file: PASSWORD}}
  sources:
    - file: {paths: [/var/log/caddy/*.log], exclude: ['*.gz']}
      labels: {service_name: caddy}
      stages:
        - json: {fields: {level: level, status: status, ts: ts}}
        - timestamp: {source: ts, format: unix}
        - labels: [level]
        - structured_metadata: [status]
    - docker: {directory: /var/lib/docker/containers, include: ['fastapi-*']}
      stages:
        - multiline: {first_line: '^(\\d{4}-|\\{|INFO|ERROR)', max_wait: 3s}
        - redact: [password, bearer, dsn]
        - metrics: [{name: app_pool_errors_total, type: counter, match: 'PoolError'}]
    - journal: {units: [docker.service, ssh.service]}
      labels: {service_name: journal}
"""


def test_the_example_is_accepted_as_it_stands(tmp_path):
    (tmp_path / "password").write_text("x\n")
    config = tmp_path / "vedette.yml"
    config.write_text(EXAMPLE.replace("PASSWORD", str(tmp_path / "password")))
    out = subprocess.run([support.VEDETTE, "check", f"--config.file={config}"], capture_output=True, text=True, check=False)
    assert out.returncode == 0, out.stdout + out.stderr


def test_two_nameless_journals_are_told_apart(tmp_path):
    config = tmp_path / "vedette.yml"
    config.write_text("logs: {loki: {url: 'http://loki:3100'}, sources: [{journal: {units: [a]}}, {journal: {units: [b]}}]}")
    out = subprocess.run([support.VEDETTE, "check", f"--config.file={config}"], capture_output=True, text=True, check=False)
    assert out.returncode == 1 and "give one of them a name" in out.stdout + out.stderr


def test_a_metric_of_two_sources_is_refused(tmp_path):
    stage = "stages: [metrics: [{name: app_errors_total, type: counter, match: x}]]"
    config = tmp_path / "vedette.yml"
    config.write_text(f"logs: {{loki: {{url: 'http://loki:3100'}}, sources: [{{file: {{paths: [/a]}}, {stage}}}, "
                      f"{{file: {{paths: [/b]}}, {stage}}}]}}")
    out = subprocess.run([support.VEDETTE, "check", f"--config.file={config}"], capture_output=True, text=True, check=False)
    assert out.returncode == 1 and "app_errors_total is made by two stages" in out.stdout + out.stderr
    config.write_text(config.read_text().replace("match: x", "match: x, labels: [filename]"))
    out = subprocess.run([support.VEDETTE, "check", f"--config.file={config}"], capture_output=True, text=True, check=False)
    assert out.returncode == 0, out.stdout + out.stderr


def test_what_is_there_is_shipped_to_the_loki_of_the_environment(start_agent, tmp_path, loki):
    """Without a configuration, in a mount namespace where Docker has left a container."""
    containers = tmp_path / "docker"
    docker = test_log_docker.Container(containers, "shop-api-1", service="api")
    docker.print("found by itself")
    script = ("mount -t tmpfs none /var/lib && mkdir -p /var/lib/docker/containers && "
              f"mount --bind {containers} /var/lib/docker/containers && LOKI_URL={loki.url} exec \"$0\" \"$@\"")
    agent = start_agent(args=[f"--storage.path={tmp_path / 'state'}"], config=None,
                        wrapper=["unshare", "-m", "sh", "-c", script])
    agent.expect_log("journal|Loki|there is nothing to read yet")
    support.wait_until(lambda: loki.lines('{container="shop-api-1"}') == ["found by itself"], what="the container's line")
