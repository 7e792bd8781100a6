"""The whole platform at once: every box of it has its metrics, and what users meet shows in them."""
import json
import pathlib

import pytest

import support
from whole_platform import DOCUMENTS, Platform

# what each box says when it is well: (name, labels): value
WELL = {
    ("pg_up", ("target", "app")): 1,
    ("vedette_s3_up",): 1,
    ("vedette_s3_canary_success",): 1,
    ("vedette_search_canary_success", ("index", "documents"), ("query", "Document")): 1,
    ("probe_success", ("target", "api")): 1,
    ("probe_success", ("target", "edge")): 1,
    ("probe_success", ("target", "database")): 1,
    ("db_pool_max_connections", ("pool", "fastapi"), ("target", "fastapi")): 10,
    ("documents", ("target", "app")): DOCUMENTS + 3,
    ("meilisearch_index_docs_count", ("index", "documents")): 3,
}


@pytest.fixture(scope="module", params=["Debian's Caddy", "today's Caddy"])
def platform(request, python, tmp_path_factory):
    newer = str(pathlib.Path(python).with_name("caddy")) if request.param == "today's Caddy" else None
    whole = Platform(tmp_path_factory.mktemp("platform"), python, newer)
    yield whole
    whole.end()


def value(metrics, key):
    return metrics.samples.get((key[0], frozenset(key[1:])))


def test_every_box_has_its_metrics(platform, start_agent):
    agent = start_agent(platform.settings())
    metrics = agent.metrics()
    assert {key: value(metrics, key) for key in WELL} == WELL
    for prefix in ("node_", "pg_", "pgbouncer_", "minio_", "meilisearch_", "probe_", "db_pool_"):
        assert any(name.startswith(prefix) for name, _ in metrics.samples), prefix
    targets = metrics.named("vedette_target_up")
    assert set(targets.values()) == {1} and len(targets) > 10
    fastapi, edge = agent.metrics("/metrics/relay/fastapi"), agent.metrics("/metrics/relay/caddy")
    assert fastapi.types["http_request_duration_seconds"] == "histogram" and edge.named("caddy_http_requests_total")
    jobs = {entry["labels"]["job"] for entry in json.loads(agent.get("/sd").body)}
    assert jobs >= {"node", "postgresql", "pgbouncer", "minio", "meilisearch", "probe", "container", "fastapi", "caddy"}
    assert 'class="bad"' not in agent.get("/").body


def test_what_users_meet_shows(platform, start_agent):
    agent = start_agent(platform.settings())
    agent.expect_log("target reports a failure|collector failed")
    for path, method in (("/documents?title=Letter", "POST"), ("/documents/1", "GET"), ("/search?q=letter", "GET"),
                         ("/upload/letter.txt", "PUT")):
        reply = support.request(platform.app.port, path, method=method, body=b"text" if method == "PUT" else None)
        assert reply.status in (200, 201), (path, reply.body)
    metrics = agent.metrics()
    assert metrics.value("documents", target="app") == DOCUMENTS + 4
    assert metrics.value("meilisearch_index_docs_count", index="documents") == 4
    platform.meilisearch.indexes["documents"].clear()
    metrics = agent.metrics()
    assert metrics.value("vedette_search_canary_hits", index="documents", query="Document") == 0
    assert metrics.value("vedette_search_canary_success", index="documents", query="Document") == 0
    platform.minio.kill()
    support.wait_until(lambda: agent.metrics().value("vedette_s3_up") == 0, what="the store is gone")
    metrics = agent.metrics()
    assert metrics.value("pg_up", target="app") == 1 and metrics.value("probe_success", target="edge") == 1
    platform.caddy.process.terminate()
    support.wait_until(lambda: agent.metrics().value("probe_success", target="edge") == 0, what="the edge is gone")
    assert agent.metrics().value("probe_success", target="api") == 1
    assert "connection refused" in agent.get("/").body.lower()
