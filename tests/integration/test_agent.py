"""The process as its owner meets it: start, stop, reload, the commands beside `run`."""
import http.client
import signal
import socket
import subprocess

import pytest

import support

GOOD = "web: {scrape_timeout: 3s}\n"
BAD = "web: {scrape_timeout: soon}\n"


def run(*args, **kwargs):
    return subprocess.run([str(support.VEDETTE), *map(str, args)], capture_output=True, text=True, timeout=60,
                          check=False, **kwargs)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_on_signal(start_agent, number):
    agent = start_agent()
    agent.get()
    assert agent.stop(number=number) < 2


def test_ends_while_a_scrape_and_a_slow_client_wait(agent):
    with socket.create_connection(("127.0.0.1", agent.port)) as slow:
        slow.sendall(b"GET /metrics HTTP/1.1\r\nHost: ")
        agent.get()
        assert agent.stop() < 2


def reload_state(agent):
    return agent.metrics().value("vedette_config_last_reload_successful")


def test_reload_by_signal(start_agent):
    agent = start_agent(GOOD)
    assert reload_state(agent) == 1
    agent.expect_log("the new settings are refused")
    agent.config.write_text(BAD)
    agent.send(signal.SIGHUP)
    support.wait_until(lambda: reload_state(agent) == 0, what="the bad settings are refused")
    assert agent.metrics().value("node_load1") >= 0
    agent.config.write_text(GOOD.replace("3s", "4s"))
    agent.send(signal.SIGHUP)
    support.wait_until(lambda: reload_state(agent) == 1, what="the good settings are taken")


def test_reload_by_request(start_agent):
    agent = start_agent(GOOD)
    assert agent.get("/-/reload").status == 405
    assert agent.get("/-/reload", method="POST").status == 200
    agent.expect_log("the new settings are refused")
    agent.config.write_text(BAD)
    refused = agent.get("/-/reload", method="POST")
    assert refused.status == 500
    assert "vedette.yml:1:" in refused.body and "scrape_timeout" in refused.body
    assert reload_state(agent) == 0


def test_reload_takes_effect(start_agent):
    agent = start_agent("exporters: {host: {collectors: {disable: [loadavg]}}}\n")
    assert not agent.metrics().has("node_load1")
    agent.config.write_text("")
    assert agent.get("/-/reload", method="POST").status == 200
    assert agent.metrics().has("node_load1")


def test_reloads_leave_nothing_behind(start_agent):
    agent = start_agent(GOOD)
    agent.metrics()

    def reload_and_count():
        assert agent.get("/-/reload", method="POST").status == 200
        agent.metrics()
        return agent.threads(), agent.descriptors()

    first = reload_and_count()
    for _ in range(30):
        reload_and_count()
    support.wait_until(lambda: (agent.threads(), agent.descriptors()) <= first, what="old lanes end")


def test_scrape_prints():
    done = run("scrape")
    assert done.returncode == 0, done.stderr
    assert support.Exposition(done.stdout).value("node_load1") >= 0
    assert run("scrape", "host").stdout.count("# TYPE node_load1 ") == 1
    unknown = run("scrape", "nonsense")
    assert unknown.returncode != 0 and "nonsense" in unknown.stderr and not unknown.stdout


def test_healthcheck(agent):
    where = f"--web.listen-address=127.0.0.1:{agent.port}"
    assert run("healthcheck", where).returncode == 0
    agent.stop()
    done = run("healthcheck", where)
    assert done.returncode == 1 and str(agent.port) in done.stderr


def test_port_taken(agent):
    done = run("run", f"--web.listen-address=127.0.0.1:{agent.port}")
    assert done.returncode == 1
    assert str(agent.port) in done.stderr and "another program" in done.stderr


def test_refuses_to_be_public_without_users():
    done = run("run", f"--web.listen-address=0.0.0.0:{support.free_port()}")
    assert done.returncode == 1 and "--web.allow-insecure" in done.stderr


def test_limits_what_runs(agent):
    only = agent.metrics("/metrics?collect[]=loadavg")
    assert only.has("node_load1") and not only.named("node_memory_MemTotal_bytes")
    assert only.named("node_filesystem_size_bytes") == {}
    both = agent.metrics("/metrics?collect[]=loadavg&collect[]=filesystem")
    assert both.has("node_load1") and both.named("node_filesystem_size_bytes")
    rest = agent.metrics("/metrics?exclude[]=loadavg")
    assert not rest.has("node_load1") and rest.named("node_filesystem_size_bytes")
    wrong = agent.get("/metrics?collect[]=nonsense")
    assert wrong.status == 400 and "nonsense" in wrong.body
    assert agent.metrics().has("node_load1")


def test_descriptors_stay(agent):
    for _ in range(20):
        agent.get()
    before, threads = agent.descriptors(), agent.threads()
    for _ in range(200):
        assert agent.get().status == 200
    support.wait_until(lambda: agent.descriptors() <= before, what="connections are closed")
    assert agent.threads() == threads


def test_one_connection_many_scrapes(agent):
    connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=10)
    for _ in range(20):
        connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
        response = connection.getresponse()
        assert response.status == 200
        assert response.read()[:2] == b"\x1f\x8b"
    connection.close()
