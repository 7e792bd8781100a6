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


class Application(Daemon):
    """The platform's application with its pool, and callers that keep the pool's connections."""

    def __init__(self, python, kind, server, directory, through=None, **environment):
        self.server = server
        self.executor = concurrent.futures.ThreadPoolExecutor(CALLERS)
        self.callers = []
        url = f"postgresql://app:secret@127.0.0.1:{(through or server).port}/postgres"
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
    """start_app(kind, server, through=None) runs the application with a pool of asyncpg or psycopg2."""
    apps = []

    def start(kind, server, **environment):
        if not apps:
            server.sql("CREATE ROLE app LOGIN PASSWORD 'secret'")
        apps.append(Application(python, kind, server, tmp_path_factory.mktemp("app"), **environment))
        return apps[-1]

    yield start
    for app in apps:
        app.end()


def states(metrics, pool="fastapi", target="db"):
    return {dict(labels)["state"]: value for labels, value in metrics.named("db_pool_connections").items()
            if dict(labels)["pool"] == pool and dict(labels).get("target") == target}


def busy(metrics, pool="fastapi", target="db"):
    """Connections that are not free; None where nothing is known of the pool."""
    now = states(metrics, pool, target)
    return sum(value for state, value in now.items() if state != "idle") if now else None


def config(server, app=None, relay="", timeout="5s"):
    """Both sides of the pool where there is an app: its sessions, and what it says of itself."""
    text = pg.agent_config(f"{server.config(name='db')[:-1]}, pools: {POOLS}}}", timeout=timeout)
    if app:
        names = "connections: active_database_connections, max: max_database_connections, " \
                "waiting: waiting_database_clients, timeouts: database_pool_timeouts_total"
        text += f"  relay:\n    - {{name: api, url: 'http://127.0.0.1:{app.port}/metrics'{relay}}}\n" \
                f"  pools:\n    - {{name: fastapi, relay: api, {names}}}\n"
    return text


def of_target(metrics, name, target):
    """{value} of the one series that the target has of that name; None: there is none."""
    found = [value for labels, value in metrics.named(name).items() if dict(labels).get("target") == target]
    assert len(found) < 2
    return found[0] if found else None


def pages(metrics):
    """The platform's own rule, as it stands: active_database_connections >= max_database_connections"""
    maximum = metrics.named("max_database_connections")
    return any(labels in maximum and value >= maximum[labels]
               for labels, value in metrics.named("active_database_connections").items())


@pytest.mark.parametrize("kind", ["asyncpg", "psycopg2"])
def test_pool_fills_and_empties(start_postgres, start_app, start_agent, kind):
    server = start_postgres()
    app = start_app(kind, server)
    agent = start_agent(config(server))
    metrics = agent.metrics()
    assert set(states(metrics)) == {"active", "idle", "idle in transaction", "idle in transaction (aborted)",
                                    "fastpath function call", "disabled"}
    assert states(metrics)["idle"] == 1 and busy(metrics) == 0
    assert of_target(metrics, "vedette_db_pool_longest_hold_seconds", "db") == 0

    app.call()
    metrics = wait_until(lambda: busy(m := agent.metrics()) == SIZE and m, what="the pool is full")
    assert of_target(metrics, "db_pool_max_connections", "db") == SIZE
    assert states(metrics)["active"] == SIZE
    assert 0 < of_target(metrics, "vedette_db_pool_longest_hold_seconds", "db") < 120
    # what sessions of a server cannot tell
    assert not metrics.named("db_pool_waiting") and not metrics.named("db_pool_timeouts_total")
    assert not metrics.named("active_database_connections")
    assert metrics.value("vedette_pg_login_success", target="db") == 1

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
def test_what_the_application_says(start_postgres, start_app, start_agent, kind):
    app = start_app(kind, start_postgres())
    agent = start_agent(config(app.server, app))
    app.call()
    full = wait_until(lambda: busy(m := agent.metrics(), target="fastapi") == SIZE and m, what="the pool is full")
    assert states(full, target="fastapi") == {"active": SIZE}
    assert of_target(full, "db_pool_max_connections", "fastapi") == SIZE
    assert full.types["db_pool_timeouts_total"] == "counter"
    rest = CALLERS - SIZE
    series = ("db_pool_waiting", "db_pool_timeouts_total")
    # psycopg2's pool has no line, so nothing is said of one
    wanted = {"asyncpg": (rest, 0), "psycopg2": (None, rest)}[kind]
    metrics = wait_until(lambda: tuple(of_target(m := agent.metrics(), name, "fastapi") for name in series) == wanted
                         and m, what="the others wait or are turned away")
    assert pages(metrics)
    assert not metrics.named("waiting_database_clients") and not metrics.named("python_info")
    relayed = agent.metrics("/metrics/relay/api")
    assert pages(relayed) and relayed.named("python_info") and relayed.named("process_open_fds")
    app.end_queries()
    metrics = wait_until(lambda: busy(m := agent.metrics(), target="fastapi") == 0 and m, what="the pool is free")
    assert not pages(metrics) and metrics.named("active_database_connections")


