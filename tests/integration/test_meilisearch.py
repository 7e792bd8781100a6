"""Meilisearch: its numbers, its failures in words, and searches that no longer find what they must."""
import concurrent.futures
import http.client
import json
import ssl
import subprocess
import threading
import urllib.parse

import pytest

import postgres as pg
from log_door import Authority
from meilisearch import CAPTURES, MASTER, Capture, Driver, StandIn
from support import VEDETTE, Exposition, free_port, request, wait_until

INVOICES = [{"id": n, "title": f"invoice {n}"} for n in range(3)]


def config(url, key, *canaries, timeout="5s", name=None, **settings):
    target = {"url": url, "key": key, "canaries": list(canaries), **settings, **({"name": name} if name else {})}
    return f"web: {{scrape_timeout: {timeout}}}\nexporters:\n  meilisearch:\n    - {json.dumps(target)}\n"


def canary(expected_hits=1, **more):
    return {"index": "documents", "query": "invoice", "expected_hits": expected_hits, **more}


def ours(metrics):
    """The series of the server, without those of the agent about itself and of the host."""
    return {key for key in metrics.samples if key[0].startswith(("meilisearch_", "vedette_search_"))}


# The stand-in against what was recorded

JSON = "application/json"
RECORDED = [  # capture, method, path, key, body, its type
    ("health", "GET", "/health", None), ("version", "GET", "/version", MASTER), ("stats", "GET", "/stats", MASTER),
    ("tasks", "GET", "/tasks?limit=20", MASTER), ("tasks-failed", "GET", "/tasks?statuses=failed&limit=5", MASTER),
    ("tasks-count-enqueued", "GET", "/tasks?statuses=enqueued&limit=1", MASTER),
    ("tasks-count-processing", "GET", "/tasks?statuses=processing&limit=1", MASTER),
    ("tasks-limit0", "GET", "/tasks?limit=0", MASTER),
    ("task0", "GET", "/tasks/0", MASTER), ("metrics", "GET", "/metrics", MASTER),
    ("err-401-noauth", "GET", "/stats", None), ("err-401-metrics", "GET", "/metrics", None),
    ("err-403-badkey", "GET", "/stats", "wrong"), ("err-403-badkey-metrics", "GET", "/metrics", "wrong"),
    ("err-403-searchkey-stats", "GET", "/stats", "search-only"),
    ("err-404-search", "POST", "/indexes/nope/search", MASTER, '{"q":"x"}', JSON),
    ("err-404-route", "GET", "/nope", None), ("err-404-task", "GET", "/tasks/999999", MASTER),
    ("err-400-json", "POST", "/indexes/movies/search", MASTER, '{"q":', JSON),
    ("err-400-filter", "POST", "/indexes/movies/search", MASTER, '{"q":"","filter":"rating > 3"}', JSON),
    ("err-415", "POST", "/indexes/movies/search", MASTER, '{"q":"x"}', "text/plain"),
    ("search-hits", "POST", "/indexes/movies/search", MASTER, '{"q":"star wars","limit":3}', JSON),
    ("search-zero", "POST", "/indexes/movies/search", MASTER, '{"q":"zzzzqqqq"}', JSON),
    ("stats-head", "HEAD", "/health", None),
    ("exp-metrics-off", "PATCH", "/experimental-features", MASTER, '{"metrics":false}', JSON),
    ("metrics-disabled", "GET", "/metrics", MASTER),
    ("exp-metrics-on", "PATCH", "/experimental-features", MASTER, '{"metrics":true}', JSON),
]
EMPTY = [("stats-empty", "GET", "/stats", MASTER), ("tasks-empty", "GET", "/tasks?limit=5", MASTER),
         ("metrics-empty", "GET", "/metrics", MASTER)]


# Of requests that the agent does not make, or of states that the stand-in is not in; fixtures and fuzzing use them
UNUSED = {"index-create", "index-create2", "docs-add", "docs-add-bad", "settings", "indexes", "indexes-empty", "index-stats",
          "err-404-index", "tasks-inflight", "stats-indexing", "metrics-indexing", "metrics-again", "search-hits-pages",
          "search-zero-filter", "search-get", "exp-features"}


def replay(server, name, method, path, key, body=None, kind=None):
    headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **({"Content-Type": kind} if kind else {})}
    got, wanted = request(server.port, path, method, headers, body=body), Capture(name)
    assert got.status == wanted.status, name
    assert {**{k.lower(): v for k, v in got.headers.items()}, "date": ""} == {**wanted.headers, "date": ""}, name
    assert got.body == wanted.body.decode(), name


