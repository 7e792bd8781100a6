"""What can befall a database: each fault strikes, shows in the agent's words, and is cured."""
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

import postgres as pg
from support import ROOT, SANITIZED, free_port, wait_until

SLOW = "CREATE SCHEMA slow; GRANT USAGE ON SCHEMA slow TO vedette; CREATE VIEW slow.pg_roles AS " \
       "SELECT rolname, rolconnlimit FROM pg_catalog.pg_roles, pg_sleep(60); GRANT SELECT ON slow.pg_roles TO vedette"
OURS = "FROM pg_stat_activity WHERE application_name = 'vedette'"


class Fault:
    """On a server of its own. `words`: one of them tells the cause."""
    words, settings, options, timeout = (), "", {}, "900ms" if SANITIZED else "600ms"

    def __init__(self, server):
        self.server = server

    def config(self):
        return self.server.config(timeout="500ms", **self.options)

    def strike(self, agent):
        """Called with the agent logged in."""

    def cure(self):
        pass

    def end(self):
        pass

    def log_out(self):
        """Ends the agent's kept connection, as any short trouble of the network does."""
        self.server.sql(f"SELECT pg_terminate_backend(pid) {OURS}")
        wait_until(lambda: self.connections() == 0, what="the agent is logged out")

    def connections(self):
        return int(self.server.sql(f"SELECT count(*) {OURS}"))


class Stopped(Fault):
    """Every process of the server stands still."""
    words = ("no answer before the deadline", "no answer to our login")

    def strike(self, agent):
        self.server.signal_all(signal.SIGSTOP)

    def cure(self):
        self.server.signal_all(signal.SIGCONT)


class PostmasterStopped(Fault):
    """The kernel accepts connections, nobody answers."""
    words = ("no answer to our login",)

    def strike(self, agent):
        self.log_out()
        self.server.process.send_signal(signal.SIGSTOP)

    def cure(self):
        self.server.process.send_signal(signal.SIGCONT)


class ShutDown(Fault):
    words = ("connection refused",)

    def strike(self, agent):
        self.server.stop()

    def cure(self):
        self.server.start()


class KilledInQuery(Fault):
    """kill -9 of all its processes while one of our queries runs."""
    words, timeout = ("connection refused",), "5s"

    def __init__(self, server):
        super().__init__(server)
        server.sql(SLOW)

    def config(self):
        return self.server.config(timeout="5s")

    def strike(self, agent):
        self.server.sql("ALTER ROLE vedette SET search_path = slow, pg_catalog")
        self.log_out()
        asking = threading.Thread(target=agent.get)
        asking.start()
        wait_until(lambda: self.server.sql(f"SELECT count(*) {OURS} AND wait_event = 'PgSleep'") == "1",
                   what="our query runs")
        self.server.signal_all(signal.SIGKILL)
        asking.join()
        self.server.process.wait(10)

    def cure(self):
        (self.server.data / "postmaster.pid").unlink()
        self.server.start()
        self.server.sql("ALTER ROLE vedette RESET search_path")


class PasswordChanged(Fault):
    words = ("wrong password",)

    def strike(self, agent):
        self.server.sql("ALTER ROLE vedette PASSWORD 'another'")
        self.log_out()

    def cure(self):
        self.server.sql(f"ALTER ROLE vedette PASSWORD '{pg.PASSWORD}'")


class RoleDropped(Fault):
    """The server does not tell a stranger which roles there are."""
    words = ("wrong password",)

    def strike(self, agent):
        self.server.sql("DROP ROLE vedette")
        self.log_out()

    def cure(self):
        self.server.make_role()


class DatabaseDropped(Fault):
    words, options = ("no such database",), {"database": "documents"}

    def __init__(self, server):
        super().__init__(server)
        server.sql("CREATE DATABASE documents")

    def strike(self, agent):
        self.server.sql("DROP DATABASE documents WITH (FORCE)")

    def cure(self):
        self.server.sql("CREATE DATABASE documents")


class Full(Fault):
    """Somebody else takes the slot of the connection that we lost."""
    words, settings = ("too many connections",), "max_connections = 6\nsuperuser_reserved_connections = 2"
    clients = ()

    def __init__(self, server):
        super().__init__(server)
        server.sql("CREATE ROLE app LOGIN PASSWORD 'app'")

    def strike(self, agent):
        self.log_out()
        self.clients = [self.server.session(user="app", password="app") for _ in range(4)]

    def cure(self):
        for client in self.clients:
            client.stdin.close()
            client.wait(10)
        wait_until(lambda: self.server.connections("app") == 0, what="slots are free again")


