"""What a person sees who asks the command line for something that can't be: one sentence, the right exit code, no traceback."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assets.documents.sources.base import SourceSpec
from assets.platform import Platform
from orchestration.command_line.main import main


def hrdp(home: Path, *arguments: str, **settings: str) -> Result:
    result = CliRunner().invoke(
        main, [*arguments, "--json"], env={"HRDP_HOME": str(home), "DAGSTER_HOME": None, **settings}
    )
    assert "Traceback" not in result.output
    assert "unforeseen" not in result.output
    return result


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("source", "add", "Bad!", "somewhere", "--kind", "policy"), 2, "small letters"),
        (("source", "add", "rules", "somewhere", "--kind", "law"), 2, "'regulation', 'handbook', 'policy'"),
        (("source", "add", "rules", "/no/such/folder", "--kind", "policy"), 1, "Nothing was registered."),
        (("source", "remove", "rules"), 1, "hrdp source add"),
        (("plan",), 1, "hrdp source add"),
        (("refresh",), 1, "hrdp source add"),
        (("refresh", "--source", "rules"), 1, "hrdp source add"),
        (("search", "leave"), 1, "hrdp refresh"),
        (("search", " "), 2, "empty"),
        (("search", "\udcff leave"), 2, "UTF-8"),
        (("search", "leave", "--kind", "law"), 2, "'regulation', 'handbook', 'policy'"),
        (("search", "leave", "--source", "rules"), 1, "hrdp source add"),
        (("search", "leave", "--as-of", "2024-02-30"), 2, "2024-07-01"),
        (("quarantine", "--source", "rules"), 1, "hrdp source add"),
        (("document", "show", "rules/leave.md"), 1, "hrdp search"),
        (("evaluate", "retrieval", "--questions", "/no/such/file"), 2, "does not exist"),
    ],
)
def test_bad_input_gets_one_sentence(tmp_path: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    result = hrdp(tmp_path / "home", *arguments)
    assert result.exit_code == code
    assert says in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("setting", "value", "code"),
    [
        ("HRDP_CATALOGUE", "mysql://host/name", 1),
        ("HRDP_CATALOGUE", "postgresql://host/name", 1),
        ("HRDP_CATALOGUE", "sqlite://", 1),
        ("HRDP_CHUNK_TOKENS", "5", 2),
        ("HRDP_CHUNK_TOKENS", "many", 2),
        ("HRDP_CHUNK_TOKENS", "100000", 1),
        ("HRDP_OBJECTS", "ftp://host/folder", 1),
        ("HRDP_OBJECTS", "bucket", 2),
    ],
)
def test_a_setting_that_can_not_be_used_is_named(
    platform: Platform, handbook: Path, setting: str, value: str, code: int
) -> None:
    platform.catalogue.close()
    result = hrdp(platform.home, "refresh", **{setting: value})
    assert result.exit_code == code
    assert setting in result.stderr


def test_settings_that_can_not_be_used_are_bad_usage(tmp_path: Path) -> None:
    assert hrdp(tmp_path, "settings", HRDP_LOOK_SECONDS="soon").exit_code == 2


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_home_that_is_a_file_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    result = hrdp(tmp_path / place, "source", "list")
    assert result.exit_code == 1
    assert "HRDP_HOME" in result.stderr


def test_a_plan_goes_on_where_one_source_is_not_there(platform: Platform, handbook: Path, tmp_path: Path) -> None:
    (tmp_path / "lent").mkdir()
    assert hrdp(platform.home, "source", "add", "lent", str(tmp_path / "lent"), "--kind", "policy").exit_code == 0
    (tmp_path / "lent").rmdir()
    planned = hrdp(platform.home, "plan")
    assert planned.exit_code == 1
    assert "lent" in planned.stderr
    sources = json.loads(planned.stdout)["sources"]
    assert sources["handbook"]["documents"]["added"] == 3
    assert "cannot be listed" in sources["lent"]["problem"]


def test_a_secret_in_a_location_is_not_printed(platform: Platform) -> None:
    from assets.documents import registry

    for number, user in enumerate(("name:s3cret", "s3cret")):
        registry.add(platform.catalogue, SourceSpec(f"rules-{number}", "policy", f"https://{user}@host/rules.git"))
    listed = hrdp(platform.home, "source", "list")
    assert set(json.loads(listed.stdout)["sources"]) == {"rules-0", "rules-1"}
    assert "s3cret" not in listed.output
    result = CliRunner().invoke(main, ["source", "list"], env={"HRDP_HOME": str(platform.home)})
    assert "rules-1" in result.output
    assert "s3cret" not in result.output
