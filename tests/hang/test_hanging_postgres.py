"""Databases that hang, lie or speak half: all else arrives in time, and the agent loses nothing by it."""
import pathlib
import re
import signal
import socket
import struct
import threading
import time

import pytest

import postgres as pg
from support import SANITIZED, wait_until

GOOD_LOGIN = b"R" + struct.pack("!ii", 8, 0) + b"Z" + struct.pack("!ic", 5, b"I")


class Listener:
    """Accepts on a free port and does one thing with each connection; keeps it open until the end."""

    def __init__(self, behave):
        self.behave, self.kept = behave, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.kept.append(client)
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            self.behave(client)
        except OSError:
            pass

    def close(self):
        self.socket.close()
        for client in self.kept:
            client.close()


def silent(client):
    client.recv(1)


def garbage(client):
    client.recv(4096)
    client.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n" * 1024)


def half_a_message(client):
    client.recv(4096)
    client.sendall(b"N")
    client.recv(4096)
    client.sendall(b"R\0\0")


def slammed(client):
    client.recv(4096)
    client.close()


def half_a_handshake(client):
    """Agrees to TLS, and then says nothing."""
    client.recv(4096)
    client.sendall(b"S")


def no_handshake(client):
    client.recv(4096)
    client.sendall(b"S")
    client.recv(4096)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 64)


def half_an_answer(client):
    """Lets anybody in, then stops in the middle of a row's description."""
    client.recv(4096)
    client.sendall(b"N")
    client.recv(4096)
    client.sendall(GOOD_LOGIN)
    client.recv(4096)
    client.sendall(b"T\0\0\0\x21\0\x01ver")


def message_of(size, pause):
    """Announces one message of that many bytes and sends on and on, with a pause between the pieces."""
    def behave(client):
        client.recv(4096)
        client.sendall(b"N")
        client.recv(4096)
        client.sendall(GOOD_LOGIN)
        client.recv(4096)
        client.sendall(b"D" + struct.pack("!ih", size + 100, 1) + struct.pack("!i", size))
        while True:
            client.sendall(bytes(65536))
            time.sleep(pause)
    return behave


def notices(client):
    """Talks without end, and says nothing."""
    client.recv(4096)
    client.sendall(b"N")
    client.recv(4096)
    client.sendall(GOOD_LOGIN)
    client.recv(4096)
    body = b"SNOTICE\0C00000\0Mon and on\0\0"
    while True:
        client.sendall((b"N" + struct.pack("!i", len(body) + 4) + body) * 1000)


def most_resident(agent):
    """The most memory that it ever held."""
    with open(f"/proc/{agent.pid}/status", encoding="ascii") as f:
        return int(re.search(r"^VmHWM:\s+(\d+) kB", f.read(), re.M)[1]) * 1024


def steady(agent, rounds=20):
    """Nothing is gained over many rounds."""
    agent.metrics()
    threads, descriptors = threads_of(agent), agent.descriptors()
    for _ in range(rounds):
        agent.metrics()
    wait_until(lambda: len(threads_of(agent)) <= len(threads) and agent.descriptors() <= descriptors + 1,
               what=f"no thread is gained to {threads}, nor a descriptor to {descriptors}")


def threads_of(agent):
    """Their names. What asks for the sizes of file systems is another matter: a busy disk may make it start one more."""
    names = [task.joinpath("comm").read_text().strip() for task in pathlib.Path(f"/proc/{agent.pid}/task").iterdir()]
    return [name for name in names if not name.startswith("statfs")]


@pytest.mark.parametrize("behave, words", [
    (silent, "no answer to our login"), (garbage, "does not speak PostgreSQL"),
    (half_a_message, "no answer to our login"), (half_a_handshake, "no answer to our login"),
    (no_handshake, "does not speak PostgreSQL"), (slammed, "closed the connection"),
    (half_an_answer, "no answer before the deadline")])
def test_listeners_that_are_no_database(start_agent, behave, words):
    listener = Listener(behave)
    server = f"{{host: 127.0.0.1, port: {listener.port}, user: vedette, password: '{pg.PASSWORD}', database: app}}"
    agent = start_agent(pg.agent_config(server, timeout="400ms"))
    agent.expect_log("collector failed")
    try:
        response = agent.get()
        assert "\npg_up 0\n" in response.body and "\nnode_load1 " in response.body
        assert response.seconds < 2
        text = agent.get("/metrics/agent").body
        assert words in text and pg.PASSWORD not in text
        assert agent.get("/metrics/postgres").status == 503
        steady(agent)
    finally:
        listener.close()


@pytest.mark.skipif(SANITIZED, reason="there is no limit to the memory under a sanitizer")
@pytest.mark.parametrize("behave, words", [
    (message_of(1 << 30, 0), "cannot allocate memory"), (message_of(200 << 20, 0.0002), "larger than 8 MiB"),
    (notices, "larger than 8 MiB")], ids=("1 GiB", "200 MiB", "notices"))
