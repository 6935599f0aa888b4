"""How long pages take while 20 people work at once in a clinic of 5,000 patients, on SQLite.

The product runs as its own process; each person opens a page, reads it for about five seconds (`--rest`) and
opens the next.
Times are of the clock, as people wait them: run it on a machine that does nothing else.
"""

import argparse
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from statistics import quantiles
from urllib.parse import urlencode

from waitress import serve

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from crowd import crowd, settings_in  # noqa: E402
from tracker.factory import create_app  # noqa: E402
from tracker.serving import spare_the_collector  # noqa: E402
from tracker.settings import DEMO_EMAIL, DEMO_PASSWORD  # noqa: E402

PORT = 5197
LIMIT_MS = 100
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Person(threading.Thread):
    """Somebody who signs in and then opens page after page."""

    def __init__(self, seed: int, pages: dict[str, list[str]], rest: float) -> None:
        super().__init__()
        self.random, self.pages, self.rest, self.until = Random(seed), pages, rest, 0.0
        self.took: dict[str, list[float]] = defaultdict(list)
        self.cookie = ""

    def run(self) -> None:
        while time.monotonic() < self.until:
            time.sleep(self.random.expovariate(1 / self.rest))
            name = self.random.choice(list(self.pages))
            began = time.perf_counter()
            status = self.ask("GET", self.random.choice(self.pages[name]))
            assert status == 200 or name == "find", (name, status)  # one match leads to its page
            self.took[name].append((time.perf_counter() - began) * 1000)

    def sign_in(self) -> None:
        self.ask("GET", "/sign-in")
        self.ask("POST", "/sign-in", urlencode({"email": DEMO_EMAIL, "password": DEMO_PASSWORD}))

    def ask(self, method: str, path: str, body: str | None = None) -> int:
        with closing(HTTPConnection("127.0.0.1", PORT, timeout=30)) as connection:
            connection.request(method, path, body, {"Cookie": self.cookie, **(FORM if body else {})})
            answer = connection.getresponse()
            answer.read()
            for value in answer.headers.get_all("Set-Cookie", []):
                self.cookie = value.split(";")[0]
            return answer.status


def pages_of(database: Path) -> dict[str, list[str]]:
    """What a coordinator opens on a morning, with records of all over the clinic."""
    with closing(sqlite3.connect(database)) as reading:

        def some(table: str) -> list[str]:
            query = f"SELECT id FROM {table} ORDER BY random() LIMIT 300"  # noqa: S608 - names of ours
            return [row[0] for row in reading.execute(query)]

        return {
            "Today": ["/"],
            "worklist": ["/alerts", "/alerts?severity=critical", "/alerts?severity=high"],
            "alert": [f"/alerts/{each}" for each in some("alert")],
            "patients": ["/patients", "/patients?q=a"],
            "patient": [f"/patients/{each}" for each in some("patient")],
            "find": ["/patients/search?q=ort", "/patients/search?q=1984"],
            "calendar": ["/calendar/"],
        }


@contextmanager
def served(folder: Path) -> Iterator[None]:
    server = subprocess.Popen([sys.executable, __file__, "--serve", str(folder)])
    try:
        for _ in range(100):
            try:
                with closing(HTTPConnection("127.0.0.1", PORT, timeout=1)) as connection:
                    connection.request("GET", "/sign-in")
                    connection.getresponse().read()
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait(10)


def report(took: dict[str, list[float]]) -> None:
    print(f"{'page':10} {'requests':>8} {'median':>8} {'p95':>8}")
    for name, times in took.items():
        cuts = quantiles(times, n=20)
        print(f"{name:10} {len(times):8} {cuts[9]:5.0f} ms {cuts[18]:5.0f} ms")
    every = [each for times in took.values() for each in times]
    print(f"all: {len(every)} requests, p95 {quantiles(every, n=20)[18]:.0f} ms; wanted: under {LIMIT_MS} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure pages while many people work at once.")
    parser.add_argument("--patients", type=int, default=5_000)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rest", type=float, default=5.0, help="seconds a page is read, on average")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        app = create_app(settings_in(given.serve))
        app.config["WTF_CSRF_ENABLED"] = False
        spare_the_collector()
        serve(app, host="127.0.0.1", port=PORT, threads=8)
        return
    with tempfile.TemporaryDirectory(prefix="tracker-load-") as name:
        folder = Path(name)
        print(f"making {given.patients:,} patients", file=sys.stderr, flush=True)
        crowd(settings_in(folder), given.patients)
        pages = pages_of(folder / "tracker.db")
        with served(folder):
            people = [Person(seed, pages, given.rest) for seed in range(given.people)]
            for each in people:
                each.sign_in()
            for (
                kind
            ) in pages.values():  # not counted: the first of each page after a start reads its template
                people[0].ask("GET", kind[0])
            until = time.monotonic() + given.seconds
            for each in people:
                each.until = until
                each.start()
            for each in people:
                each.join()
        took: dict[str, list[float]] = {page: [] for page in pages}
        for each in people:
            for page, times in each.took.items():
                took[page] += times
        report(took)


if __name__ == "__main__":
    main()
