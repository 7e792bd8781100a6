"""Expressions that have no data on a platform that is well, and why."""

# (dashboard, panel): why it is empty. test_live.py makes each of them non-empty.
UNTIL_SOMETHING_HAPPENS = {
    ("app-edge", "Logs of the application"): "an application that is well writes nothing",
    ("postgres", "Clients that wait"): "only who can know it tells of waiting: PgBouncer, once somebody uses it",
    ("postgres", "Sessions that are blocked"): "nobody waits for a lock",
    ("postgres", "Longest idle within a transaction"): "nobody is idle within a transaction",
    ("postgres", "WAL that slots keep"): "there is no replication slot",
    ("search", "The newest task that failed"): "no task has failed",
    ("overview", "Firing alerts"): "nothing fires",
    ("logs", "Firing alerts"): "nothing fires",
    ("meta", "Alerts that fire"): "nothing that belongs to a target fires",
    ("overview", "Errors of all services"): "nobody reports an error",
    ("logs", "Errors"): "nobody reports an error",
    **{(name, "annotation Firing alerts"): "nothing fires"
       for name in ("app-edge", "host", "logs", "meta", "overview", "postgres", "search", "storage")},
    **{(name, "annotation Agent started"): "the agent runs for longer than what is shown"
       for name in ("app-edge", "host", "logs", "meta", "overview", "postgres", "search", "storage")},
}

# What the platform of the tests cannot show at all.
NEVER_HERE = {
    ("meta", "Grafana"): "no package registry ships Grafana",
    ("storage", "Requests that failed"): "MinIO tells of it once an answer was a 5xx, which a healthy drive does not give",
}
