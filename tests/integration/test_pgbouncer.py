"""PgBouncer as the agent sees it: Debian's 1.18 in front of a real server."""
import json
import os
import signal
import subprocess
import threading

import pytest

import postgres as pg
from support import VEDETTE, wait_until

COLLECTORS = {"up", "login", "config", "databases", "lists", "pool_view", "pools", "stats", "clients"}
DATABASE = "database,force_user,host,name,pool_mode,port"
POOL = "database,user"

# what pgbouncer_exporter 0.12.1 emits against PgBouncer 1.18, and with which labels
COMMUNITY = {
    "pgbouncer_cached_dns_names": "", "pgbouncer_cached_dns_zones": "",
    "pgbouncer_client_connections": "application_name,database,state,user",
    "pgbouncer_config_max_client_connections": "", "pgbouncer_config_max_user_connections": "",
    "pgbouncer_databases": "", "pgbouncer_databases_current_connections": DATABASE,
    "pgbouncer_databases_disabled": DATABASE, "pgbouncer_databases_max_connections": DATABASE,
    "pgbouncer_databases_paused": DATABASE, "pgbouncer_databases_pool_size": DATABASE,
    "pgbouncer_databases_reserve_pool": DATABASE, "pgbouncer_free_clients": "", "pgbouncer_free_servers": "",
    "pgbouncer_in_flight_dns_queries": "", "pgbouncer_login_clients": "", "pgbouncer_pools": "",
    "pgbouncer_pools_client_active_cancel_connections": POOL, "pgbouncer_pools_client_active_connections": POOL,
    "pgbouncer_pools_client_maxwait_seconds": POOL, "pgbouncer_pools_client_waiting_cancel_connections": POOL,
    "pgbouncer_pools_client_waiting_connections": POOL, "pgbouncer_pools_server_active_cancel_connections": POOL,
    "pgbouncer_pools_server_active_connections": POOL, "pgbouncer_pools_server_being_canceled_connections": POOL,
    "pgbouncer_pools_server_idle_connections": POOL, "pgbouncer_pools_server_login_connections": POOL,
    "pgbouncer_pools_server_testing_connections": POOL, "pgbouncer_pools_server_used_connections": POOL,
    "pgbouncer_stats_totals_client_wait_seconds_total": "database",
    "pgbouncer_stats_totals_queries_duration_seconds_total": "database",
    "pgbouncer_stats_totals_queries_pooled_total": "database",
    "pgbouncer_stats_totals_received_bytes_total": "database", "pgbouncer_stats_totals_sent_bytes_total": "database",
    "pgbouncer_stats_totals_server_in_transaction_seconds_total": "database",
    "pgbouncer_stats_totals_sql_transactions_pooled_total": "database", "pgbouncer_up": "",
    "pgbouncer_used_clients": "", "pgbouncer_used_servers": "", "pgbouncer_users": "",
    "pgbouncer_version_info": "version"}


def bouncer_config(*targets, timeout="5s"):
    return pg.agent_config(*targets, timeout=timeout, exporter="pgbouncer")


def agent_rows(agent, name):
    """{collector or "": value} of the agent's own metric about this exporter."""
    return {dict(labels).get("collector", ""): value for labels, value in agent.metrics("/metrics/agent").named(name)
            .items() if dict(labels).get("exporter") == "pgbouncer"}


def connections(metrics, pool):
    return {dict(labels)["state"]: value for labels, value in metrics.named("db_pool_connections").items()
            if dict(labels)["pool"] == pool}


def down(agent, *words):
    """pgbouncer_up is 0, the words say why, and the host's own series are there all the same."""
    agent.expect_log("collector failed")
    response = agent.get()
    assert "\npgbouncer_up 0\n" in response.body and "\nnode_load1 " in response.body
    assert agent.get("/metrics/pgbouncer").status == 503
    text = agent.get("/metrics/agent").body
    for word in words:
        assert word in text
    assert agent_rows(agent, "vedette_target_up") == {"": 0}
    assert pg.PASSWORD not in agent.log.read_text() + agent.get("/").body + response.body + text
    return response


