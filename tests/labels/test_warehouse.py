"""The warehouse: what is loaded, and that it is made again whatever happened to it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from assets.labels.synthetic.generator import resumes
from assets.labels.warehouse.files import (
    WarehouseUnavailable,
    open_warehouse,
    path_of,
    remove_warehouse,
    write_warehouse,
)
from assets.labels.warehouse.filling import fill_groups, fill_rows
from assets.lineage.label_tables import label_batches
from assets.platform import Platform
from tests.conftest import PROJECT
from tests.labels.warehouses import add_batch, labelled, parquet

TASK = "job-category"


def held(platform: Platform, table: str = "raw.label_rows") -> list[tuple[object, ...]]:
    with open_warehouse(platform, TASK) as connection:
        return connection.sql(f"SELECT * FROM {table} ORDER BY ALL").fetchall()


def test_a_batch_is_loaded_once(platform: Platform) -> None:
    add_batch(platform, TASK, [labelled(1, "a cook", "Chef"), labelled(2, "a lawyer", "Law", labelled_at=5)])
    first = fill_rows(platform, TASK)
    assert (first.batches, first.new_batches, first.rows, first.made_again) == (1, 1, 2, False)
    add_batch(platform, TASK, [labelled(1, "a nurse", "Health")])
    add_batch(platform, "skills", [labelled(1, "of another task", "{}")])
    second = fill_rows(platform, TASK)
    assert (second.batches, second.new_batches, second.new_rows, second.rows) == (2, 1, 1, 3)
    assert fill_rows(platform, TASK).new_batches == 0
    with open_warehouse(platform, TASK) as connection:
        found = connection.sql("SELECT sequence, row, text, label, labelled_at FROM raw.label_rows ORDER BY 1, 2")
        assert found.fetchall() == [
            (1, 1, "a cook", "Chef", None),
            (1, 2, "a lawyer", "Law", 5),
            (2, 1, "a nurse", "Health", None),
        ]


def test_erased_rows_leave_no_byte_behind(platform: Platform) -> None:
    secret = "unmistakable sentence of one candidate"
    kept = labelled(1, "a cook", "Chef")
    batch_id = add_batch(platform, TASK, [kept, labelled(2, secret, "Law")])
    add_batch(platform, TASK, [labelled(1, "a nurse", "Health")])
    fill_groups(platform, TASK)
    assert secret.encode() in path_of(platform, TASK).read_bytes()
    with platform.catalogue.write() as connection:
        connection.execute(
            update(label_batches)
            .where(label_batches.c.batch_id == batch_id)
            .values(rows_blob=platform.blobs.put(parquet([kept])))
        )
    loaded = fill_rows(platform, TASK)
    assert (loaded.made_again, loaded.rows) == (True, 2)
    for path in path_of(platform, TASK).parent.rglob("*"):
        assert path.is_dir() or secret.encode() not in path.read_bytes()


def test_a_batch_that_was_taken_back_is_taken_out(platform: Platform) -> None:
    add_batch(platform, TASK, [labelled(1, "a cook", "Chef")])
    gone = add_batch(platform, TASK, [labelled(1, "a nurse", "Health")])
    fill_groups(platform, TASK)
    with platform.catalogue.write() as connection:
        connection.execute(delete(label_batches).where(label_batches.c.batch_id == gone))
    assert fill_rows(platform, TASK).rows == 1
    assert fill_groups(platform, TASK).texts == 1


@pytest.mark.parametrize("damage", ["removed", "garbage", "cut", "other layout"])
def test_a_damaged_warehouse_is_made_again(platform: Platform, damage: str) -> None:
    add_batch(platform, TASK, [labelled(number, f"text number {number}", "HR") for number in range(1, 30)])
    fill_groups(platform, TASK)
    rows, groups = held(platform), held(platform, "raw.duplicate_groups")
    path = path_of(platform, TASK)
    if damage == "removed":
        remove_warehouse(platform, TASK)
        assert not list(path.parent.glob("*.duckdb*"))
    elif damage == "garbage":
        path.write_bytes(b"not a database" * 1000)
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:5000])
    else:
        with write_warehouse(platform, TASK) as connection:
            connection.execute("UPDATE raw.layout SET version = 'earlier'")
    fill_groups(platform, TASK)
    assert held(platform) == rows
    assert held(platform, "raw.duplicate_groups") == groups


def test_a_step_that_is_killed_is_finished_by_the_next(platform: Platform) -> None:
    texts = [resume.text for resume in resumes(200, 21, near_duplicates=0.3)]
    add_batch(platform, TASK, [labelled(number, text, "HR") for number, text in enumerate(texts)])
    for killed_in in ("fill_rows", "fill_groups"):
        code = (
            "import os, signal, sys; from pathlib import Path\n"
            "from assets.platform import Platform, Settings; from assets.labels.warehouse import filling\n"
            "platform = Platform(Settings(home=Path(sys.argv[1])))\n"
            f"filling.{killed_in}(platform, '{TASK}', lambda done: os.kill(os.getpid(), signal.SIGKILL))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(platform.home)],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )
        assert done.returncode == -signal.SIGKILL
    found = fill_groups(platform, TASK)
    assert found.texts == len({row[6] for row in held(platform)})
    mended = held(platform, "raw.duplicate_groups")
    remove_warehouse(platform, TASK)
    fill_groups(platform, TASK)
    assert held(platform, "raw.duplicate_groups") == mended


def test_a_missing_or_busy_warehouse_is_told_in_a_sentence(platform: Platform, tmp_path: Path) -> None:
    with (
        pytest.raises(WarehouseUnavailable, match="hrdp dataset build --task job-category"),
        open_warehouse(platform, TASK),
    ):
        pass
    add_batch(platform, TASK, [labelled(1, "a cook", "Chef")])
    fill_rows(platform, TASK)
    with open_warehouse(platform, TASK), pytest.raises(WarehouseUnavailable, match="being read or written"):
        fill_groups(platform, TASK)
    assert fill_groups(platform, TASK).texts == 1


def test_whoever_has_the_warehouse_open_is_waited_for(platform: Platform) -> None:
    add_batch(platform, TASK, [labelled(1, "a cook", "Chef")])
    fill_rows(platform, TASK)
    # As dbt has it for some seconds more when the run that started it is killed.
    code = "import duckdb, sys, time; held = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(1)"
    command = [sys.executable, "-c", code, str(path_of(platform, TASK))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert fill_groups(platform, TASK).texts == 1
        assert holder.wait() == 0
