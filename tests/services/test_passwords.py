"""Passwords: long enough, and not what everybody tries first."""

import pytest

from tracker.services.errors import Refused
from tracker.services.passwords import COMMON, check_password, is_common


def check(password, *, second_factor=False):
    check_password(password, email="kim.tran@renal.example", name="Kim Tran", second_factor=second_factor)


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword1",
        "P@ssw0rdP@ssw0rd!",
        "Password2026!!!!!",
        "qwertyuiop12345",
        "123456789012345",
        "abcdefghijklmnop",
        "aaaaaaaaaaaaaaaaaaaa",
        "sunshine2026!!!!",
        "iloveyouiloveyou",
        "summerwinter2026",
        "1qaz2wsx3edc4rfv",
        "kim.tran@renal.example",
        "kimtran-tracker-2026",
    ],
)
def test_what_is_tried_first_is_refused(password):
    with pytest.raises(Refused, match="first that are tried"):
        check(password)


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "a long, quiet password", "vK2#pq9Lz!mT4xw", "nine grey cats out"],
)
def test_a_sentence_or_chance_is_taken(password):
    check(password)


@pytest.mark.parametrize(
    ("length", "second_factor", "good"),
    [(14, False, False), (15, False, True), (7, True, False), (8, True, True)],
)
def test_beside_a_second_factor_a_password_may_be_shorter(length, second_factor, good):
    password = "vK2#pq9Lz!mT4xw8"[:length]
    if good:
        check(password, second_factor=second_factor)
    else:
        with pytest.raises(Refused, match="at least"):
            check(password, second_factor=second_factor)


@pytest.mark.parametrize("password", ["leavemealone", "harrypotter", "Abrakadabra", "sojdlg123aljg"])
def test_what_leaked_is_refused(password):
    with pytest.raises(Refused, match="among the first that are tried"):
        check_password(password, email="kim@clinic.example", name="Kim Tran", second_factor=True)


def test_an_endless_password_is_refused_at_once():
    with pytest.raises(Refused, match="at most"):
        check("vK2#pq9Lz!mT4xw8" * 5000)


def test_the_list_is_a_list_of_plain_words():
    assert len(COMMON) > 400
    assert all(word.isascii() and word == word.lower() for word in COMMON)
    assert all(is_common(word) for word in COMMON)
