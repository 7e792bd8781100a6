"""What a rotation has compressed is read on where it was left, and never twice."""
import gzip
import os

import pytest

import support
from test_logs import Shipping, numbers, wait_for_all, write


def compress(path):
    """As gzip does: beside it, with its times, and then without it."""
    packed = path.with_name(path.name + ".gz")
    with gzip.open(packed, "wb") as out:
        out.write(path.read_bytes())
    os.utime(packed, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    path.unlink()


def rotate(path, delay=False, keep=9):
    """As logrotate does; with `delay` the newest stays as it is."""
    for n in range(keep, 0, -1):
        for suffix in ("", ".gz"):
            old = path.with_name(f"{path.name}.{n}{suffix}")
            if old.exists():
                old.rename(path.with_name(f"{path.name}.{n + 1}{suffix}"))
    path.rename(path.with_name(path.name + ".1"))
    for n in range(2 if delay else 1, keep):
        old = path.with_name(f"{path.name}.{n}")
        if old.exists():
            compress(old)


@pytest.mark.parametrize("delay", [False, True], ids=["at once", "delayed"])
@pytest.mark.parametrize("pattern", ["*.log", "app.log*"])
def test_compressed_while_the_agent_is_away(start_agent, tmp_path, loki, delay, pattern):
    shipping = Shipping(start_agent, tmp_path, loki.url, pattern)
    written = numbers(1000)
    write(shipping.file(), written)
    wait_for_all(loki, written)
    shipping.agent.stop()
    for _ in range(4):
        lines = numbers(3000, len(written))
        written += lines
        write(shipping.file(), lines)
        rotate(shipping.file(), delay)
    last = numbers(10, len(written))
    write(shipping.file(), last)
    shipping.start()
    wait_for_all(loki, written + last)
    shipping.agent.stop()
    shipping.start()  # and not again
    write(shipping.file(), ["the end"])
    wait_for_all(loki, written + last + ["the end"])


def test_compressed_while_it_is_read(start_agent, tmp_path, loki):
    shipping = Shipping(start_agent, tmp_path, loki.url, "app.log*")
    written = []
    for _ in range(8):
        lines = numbers(2000, len(written))
        written += lines
        write(shipping.file(), lines)
        support.wait_until(lambda: shipping.agent.holds(shipping.file()), what="the file is found")
        rotate(shipping.file())
    wait_for_all(loki, written)


def test_killed_while_loki_is_down_and_files_are_compressed(start_agent, tmp_path, loki):
    shipping = Shipping(start_agent, tmp_path, loki.url)
    written = numbers(100)
    write(shipping.file(), written)
    wait_for_all(loki, written)
    loki.kill()
    for _ in range(3):
        lines = numbers(5000, len(written))
        written += lines
        write(shipping.file(), lines)
        support.wait_until(lambda: shipping.agent.holds(shipping.file()), what="the file is found")
        rotate(shipping.file())
        shipping.agent.kill()
        shipping.start()
    loki.start()
    wait_for_all(loki, written)


def test_a_damaged_one_costs_only_itself(start_agent, tmp_path, loki):
    shipping = Shipping(start_agent, tmp_path, loki.url)
    first, lost, after = numbers(10), numbers(20000, 10), numbers(100, 20010)
    write(shipping.file(), first)
    wait_for_all(loki, first)
    shipping.agent.stop()
    write(shipping.file(), lost)
    rotate(shipping.file())
    packed = shipping.file("app.log.1.gz")
    data = bytearray(packed.read_bytes())
    data[len(data) // 2:len(data) // 2 + 200] = bytes(200)
    packed.write_bytes(data)
    write(shipping.file(), after)
    shipping.start()
    shipping.agent.expect_log("a compressed log file is damaged")
    support.wait_until(lambda: set(after) <= set(loki.lines()), what="the lines after it")
    got = loki.lines()
    assert got[:5000] == (first + lost)[:5000]  # gzip gives nonsense for a while before it sees the damage
    assert [line for line in got if line in set(after)] == after


def test_other_compression_is_left_alone(start_agent, tmp_path, loki):
    (tmp_path / "app.log.1.xz").write_bytes(b"\xfd7zXZ\x00 binary \n" * 10)
    shipping = Shipping(start_agent, tmp_path, loki.url, "app.log*")
    write(shipping.file(), ["plain"])
    wait_for_all(loki, ["plain"])


def test_behind_links_as_kubernetes_has_them(start_agent, tmp_path, loki):
    """The link stays, what it leads to is rotated in its own folder: 0.log, 0.log.20261122-183000, the older as .gz."""
    pod = tmp_path / "pods" / "shop_api_1" / "api"
    pod.mkdir(parents=True)
    log, links = pod / "0.log", tmp_path / "links"
    links.mkdir()
    (links / "api.log").symlink_to(log)

    def rotate_there(n):
        log.rename(pod / f"0.log.20261122-1830{n:02d}")
        if n:
            compress(pod / f"0.log.20261122-1830{n - 1:02d}")

    written = numbers(100)
    write(log, written)
    shipping = Shipping(start_agent, tmp_path, loki.url, "links/*.log")
    wait_for_all(loki, written)
    for n in range(6):
        if n == 3:
            shipping.agent.stop()
        lines = numbers(500, len(written))
        written += lines
        write(log, lines)
        if n < 3:
            support.wait_until(lambda: shipping.agent.holds(log), what="the file is found")
        rotate_there(n)
    write(log, ["the end"])
    shipping.start()
    wait_for_all(loki, written + ["the end"])
    assert {labels["filename"] for _, _, labels in loki.entries()} == {str(links / "api.log")}
