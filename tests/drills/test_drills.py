"""Drills: something breaks for real, and whoever is on call hears of it once, in the right words, and that it is over.

What came of them is a table, build/results/drills.md, which README.md shows."""
import os
import signal
import threading
import time

import pytest

import faults
import rulefiles
import stage as stages
import support

FACTOR = 20
LONG = bool(os.environ.get("VEDETTE_LONG"))
QUIET_HOUR = 3600 if LONG else 1200
PATIENCE = 300  # seconds of the drill; a single scrape that fails on a busy machine makes an alert fire on anew
RULES = {rule["alert"]: rule for _, rule in rulefiles.alerts()}
# Pages that no drill plays, and why not.
UNDRILLED = {
    "SearchIndexEmpty": "takes the place of SearchEmpty where there is no canary; here there is one",
}
# What is played without --long, beside the faults that are played together: they are what the platform fails by.
ALWAYS_PLAYED = {"PostgresDown", "DbPoolExhausted", "HighLatencyP95"}
# What silences whatever depends on the database.
DATABASE = {"PostgresDown", "PostgresLoginFailing", "DbPoolExhausted"}


def is_page(alert):
    return RULES[alert]["labels"]["severity"] == "critical"


class Played:
    """What comes of one fault; moments are of the monotonic clock."""

    def __init__(self, fault, stage):
        self.fault, self.stage, self.acting = fault, stage, fault.act(stage)
        self.started, self.cured, self.until, self.silent = time.monotonic(), None, float("inf"), set()
        self.unable = self.unheard = None
        try:
            next(self.acting)
        except faults.Unable as reason:
            self.unable = str(reason)

    def messages(self, status):
        """Those about its alert since it began, and before the next fault with the same alert did."""
        receiver = "page" if is_page(self.fault.alert) else "ticket"
        return [(moment, body) for moment, body in self.stage.telephone.messages(receiver, status)
                if self.started <= moment < self.until and body["groupLabels"]["alertname"] == self.fault.alert]

    def wait_for_message(self):
        """The others are played even where this one is not heard of."""
        try:
            support.wait_until(lambda: self.messages("firing"), 120, f"{self.fault.title}: {self.fault.alert} is sent")
        except AssertionError as error:
            self.unheard = str(error)

    def cure(self):
        self.silent = self.stage.firing(self.started) - {self.fault.alert, "Watchdog"}
        next(self.acting, None)
        self.cured = time.monotonic()

    def is_over(self):
        since = self.started if self.fault.ends_itself else self.cured
        return any(moment > since for moment, _ in self.messages("resolved"))

    def wait_for_end(self):
        """What is wrong with it, in words; None: someone was told that it is over."""
        try:
            support.wait_until(self.is_over, PATIENCE, f"{self.fault.title}: someone is told that it is over")
        except AssertionError as error:
            return f"{error}; {self.stage.story(self.fault.alert, self.cured)}"
        return None

    def seconds(self):
        return self.messages("firing")[0][0] - self.started

    def problems(self):
        """What is wrong with what was sent."""
        sent, rule = self.messages("firing"), RULES[self.fault.alert]
        if self.unheard:
            yield self.unheard
        if not sent:
            return
        if len(sent) != 1:
            yield f"{self.fault.title}: {len(sent)} messages instead of one"
        for alert in sent[0][1]["alerts"]:
            for key, value in {**rule["labels"], "deployment": "drill"}.items():
                if alert["labels"].get(key) != value:
                    yield f"{self.fault.title}: label {key} is {alert['labels'].get(key)}"
            for key, template in rule["annotations"].items():
                text = alert["annotations"].get(key, "")
                if "<no value>" in text or "{{" in text or ("{{" not in template and text != template.strip()):
                    yield f"{self.fault.title}: {key} is {text!r}"


def batches():
    """The faults in order; those that are played beside each other are in one list."""
    out = []
    for fault in (f for f in faults.FAULTS if LONG or f.beside or f.alert in ALWAYS_PLAYED):
        if fault.beside and out and out[-1][0].beside:
            out[-1].append(fault)
        else:
            out.append([fault])
    return out


def depends_on_database(alert):
    return RULES[alert]["labels"].get("depends_on") == "postgres" and alert not in DATABASE


def active_pages(stage):
    """Names of the pages that fire, whoever silences them."""
    found = stage.ask('ALERTS{alertstate="firing", severity="critical"}')
    return {series["metric"]["alertname"] for series in found} & RULES.keys()


def in_the_way(stage, alert):
    """What fires still and would silence the alert; or would be silenced by it, and then nobody is told of its end."""
    active = active_pages(stage)
    if alert == "ErrorBudgetBurnFast":
        return active
    if RULES[alert]["labels"].get("depends_on") == "search":
        return active & {"MeilisearchDown"}
    if alert in DATABASE:
        return {name for name in active if depends_on_database(name)} | (active & DATABASE)
    return active & DATABASE if depends_on_database(alert) else set()


def pages_so_far(stage):
    return [(body["groupLabels"]["alertname"], [alert["annotations"]["description"] for alert in body["alerts"]])
            for _, body in stage.telephone.messages("page", "firing")]


def play(stage, batch):
    """Breaks all of them, waits until each is heard of, and mends them."""
    for fault in batch:
        support.wait_until(lambda alert=fault.alert: not in_the_way(stage, alert), PATIENCE,
                           f"{fault.title}: what is in the way is over")
    playing = [Played(fault, stage) for fault in batch]
    try:
        for played in playing:
            if not played.unable:
                played.wait_for_message()
    finally:
        for played in playing:
            played.cure()
    return playing


def words(seconds):
    return f"{seconds:.0f} s" if seconds < 100 else f"{round(seconds / 60)} min"


