"""Proxies before the real Loki that show what a healthy one cannot be made to show."""
import http.client
import http.server
import socket
import threading
import time


class Answering(http.server.BaseHTTPRequestHandler):
    """Replies as Loki does, and keeps the connection."""
    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Handler(Answering):
    def do_POST(self):
        faults = self.server.faults
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if faults.max_body and len(body) > faults.max_body:
            self.answer(413, b"request too large")
            return
        fault = faults.script.pop(0) if faults.script else None
        if fault == "cut request":
            self.cut()
        elif fault == "hold":
            faults.held.set()
            faults.release.wait()
            self.cut()
        elif fault == "cut reply":
            self.forward(body)
            self.cut()
        elif fault and fault != "pass":
            self.answer(fault, b"a fault\n")
        else:
            self.answer(*self.forward(body))

    def cut(self):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def forward(self, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.faults.port, timeout=30)
        connection.request("POST", self.path, body, {"Content-Type": self.headers["Content-Type"]})
        reply = connection.getresponse()
        return reply.status, reply.read()


class Faults:
    def __init__(self, port, script=(), max_body=0):
        """script: what the first pushes get: a status, "cut request", "cut reply", "pass", which is Loki's own, or "hold",
        which is nothing until `release` is set; the others are Loki's."""
        self.port, self.script, self.max_body = port, list(script), max_body
        self.held, self.release = threading.Event(), threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.faults = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


class Wire:
    """Passes bytes on. It can be down, be slow, and cut connections in their middle."""

    def __init__(self, port, limits=None):
        """limits(): how many bytes of requests and of replies the next connection may carry; None: any."""
        self.port, self.limits = port, limits or (lambda: (None, None))
        self.cuts, self.open = 0, set()
        self.delay = 0  # seconds that all takes
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.up = True
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if not self.up:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self.port))
            self.open |= {client, server}
            for source, sink, limit in zip((client, server), (server, client), self.limits()):
                threading.Thread(target=self.pump, args=(source, sink, limit), daemon=True).start()

    def pump(self, source, sink, limit):
        try:
            while data := source.recv(65536):
                time.sleep(self.delay)
                sink.sendall(data[:limit])
                if limit is not None and len(data) >= limit:
                    self.cuts += 1
                    break
                limit = limit and limit - len(data)
        except OSError:
            pass
        self.drop(source, sink)

    def drop(self, *sockets):
        for s in sockets:
            self.open.discard(s)
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def down(self):
        self.up = False
        self.drop(*self.open)

    def end(self):
        self.listener.close()
        self.down()
