"""Who hears of an alert, how often, and what he reads: the configuration rendered, routed and run for real."""
import datetime
import email
import email.policy
import itertools
import os
import pathlib
import re
import stat

import pytest
import yaml

import alertmanager
import rulefiles
import support
import test_rules as lint
from alertmanager import alert

HERE = pathlib.Path(__file__).parent
# a value that YAML and the shell could take for something else
ODD = "s3cr#t: 'x' \"$y\" \\z {{"
CHOICES = ("pagerduty_routing_key", "slack_url", "email_to", "webhook_url", "deadman_url", "drill_url")
CAUSES = {  # the alert that silences, its service, and what its symptoms carry
    "PostgresDown": ("postgres", {"depends_on": "postgres", "service": "app"}),
    "PostgresLoginFailing": ("postgres", {"depends_on": "postgres", "service": "pool"}),
    "DbPoolExhausted": ("pool", {"depends_on": "postgres", "service": "app"}),
    "MeilisearchDown": ("search", {"depends_on": "search", "service": "search"}),
    "ObjectStorageDown": ("storage", {"depends_on": "storage", "service": "storage"}),
    "AppDown": ("app", {"depends_on": "app", "service": "app"}),
    "EdgeDown": ("edge", {"depends_on": "edge", "service": "app"}),
    "LokiDown": ("logs", {"depends_on": "loki", "service": "logs"}),
    "AgentDown": ("meta", {"depends_on": "agent", "service": "pool"}),
}


# For how long, in seconds, an alert can go on after what it tells of is over, because its expression looks back.
LOOKS_BACK = {"HighLatencyP95": 300, "DbPoolTimeouts": 300, "DbPoolExhausted": 30, "ErrorBudgetBurnFast": 360}
# Evaluations and scrapes of causes and symptoms are not at the same moments.
APART = 60


def example(choice):
    """The files that one receiver needs, with odd values where they may be odd."""
    if choice == "email_to":
        return {"email_to": "ops@example.com", "email_from": "vedette@example.com", "smtp_smarthost": "127.0.0.1:9",
                "smtp_username": ODD, "smtp_password": ODD}
    return {choice: "pagerduty-token" if choice.endswith("_key") else f"http://127.0.0.1:9/{choice}?it's={choice}-token"}


def examples(choices):
    return {name: value for choice in choices for name, value in example(choice).items()}


def integrations(config):
    """{receiver: its kinds of messages}"""
    receivers = re.split(r"^  - name: ", config.split("\nreceivers:\n")[1], flags=re.M)[1:]
    return {text.split()[0]: set(re.findall(r"^    (\w+)_configs:", text, re.M)) for text in receivers}


def test_every_choice_of_secrets(tmp_path):
    outputs = []
    for chosen in itertools.chain.from_iterable(itertools.combinations(CHOICES, n) for n in range(len(CHOICES) + 1)):
        directory = tmp_path / f"at {len(outputs)}"
        secrets = alertmanager.put_secrets(directory, examples(chosen))
        done = alertmanager.render(secrets, directory / "out")
        assert done.returncode == 0, done.stderr
        assert ("Nobody will be paged" in done.stderr) == (not set(chosen) & set(CHOICES[:4]))
        assert ("Nobody will notice" in done.stderr) == ("deadman_url" not in chosen)
        config = directory / "out/alertmanager.yml"
        assert stat.S_IMODE(config.stat().st_mode) == 0o600
        kinds = {c.split("_")[0] for c in chosen}
        people = kinds & {"pagerduty", "slack", "email", "webhook"}
        assert integrations(config.read_text()) == {
            "page": people, "ticket": people - {"pagerduty"}, "info": set(),
            "deadman": {"webhook"} & {"webhook" if "deadman" in kinds else ""},
            "drill": {"webhook"} & {"webhook" if "drill" in kinds else ""}}
        outputs.append(config)
    assert len(outputs) == 64
    done = alertmanager.amtool("check-config", *outputs)
    assert done.returncode == 0 and done.stdout.count("SUCCESS") == 64 * 2, done.stdout + done.stderr


