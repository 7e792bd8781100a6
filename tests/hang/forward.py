"""forward.py PORT SOCKET: passes connections on to a Unix socket; begins to listen after a line on its input."""
import socket
import sys
import threading


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for s in (source, sink):  # not close: the other thread waits in it
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main(port, path):
    print("inside", flush=True)
    sys.stdin.readline()
    listener = socket.create_server(("", int(port)), backlog=64)
    print("listens", flush=True)
    while True:
        client, _ = listener.accept()
        server = socket.socket(socket.AF_UNIX)
        server.connect(path)
        threading.Thread(target=pump, args=(client, server), daemon=True).start()
        threading.Thread(target=pump, args=(server, client), daemon=True).start()


main(*sys.argv[1:])
