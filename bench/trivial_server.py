"""Reads a request's bytes, looks at nothing, says yes: shows what the load generator could post at most.

usage: python -m bench.trivial_server PORT
"""

import asyncio
import sys
from typing import cast

import uvloop

_YES = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
_LENGTH = b"Content-Length: "


class Yes(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        """Expect the start of a request."""
        self._transport: asyncio.WriteTransport | None = None
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer when a request is complete."""
        if not self._missing:
            length = data.find(_LENGTH) + len(_LENGTH)
            self._missing = data.find(b"\r\n\r\n") + 4 + int(data[length : data.find(b"\r", length)] or 0)
        self._missing -= len(data)
        if not self._missing and self._transport:
            self._transport.write(_YES)


async def serve(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Yes, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