def test_callers_that_give_up_are_counted(start_postgres, start_app, start_agent):
    app = start_app("asyncpg", start_postgres(), WAIT="0.5")
    agent = start_agent(config(app.server, app))
    app.call()
    wait_until(lambda: of_target(agent.metrics(), "db_pool_timeouts_total", "fastapi") == CALLERS - SIZE)
    app.end_queries()
    assert app.answered() == [200] * SIZE + [503] * (CALLERS - SIZE)


def test_a_relay_in_main_brings_nothing_twice(start_postgres, start_app, start_agent):
    app = start_app("asyncpg", start_postgres())
    metrics = start_agent(config(app.server, app, ", in_main: true")).metrics()  # reading it fails on duplicates
    assert [dict(labels)["target"] for labels in metrics.named("active_database_connections")] == ["api"]
    assert of_target(metrics, "db_pool_max_connections", "fastapi") == SIZE
    assert metrics.named("process_open_fds").keys() >= {frozenset({("target", "api")})}


@pytest.mark.parametrize("kind", ["asyncpg", "psycopg2"])
def test_the_server_tells_while_the_application_hangs(start_postgres, start_app, start_agent, kind):
    server = start_postgres()
    app = start_app(kind, server)
    agent = start_agent(config(server, app, timeout="2s"))
    app.call(SIZE)
    wait_until(lambda: busy(agent.metrics()) == SIZE, what="the pool is full")
    app.signal(signal.SIGSTOP)
    agent.expect_log("collector failed")
    response = agent.get()
    metrics = Exposition(response.body)
    assert busy(metrics) == SIZE and response.seconds < 4
    assert busy(metrics, target="fastapi") is None and not metrics.named("active_database_connections")
    assert agent.metrics("/metrics/agent").value("vedette_target_up", exporter="pools", target="fastapi") == 0
    assert agent.get("/metrics/relay/api").status == 503
    app.cancel()
    # asyncpg's queries stood alone; psycopg2's transactions are still open, and only the application can end them
    left = {"asyncpg": ("idle", 0), "psycopg2": ("idle in transaction (aborted)", SIZE)}[kind]
    metrics = wait_until(lambda: states(m := agent.metrics())[left[0]] == SIZE and m, what="the queries have ended")
    assert busy(metrics) == left[1]
    app.signal(signal.SIGCONT)
    app.end_queries()
    wait_until(lambda: busy(m := agent.metrics()) == 0 and busy(m, target="fastapi") == 0, what="both say it is free")


def test_applications_behind_pgbouncer(start_postgres, start_pgbouncer, start_app, start_agent):
    """Two applications with 10 connections each, of which PgBouncer lets 10 through."""
    server = start_postgres()
    bouncer = start_pgbouncer(server, f"default_pool_size = {SIZE}",
                              users=(("vedette", pg.PASSWORD), ("postgres", pg.SUPERUSER_PASSWORD), ("app", "secret")))
    apps = [start_app("psycopg2", server, through=bouncer) for _ in range(2)]
    agent = start_agent(config(server) + f"  pgbouncer: [{bouncer.config()}]\n")
    for app in apps:
        app.call(SIZE)
    waiting = frozenset({("pool", "postgres/app")})
    metrics = wait_until(lambda: (m := agent.metrics()).named("db_pool_waiting").get(waiting) == SIZE
                         and busy(m, "postgres/app", None) == SIZE and busy(m) == SIZE and m,
                         what="as many wait as are served")
    assert metrics.value("db_pool_max_connections", pool="postgres/app") == SIZE
    for app in apps:
        app.end_queries()
    metrics = wait_until(lambda: busy(m := agent.metrics()) == 0 and m, what="the server's side is free")
    assert metrics.named("db_pool_waiting")[waiting] == 0


