"""Fixtures of all tests of the running program."""
import subprocess

import pytest

import support

pytest_plugins = ["postgres", "loki", "log_scenarios", "minio", "meilisearch"]


@pytest.fixture
def start_agent(tmp_path_factory):
    """start_agent(config="", args=(), …) runs an agent on a free port; ended, and its log judged, after the test."""
    agents = []

    def start(config="", args=(), **kwargs):
        agents.append(support.Agent(tmp_path_factory.mktemp("agent"), config, args, **kwargs))
        return agents[-1]

    yield start
    try:
        for agent in agents:
            if not agent.ended:
                agent.stop()
    finally:
        for agent in agents:
            if agent.process.poll() is None:
                agent.kill()


@pytest.fixture(scope="session")
def python():
    """The python that has the application's packages."""
    done = subprocess.run([str(support.ROOT / "tests/venv.sh")], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the application's packages cannot be installed: {done.stderr.strip()[-200:]}")
    return done.stdout.strip()


@pytest.fixture
def agent(start_agent):
    """A running agent without settings."""
    return start_agent()


@pytest.fixture
def start_daemon(tmp_path_factory):
    """start_daemon(command, port, path) runs another program until the test ends."""
    daemons = []

    def start(command, port, path="/"):
        daemons.append(support.Daemon(command, tmp_path_factory.mktemp("daemon"), port, path))
        return daemons[-1]

    yield start
    for daemon in daemons:
        daemon.end()


@pytest.fixture(scope="session")
def peers():
    """The programs that Debian's Prometheus packages hold."""
    return support.fetch_peers("prometheus", "prometheus-node-exporter")