def test_all_that_the_community_knows(start_postgres, start_pgbouncer, start_agent):
    """Each name, type and label of its exporter, with the values that the console shows."""
    server = start_postgres()
    bouncer = start_pgbouncer(server, databases=["app = SERVER dbname=postgres user=postgres pool_mode=session"])
    for _ in range(3):
        assert bouncer.client("SELECT 1", database="app").wait(20) == 0
    agent = start_agent(bouncer_config(bouncer.config()))
    metrics = agent.metrics("/metrics/pgbouncer")
    assert agent_rows(agent, "vedette_collector_success") == {name: 1 for name in COLLECTORS}
    assert set(metrics.named("vedette_pgbouncer_unknown_columns").values()) == {0}
    for name, labels in COMMUNITY.items():
        series = metrics.named(name)
        assert series, name
        assert {key for each in series for key in dict(each)} == set(filter(None, labels.split(","))), name
        assert metrics.type_of(name) == ("counter" if name.startswith("pgbouncer_stats_") else "gauge"), name
    assert metrics.value("pgbouncer_version_info", version="PgBouncer 1.18.0") == 1
    stats = next(row for row in bouncer.console("SHOW STATS_TOTALS") if row[0] == "app")
    for name, value, factor in (
            ("sql_transactions_pooled_total", stats[1], 1), ("queries_pooled_total", stats[2], 1),
            ("received_bytes_total", stats[3], 1), ("sent_bytes_total", stats[4], 1),
            ("server_in_transaction_seconds_total", stats[5], 1e-6),
            ("queries_duration_seconds_total", stats[6], 1e-6), ("client_wait_seconds_total", stats[7], 1e-6)):
        for prefix in ("pgbouncer_stats_totals_", "pgbouncer_stats_"):  # the newer and the older name
            assert metrics.value(prefix + name, database="app") == pytest.approx(int(value) * factor)
    assert int(stats[2]) == 3 and int(stats[5]) > 0


def test_a_full_pool_and_its_queue(start_postgres, start_pgbouncer, start_agent):
    """Ten slow queries fill a pool of ten; whoever comes after them waits, is seen waiting, and gets through."""
    server = start_postgres(settings="max_connections = 40")
    server.sql("CREATE ROLE worker LOGIN PASSWORD 'w'")
    server.sql("CREATE DATABASE other")
    bouncer = start_pgbouncer(server, databases=["app = SERVER dbname=postgres pool_size=10", "other = SERVER"],
                              users=(("vedette", pg.PASSWORD), ("postgres", pg.SUPERUSER_PASSWORD), ("worker", "w")))
    agent = start_agent(bouncer_config(bouncer.config()))
    agent.metrics()
    holders = [server.session("SELECT pg_advisory_lock(7);", database=name) for name in ("postgres", "other")]
    wait = "SELECT pg_advisory_lock_shared(7), pg_advisory_unlock_shared(7)"
    clients = [bouncer.client(wait, database="app") for _ in range(13)]
    clients += [bouncer.client(wait, database="app", user="worker", password="w") for _ in range(2)]
    clients.append(bouncer.client(wait, database="other"))

    def full():
        metrics = agent.metrics()
        return metrics if connections(metrics, "app/postgres").get("active") == 10 and \
            metrics.value("db_pool_waiting", pool="app/postgres") == 3 and \
            connections(metrics, "app/worker").get("active") == 2 and \
            connections(metrics, "other/postgres").get("active") == 1 else None

    metrics = wait_until(full, what="the pool is full and three clients wait")
    assert sum(connections(metrics, "app/postgres").values()) == 10
    assert metrics.value("db_pool_max_connections", pool="app/postgres") == 10
    assert metrics.value("db_pool_max_connections", pool="app/worker") == 10
    assert metrics.value("db_pool_max_connections", pool="other/postgres") == 20
    assert metrics.value("db_pool_waiting", pool="app/worker") == 0
    assert not metrics.named("db_pool_timeouts_total")  # PgBouncer cannot tell
    assert not any(dict(labels)["pool"].startswith("pgbouncer/") for labels in metrics.named("db_pool_connections"))
    assert metrics.value("pgbouncer_pools_client_waiting_connections", database="app", user="postgres") == 3
    wait_until(lambda: agent.metrics().value("pgbouncer_pools_client_maxwait_seconds", database="app",
                                             user="postgres") > 0.05, what="the wait grows")
    for holder in holders:
        holder.stdin.close()
    assert [client.wait(30) for client in clients] == [0] * len(clients)

    def empty():
        m = agent.metrics()
        return connections(m, "app/postgres")["active"] == 0 and m.value("db_pool_waiting", pool="app/postgres") == 0

    wait_until(empty, what="the pool is empty again")
    assert connections(agent.metrics(), "app/postgres")["idle"] > 0