def test_only_urls_are_copied(tmp_path):
    """What Alertmanager can read from a file stays there; nothing is printed; a container sees another directory."""
    secrets = alertmanager.put_secrets(tmp_path / "secrets", examples(CHOICES))
    done = alertmanager.render(secrets, tmp_path / "out", "/run/secrets")
    config = (tmp_path / "out/alertmanager.yml").read_text()
    assert done.returncode == 0 and done.stdout + done.stderr == ""
    for name in ("pagerduty_routing_key", "slack_url", "smtp_password"):
        assert f"_file: '/run/secrets/{name}'\n" in config
    assert config.count("s3cr") == 1 and "smtp_auth_username: 's3cr" in config
    assert "slack_url-token" not in config and "url: 'http://127.0.0.1:9/webhook_url?it''s=webhook_url-token'" in config


def test_half_a_receiver_is_refused(tmp_path):
    secrets = alertmanager.put_secrets(tmp_path / "secrets", examples(CHOICES))
    assert alertmanager.render(secrets, tmp_path / "out").returncode == 0
    before = (tmp_path / "out/alertmanager.yml").read_text()
    (secrets / "email_from").unlink()
    (secrets / "smtp_password").write_text("\n")
    done = alertmanager.render(secrets, tmp_path / "out")
    assert done.returncode == 1 and done.stderr == f"missing in {secrets}: email_from smtp_password\n"
    assert (tmp_path / "out/alertmanager.yml").read_text() == before
    assert sorted(os.listdir(tmp_path / "out")) == ["alertmanager.yml", "templates"]
    assert alertmanager.render(tmp_path / "nowhere", tmp_path / "out").returncode == 1


ROUTES = [
    ("page", {"alertname": "PostgresDown", "severity": "critical"}),
    ("ticket", {"alertname": "DbPoolHigh", "severity": "warning"}),
    ("ticket", {"alertname": "Unforeseen"}),
    ("info", {"alertname": "RebootRequired", "severity": "info"}),
    ("info", {"alertname": "InfoInhibitor", "severity": "none"}),
    ("deadman", {"alertname": "Watchdog", "severity": "none"}),
    ("drill", {"alertname": "PostgresDown", "severity": "critical", "drill": "true"}),
    ("drill", {"alertname": "Watchdog", "severity": "none", "drill": "true"}),
]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    directory = tmp_path_factory.mktemp("rendered")
    alertmanager.render(alertmanager.put_secrets(directory / "secrets", examples(CHOICES)), directory)
    return directory / "alertmanager.yml"


@pytest.mark.parametrize("receiver, labels", ROUTES, ids=lambda v: v if isinstance(v, str) else "")
def test_routes(rendered, receiver, labels):
    done = alertmanager.amtool("config", "routes", "test", f"--config.file={rendered}",
                               f"--verify.receivers={receiver}", *(f"{k}={v}" for k, v in labels.items()))
    assert done.returncode == 0, done.stdout + done.stderr


def test_pages_do_not_wait():
    """A page for an exhausted pool is out 90 seconds after the last connection was taken; ten of them are Alertmanager's."""
    text = (support.ROOT / "alertmanager/alertmanager.yml").read_text()
    page = re.search(r"receiver: page\n +group_wait: (\d+)s\n +group_interval: (\d+)m\n", text)
    assert int(page[1]) <= 10 and int(page[2]) <= 1


def test_each_cause_that_a_rule_names_silences():
    text = (support.ROOT / "alertmanager/alertmanager.yml").read_text()
    named = {rule["labels"]["depends_on"] for _, rule in rulefiles.alerts() if "depends_on" in rule["labels"]}
    assert named and named <= set(re.findall(r"""target_matchers: .'depends_on="(\w+)"'.$""", text, re.M))


def test_the_lint_of_rules_finds_a_missing_deployment():
    """Without the label an alert of one platform silences those of another, as is shown below."""
    assert lint.ALERTS
    for path, rule in lint.ALERTS:
        lint.test_each_alert_has_what_whoever_is_called_needs(path, rule)
        labels = {name: value for name, value in rule["labels"].items() if name != "deployment"}
        with pytest.raises((AssertionError, KeyError)):
            lint.test_each_alert_has_what_whoever_is_called_needs(path, {**rule, "labels": labels})


