"""A real Caddy, Debian's or another one, with a Caddyfile of the test's, ended by its process id."""
import os
import shutil
import subprocess
import tempfile

import support


class Caddy:
    """Runs `caddyfile`; the words {dir} and {admin} in it are replaced. Waits until the socket `ready` is there."""

    def __init__(self, caddyfile, ready="admin.sock", program=None):
        self.directory = tempfile.mkdtemp(prefix="caddy")
        self.admin = f"{self.directory}/admin.sock"
        self.socket = f"{self.directory}/{ready}"
        self.file = f"{self.directory}/Caddyfile"
        self.program = str(program or support.fetch_peers("caddy") / "caddy")
        with open(self.file, "w", encoding="utf-8") as out:
            out.write(caddyfile.replace("{dir}", self.directory).replace("{admin}", f"unix/{self.admin}"))
        self.start()

    def start(self):
        """At first, or again after stop()."""
        with open(f"{self.directory}/log", "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "run", "--config", self.file, "--adapter", "caddyfile"],
                stdout=log, stderr=log, env={"PATH": os.environ["PATH"], "HOME": self.directory,
                                             "XDG_DATA_HOME": self.directory, "XDG_CONFIG_HOME": self.directory})
        support.wait_until(self.ready, what="caddy listens")

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"caddy ended: {self.log()}")
        return os.path.exists(self.socket)

    def log(self):
        with open(f"{self.directory}/log", encoding="utf-8", errors="replace") as lines:
            return lines.read()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if os.path.exists(self.socket):
            os.unlink(self.socket)  # else it would look ready before it is

    def end(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
