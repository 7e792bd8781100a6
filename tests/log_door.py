"""A door before the real Loki: TLS, logins, tenants and an HTTP proxy, as people put them there."""
import base64
import http.client
import http.server
import ssl
import subprocess
import threading

import loki_faults


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, timeout=60)


class Authority:
    """Makes certificates for 127.0.0.1, and for clients."""

    def __init__(self, directory, name="ca"):
        self.directory, self.key, self.certificate = directory, directory / f"{name}.key", directory / f"{name}.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 2,
                "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate)

    def issue(self, name, days=2, address="127.0.0.1"):
        key, request, certificate = (self.directory / f"{name}.{end}" for end in ("key", "csr", "crt"))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                "-keyout", key, "-out", request)
        names = self.directory / f"{name}.ext"
        names.write_text(f"subjectAltName=IP:{address}\n")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                "-days", days, "-extfile", names, "-out", certificate)
        return certificate, key


class Handler(loki_faults.Answering):
    def do_POST(self):
        door = self.server.door
        body = self.rfile.read(int(self.headers["Content-Length"]))
        door.seen.append((self.path, dict(self.headers)))
        refusal = door.refuse(self)
        if refusal and door.endless:
            self.go_on(refusal)
            return
        if refusal:
            self.answer(refusal, b"not you\n")
            return
        connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=30)
        path = self.path[self.path.index("/", 8):] if self.path.startswith("http://") else self.path
        connection.request("POST", path, body, {"Content-Type": self.headers["Content-Type"]})
        reply = connection.getresponse()
        self.answer(reply.status, reply.read())


    def go_on(self, status):
        """A reply without an end."""
        self.close_connection = True
        self.send_response(status)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"and so on, and on, and on\n" * 1000)
        except OSError:
            pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that does not like our certificate goes away; so it should."""


class Door:
    """Passes pushes on to the Loki at `port`. wanted: headers that a push must have, or gets 401."""

    def __init__(self, port, tls=None, wanted=()):
        self.port, self.wanted, self.seen, self.endless = port, dict(wanted), [], False
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.door = self
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def refuse(self, request):
        return 401 if any(request.headers.get(name) != value for name, value in self.wanted.items()) else None

    def end(self):
        self.server.shutdown()
        self.server.server_close()


def server_tls(certificate, key, clients=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    return context


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
