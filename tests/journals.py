"""Real journal files for the tests, which systemd-journal-remote writes from its export format."""
import os
import pathlib
import subprocess
import time

import pytest

WRITER = pathlib.Path("/lib/systemd/systemd-journal-remote")


def microseconds():
    return time.time_ns() // 1000


def export(entries):
    """The export format of entries, which are dicts; values with newlines or of bytes go with their length."""
    out = bytearray()
    for fields in entries:
        for name, value in fields.items():
            data = value if isinstance(value, bytes) else str(value).encode()
            if b"\n" in data or isinstance(value, bytes):
                out += name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"
            else:
                out += name.encode() + b"=" + data + b"\n"
        out += b"\n"
    return bytes(out)


class Journal:
    """A directory with journal files; `write` adds entries to one of them."""

    def __init__(self, directory):
        if not WRITER.exists():
            pytest.fail("systemd-journal-remote is not installed (deploy/packages.sh has its name)")
        self.directory = directory
        self.directory.mkdir(exist_ok=True)
        self.written = 0
        self.start = microseconds() - 60_000_000

    def entry(self, message, unit="nginx.service", priority=6, **more):
        self.written += 1
        fields = {"__REALTIME_TIMESTAMP": self.start + self.written, "__MONOTONIC_TIMESTAMP": 1000 + self.written,
                  "_BOOT_ID": "a" * 32, "_HOSTNAME": "testhost", "PRIORITY": priority, **more}
        if unit:
            fields["_SYSTEMD_UNIT"] = unit
        if message is not None:
            fields["MESSAGE"] = message
        return fields

    def write(self, entries, name="system.journal"):
        subprocess.run([WRITER, "-o", self.directory / name, "-"], input=export(entries), check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def print(self, *messages, name="system.journal", **more):
        self.write([self.entry(message, **more) for message in messages], name)

    def rotate(self, name="system.journal"):
        """As journald does: the file gets another name, and a new one takes its place."""
        old = self.directory / name
        old.rename(old.with_name(f"system@{os.urandom(16).hex()}-{self.written:016x}-{self.start:016x}.journal"))
