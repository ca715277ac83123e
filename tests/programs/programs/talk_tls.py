# SPDX-License-Identifier: GPL-2.0
"""A TLS server that answers what it gets, and clients in several situations.

talk_tls.py serve PORT PEM    answers each line with the same line, in upper case
talk_tls.py big PORT          writes 1 MiB at once, on a socket that does not block: the library
                              is called again and again
talk_tls.py threads PORT      64 threads, each with a connection of its own
talk_tls.py fork PORT         a child goes on with the connection of its parent
talk_tls.py resume PORT       a second connection resumes the session of the first
talk_tls.py old PORT          connects, and asks when the file /tmp/ask is there

Each client prints, for each of its connections, a line: its port, and what it has received.
"""
import os
import select
import socket
import ssl
import sys
import threading
import time

HOST = "127.0.0.1"
THREADS = 64


def unchecked():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def connect(port, context=None, session=None):
    plain = socket.create_connection((HOST, port))
    return (context or unchecked()).wrap_socket(plain, session=session)


def read_line(stream):
    line = b""
    while not line.endswith(b"\n"):
        part = stream.recv(65536)
        if not part:
            break
        line += part
    return line


def ask(stream, text):
    stream.sendall(text.encode() + b"\n")
    return read_line(stream).decode()


def tell(stream, answer):
    print(stream.getsockname()[1], answer, end="", flush=True)


def answer_all(stream):
    with stream:
        while line := read_line(stream):
            stream.sendall(line.upper())


def serve(port, pem):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    listener = socket.create_server((HOST, port), backlog=128)
    while True:
        plain, _ = listener.accept()

        def begin(plain=plain):
            try:
                answer_all(context.wrap_socket(plain, server_side=True))
            except (OSError, ssl.SSLError):
                pass

        threading.Thread(target=begin, daemon=True).start()


def big(port):
    text = "".join("%07d," % number for number in range(131072))
    stream = connect(port)
    stream.setblocking(False)
    left = memoryview(text[:-1].encode() + b"\n")
    while left:
        try:
            left = left[stream.send(left):]
        except ssl.SSLWantWriteError:
            select.select([], [stream], [])
    stream.setblocking(True)
    tell(stream, read_line(stream).decode())


def threads(port):
    lock = threading.Lock()

    def talk(number):
        stream = connect(port)
        answer = "".join(ask(stream, "thread %d says %d" % (number, i)) for i in range(3))
        with lock:
            tell(stream, answer.replace("\n", ";") + "\n")

    all_of_them = [threading.Thread(target=talk, args=(n,)) for n in range(THREADS)]
    for thread in all_of_them:
        thread.start()
    for thread in all_of_them:
        thread.join()


def fork(port):
    stream = connect(port)
    ask(stream, "said by the parent")
    child = os.fork()
    if child == 0:
        answer = ask(stream, "said by the child")
        tell(stream, "%d %s" % (os.getpid(), answer))
        os._exit(0)
    os.waitpid(child, 0)


def resume(port):
    context = unchecked()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    first = connect(port, context)
    tell(first, ask(first, "said first"))
    second = connect(port, context, first.session)
    if not second.session_reused:
        sys.exit("expected the session to be resumed")
    tell(second, ask(second, "said on the resumed session"))


def old(port):
    stream = connect(port)
    print("connected", file=sys.stderr, flush=True)
    while not os.path.exists("/tmp/ask"):
        time.sleep(0.1)
    # The server reads already: only its next call begins after the trace.
    ask(stream, "said first")
    tell(stream, ask(stream, "said on an older connection"))


command, arguments = sys.argv[1], [int(sys.argv[2]), *sys.argv[3:]]
{"serve": serve, "big": big, "threads": threads, "fork": fork, "resume": resume,
 "old": old}[command](*arguments)