def test_the_stand_in_answers_as_the_real_one_was_recorded():
    server = StandIn(empty=False)
    try:
        server.keys["search-only"] = {"search"}
        for row in RECORDED:
            replay(server, *row)
    finally:
        server.end()


def test_the_empty_stand_in_answers_as_the_real_one_was_recorded(stand_in):
    for row in EMPTY:
        replay(stand_in, *row)
    got = Driver(stand_in).call("POST", "/indexes/movies/documents", INVOICES)
    assert got[0] == 202 and got[1].keys() == json.loads(Capture("docs-add").body).keys()


def test_all_that_was_recorded_is_compared():
    recorded = {line.split(":")[0] for line in (CAPTURES / "INDEX.txt").read_text().splitlines()}
    assert {row[0] for row in RECORDED + EMPTY} | UNUSED == recorded


# The exporter against the stand-in and, where there is one, the real server

def test_all_that_it_tells(search_engine, start_agent):
    search_engine.add("documents", *INVOICES)
    search_engine.add("other", {"id": 1, "title": "letter"})
    agent = start_agent(config(search_engine.url, search_engine.key, canary(), canary(expected_hits=3, name="all")))
    agent.expect_log("target reports a failure")
    metrics = agent.metrics()
    assert metrics.value("vedette_search_up") == 1
    assert [dict(labels)["version"] for labels in metrics.named("vedette_search_version_info")][0][0].isdigit()
    assert metrics.value("meilisearch_index_docs_count", index="documents") == 3
    assert metrics.value("meilisearch_index_docs_count", index="other") == 1
    assert metrics.value("meilisearch_index_count") == 2
    assert metrics.value("meilisearch_nb_tasks", kind="statuses", value="succeeded") >= 2
    assert metrics.value("meilisearch_nb_tasks", kind="statuses", value="failed") == 0
    assert metrics.value("meilisearch_search_queue_size") > 0
    for query in ("invoice", "all"):
        assert metrics.value("vedette_search_canary_hits", index="documents", query=query) == 3
        assert metrics.value("vedette_search_canary_success", index="documents", query=query) == 1
        assert 0 < metrics.value("vedette_search_canary_duration_seconds", index="documents", query=query) < 5
    assert not metrics.has("vedette_search_last_failed_task_timestamp_seconds")

    search_engine.add("documents", {"id": "no id", "title": "invoice"})
    metrics = agent.metrics()
    assert metrics.value("meilisearch_nb_tasks", kind="statuses", value="failed") == 1
    assert metrics.value("vedette_search_last_failed_task_info", code="invalid_document_id", index="documents",
                         task="documentAdditionOrUpdate") == 1
    assert metrics.value("vedette_search_last_failed_task_timestamp_seconds") > 1e9
    agent.metrics()
    lines = [line for line in agent.log_lines() if "target reports a failure" in line]
    assert len(lines) == 1 and "Document identifier" in lines[0] and "documents" in lines[0]


def test_a_named_target(search_engine, start_agent):
    search_engine.add("documents", *INVOICES)
    agent = start_agent(config(search_engine.url, search_engine.key, canary(), name="docs"))
    metrics = agent.metrics("/metrics/meilisearch/docs")
    assert all(("target", "docs") in labels for _, labels in ours(metrics))
    entries = [e["labels"] for e in json.loads(agent.get("/sd").body) if e["labels"]["job"] == "meilisearch"]
    assert [e["__metrics_path__"] for e in entries] == ["/metrics/meilisearch/docs"]


def test_canary_sees_in_the_next_scrape_that_an_index_was_emptied(search_engine, start_agent):
    search_engine.add("documents", *INVOICES)
    agent = start_agent(config(search_engine.url, search_engine.key, canary()))

    def hits():
        metrics = agent.metrics()
        labels = {"index": "documents", "query": "invoice"}
        assert metrics.value("vedette_search_canary_expected_hits", **labels) == 1
        assert metrics.value("vedette_search_canary_success", **labels) == (
            metrics.value("vedette_search_canary_hits", **labels) >= 1)
        return metrics.value("vedette_search_canary_hits", **labels)

    for _ in range(3):
        assert hits() == 3
        search_engine.do("DELETE", "/indexes/documents/documents")
        assert hits() == 0
        assert agent.metrics().value("meilisearch_index_docs_count", index="documents") == 0
        search_engine.add("documents", *INVOICES)