class Running:
    """Alertmanager on the rendered configuration with shorter waits, and all who hear from it."""

    def __init__(self, directory, change=alertmanager.by_day):
        self.inbox, self.mailbox = alertmanager.Inbox(), alertmanager.Mailbox()
        urls = {name: f"{self.inbox.url}/{name.split('_')[0]}" for name in CHOICES if name.endswith("_url")}
        secrets = {**examples(CHOICES), **urls, "smtp_smarthost": self.mailbox.address}
        done = alertmanager.render(alertmanager.put_secrets(directory / "secrets", secrets), directory)
        assert done.returncode == 0, done.stderr
        config = directory / "alertmanager.yml"
        text = config.read_text().replace(
            "\nglobal:\n", f"\nglobal:\n  smtp_require_tls: false\n  pagerduty_url: {self.inbox.url}/pagerduty\n")
        config.write_text(change(alertmanager.faster(text)))
        self.alertmanager = alertmanager.Alertmanager(config, directory)
        self.post, self.last = self.alertmanager.post, 0

    def delivered(self, path="/webhook", status="firing", **labels):
        """Names of the alerts whose group has these labels (None: lacks it), one per message."""
        return sorted(body["groupLabels"]["alertname"] for body in self.inbox.at(path) if body["status"] == status
                      and all(body["groupLabels"].get(name) == value for name, value in labels.items()))

    def comes_to(self, expected, *args, **labels):
        """These are delivered and nothing else, once a page has come that was posted after all of them had."""
        wanted = sorted(expected)
        support.wait_until(lambda: len(self.delivered(*args, **labels)) >= len(wanted), 60, f"{wanted} are delivered")
        self.last += 1
        self.post(alert("Last", severity="critical", deployment=f"last {self.last}", service="meta"))
        support.wait_until(lambda: self.delivered(deployment=f"last {self.last}"), 60, "the last page is delivered")
        assert self.delivered(*args, **labels) == wanted

    def end(self):
        self.alertmanager.end()
        self.inbox.end()
        self.mailbox.end()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    it = Running(tmp_path_factory.mktemp("alertmanager"))
    yield it
    it.end()


def test_a_cause_silences_its_symptoms(running):
    for cause, (service, symptom) in CAUSES.items():
        running.post(alert(cause, severity="critical", deployment=cause, service=service),
                     alert("Symptom", severity="critical", deployment=cause, **symptom),
                     alert("Other", severity="critical", deployment=cause, service="host"),
                     alert("Symptom", severity="critical", deployment=f"not {cause}", **symptom))
    for cause in CAUSES:
        running.comes_to([cause, "Other"], deployment=cause)
        running.comes_to(["Symptom"], deployment=f"not {cause}")


def test_postgres_down_is_one_page(running):
    both = {"deployment": "stopped", "severity": "critical"}
    running.post(alert("DbPoolExhausted", service="pool", depends_on="postgres", **both),
                 alert("DbPoolTimeouts", service="pool", depends_on="postgres", **both),
                 alert("HighLatencyP95", service="app", depends_on="postgres", **both),
                 alert("ErrorBudgetBurnFast", service="app", depends_on="postgres", **both),
                 alert("PostgresLoginFailing", service="postgres", **both),
                 alert("PostgresDown", service="postgres", instance="a/postgres", **both))
    running.comes_to(["PostgresDown"], deployment="stopped")


def test_a_page_that_says_why_silences_the_budget(running):
    for cause in ("AppDown", "EdgeDown", "HighLatencyP95", "DbPoolTimeouts", "MeilisearchDown", "SearchRefused",
                  "ObjectStorageDown"):
        both = {"deployment": f"burning since {cause}", "severity": "critical", "service": "app"}
        running.post(alert(cause, **both), alert("ErrorBudgetBurnFast", **both))
        running.comes_to([cause], deployment=both["deployment"])


def test_a_symptom_silences_nothing(running):
    both = {"deployment": "symptom", "severity": "critical"}
    running.post(alert("HighLatencyP95", service="app", depends_on="postgres", **both),
                 alert("SearchEmpty", service="search", depends_on="search", **both),
                 alert("DiskSpaceCritical", service="host", **both))
    running.comes_to(["DiskSpaceCritical", "HighLatencyP95", "SearchEmpty"], deployment="symptom")


def test_critical_silences_the_warning_of_the_same_thing(running):
    both = {"deployment": "levels", "service": "host", "instance": "a"}
    running.post(alert("BackupMissing", severity="warning", mountpoint="/b", **both),
                 alert("BackupMissing", severity="critical", mountpoint="/a", **both),
                 alert("BackupMissing", severity="warning", mountpoint="/a", **both))
    running.comes_to(["BackupMissing", "BackupMissing"], deployment="levels")
    messages = [body for body in running.inbox.at("/webhook") if body["groupLabels"]["deployment"] == "levels"]
    assert sorted((m["receiver"], [a["labels"]["mountpoint"] for a in m["alerts"]]) for m in messages) == [
        ("page", ["/a"]), ("ticket", ["/b"])]


