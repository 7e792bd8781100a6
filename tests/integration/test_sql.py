"""Metrics that the settings declare by queries, on real servers."""
import contextlib
import re
import socket
import subprocess
import threading

import pytest

import postgres as pg
import support
from support import VEDETTE, wait_until

BUSINESS = (support.ROOT / "deploy/config/business.yml").read_text()


def settings(targets, *queries, scrape_timeout="5s"):
    lines = "".join(f"    - {q}\n" for q in queries)
    return (f"web: {{scrape_timeout: {scrape_timeout}}}\nexporters:\n  host: {{}}\n  postgres: [{', '.join(targets)}]\n"
            + (f"  sql:\n{lines}" if lines else ""))


def query(name, sql, more="value: n", **others):
    extra = "".join(f", {k}: {v}" for k, v in others.items())
    return "{name: %s, help: A number., query: %s, %s%s}" % (name, pg.quote(sql), more, extra)


def command(tmp_path, config, *args):
    path = tmp_path / "vedette.yml"
    path.write_text(config)
    return subprocess.run([str(VEDETTE), *args, f"--config.file={path}"], capture_output=True, text=True, timeout=60,
                          check=False)


def load_platform(server, documents):
    done = subprocess.run(server.psql_command("-v", f"documents={documents}", "-f",
                                              str(support.ROOT / "tests/platform/schema.sql")),
                          env=server.environment(), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def platform():
    server = pg.Postgres(16)
    load_platform(server, 200_000)
    yield server
    server.remove()


def business(server):
    return BUSINESS + f"  postgres: [{server.config()}]\n"


def test_business_metrics_are_what_the_tables_say(platform, start_agent):
    page = start_agent(business(platform)).metrics("/metrics/sql")
    one = lambda sql: float(platform.sql(sql))
    for status in ("draft", "active", "archived"):
        assert page.value("documents", status=status) == one(f"SELECT count(*) FROM documents WHERE status = '{status}'")
    assert page.value("documents_uploaded_last_hour_count_now") == pytest.approx(59, abs=1)
    assert page.value("documents_uploaded_last_hour_bytes") > 59_000
    assert 60 <= page.value("documents_last_upload_age_seconds") < 600
    assert page.value("documents_field_completeness_ratio", field="title") == 1
    assert page.value("documents_field_completeness_ratio", field="author") == 0.75
    assert page.value("documents_field_completeness_ratio", field="date") == 0.5
    assert sum(page.named("documents_queue_waiting").values()) == 30
    assert page.value("documents_queue_waiting", step="ocr") == 10
    assert 28 * 60 <= page.value("documents_queue_oldest_age_seconds", step="index") < 40 * 60
    assert page.types["documents_processing_seconds"] == "histogram"
    # steps took 0, 5, … 445 s: of what was done in the last hour, nothing took less than none
    assert all(v >= 0 for v in page.named("documents_processing_seconds_sum").values())
    assert page.value("documents_not_backed_up_documents") == pytest.approx(6 * 60, abs=2)
    assert page.value("documents_not_backed_up_backup_age_seconds") == pytest.approx(6 * 3600, abs=300)
    assert set(page.named("vedette_sql_query_success").values()) == {1}


def test_business_queries_keep_their_budget(platform):
    """What is asked in every scrape reads few pages of 200,000 documents; what reads more is asked more seldom."""
    items = re.split(r"\n    - name: ", BUSINESS)[1:]
    assert len(items) == 7
    for item in items:
        sql = " ".join(re.search(r"query: (?:>-)?(.*?)\n      \w+:", item, re.S)[1].split())
        plan = platform.sql(f"EXPLAIN (FORMAT JSON) {sql}")
        cost = float(re.search(r'"Total Cost": ([\d.]+)', plan)[1])
        assert cost < (50_000 if "min_interval: 5m" in item else 5_000 if "min_interval: 1m" in item else 1_000), f"{cost}: {item}"


def test_the_rows_of_one_query(platform, tmp_path):
    done = command(tmp_path, business(platform), "scrape", "sql", "--query", "documents")
    assert done.returncode == 0, done.stderr
    table, samples = done.stdout.split("\n\n")
    assert table.splitlines()[0].split() == ["status", "documents"] and "(3 rows)" in table
    assert 'documents{status="active"} 140000\n' in samples
    missing = command(tmp_path, business(platform), "scrape", "sql", "--query", "nothing")
    assert missing.returncode == 1 and "there is no query nothing" in missing.stderr and "documents_queue" in missing.stderr
    assert command(tmp_path, "", "scrape", "--query", "x").returncode == 2
    wrong = settings([platform.config()], query("bad", "SELECT 1 AS m"))
    done = command(tmp_path, wrong, "scrape", "sql", "--query", "bad")
    assert done.returncode == 1 and "bad: the reply has no column n" in done.stderr and "(1 rows)" in done.stdout
    done = command(tmp_path, wrong.replace("AS m", "AS n"), "scrape", "sql")
    assert done.returncode == 0 and "\nbad 1\n" in done.stdout and "pg_up" not in done.stdout


FAULTS = {
    "syntax": ("SELEC 1 AS n", "syntax error"),
    "no_table": ("SELECT n FROM nowhere", "no such table or view"),
    "no_right": ("SELECT count(*) AS n FROM pg_authid", "permission denied"),
    "writes": ("CREATE TABLE t (n int)", "read-only transaction"),
    "two": ("SELECT 1 AS n; SELECT 2 AS n", "cannot insert multiple commands"),
    "escapes": ("SELECT 1 AS n; COMMIT; CREATE TABLE escaped (n int)", "cannot insert multiple commands"),
    "nan": ("SELECT 'NaN'::float8 AS n", "row 1: column n is NaN"),
    "twice": ("SELECT 1 AS n, 2 AS n", "two columns n"),
    "same": ("SELECT 1 AS n FROM generate_series(1, 2)", "row 2: the same labels as row 1"),
    "slow": ("SELECT count(*) AS n FROM pg_sleep(30)", "took too long and was cancelled"),
    "flood": ("SELECT repeat('x', 1000) AS n FROM generate_series(1, 20000)", "larger than 8 MiB"),
    "many": ("SELECT n FROM generate_series(1, 1500) n", "more than max_series"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_query_costs_only_itself(postgres, start_agent, name):
    sql, words = FAULTS[name]
    agent = start_agent(settings([postgres.config()], query("first", "SELECT 1 AS n"), query(name, sql, timeout="300ms"),
                                 query("last", "SELECT 3 AS n")))
    agent.expect_log("collector failed")
    page = agent.get("/metrics/postgres")
    assert page.status == 200, "the target is up"
    page = support.Exposition(page.body)
    assert page.value("pg_up") == 1 and page.value("first") == 1
    assert page.value("vedette_sql_query_success", query=name) == 0 and not page.has(name)
    if name != "flood":  # which costs the connection; the next scrape has it again
        assert page.value("last") == 3
    log = agent.log.read_text()
    assert re.search(rf"queries: {name}: .*{re.escape(words)}", log), log
    assert postgres.sql("SELECT count(*) FROM pg_class WHERE relname IN ('t', 'escaped')") == "0"
    wait_until(lambda: agent.metrics("/metrics/postgres").has("last"), what="the other queries are answered")
    assert "queries" in agent.get("/").body and postgres.connections() <= 2


def test_a_slow_query_rests_and_holds_nobody_up(postgres, start_agent):
    agent = start_agent(settings([postgres.config()], query("slow", "SELECT count(*) AS n FROM pg_sleep(60)",
                                                            timeout="60s"), scrape_timeout="1s"))
    agent.expect_log("collector failed")
    page = agent.get("/metrics/postgres")
    assert page.status == 200 and "\npg_up 1\n" in page.body, "the server ends the query before the scrape's deadline"
    second = agent.metrics("/metrics/postgres")
    assert second.value("vedette_pg_query_resting_scrapes", query="sql:slow") > 0
    assert second.value("vedette_sql_query_duration_seconds", query="slow") < 0.1


def test_min_interval(postgres, start_agent):
    agent = start_agent(settings([postgres.config()],
                                 query("kept", "SELECT extract(epoch FROM clock_timestamp()) AS n", min_interval="1h"),
                                 query("fresh", "SELECT extract(epoch FROM clock_timestamp()) AS n")))
    first, second = agent.metrics("/metrics/sql"), agent.metrics("/metrics/sql")
    assert first.value("kept") == second.value("kept") and first.value("fresh") < second.value("fresh")
    assert second.value("vedette_sql_query_age_seconds", query="kept") > 0
    restarted = first.value("kept")
    agent.expect_log("collector failed")
    postgres.stop()
    assert agent.get("/metrics/postgres").status == 503
    assert agent.get("/metrics/sql").status == 503, "what is kept is nothing without the server"
    postgres.start()
    wait_until(lambda: agent.get("/metrics/sql").status == 200, what="the server is back")
    assert agent.metrics("/metrics/sql").value("kept") > restarted


def test_two_targets(start_postgres, start_agent):
    postgres = start_postgres()
    postgres.sql("ALTER ROLE vedette CONNECTION LIMIT 4")  # two for each database
    other = "{name: other, %s" % postgres.config(database="template1")[1:]
    main = "{name: main, %s" % postgres.config()[1:]
    name = "SELECT datname, 1 AS n FROM (SELECT current_database() AS datname) d"
    agent = start_agent(settings([main, other], query("both", name, "labels: [datname], value: n", target="[main, other]"),
                                 query("one", name, "labels: [datname], value: n", target="other")))
    page = agent.metrics()
    assert page.has("both", datname="postgres", target="main") and page.has("both", datname="template1", target="other")
    assert list(page.named("one")) == [frozenset({("datname", "template1"), ("target", "other")})]
    assert agent.metrics("/metrics/postgres/main").has("both", datname="postgres", target="main")
    assert agent.metrics("/metrics/sql/other").named("one") and not agent.metrics("/metrics/sql/main").named("one")
    assert '"sql"' not in agent.get("/sd").body


def test_fifty_queries(postgres, start_agent):
    agent = start_agent(settings([postgres.config()], *[query(f"q{i}", f"SELECT {i} AS n") for i in range(50)]))
    page = agent.metrics("/metrics/postgres")
    assert [page.value(f"q{i}") for i in range(50)] == list(range(50))
    assert postgres.connections() <= 2


def test_through_a_pooler(postgres, start_pgbouncer, start_agent):
    bouncer = start_pgbouncer(postgres, "default_pool_size = 1")
    target = bouncer.config(database="postgres")
    agent = start_agent(settings([target], query("one", "SELECT 1 AS n"), query("writes", "CREATE TABLE t (n int)"),
                                 query("last", "SHOW transaction_read_only", "values: [], value: transaction_read_only")))
    agent.expect_log("collector failed")
    page = agent.metrics("/metrics/postgres")
    assert page.value("one") == 1 and page.value("vedette_sql_query_success", query="writes") == 0
    assert page.value("vedette_sql_query_success", query="last") == 0, "\"on\" is no number"


def test_reload_with_other_queries(postgres, start_agent):
    agent = start_agent(settings([postgres.config()], query("before", "SELECT 1 AS n")))
    assert agent.metrics().has("before")
    agent.config.write_text(settings([postgres.config()], query("after", "SELECT 1 AS n")))
    assert agent.get("/-/reload", method="POST").status == 200
    page = agent.metrics()
    assert page.has("after") and not page.has("before")


BAD = [
    (query("1st", "SELECT 1"), "a metric's name is letters"),
    (query("node_x", "SELECT 1"), "node_… is for others"),
    (query("a", ""), "query: empty"),
    (query("a", "SELECT 1", "labels: [x]"), "write value: COLUMN, or values"),
    (query("a", "SELECT 1", "value: n, values: [m]"), "not both"),
    (query("a", "SELECT 1", "value: n, labels: [n]"), "value: n is a label already"),
    (query("a", "SELECT 1", "value: n, labels: [le]"), "le is not yours to give"),
    (query("a", "SELECT 1", "value: n, labels: ['a b']"), "no label's name"),
    (query("a", "SELECT 1", "value: n, labels: [x, x]"), "x is there twice"),
    (query("a", "SELECT 1", "value: n", type="counter"), "write a_total"),
    (query("a", "SELECT 1", "values: [n]", type="counter"), "call the column n_total"),
    (query("a", "SELECT 1", "value: n, buckets: {x: 1}"), "only a histogram"),
    (query("a", "SELECT 1", "value: n", type="histogram"), "has buckets, not value"),
    (query("a", "SELECT 1", "labels: [x]", type="histogram"), "buckets: missing"),
    (query("a", "SELECT 1", "buckets: {x: 2, y: 1}", type="histogram"), "ascending order"),
    (query("a", "SELECT 1", "buckets: {x: much}", type="histogram"), "is no number"),
    (query("a", "SELECT 1", "buckets: {x: .inf}", type="histogram"), "is no number"),
    (query("a", "SELECT 1", target="nobody"), "exporters.sql.a.target: there is no such target of postgres; there is one without a name"),
    ("{help: A number., query: SELECT 1, value: n}", "name: missing"),
    ("{name: a, query: SELECT 1, value: n}", "help: missing"),
    ("{name: a, help: x, value: n}", "query: missing"),
    (query("a", "SELECT 1", min_interval="-1s"), "min_interval"),
    (query("a", "SELECT 1", max_series="0"), "write 1 to 10000"),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_settings(tmp_path, number):
    item, words = BAD[number]
    done = command(tmp_path, settings(["{host: localhost}"], query("fine", "SELECT 1 AS n"), item), "check")
    assert done.returncode == 1 and words in done.stdout + done.stderr, done.stdout + done.stderr
    assert re.search(r"vedette\.yml:7:\d+: exporters\.sql", done.stdout + done.stderr), done.stdout + done.stderr


def test_bad_targets(tmp_path):
    two = ["{name: x, host: a}", "{name: y, host: b}"]
    done = command(tmp_path, settings(two, query("a", "SELECT 1")), "check")
    assert done.returncode == 1 and "which target of postgres? Write one of: x, y" in done.stderr + done.stdout
    done = command(tmp_path, settings([], query("a", "SELECT 1")), "check")
    assert done.returncode == 1 and "(none: add one below exporters)" in done.stderr + done.stdout
    clash = [query("a", "SELECT 1", "values: [b_c]"), query("a_b", "SELECT 1", "values: [c]")]
    done = command(tmp_path, settings(["{host: a}"], *clash), "check")
    assert done.returncode == 1 and "its metric a_b_c is made by a already" in done.stderr + done.stdout
    assert command(tmp_path, settings(two, query("a", "SELECT 1", target="[x, y]")), "check").returncode == 0


def test_the_settings_are_printed_as_they_were_written(tmp_path):
    config = settings(["{name: x, host: a}"], query("a_total", "SELECT 1", "value: n", type="counter", target="x"))
    done = command(tmp_path, config, "config", "--print")
    assert done.returncode == 0 and "target: [x]" in done.stdout and "type: counter" in done.stdout
    again = command(tmp_path, done.stdout, "config", "--print")
    assert again.stdout == done.stdout


class Spoiler:
    """Between the agent and the server: changes one word of the next statement that is just that word, so that it fails."""

    def __init__(self, to):
        self.to, self.word = to, None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.to))
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self.pump, args=(source, sink), daemon=True).start()

    def pump(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self.word and self.word + b"\0" in data and data.startswith(b"Q"):
                    data, self.word = data.replace(self.word + b"\0", self.word[:-1] + b"X\0"), None
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("word, sql", [("COMMIT", "SELECT 1 AS n"), ("ROLLBACK", "SELECT n FROM nowhere")])
def test_a_transaction_that_cannot_be_ended_costs_its_connection(postgres, start_agent, word, sql):
    """A time-out that passes as a statement ends cancels the next one, which may be what ends the transaction: all else
    on that connection would fail for ever, and the database look down."""
    spoiler = Spoiler(postgres.port)
    agent = start_agent(settings([postgres.config(port=spoiler.port)], query("it", sql)))
    agent.expect_log("collector failed")
    assert agent.metrics().value("pg_up") == 1
    spoiler.word = word.encode()
    agent.metrics()
    assert spoiler.word is None, "nothing was spoilt"
    assert agent.metrics().value("pg_up") == 1
    spoiler.listener.close()
