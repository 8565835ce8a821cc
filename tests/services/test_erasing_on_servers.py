"""A person who was erased is in no table's file of the database server, and in no object of the object store."""

import csv
import io
from pathlib import Path

import pytest
from pyarrow import parquet
from sqlalchemy import select, text

from assets.labels.erasing import erase
from assets.labels.intake.adding import add_labels
from assets.labels.synthetic.generator import resumes
from assets.lineage.label_tables import persons
from assets.models.serving.predicting import Classified, Ranked
from assets.models.serving.recording import record
from assets.models.serving.unlabelled import UnlabelledText, read_resumes
from assets.platform import Platform, Settings
from deploy.services.postgresql import PostgreSQLServer

PERSON = "HR-77-4711"
SENTENCE = "I taught seven grey parrots to sort invoices by the smell of their ink."
PREDICTED = "the-aviary-of-parrots"


@pytest.fixture
def platform(tmp_path: Path, s3_address: str, s3_endpoint: str, postgresql_url: str) -> Platform:
    settings = Settings(home=tmp_path / "home", objects=s3_address, s3_endpoint=s3_endpoint, catalogue=postgresql_url)
    return Platform(settings)


@pytest.fixture
def labelled(platform: Platform, tmp_path: Path) -> str:
    """Labels and recorded predictions of the person and others; returns the person's wrapped key."""
    path = tmp_path / "labels.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "label", "text"])
        writer.writerows((each.resume_id, each.category, each.text) for each in resumes(6, 11))
        writer.writerow([PERSON, "FINANCE", f"Accountant with nine years in audit. {SENTENCE}"])
    add_labels(platform, path, "job-category")
    given = [each for each in read_resumes(path) if isinstance(each, UnlabelledText)]
    record(platform, "job-category", "m" * 64, [Classified(each, "FINANCE", 0.75, False) for each in given])
    openings = {each.id: PREDICTED if each.id == PERSON else "a bakery" for each in given}
    record(platform, "match", "m" * 64, [Ranked(each, ((openings[each.id], 0.5),)) for each in given])
    query = select(persons.c.wrapped_key).where(persons.c.person_id == platform.vault.person_of_id(PERSON))
    with platform.catalogue.read() as connection:
        return str(connection.execute(query).scalar_one())


def tables_bytes(platform: Platform, server: PostgreSQLServer) -> bytes:
    """The files of the catalogue's database, as they are on the disk."""
    with platform.catalogue.session() as session:
        session.execute(text("CHECKPOINT"))
        number: int = session.execute(
            text("SELECT oid FROM pg_database WHERE datname = current_database()")
        ).scalar_one()
    [folder] = server.folder.rglob(f"base/{number}")
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


def objects_rows(platform: Platform) -> str:
    """What the Parquet files of the object store hold."""
    contents = [platform.objects.get(info.key) for info in platform.objects.list("")]
    return "".join(str(parquet.read_table(io.BytesIO(data)).to_pylist()) for data in contents if data[:4] == b"PAR1")


def test_no_tables_file_holds_the_key_or_what_was_predicted_and_no_object_the_text(
    platform: Platform, labelled: str, postgresql_server: PostgreSQLServer
) -> None:
    before = tables_bytes(platform, postgresql_server)
    assert labelled.encode() in before
    assert PREDICTED.encode() in before
    assert SENTENCE in objects_rows(platform)
    done = erase(platform, PERSON)
    assert (done.removed.rows, done.predictions) == (1, 2)
    after = tables_bytes(platform, postgresql_server)
    assert labelled.encode() not in after
    assert PREDICTED.encode() not in after
    assert b"a bakery" in after
    assert SENTENCE not in objects_rows(platform)
    assert erase(platform, PERSON) == done
