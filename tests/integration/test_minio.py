"""MinIO, the real server: its metrics as it tells them, and each way in which it can fail told in words."""
import minio as servers


def test_a_key_that_may_only_see_metrics(minio, start_agent):
    minio.add_user("watcher", "watcher's secret", servers.MAY_SEE_METRICS)
    minio.mc("mb", "server/media")
    minio.put("media/a", b"x" * 1000)
    agent = start_agent(f"""
exporters:
  minio: [{{url: '{minio.url}', access_key: watcher, secret_key: "watcher's secret"}}]
""")
    metrics = agent.metrics("/metrics/minio")
    assert metrics.value("vedette_s3_up") == 1
    assert metrics.named("minio_cluster_capacity_usable_total_bytes")
