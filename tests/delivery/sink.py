"""A relay that takes everything and writes down every recipient: ``python -m tests.delivery.sink PORTFILE LOG``.

What is in the log was taken before the reply left, so the log is what readers got, whatever became of the sender.
"""

import asyncio
import sys
from pathlib import Path


class Taking(asyncio.Protocol):
    def __init__(self, log) -> None:
        self.log, self.buffer, self.recipient, self.in_data = log, b"", b"", False

    def connection_made(self, transport) -> None:
        self.transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        replies = []
        while True:
            if self.in_data:
                end = self.buffer.find(b"\r\n.\r\n")
                if end < 0:
                    break
                self.buffer, self.in_data = self.buffer[end + 5 :], False
                self.log.write(self.recipient + b"\n")
                replies.append(b"250 2.0.0 Ok\r\n")
                continue
            line, found, rest = self.buffer.partition(b"\r\n")
            if not found:
                break
            self.buffer = rest
            replies.append(self.answer(line))
        self.log.flush()
        self.transport.write(b"".join(replies))

    def answer(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"EHLO":
            return b"250-sink\r\n250 PIPELINING\r\n"
        if verb == b"RCPT":
            self.recipient = line.partition(b"<")[2].partition(b">")[0]
        if verb == b"DATA":
            self.in_data = True
            return b"354 go on\r\n"
        return b"250 2.0.0 Ok\r\n"


async def serve(port_file: Path, log_file: Path) -> None:
    with log_file.open("ab", buffering=1 << 16) as log:
        server = await asyncio.get_running_loop().create_server(lambda: Taking(log), "127.0.0.1", 0)
        unfinished = port_file.with_suffix(".new")
        unfinished.write_text(str(server.sockets[0].getsockname()[1]))
        unfinished.rename(port_file)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), Path(sys.argv[2])))
