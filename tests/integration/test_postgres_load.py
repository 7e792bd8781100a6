"""Many scrapes at once never hurt the database: at most two connections, none left, and no application notices."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading

import pytest

import postgres as pg
from support import SANITIZED, wait_until

LONG = bool(os.environ.get("VEDETTE_LONG"))
SCRAPES = 100 if SANITIZED and not LONG else 1000
AT_ONCE = 20
LOG_SESSIONS = "log_connections = on\nlog_disconnections = on\nlog_line_prefix = '%p|%u|'"
# What the agent sets for itself, and what it must not leave behind.
SETTINGS = ("application_name", "client_connection_check_interval", "default_transaction_read_only", "jit",
            "idle_in_transaction_session_timeout", "lock_timeout", "statement_timeout", "transaction_read_only")


def most_sessions(log, user):
    """The most sessions of a user at any instant, and how many never ended: the server writes a line when it accepts a
    connection and one after it has given everything back, so no session, however short, is missed."""
    ours = set(re.findall(rf"^(\d+)\|{user}\|LOG:  connection authorized: ", log, re.M))
    most, alive = 0, set()
    for pid, event in re.findall(r"^(\d+)\|[^|]*\|LOG:  (connection received|disconnection): ", log, re.M):
        if pid not in ours:
            continue
        if event == "disconnection":
            alive.remove(pid)
        else:
            assert pid not in alive
            alive.add(pid)
        most = max(most, len(alive))
    return most, len(alive)


def scrape_many(agent, n=SCRAPES, at_once=AT_ONCE):
    """Each on a connection of its own: the whole, the target's own path, and at times one login right after another."""
    paths = ("/metrics", "/metrics/postgres") * 5 + ("/metrics?collect[]=login",)
    numbers, failures = iter(range(n)), []
    lock = threading.Lock()

    def work():
        while True:
            with lock:
                i = next(numbers, None)
            if i is None:
                return
            response = agent.get(paths[i % 3])
            if response.status != 200 or i % 3 != 2 and "\npg_up 1\n" not in response.body:
                failures.append((paths[i % 3], response.status, response.seconds))

    threads = [threading.Thread(target=work) for _ in range(at_once)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures, failures


def test_never_more_than_two_connections(start_postgres, start_agent):
    server = start_postgres(settings=LOG_SESSIONS)
    agent = start_agent(pg.agent_config(server.config(), timeout="20s"))
    scrape_many(agent)
    agent.stop()
    wait_until(lambda: server.connections() == 0, what="no connection is left")
    wait_until(lambda: most_sessions(server.log.read_text(), "vedette")[1] == 0, what="each session has ended")
    assert most_sessions(server.log.read_text(), "vedette")[0] == 2
    assert not re.search(r"\|vedette\|(ERROR|FATAL|WARNING)", server.log.read_text())


@pytest.fixture
def socket_directory():
    path = pathlib.Path(tempfile.mkdtemp(prefix="vedette-socket-"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


class App(threading.Thread):
    """pgbench as an application that writes all the time, and notes in each transaction how it finds its session."""

    def __init__(self, server, port, directory):
        super().__init__()
        self.script, self.stopping, self.faults, self.rounds = directory / "app.sql", threading.Event(), [], 0
        columns = ", ".join(f"current_setting('{s}')" for s in SETTINGS)
        self.script.write_text(f"BEGIN;\nINSERT INTO seen SELECT {columns};\nCOMMIT;\n"
                               f"INSERT INTO seen SELECT {columns};\n")
        self.command = [str(server.bin / "pgbench"), "-n", "-c", "4", "-t", "50", "-f", str(self.script),
                        "-h", "127.0.0.1", "-p", str(port), "-U", "app", "postgres"]
        self.start()

    def run(self):
        while not self.stopping.is_set():
            done = subprocess.run(self.command, env=dict(os.environ, PGPASSWORD="app"), capture_output=True, text=True,
                                  timeout=120, check=False)
            self.rounds += 1
            if done.returncode != 0 or "ERROR" in done.stderr:
                self.faults.append(done.stderr)
                return

    def end(self):
        self.stopping.set()
        self.join()
        assert not self.faults, self.faults


def most_clients(log):
    """The most clients that came through the Unix socket at any instant, and how many are left."""
    most, alive = 0, set()
    for client, event in re.findall(r" C-(0x[0-9a-f]+): postgres/app@unix\S* (login attempt|closing because)", log):
        if event == "login attempt":
            alive.add(client)
        else:
            alive.discard(client)
        most = max(most, len(alive))
    return most, len(alive)


def test_pool_shared_with_a_writing_application(start_postgres, start_pgbouncer, start_agent, socket_directory,
                                                tmp_path):
    """One transaction pool, one role, two server connections for both: the application finds all as it was."""
    server = start_postgres(settings="log_line_prefix = '%p|%u|'")
    columns = ", ".join(f"{s} text" for s in SETTINGS)
    server.sql("CREATE ROLE app LOGIN PASSWORD 'app'; GRANT pg_monitor TO app; ALTER ROLE app SET lock_timeout = '7s'; "
               f"ALTER ROLE app SET statement_timeout = '33s'; CREATE TABLE seen ({columns}); "
               "GRANT INSERT ON seen TO app")
    bouncer = start_pgbouncer(server, f"default_pool_size = 2\nunix_socket_dir = {socket_directory}",
                              users=(("app", "app"),))
    agent = start_agent(pg.agent_config(server.config(host=socket_directory, port=bouncer.port, user="app",
                                                      password="app"), timeout="20s"))
    app = App(server, bouncer.port, tmp_path)
    try:
        scrape_many(agent)
    finally:
        app.end()
    agent.stop()
    wait_until(lambda: most_clients(bouncer.log.read_text())[1] == 0, what="PgBouncer has no client of ours")
    assert most_clients(bouncer.log.read_text())[0] == 2
    assert server.sql("SELECT DISTINCT * FROM seen") == "pgbench|0|off|on|0|7s|33s|off"
    assert int(server.sql("SELECT count(*) FROM seen")) == app.rounds * 400
    assert not re.search(r"\|app\|(ERROR|FATAL|WARNING)", server.log.read_text())
