"""prometheus_client's strict parser reads every golden exposition and a live one."""
import subprocess

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

import support

BUILDS = [support.VEDETTE.parent, *(support.ROOT / "build" / name for name in ("debug", "asan"))]


# Passed on as somebody wrote it, where that is no OpenMetrics.
ODD = {"multiprocess_workers.odd": "a histogram whose last bucket its files lack, which the client tells so too"}


def parse(text):
    """Samples by name and labels; an empty label is none."""
    return {(s.name, frozenset(pair for pair in s.labels.items() if pair[1])): s.value for f in text_string_to_metric_families(text)
            for s in f.samples}


def test_goldens(tmp_path):
    golden = next((b / "tests/golden" for b in BUILDS if (b / "tests/golden").exists()), None)
    if not golden:
        pytest.skip("no build with tests: cmake --preset debug && cmake --build build/debug")
    done = subprocess.run([golden, "--openmetrics", support.ROOT / "tests/golden", tmp_path], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    written = sorted(tmp_path.iterdir())
    assert written
    for path in written:
        # the runner's own lines about a collector's error and note are no exposition
        lines = [line for line in path.read_text().splitlines(True) if not line.startswith(("# error: ", "# note: "))]
        try:
            if path.name not in ODD:
                parse("".join(lines))
        except ValueError as e:
            raise AssertionError(f"{path.name}: {e}") from e


def test_live(agent):
    text = agent.get(headers={"Accept": "application/openmetrics-text; version=1.0.0"}).body
    samples = parse(text)
    assert len(samples) > 100
    assert samples.keys() == support.Exposition(text).samples.keys()
    plain = support.Exposition(agent.get(headers={"Accept": "text/plain"}).body)
    assert {n for n, _ in samples} <= {n for n, _ in plain.samples}