def test_without_deployment_an_unrelated_alert_is_silenced(running):
    """Why each rule must have the label: a label that neither has counts as equal."""
    running.post(alert("PostgresDown", severity="critical", service="postgres"),
                 alert("OfAnotherPlatform", severity="critical", service="app", depends_on="postgres"))
    running.comes_to(["PostgresDown"], deployment=None)


def test_a_drill_reaches_only_its_receiver_and_silences_nothing(running):
    both = {"deployment": "drilled", "severity": "critical"}
    running.post(alert("PostgresDown", service="postgres", drill="true", **both),
                 alert("HighLatencyP95", service="app", depends_on="postgres", **both))
    running.comes_to(["PostgresDown"], "/drill", deployment="drilled")
    running.comes_to(["HighLatencyP95"], deployment="drilled")


def test_the_heartbeat_repeats_and_never_ends(running):
    running.post(alert("Watchdog", severity="none", deployment="alive", service="meta"))
    support.wait_until(lambda: len(running.delivered("/deadman", deployment="alive")) >= 2, 60, "a second heartbeat")
    running.post(alert("Watchdog", severity="none", deployment="alive", service="meta", resolved=True))
    log = running.alertmanager.log
    support.wait_until(lambda: re.search(r"msg=flushing .*Watchdog\S*\[resolved\]", log()), 60, "its end is noticed")
    running.comes_to([], deployment="alive")
    assert running.delivered("/deadman", "resolved", deployment="alive") == []


def test_quiet_hours_are_for_tickets_only(tmp_path):
    always = "start_time: '00:00', end_time: '24:00'"
    it = Running(tmp_path, lambda text: text.replace("start_time: '22:00', end_time: '24:00'", always)
                 .replace("group_wait: 3000ms", "group_wait: 100ms"))
    try:
        it.post(alert("DbPoolHigh", severity="warning", deployment="night", service="pool"),
                alert("DbPoolExhausted", severity="critical", deployment="night", service="pool"))
        support.wait_until(lambda: "Notifications not sent" in it.alertmanager.log(), what="the ticket is muted")
        it.comes_to(["DbPoolExhausted"], deployment="night")
    finally:
        it.end()


ANNOTATIONS = {
    "summary": "The pool of database connections is exhausted",
    "description": "All connections of the pool app have been in use for 30 seconds (10 of 10).",
    "impact": "Requests wait for a connection or fail with PoolError.",
    "action": "psql -c \"SELECT pid FROM pg_stat_activity\" 2>/dev/null | sort && echo '<done>'",
    "runbook_url": "http://localhost:19100/runbook/DbPoolExhausted",
    "dashboard_url": "http://localhost:3000/d/vedette-postgres",
}


def compare(name, text, *times):
    """With the text in messages/, in which a, b … stand for these times. UPDATE_GOLDEN=1 writes it anew."""
    for letter, time in zip("ab", times):
        date, clock = time.split("T")
        text = text.replace(f"{date} {clock[:8]} UTC", f"{letter * 8} UTC").replace(f"{clock[:8]} UTC", f"{letter * 8} UTC")
    golden = HERE / "messages" / name
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text)
    assert text == golden.read_text(), f"{golden} differs"


def shown(message):
    """JSON as its values are read: texts with their lines."""
    lines = []

    def walk(path, value):
        if isinstance(value, (dict, list)):
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                walk(f"{path}.{key}" if path else str(key), inner)
        else:
            lines.append(f"== {path}\n{value}\n")

    walk("", message)
    return "".join(lines)


def mail_text(mail):
    parsed = email.message_from_bytes(mail, policy=email.policy.default)
    parts = [part.get_content() for part in parsed.walk() if not part.is_multipart()]
    return f"Subject: {parsed['Subject']}\nTo: {parsed['To']}\n\n" + "\n".join(parts).replace("\r\n", "\n")


