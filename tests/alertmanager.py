"""A real Alertmanager with the project's configuration, and those who get its messages: HTTP and mail on loopback."""
import datetime
import http.server
import json
import pathlib
import re
import socketserver
import subprocess
import threading
import time

import support

RENDER = support.ROOT / "deploy/alertmanager.sh"
EMAIL = ("email_to", "email_from", "smtp_smarthost", "smtp_username", "smtp_password")


def amtool(*args):
    return subprocess.run([support.monitoring("amtool"), *map(str, args)], capture_output=True, text=True, check=False)


def program_in(directory):
    """Debian's Alertmanager reads its own templates from where the package is installed, which it is not. This copy reads
    them from the directory it runs in."""
    original = support.monitoring("alertmanager")
    installed, ours = b"/usr/share/prometheus/alertmanager", b"/proc/self/cwd"
    program = directory / "alertmanager"
    program.write_bytes(original.read_bytes().replace(
        installed, ours.ljust(len(installed), b"/")))
    program.chmod(0o755)
    for template in (original.parents[1] / "share/prometheus/alertmanager").glob("*.tmpl"):
        (directory / template.name).symlink_to(template)
    return program


def put_secrets(directory, secrets):
    directory.mkdir(exist_ok=True)
    for name, value in secrets.items():
        (directory / name).write_text(value + "\n")
    return directory


def render(secrets, output, *more):
    """deploy/alertmanager.sh; the finished process."""
    return subprocess.run([RENDER, secrets, output, *more], capture_output=True, text=True, check=False)


class Inbox:
    """Whatever is posted to it: (path, JSON), in order, and when each came, in seconds of the monotonic clock."""

    def __init__(self):
        inbox = self
        self.got, self.times = [], []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with inbox.lock:
                    inbox.times.append(time.monotonic())
                    inbox.got.append((self.path, json.loads(body)))
                self.send_response(202 if self.path == "/pagerduty" else 200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def at(self, path):
        return [body for where, body in list(self.got) if where == path]

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class Mailbox:
    """A mail server that takes every mail and any password."""

    def __init__(self):
        mails = self.mails = []

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def handle(self):
                self.say("220 mailbox")
                for line in self.rfile:
                    word = line.split()[0].upper()
                    if word == b"EHLO":
                        self.say("250-mailbox\r\n250 AUTH PLAIN")
                    elif word == b"AUTH":
                        self.say("235 come in")
                    elif word == b"DATA":
                        self.say("354 go on")
                        mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                        self.say("250 taken")
                    elif word == b"QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 ok")

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()


def faster(text, factor=10):
    """The configuration with all waits of its routes divided."""
    def divided(match):
        seconds = int(match[2]) * {"s": 1, "m": 60, "h": 3600}[match[3]]
        return f"{match[1]}: {seconds * 1000 // factor}ms"

    return re.sub(r"\b(group_wait|group_interval|repeat_interval): (\d+)([smh])$", divided, text, flags=re.M)


def by_day(text):
    """The configuration without quiet hours: tests run by night, too."""
    mute = "      mute_time_intervals: [quiet hours]\n"
    assert mute in text
    return text.replace(mute, "")


class Alertmanager:
    """Runs on a configuration file, until end()."""

    def __init__(self, config, directory):
        self.port = support.free_port()
        self.command = [program_in(directory), f"--config.file={config}",
                        f"--storage.path={directory}/data", f"--web.listen-address=127.0.0.1:{self.port}",
                        "--cluster.listen-address=", "--log.level=debug",
                        "--web.external-url=http://alertmanager.example"]
        self.daemon = support.Daemon(self.command, pathlib.Path(directory), self.port, "/-/ready")

    def post(self, *alerts):
        reply = support.request(self.port, "/api/v2/alerts", "POST", {"Content-Type": "application/json"},
                                body=json.dumps(alerts))
        assert reply.status == 200, reply.body

    def log(self):
        return self.daemon.log.read_text()

    def end(self):
        self.daemon.end()


def alert(alertname, annotations=None, resolved=False, **labels):
    """As Prometheus posts it: of now, for the next hour; or over since a moment ago."""
    now = datetime.datetime.now(datetime.timezone.utc)
    starts, ends = (-60, -1) if resolved else (0, 3600)
    return {"labels": {"alertname": alertname, **labels}, "annotations": annotations or {},
            "startsAt": (now + datetime.timedelta(seconds=starts)).isoformat(),
            "endsAt": (now + datetime.timedelta(seconds=ends)).isoformat()}
