"""How fast `check(case, as_of)` is: patients a second of one core, and how that compares with plain JSON.

Times are of the processor, so other work on the machine hardly changes them.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from functools import partial
from statistics import median
from time import process_time_ns

from patients import ClinicPatients

from tracker.rules.casefile import case_from
from tracker.rules.check import check

PROGRESS_EVERY = 2_000
LONG_PATIENTS = 101


def spent(work: Callable[[], object]) -> int:
    """Nanoseconds of processor time one call takes."""
    started = process_time_ns()
    work()
    return process_time_ns() - started


def measured(patients: Iterable[ClinicPatients], total: int) -> tuple[list[int], list[int]]:
    """Times of checking each patient once, and of reading and writing the same case as JSON."""
    checking, yardstick = [], []
    for number, patient in enumerate(patients, start=1):
        document = patient.document()
        case, text = case_from(document), json.dumps(document)
        checking.append(spent(partial(check, case, case.as_of)))
        yardstick.append(spent(lambda text=text: json.dumps(json.loads(text))))
        if number % PROGRESS_EVERY == 0:
            print(f"{number:,} of {total:,} patients", file=sys.stderr, flush=True)
    return checking, yardstick


def ms(nanoseconds: float) -> str:
    return f"{nanoseconds / 1e6:.2f} ms"


def report(checking: list[int], yardstick: list[int]) -> None:
    ranked = sorted(checking)
    slow = ranked[-max(1, len(ranked) // 100) :]
    print(f"patients per second per core  {len(ranked) / (sum(ranked) / 1e9):,.0f}")
    print(f"median                        {ms(median(ranked))}")
    print(f"slowest 1 % take at least     {ms(slow[0])}")
    print(f"slowest                       {ms(slow[-1])}")
    print(f"JSON read and written, median {ms(median(yardstick))}")
    print(f"check in JSON round trips     {sum(checking) / sum(yardstick):.1f}")


def report_long() -> None:
    """Patients with far more history than a clinic keeps."""
    long = (ClinicPatients(seed, fills=200, authorizations=40) for seed in range(LONG_PATIENTS))
    checking, yardstick = measured(long, LONG_PATIENTS)
    took, ratio = median(checking), sum(checking) / sum(yardstick)
    print(f"200 fills, 40 authorizations  {ms(took)} median, {ms(max(checking))} slowest of {LONG_PATIENTS}")
    print(f"  in JSON round trips         {ratio:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how fast patients are checked.")
    parser.add_argument("--patients", type=int, default=20_000)
    total = max(1, parser.parse_args().patients)
    report(*measured(map(ClinicPatients, range(total)), total))
    report_long()


if __name__ == "__main__":
    main()
