"""The pool that pages: real applications with pools of 10, whose connections slow queries hold."""
import concurrent.futures
import os
import signal
import subprocess

import pytest

import postgres as pg
from support import ROOT, VEDETTE, Daemon, Exposition, free_port, request, wait_until

SIZE, CALLERS = 10, 15
APPLICATION = "application_name = 'fastapi-app'"
POOLS = "[{name: fastapi, application_name: fastapi-app, max: 10}]"


@pytest.fixture(scope="session")
def python():
    """The python that has the application's packages."""
    done = subprocess.run([str(ROOT / "tests/venv.sh")], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the application's packages cannot be installed: {done.stderr.strip()[-200:]}")
    return done.stdout.strip()


class Application(Daemon):
    """The platform's application with its pool, and callers that keep the pool's connections."""

    def __init__(self, python, kind, server, directory, **environment):
        self.server = server
        self.executor = concurrent.futures.ThreadPoolExecutor(CALLERS)
        self.callers = []
        url = f"postgresql://app:secret@127.0.0.1:{server.port}/postgres"
        port = free_port()
        super().__init__([python, ROOT / "tests/platform/app.py", port], directory, port, "/health",
                         env=dict(os.environ, POOL=kind, DATABASE_URL=url, **environment))

    def call(self, n=CALLERS):
        """Requests in the background, each with a query that ends when end_queries says so."""
        self.callers += [self.executor.submit(request, self.port, "/slow?seconds=600", timeout=120) for _ in range(n)]

    def answered(self):
        """Status codes of the requests that have been answered."""
        return sorted(c.result().status for c in self.callers if c.done())

    def end_queries(self):
        """Ends all queries until nobody waits any more."""
        def none_left():
            self.cancel()
            return len(self.answered()) == len(self.callers)

        wait_until(none_left, what="all requests are answered")

    def cancel(self):
        self.server.sql(f"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE {APPLICATION} AND state = 'active'")

    def sessions(self):
        """How many of them are at work, as a superuser sees it."""
        return int(self.server.sql(f"SELECT count(*) FROM pg_stat_activity WHERE {APPLICATION} AND state = 'active'"))

    def gauges(self):
        return Exposition(self.get("/metrics/").body)

    def signal(self, number):
        if self.process.poll() is None:
            os.kill(self.process.pid, number)

    def end(self):
        self.signal(signal.SIGCONT)
        super().end()
        self.executor.shutdown()


@pytest.fixture
def start_app(python, tmp_path_factory):
    """start_app(kind, server) runs the application with a pool of asyncpg or psycopg2."""
    apps = []

    def start(kind, server, **environment):
        server.sql("CREATE ROLE app LOGIN PASSWORD 'secret'")
        apps.append(Application(python, kind, server, tmp_path_factory.mktemp("app"), **environment))
        return apps[-1]

    yield start
    for app in apps:
        app.end()


def states(metrics, pool="fastapi"):
    return {dict(labels)["state"]: value for labels, value in metrics.named("db_pool_connections").items()
            if dict(labels)["pool"] == pool}


def busy(metrics, pool="fastapi"):
    """Connections that are not free; None where nothing is known of the pool."""
    now = states(metrics, pool)
    return sum(value for state, value in now.items() if state != "idle") if now else None


def config(server, more="", timeout="5s"):
    target = server.config()
    return pg.agent_config(f"{target[:-1]}, pools: {POOLS}}}", timeout=timeout) + more


@pytest.mark.parametrize("kind", ["asyncpg", "psycopg2"])
def test_pool_fills_and_empties(start_postgres, start_app, start_agent, kind):
    server = start_postgres()
    app = start_app(kind, server)
    agent = start_agent(config(server))
    metrics = agent.metrics()
    assert set(states(metrics)) == {"active", "idle", "idle in transaction", "idle in transaction (aborted)",
                                    "fastpath function call", "disabled"}
    assert states(metrics)["idle"] == 1 and busy(metrics) == 0
    assert metrics.value("vedette_db_pool_longest_hold_seconds", pool="fastapi") == 0

    app.call()
    metrics = wait_until(lambda: busy(m := agent.metrics()) == SIZE and m, what="the pool is full")
    assert metrics.value("db_pool_max_connections", pool="fastapi") == SIZE
    assert states(metrics)["active"] == SIZE
    assert 0 < metrics.value("vedette_db_pool_longest_hold_seconds", pool="fastapi") < 120
    # what sessions of a server cannot tell
    assert not metrics.named("db_pool_waiting") and not metrics.named("db_pool_timeouts_total")
    assert not metrics.named("active_database_connections")
    assert metrics.value("vedette_pg_login_success") == 1

    rest = CALLERS - SIZE
    if kind == "asyncpg":
        assert wait_until(lambda: app.gauges().value("waiting_database_clients") == rest, what="the others wait")
    else:
        wait_until(lambda: app.answered() == [503] * rest, what="the others are turned away")
        assert app.log.read_text().count("psycopg2.pool.PoolError: connection pool exhausted") == rest
    app.end_queries()
    assert app.answered() == [200] * (CALLERS if kind == "asyncpg" else SIZE) + [503] * (kind == "psycopg2") * rest
    wait_until(lambda: busy(agent.metrics()) == 0, what="the pool is free again")


@pytest.mark.parametrize("kind", ["asyncpg", "psycopg2"])
def test_the_server_tells_while_the_application_hangs(start_postgres, start_app, start_agent, kind):
    server = start_postgres()
    app = start_app(kind, server)
    agent = start_agent(config(server))
    app.call(SIZE)
    wait_until(lambda: busy(agent.metrics()) == SIZE, what="the pool is full")
    app.signal(signal.SIGSTOP)
    response = agent.get()
    assert busy(Exposition(response.body)) == SIZE and response.seconds < 4
    app.cancel()
    # asyncpg's queries stood alone; psycopg2's transactions are still open, and only the application can end them
    left = {"asyncpg": ("idle", 0), "psycopg2": ("idle in transaction (aborted)", SIZE)}[kind]
    metrics = wait_until(lambda: states(m := agent.metrics())[left[0]] == SIZE and m, what="the queries have ended")
    assert busy(metrics) == left[1]
    app.signal(signal.SIGCONT)
    app.end_queries()
    wait_until(lambda: busy(agent.metrics()) == 0, what="the pool is free again")


def test_full_server_keeps_new_clients_out(start_postgres, start_app, start_agent):
    """One slot for the agent's statistics, ten for the pool, and three that only a superuser gets."""
    server = start_postgres(settings="max_connections = 14")
    app = start_app("asyncpg", server)
    agent = start_agent(config(server))
    assert agent.metrics().value("vedette_pg_login_success") == 1
    agent.expect_log("collector failed")
    app.call(SIZE)
    # not asked of the agent: for a moment its login would take the slot that the pool still needs
    wait_until(lambda: app.sessions() == SIZE, what="the pool is full")
    metrics = agent.metrics()
    assert busy(metrics) == SIZE
    assert metrics.value("vedette_pg_login_success") == 0 and metrics.value("pg_up") == 1
    app.end_queries()
    app.end()
    wait_until(lambda: agent.metrics().value("vedette_pg_login_success") == 1, what="there is room again")


def test_transactions_that_do_nothing_hold_connections(start_postgres, start_agent):
    server = start_postgres()
    server.sql("CREATE ROLE app LOGIN PASSWORD 'secret'")
    quoted = "it's \"mine\"; --"
    names = f"SET application_name = '{quoted.replace(chr(39), chr(39) * 2)}';"
    sessions = [server.session(names + "\n" + script, user="app", password="secret")
                for script in ("BEGIN; SELECT 1;", "\\set ON_ERROR_STOP off\nBEGIN; SELECT 1/0;", "SELECT 1;")]
    sessions.append(server.session("BEGIN; SELECT 1;", user="app", password="secret"))
    try:
        pools = "{name: odd, application_name: %s, user: app}, {name: role, user: app}, " \
                "{name: elsewhere, user: app, database: template1}" % pg.quote(quoted)
        agent = start_agent(pg.agent_config(f"{server.config()[:-1]}, pools: [{pools}]}}"))
        metrics = wait_until(lambda: busy(m := agent.metrics(), "odd") == 2 and m)
        assert {k: v for k, v in states(metrics, "odd").items() if v} == {
            "idle": 1, "idle in transaction": 1, "idle in transaction (aborted)": 1}
        assert states(metrics, "role")["idle in transaction"] == 2 and busy(metrics, "elsewhere") == 0
        assert not metrics.named("db_pool_max_connections")
    finally:
        for session in sessions:
            session.communicate(timeout=30)


def test_states_that_are_hidden_are_not_made_up(start_postgres, start_agent):
    server = start_postgres()
    server.sql("CREATE ROLE app LOGIN PASSWORD 'secret'; CREATE ROLE blind LOGIN PASSWORD 'secret'")
    session = server.session("SET application_name = 'fastapi-app'; BEGIN; SELECT 1;", user="app", password="secret")
    try:
        target = server.config(user="blind", password="secret")
        agent = start_agent(pg.agent_config(f"{target[:-1]}, pools: {POOLS}}}"))
        agent.expect_log("collector failed")
        metrics = agent.metrics()
        assert states(metrics) == {"unknown": 1}
        assert not metrics.named("vedette_db_pool_longest_hold_seconds")
        assert "GRANT pg_monitor" in agent.get("/metrics/agent").body
    finally:
        session.communicate(timeout=30)


def test_pool_of_nobody_is_refused(tmp_path):
    path = tmp_path / "vedette.yml"
    path.write_text("exporters:\n  postgres:\n    - pools:\n        - {name: good, user: app}\n"
                    "        - {name: fastapi, database: app}\n")
    done = subprocess.run([str(VEDETTE), "check", f"--config.file={path}"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 1
    assert f"{path}:5:11: exporters.postgres.pools.fastapi: nothing tells its sessions" in done.stdout + done.stderr