def test_canary_of_a_while_ago_where_that_is_wanted(search_engine, start_agent):
    search_engine.add("documents", *INVOICES)
    agent = start_agent(config(search_engine.url, search_engine.key, canary(min_interval="1h")))
    assert agent.metrics().value("vedette_search_canary_hits", index="documents", query="invoice") == 3
    search_engine.do("DELETE", "/indexes/documents/documents")
    assert agent.metrics().value("vedette_search_canary_hits", index="documents", query="invoice") == 3


@pytest.mark.parametrize("method, path, body", [
    ("DELETE", "/indexes/documents", None), ("PATCH", "/indexes/documents", {"uid": "papers"})])
def test_an_index_that_is_deleted_or_renamed(search_engine, start_agent, method, path, body):
    search_engine.add("documents", *INVOICES)
    agent = start_agent(config(search_engine.url, search_engine.key, canary()))
    agent.expect_log("collector failed.*index_not_found")
    assert agent.metrics().value("vedette_search_canary_success", index="documents", query="invoice") == 1
    search_engine.do(method, path, body)
    metrics = agent.metrics()
    assert metrics.value("vedette_search_canary_success", index="documents", query="invoice") == 0
    assert not metrics.has("vedette_search_canary_hits", index="documents", query="invoice")
    assert not metrics.has("meilisearch_index_docs_count", index="documents")
    assert metrics.has("meilisearch_index_docs_count", index="papers") == (method == "PATCH")
    assert metrics.value("vedette_search_up") == 1
    assert "Index `documents` not found" in agent.get("/metrics/agent").body


def test_a_key_that_is_revoked(search_engine, start_agent):
    search_engine.add("documents", *INVOICES)
    agent = start_agent(config(search_engine.url, search_engine.key, canary()))
    agent.expect_log("collector failed.*403")
    assert agent.get("/metrics/meilisearch").status == 200
    assert search_engine.call("DELETE", f"/keys/{search_engine.key}")[0] == 204
    response = agent.get("/metrics/meilisearch")
    assert response.status == 503 and "unknown, expired or without the right" in response.body
    metrics = agent.metrics()
    assert metrics.value("vedette_search_up") == 1
    assert metrics.value("vedette_search_canary_success", index="documents", query="invoice") == 0
    assert not metrics.has("vedette_search_canary_hits", index="documents", query="invoice")
    everything = agent.get("/metrics/agent").body + agent.get("/").body + agent.log.read_text() + response.body
    assert search_engine.key not in everything


@pytest.mark.parametrize("left_out, collector, right", [
    ("version", "health", "version"), ("stats.get", "stats", "stats.get"), ("tasks.get", "tasks", "tasks.get"),
    ("metrics.get", "metrics", "metrics.get on all indexes"), ("search", "canary", "search on this index")])
def test_a_right_that_the_key_lacks(search_engine, start_agent, left_out, collector, right):
    search_engine.add("documents", *INVOICES)
    rights = {"version", "stats.get", "tasks.get", "metrics.get", "search"} - {left_out}
    agent = start_agent(config(search_engine.url, search_engine.make_key(*sorted(rights)), canary()))
    agent.expect_log("collector failed")
    metrics = agent.metrics()
    success = {dict(k)["collector"]: v for k, v in metrics.named("vedette_collector_success").items()
               if dict(k)["exporter"] == "meilisearch"}
    assert {name for name, value in success.items() if not value} == {collector}
    told = agent.get("/metrics/agent").body
    assert f"403: the key is unknown, expired or without the right {right}; make one that has it" in told


def test_no_key(search_engine, start_agent):
    agent = start_agent(f"exporters: {{meilisearch: [{{url: '{search_engine.url}'}}]}}\n")
    agent.expect_log("collector failed.*key_file")
    assert agent.get("/metrics/meilisearch").status == 503
    assert "401: it wants a key; write key_file: PATH" in agent.get("/metrics/agent").body
    assert agent.metrics().value("vedette_search_up") == 1


