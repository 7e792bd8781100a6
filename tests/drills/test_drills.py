"""Drills: something breaks for real, and whoever is on call hears of it once, in the right words, and that it is over."""
import time

import pytest

import faults
import rulefiles
import stage as stages
import support

FACTOR = 20
QUIET_HOUR = 3600
RULES = {rule["alert"]: rule for _, rule in rulefiles.alerts()}
TOLD = ("summary", "impact", "action", "runbook_url", "dashboard_url")
# Pages that no drill plays, and why not.
UNDRILLED = {}


class Played:
    """What came of one fault; moments are of the monotonic clock, None: not yet."""

    def __init__(self, fault, stage):
        self.fault, self.stage, self.acting = fault, stage, fault.act(stage)
        self.started, self.cured, self.problems, self.silent = time.monotonic(), None, [], set()
        self.page = RULES[fault.alert]["labels"]["severity"] == "critical"
        next(self.acting)

    def messages(self, status):
        """Those of this fault: as long as it lasts, or until the next one with the same alert."""
        return [(moment, body) for moment, body in self.stage.telephone.messages("page" if self.page else "ticket", status)
                if moment >= self.started and body["groupLabels"]["alertname"] == self.fault.alert]

    def heard(self):
        return self.messages("firing")[:1]

    def cure(self):
        self.silent = self.stage.firing(self.started)
        next(self.acting, None)
        self.cured = time.monotonic()

    def over(self):
        return any(moment > self.cured for moment, _ in self.messages("resolved"))


def played_together():
    """The faults in order, those that are played beside each other in one list."""
    out = []
    for fault in faults.FAULTS:
        if fault.beside and out and out[-1][0].beside:
            out[-1].append(fault)
        else:
            out.append([fault])
    return out


@pytest.fixture
def stage(tmp_path, python):
    it = stages.Stage(tmp_path, python, FACTOR)
    traffic = stages.Traffic(it.platform)
    yield it
    traffic.end()
    it.end()


def test_each_fault_pages_once_and_nothing_else_does(stage):
    time.sleep(20)
    print(stage.firing(time.monotonic()-20), stage.telephone.got)
    for batch in played_together():
        print("==", [f.title for f in batch], flush=True)
        playing = []
        for f in batch:
            try:
                playing.append(Played(f, stage))
            except (faults.Unable, KeyError) as e:
                print("UNABLE", f.title, repr(e))
        try:
            for p in playing:
                try:
                    support.wait_until(p.heard, 90, p.fault.title)
                    print(f"{p.messages('firing')[0][0]-p.started:6.1f}", p.fault.alert, flush=True)
                except AssertionError as e:
                    print("NOT HEARD", e, flush=True)
        finally:
            for p in playing:
                p.cure()
                print("   silent", p.silent)
        for p in playing:
            try:
                support.wait_until(p.over, 90, p.fault.title)
                print("over", p.fault.alert, time.monotonic()-p.cured, flush=True)
            except AssertionError as e:
                print("NOT OVER", e, flush=True)
    for m, b in zip(stage.telephone.times, stage.telephone.got):
        print(round(m), b[0], b[1]["receiver"], b[1]["status"], [a["labels"] for a in b[1]["alerts"]][:2])
    assert False
