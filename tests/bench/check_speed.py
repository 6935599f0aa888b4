"""How fast `check(case, as_of)` is: patients a second of one core, and how that compares with plain JSON.

Measured twice: as a caller pays who needs dates and codes, and with the words and the proof of every alert
read. Times are of the processor, so other work on the machine hardly changes them.
"""

import argparse
import gc
import json
import sys
from collections.abc import Callable, Iterable
from functools import partial
from statistics import median
from time import process_time_ns
from typing import NamedTuple

from patients import ClinicPatients

from tracker.rules.casefile import case_from
from tracker.rules.check import check
from tracker.rules.facts import Case

PROGRESS_EVERY = 2_000
LONG_PATIENTS = 101


def spent(work: Callable[[], object]) -> int:
    """Nanoseconds of processor time one call takes."""
    started = process_time_ns()
    work()
    return process_time_ns() - started


def read_all(case: Case) -> None:
    """Check a patient and read every word of it."""
    for alert in check(case, case.as_of).alerts:
        assert alert.message
        assert alert.proof


class Times(NamedTuple):
    """Of checking each patient, of that with every word read, of reading and writing the case as JSON."""

    checking: list[int]
    reading: list[int]
    yardstick: list[int]


def measured(patients: Iterable[ClinicPatients], total: int) -> Times:
    times = Times([], [], [])
    for number, patient in enumerate(patients, start=1):
        document = patient.document()
        case, text = case_from(document), json.dumps(document)
        times.checking.append(spent(partial(check, case, case.as_of)))
        times.reading.append(spent(partial(read_all, case)))
        times.yardstick.append(spent(lambda text=text: json.dumps(json.loads(text))))
        if number % PROGRESS_EVERY == 0:
            print(f"{number:,} of {total:,} patients", file=sys.stderr, flush=True)
    return times


def ms(nanoseconds: float) -> str:
    return f"{nanoseconds / 1e6:.2f} ms"


def a_second(nanoseconds: list[int]) -> str:
    """How many of these fit into a second."""
    return f"{len(nanoseconds) / (sum(nanoseconds) / 1e9):,.0f}"


def middle_and_slowest(nanoseconds: list[int]) -> str:
    return f"{ms(median(nanoseconds))} median, {ms(max(nanoseconds))} slowest"


def report(times: Times) -> None:
    ranked = sorted(times.checking)
    slow = ranked[-max(1, len(ranked) // 100) :]
    print(f"patients per second per core  {a_second(times.checking)}")
    print(f"  with every word read        {a_second(times.reading)}")
    print(f"median                        {ms(median(ranked))}")
    print(f"slowest 1 % take at least     {ms(slow[0])}")
    print(f"slowest                       {ms(slow[-1])}")
    print(f"JSON read and written, median {ms(median(times.yardstick))}")
    print(f"check in JSON round trips     {sum(times.checking) / sum(times.yardstick):.1f}")
    print(f"  with every word read        {sum(times.reading) / sum(times.yardstick):.1f}")


def report_long() -> None:
    """Patients with far more history than a clinic keeps."""
    long = (ClinicPatients(seed, fills=200, authorizations=40) for seed in range(LONG_PATIENTS))
    times = measured(long, LONG_PATIENTS)
    print(f"200 fills, 40 authorizations  {middle_and_slowest(times.checking)} of {LONG_PATIENTS}")
    print(f"  with every word read        {middle_and_slowest(times.reading)}")
    print(f"  in JSON round trips         {sum(times.checking) / sum(times.yardstick):.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how fast patients are checked.")
    parser.add_argument("--patients", type=int, default=20_000)
    total = max(1, parser.parse_args().patients)
    # A round of the collector through all that is loaded takes 5 ms and would fall into one check or another;
    # the check itself leaves nothing to collect.
    gc.freeze()
    report(measured(map(ClinicPatients, range(total)), total))
    report_long()


if __name__ == "__main__":
    main()
