"""How many requests a second one core of the load generator makes against a trivial endpoint, beside `wrk` and `hey`.

The endpoint answers in C-parsed HTTP with a body of the size of a course list, on the other core. A run that comes near
the figure for `our members` measures the generator, not its target: it warns when its own core is above 90 %.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fixtures.waiting import until

ROOT = Path(__file__).parent.parent.parent
SECONDS = 6
ROUNDS = 2
USERS = 32

ENDPOINT = """
import asyncio, sys
BODY = b'{"courses": [' + b", ".join(b'{"id": "course-%d", "title": "A course"}' % n for n in range(20)) + b"]}"
ANSWER = b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(BODY) + BODY

class Trivial(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        self.transport.write(ANSWER * data.count(b"\\r\\n\\r\\n"))

async def main():
    server = await asyncio.get_running_loop().create_server(Trivial, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()

import uvloop
uvloop.run(main())
"""

LOCUST = """
import sys
sys.path.insert(0, {root!r})
import time
from locust import FastHttpUser, task
from load.marks import Marks
from load.report import Limits
from load.share import Member, Order, Share

share = Share("bench")
member = Member(name="viewer of a", role="viewer", email="v@a.test", organizations=("a",), ids=("1",))
marks = Marks(texts={{f"a private title of organization b, {{n}}": "b" for n in range(60)}})
limits = Limits(users={users}, duration=60, max_requests=10**9, rate=10**9, spawn_rate=100)
share.begin(Order(began=time.time(), number=0, width=1, limits=limits, members=[member], marks=marks))

class Bare(FastHttpUser):
    @task
    def get(self):
        self.client.get("/", name="bare")

class Ours(FastHttpUser):
    @task
    def get(self):
        with share.turn(), self.client.get("/", name="ours", catch_response=True) as answer:
            share.examine((answer.content or b"").decode(), answer.status_code, member, "GET /")
            answer.success()
        share.count("ours", answer.request_meta["response_time"], None)
"""


def measure() -> dict[str, float]:
    """Requests a second, each by one process."""
    figures: dict[str, float] = {}
    with _endpoint() as port, tempfile.TemporaryDirectory() as folder:
        url = f"http://127.0.0.1:{port}/"
        file = Path(folder) / "bench.py"
        file.write_text(LOCUST.format(root=str(ROOT), users=USERS))
        rounds = [(_locust(file, "Ours", url), _locust(file, "Bare", url)) for _ in range(ROUNDS)]
        ours, bare = (statistics.median(column) for column in zip(*rounds, strict=True))
        figures["our members (paced, scanned, counted), requests/s"] = ours
        figures["Locust alone, requests/s"] = bare
        figures["our members / Locust alone"] = ours / bare
        if wrk := shutil.which("wrk"):
            figures["wrk -t1, requests/s"] = _seen(
                [wrk, "-t1", f"-c{USERS}", f"-d{SECONDS}s", url], r"Requests/sec:\s+([\d.]+)"
            )
        if hey := shutil.which("hey"):
            environment = {**os.environ, "GOMAXPROCS": "1"}
            command = [hey, "-c", str(USERS), "-z", f"{SECONDS}s", url]
            figures["hey, one core, requests/s"] = _seen(command, r"Requests/sec:\s+([\d.]+)", environment)
    return figures


def _locust(file: Path, user: str, url: str) -> float:
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(file),
        "--headless",
        "--only-summary",
        "--json",
        "--host",
        url.rstrip("/"),
    ]
    command += ["-u", str(USERS), "-r", "100", "-t", f"{SECONDS}s", "--loglevel", "ERROR", user]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    [entry] = [each for each in json.loads(done.stdout) if each["num_requests"]]
    # By the seconds that were full: starting and stopping is not what is measured.
    full = sorted(entry["num_reqs_per_sec"].values())[1:]
    return float(sorted(full)[len(full) // 2])


def _seen(command: list[str], pattern: str, environment: dict[str, str] | None = None) -> float:
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
    found = re.search(pattern, done.stdout)
    assert found, done.stdout
    return float(found[1])


@contextmanager
def _endpoint() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = subprocess.Popen([sys.executable, "-c", ENDPOINT, str(port)])
    try:
        until(lambda: socket.create_connection(("127.0.0.1", port)).close() or True, within=10, what="the endpoint")
        yield port
    finally:
        server.kill()
        server.wait()
