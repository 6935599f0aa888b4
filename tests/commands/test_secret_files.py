"""`tracker doctor` looks at secrets that stand in files: read now, long enough, and kept from others."""

import pytest

from tracker import secret_files
from tracker.commands.doctor import Level, Visit, _secret_files


@pytest.fixture
def look(app, settings, tmp_path):
    def at(**files):
        found = _secret_files(Visit(app, settings.model_copy(update=files), None))
        return [(each.level, each.text, each.cure) for each in found]

    return at


def write(path, text, mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return path


def test_good_ones_are_not_spoken_of(look, tmp_path):
    kept = write(tmp_path / "one", "of sixteen signs or more\n")

    assert look(smtp_password_file=kept, metrics_token_file=kept, oidc_client_secret_file=kept) == []


def test_one_that_is_not_there_is_bad_and_said_with_its_setting(look, tmp_path):
    [(level, text, cure)] = look(smtp_password_file=tmp_path / "nowhere")

    assert level is Level.BAD
    assert "cannot be read (No such file or directory)" in text
    assert "TRACKER_SMTP_PASSWORD_FILE" in cure


def test_a_short_token_is_bad_and_what_it_is_stays_unsaid(look, tmp_path):
    [(level, text, _)] = look(metrics_token_file=write(tmp_path / "token", "kurz und gut"))

    assert level is Level.BAD
    assert "fewer than 16 characters" in text
    assert "kurz" not in text


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_one_that_others_can_read_or_change_is_pointed_at(look, tmp_path, mode):
    kept = write(tmp_path / "secret", "of the client", mode)
    [(level, _, cure)] = look(oidc_client_secret_file=kept)

    assert (level, cure) == (Level.LOOK, f"chmod 600 {kept}")


@pytest.mark.parametrize("text", ["", " \n", "a\nb", "a\0b", "x" * 10_001])
def test_what_is_no_single_line_is_no_secret(tmp_path, text):
    with pytest.raises(secret_files.NoSecret) as refused:
        secret_files.read(write(tmp_path / "one", text))

    assert "x" * 10 not in str(refused.value)


def test_a_file_wins_over_nothing_and_without_one_the_word_given_counts(tmp_path):
    kept = write(tmp_path / "one", "  of the file \n")

    assert secret_files.current("", kept) == "of the file"
    assert secret_files.current("given", None) == "given"
