"""The dbt project as the asset graph shows it: models with their columns and where these come from, and tests.

dbt itself takes seconds to say this, so it is kept in a small file: made by `make setup`, and again wherever it is missing or
the project's files are no longer those that it was made from.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from assets.labels.warehouse.dbt import PROJECT, DbtCommand, DbtFailed, quiet_environment

if TYPE_CHECKING:
    from sqlglot.schema import MappingSchema

_FILE = "graph.json"
_FORMAT = 1
"""Rises with every change of what is kept."""
_DIALECT = "duckdb"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a model; `comes_from` are assets with their columns."""

    name: str
    type: str
    description: str
    comes_from: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A table that is there before dbt, by the name of the asset that makes it."""

    name: str
    description: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A model; `depends_on` are the names of models, or the assets behind sources. `code` is a hash of its file."""

    name: str
    unique_id: str
    description: str
    materialized: str
    code: str
    depends_on: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Test:
    """A test of a model's rows. `blocking`: where it fails, nothing may go on."""

    name: str
    unique_id: str
    model: str
    description: str
    blocking: bool


@dataclass(frozen=True, slots=True)
class Graph:
    """The sources, the models, each after those that it depends on, and the tests."""

    sources: tuple[Source, ...]
    models: tuple[Model, ...]
    tests: tuple[Test, ...]

    @classmethod
    def read(cls, text: str) -> Self:
        """From JSON, as `write` writes it."""
        found = json.loads(text)
        return cls(
            tuple(Source(**_with_columns(source)) for source in found["sources"]),
            tuple(
                Model(**_with_columns(model) | {"depends_on": tuple(model["depends_on"])}) for model in found["models"]
            ),
            tuple(Test(**test) for test in found["tests"]),
        )

    def write(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))


def graph(home: Path) -> Graph:
    """The graph of the project as it is now; made where it is not kept, in the project's folder or else under `home`.

    Raises DbtFailed.
    """
    name = f"{fingerprint()}-{_FILE}"
    folders = (PROJECT / "target", home / "dbt")
    for folder in folders:
        if (folder / name).exists():
            return Graph.read((folder / name).read_text())
    made = make()
    for folder in folders:
        if _kept(folder, name, made.write()):
            break
    return made


