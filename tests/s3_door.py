"""A door before a real store: passes signed requests on as they are, or does otherwise, as broken stores do."""
import http.client
import http.server
import socket
import threading


class Reply:
    def __init__(self, status, headers=(), body=b"", length=None):
        self.status, self.headers, self.body = status, dict(headers), body
        self.length = len(body) if length is None else length


def error(status, code, message="No."):
    return Reply(status, {"Content-Type": "application/xml", "Date": "Mon, 01 Jan 2001 00:00:00 GMT"},
                 f"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>"
                 "</Error>".encode())


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def serve(self):
        door = self.server.door
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        door.seen.append((self.command, self.path, dict(self.headers)))
        reply = door.answer(self) if door.answer else self.forward()
        if reply is None:
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(reply.length))
        self.end_headers()
        self.wfile.write(reply.body)
        self.close_connection = reply.length != len(reply.body)

    do_GET = do_PUT = do_DELETE = do_POST = do_HEAD = serve

    def forward(self):
        """What the store says."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.door.to, timeout=60)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders(self.body)
            reply = connection.getresponse()
            body = reply.read()
            headers = {k: v for k, v in reply.getheaders() if k.lower() not in ("content-length", "connection")}
            return Reply(reply.status, headers, body)
        finally:
            connection.close()

    def hang(self):
        """Until the other side goes away, or the door ends."""
        door = self.server.door
        door.hanging.set()
        self.connection.settimeout(0.05)
        while not door.ended.is_set():
            try:
                if not self.connection.recv(1):
                    break
            except socket.timeout:
                continue
            except OSError:
                break
        return None

    def log_message(self, *_args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args):
        pass  # clients that go away are part of the tests


class Door:
    """answer(handler) gives the reply, or None to close; without one all is passed on."""

    def __init__(self, to):
        self.to, self.answer, self.seen = to, None, []
        self.hanging, self.ended = threading.Event(), threading.Event()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.door = self
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def methods(self):
        return [method for method, *_ in self.seen]

    def close(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()