def test_a_pool_from_both_sides(start_postgres, start_pgbouncer, start_agent):
    """PgBouncer tells of its pool, and PostgreSQL of the sessions that it makes: one set of families."""
    server = start_postgres()
    server.sql("CREATE ROLE app LOGIN PASSWORD 'a'")
    bouncer = start_pgbouncer(server, databases=["app = SERVER dbname=postgres pool_size=10"],
                              users=(("vedette", pg.PASSWORD), ("postgres", pg.SUPERUSER_PASSWORD), ("app", "a")))
    both = pg.agent_config(server.config()[:-1] + ", pools: [{name: fastapi, user: app, max: 10}]}")
    agent = start_agent(both + f"  pgbouncer:\n    - {bouncer.config()}\n")
    holder = server.session("SELECT pg_advisory_lock(7);")
    clients = [bouncer.client("SELECT pg_advisory_lock_shared(7), pg_advisory_unlock_shared(7)", database="app",
                              user="app", password="a") for _ in range(3)]

    def active():
        metrics = agent.metrics()
        return [connections(metrics, pool).get("active") for pool in ("app/app", "fastapi")] == [3, 3]

    wait_until(active, what="three are at work")
    metrics = agent.metrics()
    assert {dict(labels)["pool"]: value for labels, value in metrics.named("db_pool_max_connections").items()} == \
        {"app/app": 10, "fastapi": 10}
    assert set(metrics.named("db_pool_waiting")) == {frozenset({("pool", "app/app")})}
    holder.stdin.close()
    assert [client.wait(30) for client in clients] == [0] * 3


def test_limits_of_pools(start_postgres, start_pgbouncer, start_agent):
    server = start_postgres()
    databases = ["a = SERVER dbname=postgres pool_size=3 reserve_pool=2",
                 "b = SERVER dbname=postgres pool_size=9 max_db_connections=4",
                 "c = SERVER dbname=postgres pool_size=90"]
    bouncer = start_pgbouncer(server, "max_user_connections = 30", databases=databases)
    for name in "abc":
        assert bouncer.client("SELECT 1", database=name).wait(20) == 0
    metrics = start_agent(bouncer_config(bouncer.config())).metrics()
    assert {dict(labels)["pool"]: value for labels, value in metrics.named("db_pool_max_connections").items()} == \
        {"a/postgres": 5, "b/postgres": 4, "c/postgres": 30}
    assert metrics.value("pgbouncer_config_max_user_connections") == 30


def test_refused_logins_in_words(postgres, start_pgbouncer, start_agent):
    users = (("vedette", pg.PASSWORD), ("postgres", pg.SUPERUSER_PASSWORD), ("app", "a"))
    bouncer = start_pgbouncer(postgres, "server_login_retry = 1", users=users)
    for settings, words in (({"password": "wrong"}, "wrong password"),
                            ({"user": "app", "password": "a"}, "add it to stats_users in pgbouncer.ini"),
                            ({"password": None}, "asks for a password"),
                            ({"database": "postgres"}, "not PgBouncer's console"),
                            ({"database": "nowhere"}, "no console of that name"),
                            ({"port": postgres.port, "user": "postgres", "password": pg.SUPERUSER_PASSWORD},
                             "no console of that name there (is it PgBouncer"),
                            ({"sslmode": "require"}, "TLS failed"),
                            ({"sslmode": "verify-full", "sslrootcert": "/nowhere"}, "TLS failed"),
                            ({"port": 1}, "connection refused"),
                            ({"host": "no-such-name.invalid"}, "name not found")):
        agent = start_agent(bouncer_config(bouncer.config(**settings)))
        response = down(agent, words)
        assert "\nvedette_pgbouncer_login_success 0\n" in response.body
        agent.stop()


