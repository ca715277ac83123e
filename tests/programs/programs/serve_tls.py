# SPDX-License-Identifier: GPL-2.0
"""An HTTP server with asyncio, where OpenSSL sees no socket: serve_tls.py PORT FILE

The file has the key and the certificate. The answer to each question is its path, many times.
"""
import asyncio
import ssl
import sys


async def answer(reader, writer):
    head = await reader.readuntil(b"\r\n\r\n")
    body = b"of %s\n" % head.split()[1] * 3000
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body))
    writer.write(body)
    await writer.drain()
    writer.close()


async def serve():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[2])
    server = await asyncio.start_server(answer, "127.0.0.1", int(sys.argv[1]), ssl=context)
    await server.serve_forever()


asyncio.run(serve())