def test_a_reply_without_end(start_agent, behave, words):
    listener = Listener(behave)
    server = f"{{host: 127.0.0.1, port: {listener.port}, user: vedette, password: x, database: app}}"
    agent = start_agent(pg.agent_config(server, timeout="3s"))
    agent.expect_log("collector failed")
    try:
        for _ in range(3):
            response = agent.get()
            assert "\npg_up 0\n" in response.body and "\nnode_load1 " in response.body
            assert words in agent.get("/metrics/agent").body
            assert most_resident(agent) < 64 << 20
    finally:
        listener.close()


def test_server_that_stands_still(start_postgres, start_agent):
    server = start_postgres()
    agent = start_agent(pg.agent_config(server.config(timeout="1s"), timeout="1s"))
    agent.expect_log("collector failed")
    assert agent.metrics().value("pg_up") == 1
    for _ in range(2):
        server.signal_all(signal.SIGSTOP)
        response = agent.get()
        assert "\npg_up 0\n" in response.body and "\nnode_load1 " in response.body
        assert response.seconds < 2
        steady(agent, 5)
        server.signal_all(signal.SIGCONT)
        values = [agent.metrics().value("pg_up") for _ in range(2)]
        assert values[-1] == 1
    assert server.connections() <= 2


def test_postmaster_that_stands_still(start_postgres, start_agent):
    """Those who are in go on; nobody new gets in."""
    server = start_postgres()
    agent = start_agent(pg.agent_config(server.config(), timeout="1s"))
    agent.expect_log("collector failed")
    agent.metrics()
    server.process.send_signal(signal.SIGSTOP)
    metrics = agent.metrics()
    assert metrics.value("pg_up") == 1
    assert metrics.value("vedette_pg_login_success") == 0
    success = {dict(k)["collector"]: v for k, v in metrics.named("pg_scrape_collector_success").items()}
    assert {name for name, value in success.items() if not value} == {"login"}
    server.process.send_signal(signal.SIGCONT)
    wait_until(lambda: agent.metrics().value("vedette_pg_login_success") == 1, what="a new client gets in")


def test_killed_in_the_middle_of_a_query(start_postgres, start_agent):
    server = start_postgres()
    agent = start_agent(pg.agent_config(server.config(timeout="2s"), timeout="2s"))
    agent.expect_log("collector failed")
    agent.metrics()
    server.signal_all(signal.SIGSTOP)
    timer = threading.Timer(0.3, server.signal_all, [signal.SIGKILL])
    timer.start()
    response = agent.get()
    timer.join()
    assert "\npg_up 0\n" in response.body and "\nnode_load1 " in response.body
    server.process.wait(10)
    (server.data / "postmaster.pid").unlink()
    server.start()
    assert [agent.metrics().value("pg_up") for _ in range(2)][-1] == 1


@pytest.mark.parametrize("strike, cure", [
    ("ALTER ROLE vedette PASSWORD 'another'", f"ALTER ROLE vedette PASSWORD '{pg.PASSWORD}'"),
    ("ALTER ROLE vedette NOLOGIN", "ALTER ROLE vedette LOGIN")], ids=("password", "nologin"))
def test_locked_out_while_still_in(start_postgres, start_agent, strike, cure):
    """The kept connection goes on to tell how the server is; that nobody new gets in is told as well."""
    server = start_postgres()
    agent = start_agent(pg.agent_config(server.config()))
    agent.expect_log("collector failed")
    agent.metrics()
    server.sql(strike)
    metrics = agent.metrics()
    assert metrics.value("pg_up") == 1
    assert metrics.value("vedette_pg_login_success") == 0
    own = agent.get("/metrics/agent").body
    assert "login: " in own and ("wrong password" in own or "does not let this user in" in own)
    server.sql(cure)
    assert all_well(agent)


def all_well(agent):
    """Within two scrapes."""
    metrics = [agent.metrics() for _ in range(2)][-1]
    return metrics.value("pg_up") == 1 and set(metrics.named("pg_scrape_collector_success").values()) == {1}


def test_role_dropped_while_still_in(start_postgres, start_agent):
    """What the server calls our role is another role from then on, also when one of that name is there again."""
    server = start_postgres()
    agent = start_agent(pg.agent_config(server.config()))
    agent.expect_log("collector failed")
    assert all_well(agent)
    server.sql("DROP ROLE vedette")
    assert [agent.metrics().value("pg_up") for _ in range(2)][-1] == 0
    assert "wrong password" in agent.get("/metrics/agent").body
    server.make_role()
    assert all_well(agent)
    server.sql("DROP ROLE vedette")
    server.make_role()
    assert all_well(agent)
