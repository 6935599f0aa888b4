"""How fast `check(case, as_of)` is: patients a second of one core, and how that compares with plain JSON.

Of the rules as they are used: their sources, or compiled (`make compiled`, TRACKER_COMPILED_RULES=1).
Measured twice: as a caller pays who needs dates and codes, and with the words and the proof of every alert
read. Times are of the processor, so other work on the machine changes them less.
"""

import argparse
import gc
import json
import sys
from collections.abc import Callable
from functools import partial
from statistics import median
from time import process_time_ns

from patients import ClinicPatients

from tracker.compiled import are_used
from tracker.rules.casefile import case_from
from tracker.rules.check import check
from tracker.rules.facts import Case

# Patients are made a row at a time and then checked one after the other, as a scan goes through them.
ROW = 200
PROGRESS_EVERY = 2_000
LONG_PATIENTS = 101


def spent(work: Callable[[], object]) -> int:
    """Nanoseconds of processor time one call takes."""
    started = process_time_ns()
    work()
    return process_time_ns() - started


def check_all(cases: list[Case]) -> None:
    for case in cases:
        check(case, case.as_of)


def read_one(case: Case) -> None:
    """Check a patient and read every word of it."""
    for alert in check(case, case.as_of).alerts:
        assert alert.message
        assert alert.proof


def read_all(cases: list[Case]) -> None:
    for case in cases:
        read_one(case)


def read_and_write(texts: list[str]) -> None:
    """The yardstick: the same patients as JSON."""
    for text in texts:
        json.dumps(json.loads(text))


class Times:
    """Nanoseconds: of rows of patients, and of each patient alone."""

    def __init__(self) -> None:
        self.patients = self.checking = self.reading = self.yardstick = 0
        self.each: list[int] = []
        self.each_read: list[int] = []

    def measure(self, row: list[ClinicPatients]) -> None:
        documents = [patient.document() for patient in row]
        cases, texts = [case_from(each) for each in documents], [json.dumps(each) for each in documents]
        # What making them left behind is not the check's, nor is a round of the collector through all that is
        # loaded: it takes 5 ms and would fall into one check or another. The check leaves nothing to collect.
        del documents
        gc.collect()
        gc.freeze()
        self.patients += len(cases)
        self.checking += spent(partial(check_all, cases))
        self.reading += spent(partial(read_all, cases))
        self.yardstick += spent(partial(read_and_write, texts))
        self.each += [spent(partial(check, case, case.as_of)) for case in cases]
        self.each_read += [spent(partial(read_one, case)) for case in cases]

    def a_second(self, nanoseconds: int) -> str:
        return f"{self.patients / (nanoseconds / 1e9):,.0f}"

    def round_trips(self, nanoseconds: int) -> str:
        return f"{nanoseconds / self.yardstick:.2f}"


def ms(nanoseconds: float) -> str:
    return f"{nanoseconds / 1e6:.2f} ms"


def middle_and_slowest(nanoseconds: list[int]) -> str:
    return f"{ms(median(nanoseconds))} median, {ms(max(nanoseconds))} slowest"


def report(total: int) -> None:
    times = Times()
    for first in range(0, total, ROW):
        times.measure([ClinicPatients(seed) for seed in range(first, min(first + ROW, total))])
        if times.patients % PROGRESS_EVERY == 0:
            print(f"{times.patients:,} of {total:,} patients", file=sys.stderr, flush=True)
    ranked = sorted(times.each)
    slow = ranked[-max(1, len(ranked) // 100) :]
    print(f"patients per second per core  {times.a_second(times.checking)}")
    print(f"  with every word read        {times.a_second(times.reading)}")
    print(f"median                        {ms(median(ranked))}")
    print(f"slowest 1 % take at least     {ms(slow[0])}")
    print(f"slowest                       {ms(slow[-1])}")
    print(f"JSON read and written         {times.a_second(times.yardstick)} per second")
    print(f"check in JSON round trips     {times.round_trips(times.checking)}")
    print(f"  with every word read        {times.round_trips(times.reading)}")


def report_long() -> None:
    """Patients with far more history than a clinic keeps."""
    times = Times()
    times.measure([ClinicPatients(seed, fills=200, authorizations=40) for seed in range(LONG_PATIENTS)])
    print(f"200 fills, 40 authorizations  {middle_and_slowest(times.each)} of {LONG_PATIENTS}")
    print(f"  with every word read        {middle_and_slowest(times.each_read)}")
    print(f"  in JSON round trips         {times.round_trips(times.checking)}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how fast patients are checked.")
    parser.add_argument("--patients", type=int, default=20_000)
    total = max(1, parser.parse_args().patients)
    print(f"rules                         {'compiled' if are_used() else 'of their sources'}")
    report(total)
    report_long()


if __name__ == "__main__":
    main()