class StartingUp(Fault):
    """As long as it replays: a standby that takes no queries."""
    words, settings = ("starting up, shutting down or in recovery",), "hot_standby = off"

    def strike(self, agent):
        self.server.stop()
        (self.server.data / "standby.signal").touch()
        self.server.ready = self.replays
        self.server.start()

    def replays(self):
        assert self.server.process.poll() is None, self.server.log.read_text()
        return "not accepting connections" in self.server.psql("SELECT 1").stderr

    def cure(self):
        del self.server.ready
        self.server.stop()
        (self.server.data / "standby.signal").unlink()
        self.server.start()


class Proxy:
    """Between the agent and the server: passes all on, or answers in its own manner."""

    def __init__(self, to):
        self.to, self.behave, self.sockets = to, None, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.to))
            self.sockets += [client, server]
            threading.Thread(target=self.pump, args=(client, server, client), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, None), daemon=True).start()

    def pump(self, source, sink, client):
        try:
            while data := source.recv(65536):
                if not self.behave:
                    sink.sendall(data)
                elif client:
                    self.behave(client)
        except OSError:
            pass
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def hang_up(self):
        for s in self.sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()
        self.sockets = []


class Lying(Fault):
    """Something in between that answers everything in its own manner."""

    def __init__(self, server):
        super().__init__(server)
        self.proxy = Proxy(server.port)
        self.options = {"port": self.proxy.port}

    def answer(self, client):
        raise NotImplementedError

    def strike(self, agent):
        self.proxy.behave = self.answer

    def cure(self):
        self.proxy.behave = None
        self.proxy.hang_up()

    def end(self):
        self.proxy.listener.close()
        self.proxy.hang_up()


class Silent(Lying):
    words = Stopped.words

    def answer(self, client):
        pass


class Garbage(Lying):
    words = ("does not speak PostgreSQL",)

    def answer(self, client):
        client.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n" * 1024)


class HalfAMessage(Lying):
    words = Stopped.words

    def answer(self, client):
        client.sendall(b"R\0\0")


class HangsUp(Lying):
    words = ("closed the connection", "was closed by the server")

    def answer(self, client):
        client.shutdown(socket.SHUT_RDWR)


class BlackHole(Fault):
    """The server is in a network of its own, and from one moment on no packet arrives there."""
    words, timeout = Stopped.words, "1s"
    right, wrong = "02:00:00:00:00:01", "02:00:00:00:00:02"

    def __init__(self, server):
        super().__init__(server)
        number = os.getpid() % 62 * 4
        self.device, self.address, port = f"vdt{os.getpid()}", f"198.18.77.{number + 2}", free_port()
        self.options = {"host": self.address, "port": port}
        self.forwarder = subprocess.Popen(
            ["unshare", "-n", sys.executable, str(ROOT / "tests/hang/forward.py"), str(port),
             str(server.directory / f".s.PGSQL.{server.port}")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        try:
            self.lay_cable(f"198.18.77.{number + 1}")
        except subprocess.CalledProcessError as error:
            self.end()
            pytest.skip(f"no network namespace can be made here: {error.stderr.strip()}")

    def lay_cable(self, ours):
        said = self.forwarder.stdout.readline()
        if said != "inside\n":
            raise subprocess.CalledProcessError(1, "unshare", stderr=said)
        pid = str(self.forwarder.pid)
        ip("link", "add", self.device, "type", "veth", "peer", "name", "inside", "address", self.right,
           "netns", pid)
        ip("address", "add", f"{ours}/30", "dev", self.device)
        ip("link", "set", self.device, "up")
        inside = ("nsenter", "-t", pid, "-n")
        ip("address", "add", f"{self.address}/30", "dev", "inside", inside=inside)
        ip("link", "set", "inside", "up", inside=inside)
        self.forwarder.stdin.write("\n")
        self.forwarder.stdin.flush()
        assert self.forwarder.stdout.readline() == "listens\n"

    def lead_to(self, hardware):
        ip("neighbour", "replace", self.address, "lladdr", hardware, "nud", "permanent", "dev", self.device)

    def strike(self, agent):
        self.lead_to(self.wrong)

    def cure(self):
        self.lead_to(self.right)

    def end(self):
        self.forwarder.kill()
        self.forwarder.wait()


def ip(*args, inside=()):
    subprocess.run([*inside, "ip", *args], check=True, capture_output=True, text=True)


FAULTS = (Stopped, PostmasterStopped, ShutDown, KilledInQuery, PasswordChanged, RoleDropped, DatabaseDropped, Full,
          StartingUp, Silent, Garbage, HalfAMessage, HangsUp, BlackHole)