def test_metrics_that_are_not_enabled_are_no_failure(search_engine, start_agent):
    search_engine.add("documents", *INVOICES)
    agent = start_agent(config(search_engine.url, search_engine.key))
    assert agent.metrics().value("vedette_search_server_metrics_enabled") == 1
    assert search_engine.call("PATCH", "/experimental-features", {"metrics": False})[0] == 200
    metrics = agent.metrics()
    assert metrics.value("vedette_search_server_metrics_enabled") == 0
    assert metrics.value("meilisearch_index_docs_count", index="documents") == 3
    assert not metrics.named("meilisearch_search_queue_size")
    assert search_engine.call("PATCH", "/experimental-features", {"metrics": True})[0] == 200
    assert agent.metrics().named("meilisearch_search_queue_size")


def ask_for_nothing(port, paths):
    """Each path once, on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for path in paths:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        assert response.status == 404
    connection.close()


def test_10000_paths_that_there_are_not(search_engine, start_agent):
    agent = start_agent(config(search_engine.url, search_engine.key, canary()))
    agent.expect_log("collector failed")
    ask_for_nothing(search_engine.server.port, ["/one", "/indexes/a/b/c"])
    agent.metrics()
    agent.metrics()
    before = ours(agent.metrics())
    paths = [f"/{'indexes/' * (n % 3)}{n * 7919:x}.php" for n in range(10000)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda k: ask_for_nothing(search_engine.server.port, paths[k::4]), range(4)))
    metrics = agent.metrics()
    assert ours(metrics) == before
    assert metrics.value("meilisearch_http_requests_total", method="GET", path="other", status="404") == 10002
    assert len(metrics.named("meilisearch_http_requests_total")) < 100


def test_methods_that_there_are_not(stand_in, start_agent):
    agent = start_agent(config(stand_in.url, MASTER))
    with stand_in.lock:
        stand_in.unmatched["BREW", "/health"] = 1
    agent.metrics()
    before = ours(agent.metrics())
    with stand_in.lock:
        stand_in.unmatched.update({(f"M{n}", f"/{n}"): 1 for n in range(10000)})
    metrics = agent.metrics()
    assert metrics.value("meilisearch_http_requests_total", method="other", path="other", status="404") == 10000
    assert ours(metrics) - before == {("meilisearch_http_requests_total", frozenset(
        {("method", "other"), ("path", "other"), ("status", "404")}))}


def test_routes_that_somebody_makes_up(stand_in, start_agent):
    """Whoever knows how routes are written may pretend; there is a cap, and it tells what it kept away."""
    agent = start_agent(config(stand_in.url, MASTER))
    with stand_in.lock:
        stand_in.unmatched.update({("GET", f"/indexes/{{{n}}}"): 1 for n in range(10000)})
    first = agent.metrics()
    assert len(first.named("meilisearch_http_requests_total")) == 1000
    assert first.value("vedette_series_over_cap_total", family="meilisearch_http_requests_total") > 9000
    assert ours(agent.metrics()) == ours(first)


def test_10000_batches(stand_in, start_agent):
    agent = start_agent(config(stand_in.url, MASTER))
    stand_in.batch = 5
    before = ours(agent.metrics())
    for batch in range(10, 10011, 500):
        stand_in.batch = batch
        assert "batch_uid" not in agent.get("/metrics/meilisearch").body
        assert ours(agent.metrics()) == before


def test_batches_of_an_application(search_engine, start_agent):
    agent = start_agent(config(search_engine.url, search_engine.key))
    search_engine.add("documents", *INVOICES)
    agent.metrics()
    before = ours(agent.metrics())
    for n in range(10):
        search_engine.add("documents", {"id": 100 + n, "title": "invoice"})
        grown = ours(agent.metrics()) - before
        assert {name for name, _ in grown} <= {"meilisearch_http_requests_total"}


# What befalls the connection

def hang(handler):
    handler.server.release.wait(60)


def cut_at(n):
    """The first n bytes of the right response, and then the end."""
    def fault(handler):
        handler.wfile, right = Wire(n, handler.wfile), handler.server
        right.reply(handler)
    return fault


class Wire:
    def __init__(self, room, wire):
        self.room, self.wire = room, wire

    def write(self, data):
        self.wire.write(data[:self.room])
        self.room = max(0, self.room - len(data))
        return len(data)

    def flush(self):
        self.wire.flush()

    def close(self):
        self.wire.close()

    @property
    def closed(self):
        return self.wire.closed


def flood(handler):
    handler.send_response(200)
    handler.end_headers()
    try:
        while not handler.server.release.is_set():
            handler.wfile.write(b'{"a":' * 10000)
    except OSError:
        pass


def answer(status, body):
    def fault(handler):
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
    return fault


@pytest.mark.parametrize("fault, words", [
    (hang, "timed out"),
    (flood, "larger than 4194304 bytes"),
    (answer(200, b"<html>"), "not as Meilisearch does; is the url right?"),
    (answer(200, b"[]"), "not as Meilisearch does; is the url right?"),
    (answer(200, b'{"status":1}'), "not as Meilisearch does; is the url right?"),
    (answer(200, b'{"status":"starting"}'), "it says of itself: starting"),
    (answer(404, b"nothing here"), "answers with status 404, but not as Meilisearch does"),
    (answer(503, b""), "answers with status 503"),
    (answer(200, b"[" * 3000), "not as Meilisearch does"),
    (answer(400, json.dumps({"code": "x", "message": f"you said {MASTER}"}).encode()), "answers with the very key"),
])
def test_bad_answers_in_words(stand_in, start_agent, fault, words):
    stand_in.fault, stand_in.release = fault, threading.Event()
    agent = start_agent(config(stand_in.url, MASTER, canary(), timeout="4s"))
    agent.expect_log("collector failed")
    try:
        response = agent.get("/metrics/meilisearch")
        assert response.status == 503 and response.seconds < 4.5 and words in response.body
        metrics = agent.metrics()
        assert metrics.value("vedette_search_up") == 0 and metrics.has("node_load1")
        assert not metrics.named("vedette_search_canary_hits") and MASTER not in response.body + agent.log.read_text()
    finally:
        stand_in.release.set()
    stand_in.fault = None
    wait_until(lambda: agent.get("/metrics/meilisearch?collect[]=health&collect[]=stats").status == 200,
               what="it is well again")


def test_cut_off_anywhere(stand_in, start_agent):
    """What comes is whole or is told as missing; the agent goes on."""
    agent = start_agent(config(stand_in.url, MASTER, canary()))
    agent.expect_log("collector failed")
    Driver(stand_in).add("documents", *INVOICES)
    whole = ours(agent.metrics())
    for n in [*range(0, 400, 7), 1000, 5000, 20000]:
        stand_in.fault = cut_at(n)
        assert ours(agent.metrics()) <= whole
    stand_in.fault = None
    assert ours(agent.metrics()) == whole


def test_gone_and_back(stand_in, start_agent):
    port = stand_in.port
    agent = start_agent(config(stand_in.url, MASTER))
    agent.expect_log("collector failed")
    assert agent.get("/metrics/meilisearch").status == 200
    stand_in.shutdown()
    stand_in.server_close()
    stand_in.fault = answer(500, b"")  # for connections that are left
    wait_until(lambda: "connect" in agent.get("/metrics/meilisearch").body, what="it is told to be gone")
    assert agent.metrics().value("vedette_search_up") == 0
    again = StandIn(port=port)
    try:
        wait_until(lambda: agent.get("/metrics/meilisearch").status == 200, what="it is told to be back")
    finally:
        again.end()


def test_requests_of_one_scrape(stand_in, start_agent):
    """As few as can be, on one connection, with the key in a header only."""
    Driver(stand_in).add("documents", *INVOICES)
    agent = start_agent(config(stand_in.url + "/", MASTER, canary(filter="year > 1950")))
    agent.metrics()
    stand_in.seen.clear()
    agent.metrics()
    assert [f"{method} {path}" for method, path, _, _ in stand_in.seen] == [
        "GET /health", "GET /version", "POST /indexes/documents/search", "GET /stats",
        "GET /tasks?statuses=enqueued&limit=1&reverse=true", "GET /tasks?statuses=processing&limit=0",
        "GET /tasks?statuses=succeeded&limit=1", "GET /tasks?statuses=failed&limit=1",
        "GET /tasks?statuses=canceled&limit=0", "GET /metrics"]
    assert all(headers["Authorization"] == f"Bearer {MASTER}" for _, _, headers, _ in stand_in.seen)
    search = json.loads(stand_in.seen[2][3])
    assert search == {"limit": 1, "attributesToRetrieve": [], "q": "invoice", "filter": "year > 1950"}


def test_over_tls(stand_in, start_agent, tmp_path):
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("meilisearch"))
    stand_in.socket = context.wrap_socket(stand_in.socket, server_side=True)
    url = stand_in.url.replace("http:", "https:")
    agent = start_agent(f"""exporters:
  meilisearch:
    - {{name: trusted, url: '{url}', key: '{MASTER}', ca_file: '{authority.certificate}'}}
    - {{name: unknown, url: '{url}', key: '{MASTER}'}}
