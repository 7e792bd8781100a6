"""Sizes of buckets by listing them, with a real MinIO."""
import subprocess
import time

import pytest

import minio as servers
import s3_door
from support import VEDETTE, wait_until

SECRET = "lister's secret"
MAY_LIST = {"Effect": "Allow", "Resource": ["arn:aws:s3:::*"], "Action": ["s3:ListAllMyBuckets"]}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A bucket of three pages, with names that XML and URLs escape, and one that is empty."""
    source = tmp_path_factory.mktemp("source")
    for i in range(1200):
        (source / f"a & b+ü<{i}>").write_bytes(b"x" * i)
    for server in servers.run(tmp_path_factory.mktemp("store")):
        server.mc("mb", "server/media")
        server.mc("mb", "server/nothing")
        server.mc("mirror", str(source), "server/media")
        server.add_user("lister", SECRET, MAY_LIST, {**MAY_LIST, "Action": ["s3:ListBucket"],
                                                     "Resource": ["arn:aws:s3:::media"]})
        yield server


@pytest.fixture
def door(store):
    door = s3_door.Door(store.port)
    yield door
    door.close()


def config(url, key=servers.ROOT_KEY, secret=servers.ROOT_SECRET, usage="min_interval: 0s"):
    return (f"exporters:\n  minio:\n    - {{url: '{url}', access_key: {key}, secret_key: \"{secret}\", metrics: none, "
            f"usage: {{{usage}}}}}\n")


def sizes(metrics, name="vedette_s3_bucket_usage_bytes"):
    return {dict(labels)["bucket"]: value for labels, value in metrics.named(name).items()}


def test_counts_what_is_there(store, start_agent):
    metrics = start_agent(config(store.url)).metrics("/metrics/minio")
    assert sizes(metrics) == {"media": sum(range(1200)), "nothing": 0}
    assert sizes(metrics, "vedette_s3_bucket_objects") == {"media": 1200, "nothing": 0}
    assert sizes(metrics, "vedette_s3_bucket_usage_complete") == {"media": 1, "nothing": 1}
    assert abs(sizes(metrics, "vedette_s3_bucket_usage_timestamp_seconds")["media"] - time.time()) < 60


def test_stops_at_the_limit(store, start_agent):
    metrics = start_agent(config(store.url, usage="buckets: [media], max_objects: 900")).metrics("/metrics/minio")
    assert sizes(metrics, "vedette_s3_bucket_objects") == {"media": 1000}
    assert sizes(metrics, "vedette_s3_bucket_usage_complete") == {"media": 0}


def test_goes_on_in_the_next_scrape(store, door, start_agent):
    def slowly(h):
        if "list-type" in h.path:
            door.ended.wait(0.6)
        return h.forward()
    door.answer = slowly
    agent = start_agent(config(door.url, usage="buckets: [media], min_interval: 1h"))
    assert not sizes(agent.metrics("/metrics/minio"))
    wait_until(lambda: sizes(agent.metrics("/metrics/minio")), what="all pages are counted")
    for _ in range(3):
        assert sizes(agent.metrics("/metrics/minio")) == {"media": sum(range(1200))}
    assert sum("list-type" in path for _, path, _ in door.seen) == 3


def test_a_bucket_that_may_not_be_listed(store, start_agent):
    agent = start_agent(config(store.url, "lister", SECRET, "buckets: [nothing, media]"))
    agent.expect_log("collector failed")
    assert sizes(agent.metrics("/metrics/minio")) == {"media": sum(range(1200))}
    assert "nothing: the access key may not do this; its policy has to allow s3:ListBucket on nothing" in \
        agent.get("/metrics/agent").body


def test_a_store_that_hangs(store, door, start_agent):
    """What was counted stays, and so does what else is asked of it."""
    agent = start_agent(config(door.url, usage="buckets: [media], min_interval: 0s").replace(
        "metrics: none", "metrics: none, timeout: 2s"))
    agent.expect_log("collector failed")
    assert sizes(agent.metrics("/metrics/minio"))
    door.answer = lambda h: h.hang() if "continuation-token" in h.path else h.forward()
    metrics = agent.metrics("/metrics/minio")
    assert sizes(metrics) == {"media": sum(range(1200))} and metrics.value("vedette_s3_up") == 1
    assert "usage: media: " in agent.get("/metrics/agent").body and "timed out" in agent.get("/metrics/agent").body
    door.answer = None
    wait_until(lambda: agent.metrics("/metrics/minio") and "timed out" not in agent.get("/metrics/agent").body,
               what="it is counted again")


def test_settings(tmp_path):
    path = tmp_path / "vedette.yml"
    for text, words in ((config("http://minio").replace("metrics: none, ", ""), "MinIO tells the sizes"),
                        (config("http://minio", usage="buckets: [A]"), "a bucket's name is 3 to 63"),
                        ("exporters: {minio: [{url: 'http://minio', metrics: none, usage: {}}]}", "without a key")):
        path.write_text(text)
        done = subprocess.run([str(VEDETTE), "check", f"--config.file={path}"], capture_output=True, text=True,
                              timeout=60, check=False)
        assert done.returncode == 1 and words in done.stdout + done.stderr
