"""Servers that behave as they should not: one function takes each connection, plain or behind TLS."""
import contextlib
import socket
import ssl
import struct
import subprocess
import threading


class WildServer:
    """take(connection) is run for each connection in a thread of its own; with a context, behind its handshake.
    `done` is set when the test is over, for those that wait."""

    def __init__(self, take, context=None):
        self.take, self.context, self.done, self.seen = take, context, threading.Event(), 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.seen += 1
                threading.Thread(target=self.one, args=(connection,), daemon=True).start()

    def one(self, connection):
        with contextlib.suppress(OSError, ssl.SSLError):
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            self.take(self, connection)
            if not self.context:
                connection.shutdown(socket.SHUT_WR)
        connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.done.set()
        self.listener.close()


def read_request(connection):
    """Up to the empty line."""
    text = b""
    while b"\r\n\r\n" not in text:
        more = connection.recv(65536)
        if not more:
            raise OSError("ended")
        text += more
    return text.decode()


def reset(connection):
    """Ends with a RST in place of a FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def says(text):
    """Answers with that text, as it is."""
    def take(_server, connection):
        read_request(connection)
        connection.sendall(text if isinstance(text, bytes) else text.encode())
    return take


def certificate(directory, name, days=2, alternative=None, issuer=None, when=None):
    """A self-signed certificate with key, or one of that issuer's; `when`: as faketime(1) understands it."""
    cert, key = directory / f"{name}.pem", directory / f"{name}.key"
    request = directory / f"{name}.csr"
    extension = directory / f"{name}.ext"
    extension.write_text(f"subjectAltName={alternative or 'DNS:' + name}\n"
                         f"basicConstraints=critical,CA:{'FALSE' if issuer else 'TRUE'}\n")
    before = ["faketime", when] if when else []

    def openssl(*args):
        subprocess.run([*before, "openssl", *map(str, args)], check=True, capture_output=True)

    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/O=Wild/CN={name}",
            "-keyout", key, "-out", request)
    signer = ["-CA", issuer[0], "-CAkey", issuer[1], "-CAcreateserial"] if issuer else ["-signkey", key]
    openssl("x509", "-req", "-in", request, *signer, "-days", days, "-extfile", extension, "-out", cert)
    return cert, key


def context_of(pair, version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if version:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
    context.load_cert_chain(*map(str, pair))
    return context
