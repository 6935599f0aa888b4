"""Tags of patients: free, short, one by one and for many alerts, counted and filtered on the worklist."""

from datetime import timedelta

import pytest
from sqlalchemy import select

import kept
import make
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.tag import PatientTag, Tag
from tracker.rules.words import Severity
from tracker.services import bulk_acts, tags
from tracker.services.actor import Actor
from tracker.services.bulk_acts import Act, Wish
from tracker.services.errors import NotFound, Refused
from tracker.services.worklist_filters import Asker, Filters, Status
from tracker.services.worklist_page import Place, matching_ids, work_page


@pytest.fixture
def who(session, cast):
    return make.patient(session, cast.renal)


@pytest.fixture
def place(cast):
    return {"clinic_id": cast.renal.id, "actor": Actor("Ana", cast.ana.id), "now": kept.CHECKED}


def names(session, patient):
    found = tags.of_patient(session, clinic_id=patient.clinic_id, patient_id=patient.id)
    return [name for _, name in found]


def page(session, cast, **filters):
    return work_page(session, Asker(cast.renal.id, cast.ana.id, kept.DAY), Filters(**filters), Place())


def id_of(session, name):
    return session.scalars(select(Tag.id).where(Tag.name == name)).one()


def test_two_spellings_are_one_tag_in_the_first_spelling(session, cast, who, place):
    other = make.patient(session, cast.renal, mrn="other")

    tags.add(session, " Travels  in winter ", patient_id=who.id, **place)
    tags.add(session, "travels in WINTER", patient_id=other.id, **place)

    assert names(session, who) == names(session, other) == ["Travels in winter"]
    assert session.query(Tag).count() == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 31, "a\x00b"])
def test_a_name_that_cannot_be_is_refused(session, who, place, name):
    with pytest.raises(Refused):
        tags.add(session, name, patient_id=who.id, **place)


def test_a_second_time_and_an_eleventh_tag_are_refused(session, who, place):
    for number in range(10):
        tags.add(session, f"tag {number}", patient_id=who.id, **place)

    with pytest.raises(Refused, match="tagged tag 3 already"):
        tags.add(session, "Tag 3", patient_id=who.id, **place)
    with pytest.raises(Refused, match="Remove one first"):
        tags.add(session, "another", patient_id=who.id, **place)


def test_a_clinic_uses_no_more_than_a_list_can_offer(session, who, place, monkeypatch):
    monkeypatch.setattr(tags, "MOST_OF_CLINIC", 1)
    tags.add(session, "one", patient_id=who.id, **place)

    with pytest.raises(Refused, match="Use one of them"):
        tags.add(session, "two", patient_id=who.id, **place)


def test_adding_and_removing_are_audited_with_the_name(session, who, place):
    tags.add(session, "travels", patient_id=who.id, **place)
    tags.remove(session, id_of(session, "travels"), patient_id=who.id, **place)

    events = session.scalars(
        select(AuditEvent).where(AuditEvent.table_name == "patient_tag").order_by(AuditEvent.id)
    ).all()
    assert [(each.action, each.patient_id, each.old, each.new) for each in events] == [
        (AuditAction.ADDED, who.id, None, {"tag": "travels"}),
        (AuditAction.REMOVED, who.id, {"tag": "travels"}, None),
    ]
    assert names(session, who) == []


def test_nothing_of_another_clinic_is_tagged_or_told(session, cast, who, place):
    tags.add(session, "travels", patient_id=who.id, **place)
    theirs = place | {"clinic_id": cast.skin.id}
    elsewhere = make.patient(session, cast.skin, mrn="skin")

    with pytest.raises(NotFound):
        tags.add(session, "x", patient_id=who.id, **theirs)
    with pytest.raises(NotFound):
        tags.remove(session, id_of(session, "travels"), patient_id=elsewhere.id, **theirs)
    assert tags.in_use(session, cast.skin.id) == {}
    assert names(session, who) == ["travels"]


def test_what_nobody_bears_any_more_is_not_offered(session, cast, who, place):
    tags.add(session, "travels", patient_id=who.id, **place)
    tags.remove(session, id_of(session, "travels"), patient_id=who.id, **place)

    assert tags.in_use(session, cast.renal.id) == {}


@pytest.fixture
def three(session, cast):
    """Three patients: the first has two alerts, the last a snoozed one."""
    people = [make.patient(session, cast.renal, mrn=f"M{n}", owner_id=cast.ana.id) for n in range(3)]
    snoozed = {"snoozed_until": kept.DAY, "snoozed_by": "Ana", "snooze_reason": "Payer calls back"}
    alerts = [
        kept.alert(session, people[0], key="a"),
        kept.alert(session, people[0], key="b", severity=Severity.INFO),
        kept.alert(session, people[1], key="c", severity=Severity.HIGH),
        kept.alert(session, people[2], key="d", state="snoozed", harm_on=None, **snoozed),
    ]
    return people, alerts


def test_many_alerts_are_tagged_by_their_patients_and_untagged(session, three, place):
    people, alerts = three
    tags.add(session, "travels", patient_id=people[1].id, **place)
    ids = [each.id for each in alerts[:3]]

    foretold = bulk_acts.foretell(session, Wish(Act.TAG, text="Travels"), ids, **place)
    untouched = [names(session, each) for each in people]
    done = bulk_acts.do(session, Wish(Act.TAG, text="Travels"), ids, **place)

    assert untouched == [[], ["travels"], []]
    assert foretold == done
    assert done.changed == ids[:2]
    assert done.refused == {ids[2]: "They are tagged travels already."}
    assert [names(session, each) for each in people] == [["travels"], ["travels"], []]

    gone = bulk_acts.do(session, Wish(Act.UNTAG, text=id_of(session, "travels")), ids, **place)
    assert gone.changed == ids
    assert session.query(PatientTag).count() == 0


