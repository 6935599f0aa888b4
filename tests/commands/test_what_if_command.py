"""`tracker what-if`: two case files, or one with changes, compared in words and as JSON."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from tracker.commands.what_if import what_if

CASE: dict[str, Any] = {
    "format": "pa-case/1",
    "as_of": "2026-06-08",
    "plans": [
        {
            "id": "gold",
            "payer": "Acme Health",
            "line_of_business": "commercial",
            "rules": [
                {
                    "code": "J7502",
                    "covered": True,
                    "prior_authorization": True,
                    "quantity_limit": False,
                    "step_therapy": False,
                }
            ],
        }
    ],
    "patient": {
        "name": {"family": "Alvarez", "given": "Rosa"},
        "coverages": [{"id": "c1", "plan": "gold", "from": "2026-01-01"}],
        "regimens": [
            {
                "id": "r1",
                "drug": "cyclosporine",
                "strengths_mg": [100],
                "dose_mg": 100,
                "doses_per_day": 2,
                "days_supply": 30,
                "from": "2026-01-01",
            }
        ],
        "fills": [{"id": "f1", "on": "2026-06-05", "days_supply": 30, "units": {"J7502": 60}}],
        "authorizations": [
            {
                "id": "PA1",
                "kind": "prior_authorization",
                "plan": "gold",
                "status": "approved",
                "from": "2026-01-01",
                "to": "2026-06-30",
            }
        ],
    },
}


def run(*arguments):
    return CliRunner().invoke(what_if, [str(each) for each in arguments])


@pytest.fixture
def now(tmp_path):
    path = tmp_path / "now.json"
    path.write_text(json.dumps(CASE))
    return path


def test_a_planned_fill_moves_the_denial(now):
    result = run(now, "--set", 'patient.planned_fills[+]={"on": "2026-06-30", "days_supply": 30}')

    assert result.exit_code == 0
    assert "Earliest denial      Sun 2026-07-05   Tue 2026-08-04  changed" in result.stdout
    assert "would be covered" in result.stdout
    assert "Alvarez" not in result.stdout


def test_two_files_are_compared_and_the_closing_alert_is_told(now, tmp_path):
    changed = tmp_path / "changed.json"
    case = json.loads(json.dumps(CASE))
    case["patient"]["authorizations"][0]["to"] = None
    changed.write_text(json.dumps(case))

    said = run(now, changed).stdout

    assert "closes         Warning: Fill on Sun 2026-07-05 will be refused" in said
    assert "Fill ahead and bridge plan: not needed" in said


def test_the_same_facts_do_not_differ(now):
    said = run(now, now).stdout

    assert "nothing would differ" in said
    assert "Alerts that differ: 0; 1 stay as they are" in said


def test_a_worse_alert_says_both_severities(now):
    said = run(now, "--set", "as_of=2026-06-22").stdout

    assert "becomes worse  Warning, then High: " in said


def test_as_json_both_answers_and_what_differs(now):
    found = json.loads(run(now, "--json", "--set", "patient.authorizations[0].to=2026-08-31").stdout)

    assert found["format"] == "pa-what-if/1"
    assert (found["now"]["format"], found["changed"]["format"]) == ("pa-answer/1", "pa-answer/1")
    assert {"label": "Earliest denial", "now": "2026-07-05", "changed": "2026-09-03"} in found["figures"]
    assert found["fills"][0] == {"mark": "now_covered", "now": "2026-07-05", "changed": "2026-07-05"}
    assert [each["mark"] for each in found["alerts"]] == ["closes"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("patient.regimens[0].dose_mg", "write PATH=VALUE"),
        ("patient.regimens[3].dose_mg=1", "leads to nothing"),
        ("patient.nothing.at=1", "leads to nothing"),
        ("patient..%=1", "is no path"),
        ("patient.regimens[0].dose_mg=-1", "patient.regimens[0].dose_mg"),
        ("patient.regimens[0].nonsense=1", "nonsense"),
    ],
)
def test_what_cannot_be_set_is_one_line_and_status_2(now, change, said):
    result = run(now, "--set", change)

    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_missing_file_and_no_change_are_refused(now, tmp_path):
    assert "No such file" in run(tmp_path / "none.json", now).stderr
    assert "one of them" in run(now).stderr
    assert "one of them" in run(now, now, "--set", "as_of=2026-06-09").stderr


def test_whole_entries_can_be_replaced(now):
    fill = '{"id": "f1", "on": "2026-06-01", "days_supply": 30}'

    assert "Next fill            Sun 2026-07-05   Wed 2026-07-01  changed" in (
        run(now, "--set", f"patient.fills[0]={fill}").stdout
    )