def table(played, false):
    lines = ["| what breaks | who is told | in the drill | in real time, at most | messages | false pages | silenced meanwhile |",
             "|---|---|---|---|---|---|---|"]
    for one in played:
        if one.unable or not one.messages("firing"):
            lines.append(f"| {one.fault.title} | {one.fault.alert} | {one.unable or 'nobody was told'} | | | | |")
            continue
        pages = [name for name in false if one.started <= false[name] <= one.cured]
        lines.append(f"| {one.fault.title} | {one.fault.alert} ({'page' if is_page(one.fault.alert) else 'ticket'}) "
                     f"| {one.seconds():.1f} s | {words(one.seconds() * FACTOR)} | {len(one.messages('firing'))} "
                     f"| {len(pages)} | {', '.join(sorted(one.silent))} |")
    return "\n".join(lines) + "\n"


@pytest.fixture
def stage(tmp_path, python):
    it = stages.Stage(tmp_path, python, FACTOR)
    traffic = stages.Traffic(it)
    yield it
    traffic.end()
    it.end()


def false_pages(stage, played):
    """{alert: when it was sent} of pages that nobody broke anything for."""
    out = {}
    for moment, body in stage.telephone.messages("page", "firing"):
        name = body["groupLabels"]["alertname"]
        if not any(one.fault.alert == name and one.started <= moment <= one.cured for one in played if not one.unable):
            out[name] = moment
    return out


def test_each_fault_is_told_once_and_a_quiet_hour_is_quiet(stage):
    support.wait_until(lambda: any(float(s["value"][1]) >= QUIET_HOUR / stages.SCRAPE for s in stage.ask(
        'count_over_time(up{job="vedette"}[1d])')), 2 * QUIET_HOUR / FACTOR, "an hour of scrapes")
    assert pages_so_far(stage) == [], "pages although nothing was broken"
    assert stage.telephone.heartbeats() >= QUIET_HOUR // 60 / 2
    played = []
    for batch in batches():
        now = play(stage, batch)
        for before in played:
            before.until = min([before.until, *(one.started for one in now if one.fault.alert == before.fault.alert)])
        played += now
    done = [one for one in played if not one.unable and one.messages("firing")]
    late = [problem for one in done for problem in [one.wait_for_end()] if problem]
    support.wait_until(lambda: not active_pages(stage), PATIENCE, "nothing fires any more")
    false = false_pages(stage, played)
    results = support.ROOT / "build/results"
    results.mkdir(parents=True, exist_ok=True)
    (results / "drills.md").write_text(table(played, false))
    assert not false, f"pages that nobody broke anything for: {false}"
    problems = late + [problem for one in played if not one.unable for problem in one.problems()]
    assert not problems, "\n".join(problems)
    unable = [f"{one.fault.title}: {one.unable}" for one in played if one.unable]
    if unable:
        pytest.skip("all others were played; not: " + "; ".join(unable))


def test_a_database_that_hangs_is_one_page_whatever_suffers(tmp_path, python):
    """Here callers wait for a connection, at most three seconds: so users meet errors and slow pages, too."""
    it = stages.Stage(tmp_path, python, FACTOR, pool="asyncpg")
    traffic = stages.Traffic(it, threads=2 * faults.POOL)
    symptoms = {"Http5xxRatio", "HighLatencyP95", "DbPoolHigh", "ErrorBudgetBurnFast"}
    try:
        support.wait_until(lambda: it.ask("sum(slo:events:increase5m) > 100"), 120, "people are at work")
        started = time.monotonic()
        it.platform.postgres.signal_all(signal.SIGSTOP)
        support.wait_until(lambda: symptoms <= it.firing(started), 120, "the application, the pool and the objectives suffer")
        it.platform.postgres.signal_all(signal.SIGCONT)
        support.wait_until(lambda: it.telephone.messages("page", "resolved"), PATIENCE, "someone is told that it is over")
        support.wait_until(lambda: not active_pages(it), PATIENCE, "nothing fires any more")
        assert [name for name, _ in pages_so_far(it)] == ["PostgresDown"]
    finally:
        it.platform.postgres.signal_all(signal.SIGCONT)
        traffic.end()
        it.end()


def test_each_page_is_drilled_or_it_is_said_why_not():
    pages = {name for name in RULES if is_page(name)}
    drilled = {fault.alert for fault in faults.FAULTS}
    assert pages - drilled == UNDRILLED.keys(), "pages without a drill, or with one although listed"
    assert drilled <= RULES.keys()


@pytest.mark.parametrize("hangs", [False, True], ids=["as it is", "while its metrics hang"])
def test_an_exhausted_pool_pages_within_90_seconds(tmp_path, python, hangs):
    """In real time, from the moment at which the tenth connection is held."""
    it = stages.Stage(tmp_path, python, 1)
    over = threading.Event()
    try:
        count = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
        support.wait_until(lambda: it.ask("db_pool_connections"), 120, "the pool is known")
        faults.at_once(it, ["/slow?seconds=600"] * faults.POOL, over)
        support.wait_until(lambda: it.platform.postgres.sql(count) == str(faults.POOL), what="ten connections are held")
        held = time.monotonic()
        if hangs:
            os.kill(it.platform.app.process.pid, signal.SIGSTOP)
        told = support.wait_until(lambda: it.telephone.messages("page", "firing"), 120, "a page")
        seconds, names = told[0][0] - held, [body["groupLabels"]["alertname"] for _, body in told]
        print(f"paged {seconds:.0f} s after the tenth connection was held")
        assert names == ["DbPoolExhausted"] and seconds <= 90
    finally:
        over.set()
        os.kill(it.platform.app.process.pid, signal.SIGKILL)
        it.end()
