"""The vault: its master key from each origin, keys a person, and originals that open in one place only."""

import base64
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner
from moto import mock_aws
from sqlalchemy import select

from assets.labels.model import LabelRow
from assets.labels.vault.master_key import VaultUnavailable
from assets.labels.vault.originals import opened, sealed
from assets.labels.vault.persons import add_persons, destroy_key, known_persons
from assets.labels.vault.vault import SealBroken, Vault, came_with_id
from assets.lineage.label_tables import persons, vault_keys
from assets.platform import BadSetting, Platform, Settings

_KEY = base64.b64encode(bytes(range(32))).decode()
_ROW = LabelRow(
    7, "ada@example.org", "Ada Lovelace\nAnalyst", "DATA", labelled_at=1_600_000_000_000_000, labeller="Carl"
)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A key service, and the id of a key in it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        yield boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]


def reopened(platform: Platform, **settings: str) -> Vault:
    return Platform(replace(platform.settings, **settings)).vault


class TestMasterKey:
    def test_a_file_is_made_once_for_its_owner_alone_and_said(
        self, platform: Platform, capsys: pytest.CaptureFixture[str]
    ) -> None:
        person = platform.vault.person_of_id("1")
        file = platform.home / "vault.key"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        told = capsys.readouterr().err
        assert str(file) in told
        assert told.count("\n") == 1
        assert file.read_text().strip() not in told
        assert reopened(platform).person_of_id("1") == person
        assert capsys.readouterr().err == ""
        assert [each.name for each in platform.home.glob("vault.key*")] == ["vault.key"]

    def test_one_from_the_environment_makes_no_file(self, platform: Platform) -> None:
        assert reopened(platform, vault_key=_KEY).person_of_id("1") == Vault(bytes(range(32))).person_of_id("1")
        assert not (platform.home / "vault.key").exists()

    def test_a_wrong_key_is_told(self, platform: Platform) -> None:
        reopened(platform, vault_key=_KEY)
        with pytest.raises(VaultUnavailable, match="not the master key that the vault was made with"):
            reopened(platform, vault_key=base64.b64encode(os.urandom(32)).decode())

    def test_a_lost_file_is_not_made_anew(self, platform: Platform) -> None:
        assert platform.vault
        (platform.home / "vault.key").unlink()
        with pytest.raises(VaultUnavailable, match="is gone: bring"):
            reopened(platform)
        assert not (platform.home / "vault.key").exists()

    def test_a_damaged_file_is_told(self, platform: Platform) -> None:
        platform.home.mkdir()
        (platform.home / "vault.key").write_text("secret\n")
        with pytest.raises(VaultUnavailable, match="holds no master key") as told:
            assert platform.vault
        assert "secret" not in str(told.value)

    @pytest.mark.parametrize("text", ["short", base64.b64encode(b"x" * 31).decode(), "ä" * 44])
    def test_a_setting_that_is_no_key_is_refused(self, text: str) -> None:
        with pytest.raises(BadSetting, match="HRDP_VAULT_KEY can't be used") as told:
            Settings.from_environment({"HRDP_VAULT_KEY": text})
        assert text not in str(told.value)

    def test_two_origins_are_refused(self) -> None:
        with pytest.raises(BadSetting, match="set one"):
            Settings.from_environment({"HRDP_VAULT_KEY": _KEY, "HRDP_VAULT_KMS_KEY": "alias/vault"})

    def test_settings_show_no_key(self, tmp_path: Path) -> None:
        from orchestration.command_line.main import main

        done = CliRunner(env={"HRDP_VAULT_KEY": _KEY, "HRDP_HOME": str(tmp_path)}).invoke(main, ["settings", "--json"])
        assert done.exit_code == 0
        assert '"HRDP_VAULT_KEY": "***"' in done.output
        assert _KEY not in done.output
        assert _KEY not in repr(Settings(vault_key=_KEY))


class TestKeyService:
    def test_the_key_is_kept_wrapped_and_unwrapped_again(self, platform: Platform, service: str) -> None:
        first = reopened(platform, vault_kms_key=service)
        assert reopened(platform, vault_kms_key=service).person_of_id("1") == first.person_of_id("1")
        with platform.catalogue.read() as connection:
            assert connection.execute(select(vault_keys.c.wrapped)).scalar_one()
        assert not (platform.home / "vault.key").exists()

    def test_without_its_setting_it_is_asked_for(self, platform: Platform, service: str) -> None:
        reopened(platform, vault_kms_key=service)
        with pytest.raises(VaultUnavailable, match="set HRDP_VAULT_KMS_KEY"):
            reopened(platform)

    def test_a_refusal_is_told(self, platform: Platform, service: str) -> None:
        with pytest.raises(VaultUnavailable, match=r"the key service refuses the key .*\(NotFoundException\)"):
            reopened(platform, vault_kms_key=f"{service[:-4]}0000")


class TestPersons:
    def test_ids_are_keyed_and_kinds_apart(self) -> None:
        vault, other = Vault(b"a" * 32), Vault(b"b" * 32)
        names = {vault.person_of_id("1"), vault.person_of_text("1"), other.person_of_id("1")}
        assert len(names) == 3
        assert [came_with_id(each) for each in (vault.person_of_id("1"), vault.person_of_text("1"))] == [True, False]
        assert vault.labeller("1").removeprefix("labeller-") not in {name.removeprefix("person-") for name in names}

    def test_a_key_comes_back_and_is_gone_once_destroyed(self, platform: Platform) -> None:
        vault = platform.vault
        one, two = vault.person_of_id("1"), vault.person_of_id("2")
        key = vault.new_key()
        with platform.catalogue.write() as connection:
            add_persons(connection, vault, [(one, key), (two, vault.new_key())])
            destroy_key(connection, two)
        with platform.catalogue.read() as connection:
            known = known_persons(connection, vault, [one, two, vault.person_of_id("3")])
            wrapped = connection.execute(select(persons.c.wrapped_key).where(persons.c.person_id == one)).scalar_one()
        assert known.keys == {one: key}
        assert known.erased == {two}
        with pytest.raises(SealBroken):
            vault.unwrap(two, wrapped)


class TestSeal:
    def test_an_original_comes_back_whole(self) -> None:
        key = Vault(b"a" * 32).new_key()
        assert opened(key, "batch", sealed(key, "batch", "person-1", _ROW)) == _ROW

    def test_it_opens_nowhere_else(self) -> None:
        key = Vault(b"a" * 32).new_key()
        stored = sealed(key, "batch", "person-1", _ROW)
        for wrong_key, batch, row in ((b"x" * 32, "batch", 7), (key, "other", 7), (key, "batch", 8)):
            with pytest.raises(SealBroken):
                opened(wrong_key, batch, replace(stored, row=row))

    def test_equal_originals_look_different(self) -> None:
        key = Vault(b"a" * 32).new_key()
        assert len({sealed(key, "batch", "person-1", _ROW).ciphertext for _ in range(3)}) == 3