""")
    agent.expect_log("collector failed.*unknown")
    assert agent.get("/metrics/meilisearch/trusted").status == 200
    response = agent.get("/metrics/meilisearch/unknown")
    assert response.status == 503 and "certificate" in response.body
    assert len(stand_in.seen) == 9  # all of them the trusting one's


# Documents in the database against documents in the index

DRIFT = 'sum(documents) - sum(meilisearch_index_docs_count{index="documents"})'
PROMETHEUS = """
global: {{scrape_interval: 2s, scrape_timeout: 2s}}
scrape_configs:
  - job_name: vedette
    http_sd_configs: [{{url: 'http://127.0.0.1:{port}/sd', refresh_interval: 1s}}]
"""


def test_drift_between_database_and_index(search_engine, start_postgres, start_agent, start_daemon, peers, tmp_path):
    server = start_postgres()
    server.sql("CREATE TABLE documents (id int, status text);"
               "INSERT INTO documents VALUES (1, 'new'), (2, 'done'), (3, 'done'); GRANT SELECT ON documents TO PUBLIC")
    search_engine.add("documents", *INVOICES)
    agent = start_agent(pg.agent_config(server.config(name="app")) + """\
  sql:
    - name: documents
      target: app
      help: Documents by status.
      query: SELECT status, count(*) AS documents FROM documents GROUP BY status
      labels: [status]
      value: documents
  meilisearch:
    - {url: '%s', key: '%s'}
