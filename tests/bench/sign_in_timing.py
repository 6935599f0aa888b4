"""Whether the time of a refused sign-in tells if an account is there: known and unknown addresses in turn.

Real password hashes, whole requests, on SQLite. A ratio of the medians near 1 and a p-value of the
Mann-Whitney test above 0.01 mean that nothing can be told apart. The same for asking for a new password.
"""

import argparse
import logging
import math
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import make  # noqa: E402
from tracker.db import db  # noqa: E402
from tracker.factory import create_app  # noqa: E402
from tracker.models.user import User  # noqa: E402
from tracker.services import users  # noqa: E402
from tracker.settings import Mode, Settings  # noqa: E402

MOST_RATIO = 1.10
LEAST_P = 0.01
WARM_UP = 5


def seconds(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def p_value(first: list[float], second: list[float]) -> float:
    """Of the two-sided Mann-Whitney test, by its normal approximation; equal times hardly occur."""
    ranked = sorted([(value, True) for value in first] + [(value, False) for value in second])
    ranks = sum(rank for rank, (_value, mine) in enumerate(ranked, start=1) if mine)
    n, m = len(first), len(second)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


def compared(name: str, ask: Callable[[str], object], pairs: int) -> bool:
    """Ask for known and unknown addresses in turn; print what differs. Whether nothing can be told."""
    known, unknown = [], []
    for number in range(pairs + WARM_UP):
        known.append(seconds(lambda n=number: ask(f"known{n:05}@clinic.example")))
        unknown.append(seconds(lambda n=number: ask(f"other{n:05}@clinic.example")))
    known, unknown = known[WARM_UP:], unknown[WARM_UP:]
    ratio, p = median(known) / median(unknown), p_value(known, unknown)
    print(
        f"{name}: {pairs} pairs, known {median(known) * 1000:.1f} ms, "
        f"unknown {median(unknown) * 1000:.1f} ms, ratio {ratio:.3f}, p {p:.3f}"
    )
    return 1 / MOST_RATIO <= ratio <= MOST_RATIO and p > LEAST_P


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pairs", type=int, default=200)
    pairs = parser.parse_args().pairs
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            mode=Mode.TEST,
            instance=Path(folder),
            database_url=f"sqlite:///{folder}/timing.db",
            secret_key="x" * 40,
        )
        app = create_app(settings)
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context():
            db.create_all()
            clinic = make.clinic(db.session)
            hashed = users.hasher.hash(make.PASSWORD)
            for number in range(pairs + WARM_UP):
                address = f"known{number:05}@clinic.example"
                row = User(clinic_id=clinic.id, email=address, name="Known", password_hash=hashed)
                db.session.add(row)
            db.session.commit()
            db.session.remove()
        client = app.test_client()
        fine = [
            compared(
                "sign in",
                lambda email: client.post("/sign-in", data={"email": email, "password": "wrong"}),
                pairs,
            ),
            compared(
                "new password", lambda email: client.post("/forgot-password", data={"email": email}), pairs
            ),
        ]
        with app.app_context():
            db.engine.dispose()
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
