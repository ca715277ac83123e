# SPDX-License-Identifier: GPL-2.0
"""A server of asyncio, and its client.

aio.py serve PORT FILE    answers a line over TCP with the line, many times, or with the file;
                          and a datagram over UDP with the same datagram, reversed
aio.py ask PORT LINE      prints the answer over TCP; the client's port goes to standard error
aio.py send PORT TEXT     the same over UDP
"""
import asyncio
import sys

HOST = "127.0.0.1"


async def answer(reader, writer):
    line = await reader.readline()
    if line == b"file\n":
        with open(sys.argv[3], "rb") as file:
            await asyncio.get_running_loop().sendfile(writer.transport, file)
    else:
        for number in range(3000):
            writer.write(b"%d: %s" % (number, line))
        await writer.drain()
    writer.close()


class Reverser(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data[::-1], addr)


async def serve(port):
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Reverser, local_addr=(HOST, port))
    server = await asyncio.start_server(answer, HOST, port)
    await server.serve_forever()


def tell_port(transport):
    print(transport.get_extra_info("sockname")[1], file=sys.stderr)


async def ask(port):
    reader, writer = await asyncio.open_connection(HOST, port)
    tell_port(writer)
    writer.write(sys.argv[3].encode() + b"\n")
    sys.stdout.buffer.write(await reader.read())


class Sender(asyncio.DatagramProtocol):
    def __init__(self):
        self.answer = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        tell_port(transport)
        transport.sendto(sys.argv[3].encode())

    def datagram_received(self, data, addr):
        self.answer.set_result(data)


async def send(port):
    loop = asyncio.get_running_loop()
    _, sender = await loop.create_datagram_endpoint(Sender, remote_addr=(HOST, port))
    sys.stdout.buffer.write(await sender.answer)


asyncio.run({"serve": serve, "ask": ask, "send": send}[sys.argv[1]](int(sys.argv[2])))