def test_settings_that_must_be_there(tmp_path):
    path = tmp_path / "vedette.yml"
    path.write_text(bouncer_config("{user: vedette}"))
    done = subprocess.run([str(VEDETTE), "check", f"--config.file={path}"], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode != 0 and "host" in done.stdout + done.stderr


def test_the_environment_of_postgresql_is_not_its_own(postgres, start_pgbouncer, tmp_path):
    """What others read there must not go to the console: it refuses logins with options."""
    bouncer = start_pgbouncer(postgres)
    path = tmp_path / "vedette.yml"
    path.write_text(bouncer_config(bouncer.config()))
    env = dict(os.environ, PGOPTIONS="-c statement_timeout=1", PGTZ="UTC", PGDATESTYLE="German", PGGEQO="on",
               PGHOST="/nowhere", PGDATABASE="nowhere", PGPORT="1", DATABASE_URL="postgresql://u:p@no.invalid/x")
    done = subprocess.run([str(VEDETTE), "scrape", "pgbouncer", f"--config.file={path}"], capture_output=True,
                          text=True, timeout=60, env=env, check=False)
    assert "\npgbouncer_up 1\n" in done.stdout and done.returncode == 0, done.stderr


@pytest.mark.parametrize("password", ["@:/?=%&'\" \\ space", "ပို့စ်" * 8 + "é"])
def test_passwords(postgres, start_pgbouncer, start_agent, password):
    bouncer = start_pgbouncer(postgres, users=(("vedette", password), ("postgres", pg.SUPERUSER_PASSWORD)))
    agent = start_agent(bouncer_config(bouncer.config(password=password)))
    assert agent.metrics().value("pgbouncer_up") == 1
    bouncer.stop()
    down(agent, "connection refused")
    assert password not in agent.log.read_text() + agent.get("/metrics/agent").body + agent.get("/").body


def test_stopped_and_started_again(postgres, start_pgbouncer, start_agent):
    bouncer = start_pgbouncer(postgres)
    agent = start_agent(bouncer_config(bouncer.config()))
    for _ in range(3):  # between two scrapes nothing is seen of it
        assert agent.metrics().value("pgbouncer_up") == 1
        bouncer.stop()
        bouncer.start()
    assert agent.metrics().value("pgbouncer_up") == 1
    bouncer.stop()
    down(agent, "connection refused")
    assert not agent.metrics().named("db_pool_connections")
    bouncer.start()
    assert agent.metrics().value("pgbouncer_up") == 1
    assert agent.get("/metrics/pgbouncer").status == 200


def test_that_stands_still(postgres, start_pgbouncer, start_agent):
    bouncer = start_pgbouncer(postgres)
    agent = start_agent(bouncer_config(bouncer.config(), timeout="600ms"))
    assert agent.metrics().value("pgbouncer_up") == 1
    for _ in range(2):
        bouncer.process.send_signal(signal.SIGSTOP)
        assert down(agent, "no answer").seconds < 2
        threads, descriptors = agent.threads(), agent.descriptors()
        for _ in range(8):
            agent.metrics()
        wait_until(lambda: agent.threads() <= threads and agent.descriptors() <= descriptors + 1,
                   what="no thread or descriptor is gained")
        bouncer.process.send_signal(signal.SIGCONT)
        assert [agent.metrics().value("pgbouncer_up") for _ in range(2)][-1] == 1
    assert bouncer.most_logins()[0] <= 2


def test_killed_in_the_middle_of_a_question(postgres, start_pgbouncer, start_agent):
    bouncer = start_pgbouncer(postgres)
    agent = start_agent(bouncer_config(bouncer.config(), timeout="3s"))
    agent.metrics()
    agent.expect_log("collector failed")
    bouncer.process.send_signal(signal.SIGSTOP)
    timer = threading.Timer(0.3, bouncer.stop)
    timer.start()
    response = agent.get()
    timer.join()
    assert "\npgbouncer_up 0\n" in response.body and "\nnode_load1 " in response.body
    assert response.seconds < 2.5
    bouncer.start()
    assert agent.metrics().value("pgbouncer_up") == 1


def test_database_that_is_gone(start_postgres, start_pgbouncer, start_agent):
    """The console answers while nothing stands behind it; clients queue up."""
    server = start_postgres()
    bouncer = start_pgbouncer(server)
    agent = start_agent(bouncer_config(bouncer.config()))
    assert bouncer.client("SELECT 1").wait(20) == 0
    server.stop()
    waiting = bouncer.client("SELECT 1")
    wait_until(lambda: agent.metrics().value("db_pool_waiting", pool="postgres/postgres") == 1, what="one waits")
    metrics = agent.metrics()
    assert metrics.value("pgbouncer_up") == 1
    assert connections(metrics, "postgres/postgres")["active"] == 0
    assert agent.get("/metrics/pgbouncer").status == 200
    waiting.kill()
    waiting.wait()


def test_paused_database(postgres, start_pgbouncer, start_agent):
    bouncer = start_pgbouncer(postgres, databases=["app = SERVER dbname=postgres"])
    agent = start_agent(bouncer_config(bouncer.config()))
    assert bouncer.client("SELECT 1", database="app").wait(20) == 0

    def value(name):
        series = agent.metrics().named("pgbouncer_databases_" + name)
        return [v for labels, v in series.items() if dict(labels)["name"] == "app"]

    assert value("paused") == [0]
    bouncer.console("PAUSE app")
    assert value("paused") == [1]
    client = bouncer.client("SELECT 1", database="app")
    wait_until(lambda: agent.metrics().value("db_pool_waiting", pool="app/postgres") == 1, what="one waits")
    bouncer.console("PAUSE")
    assert agent.metrics().value("pgbouncer_up") == 1
    assert agent.metrics().value("vedette_pgbouncer_login_success") == 1
    bouncer.console("RESUME")
    bouncer.console("RESUME app")
    assert client.wait(20) == 0
    assert value("paused") == [0]
    bouncer.console("DISABLE app")
    assert value("disabled") == [1]


def test_never_more_than_two_connections(postgres, start_pgbouncer, start_agent):
    """PgBouncer's own log counts: 1,000 scrapes, 20 at once."""
    bouncer = start_pgbouncer(postgres)
    agent = start_agent(bouncer_config(bouncer.config()))

    def many():
        for _ in range(50):
            assert "\npgbouncer_up 1\n" in agent.get("/metrics/pgbouncer").body

    threads = [threading.Thread(target=many) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    agent.stop()
    wait_until(lambda: bouncer.most_logins()[1] == 0, what="no connection is left")
    assert bouncer.most_logins()[0] == 2


def test_odd_names(postgres, start_pgbouncer, start_agent):
    """Sessions, users and databases are called as they like; one series for each, whatever the ports."""
    odd = "a\"b\\c é/d 100%"
    postgres.sql(f"CREATE DATABASE \"{odd.replace(chr(34), chr(34) * 2)}\"")
    try:
        bouncer = start_pgbouncer(postgres, "application_name_add_host = 1", databases=["x = SERVER dbname=postgres"])
        agent = start_agent(bouncer_config(bouncer.config()))
        clients = [bouncer.client("SELECT pg_sleep(60)", database=odd, PGAPPNAME=name)
                   for name in ("na\"me\\ - 1", "na\"me\\ - 1", "é", "x" * 300)]
        pool = f"{odd}/postgres"
        wait_until(lambda: connections(agent.metrics(), pool).get("active") == 4, what="four are at work")
        metrics = agent.metrics()
        names = {dict(labels).get("application_name"): value for labels, value in
                 metrics.named("pgbouncer_client_connections").items() if dict(labels)["database"] == odd}
        # PostgreSQL itself allows only ASCII here
        assert names["na\"me\\ - 1"] == 2 and names["??"] == 1 and sum(names.values()) == 4
        for client in clients:
            client.terminate()
            client.wait()
        bouncer.remove()
    finally:
        postgres.sql(f"DROP DATABASE \"{odd.replace(chr(34), chr(34) * 2)}\" WITH (FORCE)")


def test_two_targets_one_down(postgres, start_pgbouncer, start_agent):
    bouncer = start_pgbouncer(postgres)
    agent = start_agent(bouncer_config(bouncer.config(name="front"), bouncer.config(name="gone", port=1)))
    agent.expect_log("collector failed")
    entries = {e["labels"]["instance"].rsplit("/", 1)[1]: e["labels"] for e in json.loads(agent.get("/sd").body)
               if e["labels"]["job"] == "pgbouncer"}
    assert {name: entry["__metrics_path__"] for name, entry in entries.items()} == \
        {"front": "/metrics/pgbouncer/front", "gone": "/metrics/pgbouncer/gone"}
    for _ in range(3):
        assert agent.get("/metrics/pgbouncer/front").status == 200
        assert agent.get("/metrics/pgbouncer/gone").status == 503
    metrics = agent.metrics()
    assert metrics.value("pgbouncer_up", target="front") == 1
    assert metrics.value("pgbouncer_up", target="gone") == 0


def test_one_unnamed_target_in_service_discovery(postgres, start_pgbouncer, start_agent):
    agent = start_agent(bouncer_config(start_pgbouncer(postgres).config()))
    assert [e["labels"]["__metrics_path__"] for e in json.loads(agent.get("/sd").body)
            if e["labels"]["job"] == "pgbouncer"] == ["/metrics/pgbouncer"]
