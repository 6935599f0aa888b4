"""Calendar sums of the reference: months, federal holidays as observed, business days."""

from datetime import date, timedelta

FAR = date(9999, 12, 31)


def plus(day: date, count: int) -> date:
    return day + timedelta(days=count)


def between(first: date, last: date) -> int:
    return (last - first).days


def plus_months(day: date, count: int) -> date:
    """The same day `count` months on; where there is none, the first of the next month."""
    year, month = day.year, day.month
    for _ in range(count):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    try:
        return date(year, month, day.day)
    except ValueError:
        return plus_months(date(year, month, 1), 1)


def month_end(day: date) -> date:
    return plus(plus_months(date(day.year, day.month, 1), 1), -1)


def nth_weekday(year: int, month: int, weekday: int, number: int) -> date:
    day = date(year, month, 1)
    while day.weekday() != weekday:
        day = plus(day, 1)
    return plus(day, 7 * (number - 1))


def last_monday_of_may(year: int) -> date:
    day = date(year, 5, 31)
    while day.weekday() != 0:
        day = plus(day, -1)
    return day


def observed(day: date) -> date:
    """A holiday on a Saturday is observed on Friday, one on a Sunday on Monday (5 U.S.C. 6103)."""
    if day.weekday() == 5:
        return plus(day, -1)
    if day.weekday() == 6:
        return plus(day, 1)
    return day


def federal_holidays(year: int) -> list[date]:
    """The legal public holidays of 5 U.S.C. 6103(a), on the days they are observed."""
    found = [observed(date(year, 1, 1)), observed(date(year, 7, 4))]
    found += [observed(date(year, 11, 11)), observed(date(year, 12, 25))]
    if year >= 2021:
        found.append(observed(date(year, 6, 19)))
    found.append(nth_weekday(year, 1, 0, 3))
    found.append(nth_weekday(year, 2, 0, 3))
    found.append(last_monday_of_may(year))
    found.append(nth_weekday(year, 9, 0, 1))
    found.append(nth_weekday(year, 10, 0, 2))
    found.append(nth_weekday(year, 11, 3, 4))
    return found


def business_day(day: date) -> date:
    """This day, or the first after it that is no weekend and no federal holiday."""
    while True:
        holidays = federal_holidays(day.year) + federal_holidays(day.year + 1)
        if day.weekday() < 5 and day not in holidays:
            return day
        day = plus(day, 1)