def test_full_server_keeps_new_clients_out(start_postgres, start_app, start_agent):
    """One slot for the agent's statistics, ten for the pool, and three that only a superuser gets."""
    server = start_postgres(settings="max_connections = 14")
    app = start_app("asyncpg", server)
    agent = start_agent(config(server))
    assert agent.metrics().value("vedette_pg_login_success", target="db") == 1
    agent.expect_log("collector failed")
    wait_until(lambda: server.connections() == 1, what="the login's session has gone")
    app.call(SIZE)
    # asked neither of the server nor of the agent: for a moment we would take the slot that the pool still needs
    wait_until(lambda: app.gauges().value("active_database_connections") == SIZE, what="the pool is full")
    metrics = agent.metrics()
    assert busy(metrics) == SIZE
    assert metrics.value("vedette_pg_login_success", target="db") == 0 and metrics.value("pg_up", target="db") == 1
    app.end_queries()
    app.end()
    wait_until(lambda: agent.metrics().value("vedette_pg_login_success", target="db") == 1, what="there is room again")


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
        agent = start_agent(pg.agent_config(f"{server.config(name='db')[:-1]}, pools: [{pools}]}}"))
        metrics = wait_until(lambda: busy(m := agent.metrics(), "odd") == 2 and m)
        assert {k: v for k, v in states(metrics, "odd").items() if v} == {
            "idle": 1, "idle in transaction": 1, "idle in transaction (aborted)": 1}
        assert states(metrics, "role")["idle in transaction"] == 2 and busy(metrics, "elsewhere") == 0
        assert not metrics.named("db_pool_max_connections")
    finally:
        for session in sessions:
            session.communicate(timeout=30)


def test_workers_of_a_query_are_no_connections(start_postgres, start_agent):
    server = start_postgres()
    agent = start_agent(config(server))
    session = server.session("SET application_name = 'fastapi-app'; SET force_parallel_mode = on;")
    session.stdin.write("SELECT pg_sleep(600);\n")
    session.stdin.flush()
    try:
        wait_until(lambda: server.sql(f"SELECT count(*) FROM pg_stat_activity WHERE {APPLICATION} "
                                      "AND backend_type = 'parallel worker'") == "1", what="a worker")
        assert busy(agent.metrics()) == 1
    finally:
        server.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {APPLICATION}")
        session.communicate(timeout=30)


def test_states_that_are_hidden_are_not_made_up(start_postgres, start_agent):
    server = start_postgres()
    server.sql("CREATE ROLE app LOGIN PASSWORD 'secret'; CREATE ROLE blind LOGIN PASSWORD 'secret'")
    session = server.session("SET application_name = 'fastapi-app'; BEGIN; SELECT 1;", user="app", password="secret")
    try:
        target = server.config(name="db", user="blind", password="secret")
        agent = start_agent(pg.agent_config(f"{target[:-1]}, pools: {POOLS}}}"))
        agent.expect_log("collector failed")
        metrics = agent.metrics()
        assert states(metrics) == {"unknown": 1}
        assert not metrics.named("vedette_db_pool_longest_hold_seconds")
        assert "GRANT pg_monitor" in agent.get("/metrics/agent").body
    finally:
        session.communicate(timeout=30)


@pytest.mark.parametrize("text, words", [
    ("postgres: [{pools: [{name: good, user: app}, {name: fastapi, database: app}]}]",
     "exporters.postgres.pools.fastapi: nothing tells its sessions"),
    ("pools: [{name: fastapi, connections: a}]", "exporters.pools.fastapi.relay: which target of relay?"),
    ("pools: [{name: fastapi, relay: api}]", "nothing tells of the pool; write connections, max, waiting or timeouts"),
    ("pools: [{relay: api, connections: a}]", "the pool needs a name"),
    ("pools: [{name: fastapi, relay: api, connections: a-b}]", "a-b is no name of a metric"),
    ("{relay: [{name: api, url: 'http://x/'}], pools: [{name: fastapi, relay: apo, connections: a}]}",
     "exporters.pools.fastapi.relay: there is no such target of relay; there is api"),
])
def test_settings_that_are_refused(tmp_path, text, words):
    path = tmp_path / "vedette.yml"
    path.write_text("exporters: " + (text if text[0] == "{" else "{%s}" % text))
    done = subprocess.run([str(VEDETTE), "check", f"--config.file={path}"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 1 and words in done.stdout + done.stderr
