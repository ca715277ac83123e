# SPDX-License-Identifier: GPL-2.0
"""Asks a server over TLS and prints its answer: ask_tls.py PORT PATH [asyncio]

With a blocking socket, or with asyncio, where OpenSSL sees no socket.
"""
import asyncio
import socket
import ssl
import sys

HOST, PORT = "127.0.0.1", int(sys.argv[1])
QUESTION = b"GET %s HTTP/1.0\r\n\r\n" % sys.argv[2].encode()


def unchecked():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def ask():
    with socket.create_connection((HOST, PORT)) as plain:
        with unchecked().wrap_socket(plain) as stream:
            stream.sendall(QUESTION)
            while part := stream.recv(65536):
                sys.stdout.buffer.write(part)


async def ask_asyncio():
    reader, writer = await asyncio.open_connection(HOST, PORT, ssl=unchecked())
    writer.write(QUESTION)
    sys.stdout.buffer.write(await reader.read())


if sys.argv[3:] == ["asyncio"]:
    asyncio.run(ask_asyncio())
else:
    ask()