def undone(session, place, cast):
    """The last act, taken back a minute later."""
    place = place | {"now": place["now"] + timedelta(minutes=1)}
    last = bulk_acts.last_act(session, clinic_id=cast.renal.id, user_id=cast.ana.id, now=place["now"])
    return last, bulk_acts.undo(session, last.at, **place)


def test_the_last_tagging_of_many_can_be_taken_back_and_spares_who_had_it_before(session, cast, three, place):
    people, alerts = three
    tags.add(session, "travels", patient_id=people[1].id, **place)
    later = place | {"now": kept.CHECKED + timedelta(minutes=1)}
    bulk_acts.do(session, Wish(Act.TAG, text="travels"), [each.id for each in alerts], **later)

    last, done = undone(session, later, cast)

    assert (last.said, last.count) == ("tagged", 2)
    assert set(done.changed) == {people[0].id, people[2].id}
    assert [names(session, each) for each in people] == [[], ["travels"], []]
    with pytest.raises(Refused):  # it is taken back already
        bulk_acts.undo(session, last.at, **place | {"now": kept.CHECKED + timedelta(minutes=3)})


def test_a_tag_that_was_taken_off_comes_back(session, cast, three, place):
    people, alerts = three
    tags.add(session, "travels", patient_id=people[0].id, **place)
    later = place | {"now": kept.CHECKED + timedelta(minutes=1)}
    bulk_acts.do(session, Wish(Act.UNTAG, text=id_of(session, "travels")), [alerts[0].id], **later)

    last, _ = undone(session, later, cast)

    assert (last.said, last.count) == ("untagged", 1)
    assert names(session, people[0]) == ["travels"]


def test_a_tagging_is_not_taken_back_after_ten_minutes_or_by_another(session, cast, three, place):
    people, _ = three
    tags.add(session, "travels", patient_id=people[0].id, **place)
    at, late = place["now"], place["now"] + timedelta(minutes=11)

    for who, now in ((cast.ana, late), (cast.ben, at)):
        with pytest.raises(Refused):
            bulk_acts.undo(session, at, clinic_id=cast.renal.id, actor=Actor(who.name, who.id), now=now)
    assert names(session, people[0]) == ["travels"]


def test_of_an_act_and_a_tagging_the_later_one_is_offered(session, cast, three, place):
    people, alerts = three
    tags.add(session, "travels", patient_id=people[0].id, **place)
    later = place | {"now": kept.CHECKED + timedelta(minutes=1)}
    bulk_acts.do(session, Wish(Act.NOTE, text="called"), [alerts[0].id], **later)
    bulk_acts.do(
        session, Wish(Act.ACKNOWLEDGE), [alerts[2].id], **later | {"now": later["now"] + timedelta(minutes=1)}
    )

    last = bulk_acts.last_act(
        session, clinic_id=cast.renal.id, user_id=cast.ana.id, now=later["now"] + timedelta(minutes=2)
    )

    assert (last.said, last.tagging) == ("acknowledged", None)


def test_a_tag_filters_the_list_and_is_counted_beside_the_other_filters(session, cast, three, place):
    people, alerts = three
    for patient, name in ((people[0], "travels"), (people[1], "travels"), (people[0], "board")):
        tags.add(session, name, patient_id=patient.id, **place)
    travels, board = id_of(session, "travels"), id_of(session, "board")

    everything, some = page(session, cast), page(session, cast, tag=board)
    high = page(session, cast, tag=travels, severities=(Severity.HIGH,))

    assert everything.counts.tag == {travels: 3, board: 2}
    assert everything.tags == {board: "board", travels: "travels"}
    assert {row.line.id for row in some.rows} == {alerts[0].id, alerts[1].id}
    assert some.counts.matching == 2
    assert some.counts.tag == {travels: 3, board: 2}
    assert some.counts.severity == {Severity.CRITICAL: 1, Severity.INFO: 1}
    assert high.counts.matching == 1
    assert high.counts.tag == {travels: 1}
    assert [row.tags for row in high.rows] == [["travels"]]


def test_a_tag_goes_with_words_and_with_every_status(session, cast, three, place):
    people, alerts = three
    for patient in people:
        tags.add(session, "travels", patient_id=patient.id, **place)
    travels = id_of(session, "travels")

    found = page(session, cast, tag=travels, text="fill")

    assert found.counts.matching == len(found.rows) == 3
    assert found.counts.tag == {travels: 3}
    assert [row.line.id for row in page(session, cast, tag=travels, status=Status.SNOOZED).rows] == [
        alerts[3].id
    ]
    assert page(session, cast, tag="0" * 26).rows == []


def test_all_that_match_a_tag_are_taken_for_files_and_acts(session, cast, three, place):
    people, alerts = three
    tags.add(session, "travels", patient_id=people[1].id, **place)
    asker = Asker(cast.renal.id, cast.ana.id, kept.DAY)

    found = matching_ids(session, asker, Filters(tag=id_of(session, "travels")), at_most=10)

    assert found == [alerts[2].id]