""" % (search_engine.url, search_engine.key))
    agent.expect_log("no time was left")  # a scrape on a busy machine; the next one tells
    assert DRIFT in Exposition(agent.get("/metrics/meilisearch").body).text.replace('\\"', '"')
    settings, port = tmp_path / "prometheus.yml", free_port()
    settings.write_text(PROMETHEUS.format(port=agent.port))
    prometheus = start_daemon([peers / "prometheus", f"--config.file={settings}", f"--storage.tsdb.path={tmp_path}/data",
                               f"--web.listen-address=127.0.0.1:{port}"], port, "/-/ready")

    def drift():
        reply = prometheus.get("/api/v1/query?" + urllib.parse.urlencode({"query": DRIFT}))
        return [float(r["value"][1]) for r in json.loads(reply.body)["data"]["result"]]

    wait_until(lambda: drift() == [0], what="no drift")
    search_engine.do("DELETE", "/indexes/documents/documents")
    wait_until(lambda: drift() == [3], what="a drift of three documents")


@pytest.mark.parametrize("target, words", [
    ({"url": "meilisearch:7700"}, "the url begins with http:// or https://"),
    ({"url": "http://u:hidden@m:7700"}, "the url holds a user or a password"),
    ({"url": "http://m:7700/?x"}, "the url ends before any ? or #"),
    ({}, "missing, but needed; write url"),
    ({"url": "http://m", "canaries": [{"query": "x"}]}, "missing, but needed; write index"),
    ({"url": "http://m", "canaries": [{"index": "a/b"}]}, "no index can be called a/b"),
    ({"url": "http://m", "canaries": [{"index": "a"}, {"index": "a"}]}, "same index and query; give this one a name"),
    ({"url": "http://m", "canaries": [{"index": f"a{n}"} for n in range(33)]}, "more than 32 canaries"),
])
def test_settings(tmp_path, target, words):
    path = tmp_path / "vedette.yml"
    path.write_text(f"exporters: {{meilisearch: [{json.dumps(target)}]}}\n")
    done = subprocess.run([str(VEDETTE), "check", f"--config.file={path}"], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 1 and words in done.stderr and "hidden" not in done.stdout + done.stderr


def test_settings_of_the_example(tmp_path):
    """As the design shows them; the key's file must be there."""
    (tmp_path / "meili_key").write_text(MASTER + "\n")
    path = tmp_path / "vedette.yml"
    path.write_text(f"""exporters:
  meilisearch:
    - url: http://meilisearch:7700
      key_file: {tmp_path}/meili_key
      canaries: [{{index: documents, query: invoice, expected_hits: 1}}]
""")
    done = subprocess.run([str(VEDETTE), "config", "--print", f"--config.file={path}"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "expected_hits: 1" in done.stdout and MASTER not in done.stdout