def test_messages(tmp_path):
    """What people read, and that they hear when it is over: each kind of message, sent for real."""
    it = Running(tmp_path)
    try:
        labels = {"deployment": "prod", "service": "pool"}
        page = alert("DbPoolExhausted", ANNOTATIONS, severity="critical", **labels)
        ticket = [alert("DbPoolHigh", ANNOTATIONS, severity="warning", pool=pool, **labels) for pool in ("app", "jobs")]
        times = page["startsAt"], page["endsAt"]
        it.post(page, *({**one, "startsAt": times[0]} for one in ticket))
        slack, pagerduty, mails = (lambda: it.inbox.at("/slack")), (lambda: it.inbox.at("/pagerduty")), it.mailbox.mails
        support.wait_until(lambda: len(slack()) == 2 and len(mails) == 2 and pagerduty(), 60, "page and ticket")
        for kind, number in (("page", 0), ("ticket", 1)):
            compare(f"slack-{kind}.txt", shown(slack()[number]), *times)
            compare(f"email-{kind}.txt", mail_text(mails[number]), *times)
        event = {**pagerduty()[0], "dedup_key": ""}
        event["payload"]["custom_details"] = {"firing": event["payload"]["custom_details"]["firing"]}  # not Alertmanager's own
        compare("pagerduty-page.txt", shown(event), *times)
        over = datetime.datetime.now(datetime.timezone.utc).isoformat()
        it.post({**page, "endsAt": over})
        support.wait_until(lambda: len(slack()) == 3 and len(mails) == 3 and len(pagerduty()) == 2, 60, "the end")
        compare("slack-resolved.txt", shown(slack()[2]), times[0], over)
        compare("email-resolved.txt", mail_text(mails[2]), times[0], over)
        assert [event["event_action"] for event in pagerduty()] == ["trigger", "resolve"]
        assert pagerduty()[0]["dedup_key"] == pagerduty()[1]["dedup_key"]
        assert it.delivered(status="resolved") == ["DbPoolExhausted"]
    finally:
        it.end()


def test_no_secret_is_told(tmp_path):
    """Not in the log, also when nothing can be delivered, nor in the command line. But for the URLs of webhooks: 0.25
    names them where they do not answer, later versions do not."""
    secrets = {**examples(CHOICES), "smtp_password": "smtp-token"}
    alertmanager.render(alertmanager.put_secrets(tmp_path / "secrets", secrets), tmp_path)
    config = tmp_path / "alertmanager.yml"
    config.write_text(alertmanager.faster(config.read_text()).replace(
        "\nglobal:\n", "\nglobal:\n  pagerduty_url: http://127.0.0.1:9/pagerduty\n"))
    it = alertmanager.Alertmanager(config, tmp_path)
    try:
        it.post(alert("PostgresDown", severity="critical"), alert("Watchdog"), alert("Tried", drill="true"))
        for failed in ("pagerduty", "slack", "email", "webhook"):
            support.wait_until(lambda: any(failed in line and "attempt failed" in line for line in it.log().splitlines()), 60,
                               f"{failed} fails")
        told = it.log() + pathlib.Path(f"/proc/{it.daemon.process.pid}/cmdline").read_text()
        assert {token for token in re.findall(r"(\w+)-token", told)} <= {"webhook_url", "deadman_url", "drill_url"}
    finally:
        it.end()


def lasts(rule):
    """Seconds for which a page keeps firing."""
    number, unit = re.fullmatch(r"(\d+)([smh])", rule["keep_firing_for"]).groups()
    return int(number) * {"s": 1, "m": 60, "h": 3600}[unit]


def matches(matcher, rule):
    label, negated, value = re.fullmatch(r'(\w+)(!?)=~?"(.*)"', matcher).groups()
    found = {"alertname": rule["alert"], **rule["labels"]}.get(label, "")
    return bool(re.fullmatch(value, found)) != bool(negated)


def silenced():
    """(cause, symptom) among the pages, as the configuration has it."""
    pages = [rule for _, rule in lint.ALERTS if rule["labels"]["severity"] == "critical"]
    for inhibition in yaml.safe_load((support.ROOT / "alertmanager/alertmanager.yml").read_text())["inhibit_rules"]:
        for cause, symptom in itertools.permutations(pages, 2):
            if (all(matches(m, cause) for m in inhibition["source_matchers"])
                    and all(matches(m, symptom) for m in inhibition["target_matchers"])):
                yield cause, symptom


def test_a_cause_outlasts_what_it_silences():
    """Else the symptom is sent when the cause is over. What looks back itself still fires for a while after the cure; but
    latency may be over at once, so its look back does not count for it."""
    pairs = list(silenced())
    assert len(pairs) > 20
    for cause, symptom in pairs:
        own = LOOKS_BACK.get(cause["alert"], 0) if cause["alert"] != "HighLatencyP95" else 0
        needed = lasts(symptom) + LOOKS_BACK.get(symptom["alert"], 0) + APART
        assert own + lasts(cause) >= needed, f"{cause['alert']} may end before {symptom['alert']}, which it silences"
