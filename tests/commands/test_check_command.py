"""`tracker check`: for people, as JSON, as JSON lines, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tracker.commands.check import check

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
                    "quantity_limit": None,
                    "step_therapy": False,
                    "source": "Acme formulary p. 41",
                    "verified_on": "2026-01-05",
                }
            ],
        }
    ],
    "patient": {
        "mrn": "100234",
        "name": {"family": "Alvarez", "given": "Rosa"},
        "coverages": [{"id": "c1", "plan": "gold", "from": "2026-01-01"}],
        "regimens": [
            {
                "id": "r1",
                "drug": "cyclosporine",
                "strengths_mg": [100, 25],
                "dose_mg": 100,
                "doses_per_day": 2,
                "days_supply": 30,
                "from": "2026-01-01",
            }
        ],
        "fills": [{"id": "f1", "on": "2026-06-05", "days_supply": 30, "units": {"J7502": 60}}],
        "planned_fills": [{"on": "2026-07-04"}],
        "authorizations": [
            {
                "id": "PA1",
                "kind": "prior_authorization",
                "number": "A-1",
                "plan": "gold",
                "status": "approved",
                "from": "2026-01-01",
                "to": "2026-07-31",
            }
        ],
    },
}
BAD = {**CASE, "patient": {**CASE["patient"], "fills": [{"id": "f1", "on": "2026-06-09", "days_supply": 30}]}}
REFUSAL = "patient.fills[0].on: is after as_of, 2026-06-08: plan it instead"


def run(*arguments: str, text: bytes | str | None = None) -> Result:
    return CliRunner().invoke(check, list(arguments), input=text)


def file(folder: Path, text: str | bytes, name: str = "case.json") -> str:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def test_answer_for_people(tmp_path: Path) -> None:
    result = run(file(tmp_path, json.dumps(CASE)))

    assert result.exit_code == 0
    assert "Check of Mon 2026-06-08, MRN 100234" in result.stdout
    assert "Next fill          Sat 2026-07-04" in result.stdout
    assert "Sat 2026-07-04  planned     30 days  60 J7502  gold  verify: Quantity" in result.stdout
    assert "refused: PA ends before the refill" in result.stdout
    assert "Warning: PA A-1 ends on" not in result.stdout
    assert "(Acme formulary p. 41, verified 2026-01-05)" in result.stdout
    assert "Alvarez" not in result.stdout


def test_covered_fill_names_its_authorization(tmp_path: Path) -> None:
    case = json.loads(json.dumps(CASE))
    case["plans"][0]["rules"][0]["quantity_limit"] = False
    case["patient"]["authorizations"][0]["to"] = None
    del case["patient"]["mrn"]

    result = run(file(tmp_path, json.dumps(case)))

    assert "Check of Mon 2026-06-08\n" in result.stdout
    assert "gold  covered by PA1" in result.stdout
    assert "Earliest denial    none in the next 12 months" in result.stdout
    assert "Start renewal by   none" in result.stdout


def test_covered_fill_without_authorization(tmp_path: Path) -> None:
    case = json.loads(json.dumps(CASE))
    case["plans"][0]["rules"][0] |= {"quantity_limit": False, "prior_authorization": False}
    case["patient"]["authorizations"] = []

    assert "gold  covered\n" in run(file(tmp_path, json.dumps(case))).stdout


def test_nobody_pays_and_no_fill_before(tmp_path: Path) -> None:
    case = json.loads(json.dumps(CASE))
    case["patient"] |= {"coverages": [], "authorizations": [], "fills": []}

    result = run(file(tmp_path, json.dumps(case)))

    assert "no plan  refused: No coverage" in result.stdout
    assert "Earliest denial    Mon 2026-06-08: No coverage\n" in result.stdout


def test_the_last_permitted_fill_and_the_bridges_are_told(tmp_path: Path) -> None:
    case = json.loads(json.dumps(CASE))
    case["patient"]["planned_fills"] = []
    case["patient"]["authorizations"][0]["to"] = "2026-06-30"

    said = run(file(tmp_path, json.dumps(case))).stdout

    assert "A fill for 30 days is permitted from Sun 2026-06-28 through Tue 2026-06-30." in said
    assert "Bridge plan for the fill of Sun 2026-07-05: PA ends before the refill" in said
    assert "Until: Sat 2026-07-04 00:00 CDT, 24 hours before the day of the fill" in said
    assert "(unverified)" in said
    assert "Ask the payer; its own text wins." in said


def test_where_nothing_helps_it_is_said(tmp_path: Path) -> None:
    case = json.loads(json.dumps(CASE))
    case["patient"] |= {"coverages": [], "authorizations": [], "planned_fills": []}

    said = run(file(tmp_path, json.dumps(case))).stdout

    assert "No permitted fill moves the refused one of Sun 2026-07-05." in said
    assert "No plan pays on that day: none can be asked." in said


def test_where_nothing_is_refused_no_bridge_is_needed(tmp_path: Path) -> None:
    case = json.loads(json.dumps(CASE))
    case["patient"]["authorizations"][0]["to"] = None

    assert "Fill ahead and bridge plan: not needed" in run(file(tmp_path, json.dumps(case))).stdout


def test_answer_as_json(tmp_path: Path) -> None:
    result = run("--json", file(tmp_path, json.dumps(CASE)))

    answer = json.loads(result.stdout)
    assert result.exit_code == 0
    assert answer["format"] == "pa-answer/1"
    assert [each["check"] for each in answer["fills"][0]["checks"]] == [
        "coverage",
        "authorization",
        "quantity_limit",
        "days_supply",
        "too_soon",
        "step_therapy",
    ]


def test_standard_input_is_read() -> None:
    result = run("--json", "-", text=json.dumps(CASE))

    assert json.loads(result.stdout)["next_fill"] == "2026-07-04"


def test_lines_are_answered_in_order(tmp_path: Path) -> None:
    lines = [json.dumps(CASE), "", json.dumps(BAD), "nonsense", json.dumps(CASE)]

    result = run("--jsonl", file(tmp_path, "\n".join(lines)))

    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 2
    assert result.stderr == ""
    assert answers[0] == answers[3]
    assert answers[1] == {"error": REFUSAL}
    assert answers[2]["error"].startswith("document: is not JSON")


def test_good_lines_exit_with_zero(tmp_path: Path) -> None:
    assert run("--jsonl", file(tmp_path, json.dumps(CASE) + "\n")).exit_code == 0


def test_huge_line_is_refused_and_the_next_answered(tmp_path: Path) -> None:
    text = b"[" + b" " * 11_000_000 + b"]\n" + json.dumps(CASE).encode()

    result = run("--jsonl", file(tmp_path, text))

    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert answers[0] == {"error": "document: is larger than 2 MB"}
    assert answers[1]["format"] == "pa-answer/1"


def test_refused_file_says_one_line(tmp_path: Path) -> None:
    result = run("--json", file(tmp_path, json.dumps(BAD)))

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == REFUSAL + "\n"


UNREADABLE = [b"", b"\x00\xff\xfe binary", b"[" * 10_000, b" " * 5_000_001]


@pytest.mark.parametrize("text", UNREADABLE, ids=["empty", "binary", "deep", "large"])
@pytest.mark.parametrize("option", ["--json", None])
def test_unreadable_text_is_refused(tmp_path: Path, text: bytes, option: str | None) -> None:
    path = file(tmp_path, text)

    result = run(*([option] if option else []), path)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("document: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("option", ["--json", "--jsonl"])
def test_missing_file_and_folder_are_refused(tmp_path: Path, option: str) -> None:
    for path in (tmp_path / "none\n.json", tmp_path):
        result = run(option, str(path))

        assert result.exit_code == 2
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
        assert "Traceback" not in result.stderr


def test_help_shows_an_example() -> None:
    result = run("--help")

    assert result.exit_code == 0
    assert "tracker check --json patient.json" in result.stdout