def fingerprint() -> str:
    """16 hexadecimal digits that change with the project's files."""
    digest = sha256(str(_FORMAT).encode())
    for path in _files():
        digest.update(f"\n{path.relative_to(PROJECT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def make() -> Graph:
    """Asks dbt for the project as it is. Takes some seconds; no warehouse is needed. Raises DbtFailed."""
    with tempfile.TemporaryDirectory(prefix="hrdp-dbt-") as folder:
        target = Path(folder)
        command = DbtCommand(("compile",), {**quiet_environment(target), "HRDP_WAREHOUSE": ":memory:"}, target)
        done = subprocess.run(
            command.line,
            cwd=PROJECT,
            env=command.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            said = [line for line in done.stdout.splitlines() if "rror" in line]
            raise DbtFailed(f"dbt can't read its project in {PROJECT}: {' '.join(said[:3]) or done.stderr[-300:]}")
        manifest = json.loads((target / "manifest.json").read_text())
    return _graph(manifest)


def _with_columns(table: Mapping[str, Any]) -> dict[str, Any]:
    columns = (
        Column(**column | {"comes_from": tuple((asset, name) for asset, name in column["comes_from"])})
        for column in table["columns"]
    )
    return {**table, "columns": tuple(columns)}


def _files() -> Iterator[Path]:
    for path in sorted(PROJECT.rglob("*")):
        if path.suffix in {".sql", ".yml", ".md"} and path.relative_to(PROJECT).parts[0] != "target":
            yield path


def _kept(folder: Path, name: str, text: str) -> bool:
    """Another process may read it at any time: it appears whole or not at all. Others of the project's past go."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"{name}.{os.getpid()}"
        unfinished.write_text(text)
        unfinished.replace(folder / name)
        for old in folder.glob(f"*-{_FILE}"):
            if old.name != name:
                old.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _graph(manifest: Mapping[str, Any]) -> Graph:
    nodes = manifest["nodes"]
    assets = {unique_id: source["meta"]["dagster"]["asset_key"][0] for unique_id, source in manifest["sources"].items()}
    assets |= {unique_id: node["name"] for unique_id, node in nodes.items() if node["resource_type"] == "model"}
    schema = _schema(manifest)
    relations = {_relation(each): assets[each["unique_id"]] for each in _tables(manifest)}
    depths: dict[str, int] = {}

    def depth(unique_id: str) -> int:
        if unique_id not in depths:
            above = nodes[unique_id]["depends_on"]["nodes"] if unique_id in nodes else []
            depths[unique_id] = 1 + max(map(depth, above), default=0)
        return depths[unique_id]

    models = sorted(
        (node for node in nodes.values() if node["resource_type"] == "model"),
        key=lambda node: (depth(node["unique_id"]), node["name"]),
    )
    tests = sorted(
        (node for node in nodes.values() if node["resource_type"] == "test"), key=lambda node: str(node["name"])
    )
    return Graph(
        tuple(
            Source(assets[source["unique_id"]], source["description"], tuple(_described(source)))
            for source in manifest["sources"].values()
        ),
        tuple(
            Model(
                name=node["name"],
                unique_id=node["unique_id"],
                description=node["description"],
                materialized=node["config"]["materialized"],
                code=node["checksum"]["checksum"][:16],
                depends_on=tuple(sorted(assets[each] for each in node["depends_on"]["nodes"])),
                columns=tuple(_columns(node, schema, relations)),
            )
            for node in models
        ),
        tuple(
            Test(
                name=node["name"],
                unique_id=node["unique_id"],
                # A test of several models is one of that which comes last.
                model=assets[node.get("attached_node") or max(node["depends_on"]["nodes"], key=depth)],
                description=node["description"],
                blocking=node["config"]["severity"].lower() == "error",
            )
            for node in tests
        ),
    )


def _described(source: Mapping[str, Any]) -> Iterator[Column]:
    for name, described in source["columns"].items():
        yield Column(name, described["data_type"], described["description"], ())


def _columns(node: Mapping[str, Any], schema: "MappingSchema", relations: Mapping[str, str]) -> Iterator[Column]:
    from sqlglot import exp, parse_one
    from sqlglot.lineage import lineage
    from sqlglot.optimizer import optimize

    # Written out again, since `lineage` reads some of what the optimizer leaves only from text.
    sql = optimize(parse_one(node["compiled_code"], dialect=_DIALECT), schema=schema, dialect=_DIALECT).sql(_DIALECT)
    for name, described in node["columns"].items():
        found: set[tuple[str, str]] = set()
        for leaf in lineage(name, sql, schema=schema, dialect=_DIALECT).walk():
            table = leaf.expression.find(exp.Table)
            if not leaf.downstream and table is not None and (asset := relations.get(_named(table))):
                found.add((asset, exp.to_column(leaf.name).name))
        yield Column(name, described["data_type"], described["description"], tuple(sorted(found)))


def _schema(manifest: Mapping[str, Any]) -> "MappingSchema":
    from sqlglot.schema import MappingSchema

    schema = MappingSchema(dialect=_DIALECT)
    for table in _tables(manifest):
        types = {name: column["data_type"] for name, column in table["columns"].items()}
        schema.add_table(table["relation_name"], types, dialect=_DIALECT)
    return schema


def _tables(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return [*manifest["sources"].values(), *models]


def _relation(table: Mapping[str, Any]) -> str:
    from sqlglot import exp

    return _named(exp.to_table(table["relation_name"], dialect=_DIALECT))


def _named(table: Any) -> str:
    return f"{table.db}.{table.name}"


if __name__ == "__main__":
    from assets.platform import Settings

    graph(Settings.from_environment().home)
