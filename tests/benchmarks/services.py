"""Weaviate beside the embedded index: import, search, disk, memory, and a switch while clients search.

    python -m tests.benchmarks.services [--rows 14000 200000]

The servers run already: `make benchmark STACK=services` starts them. Both indexes hold the same rows and are asked the same
questions in turn. Passages and questions are ObliQA's where the shared data is there, else generated; vectors are drawn, with
neighbours as those of texts have them. The switches are the platform's own, on the three servers and on
the embedded stores: to a new edition of every document, and to a new index version.
"""

import argparse
import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import psutil

from assets.index.lancedb_store import LanceIndex
from assets.index.rebuild import rebuild
from assets.index.store import IndexStore
from assets.index.weaviate_client import Server
from assets.index.weaviate_nodes import nodes_of
from assets.index.weaviate_schema import Deployment
from assets.index.weaviate_store import WeaviateIndex
from assets.platform import Platform, Settings
from deploy.services.stack import Stack
from tests.benchmarks import figures as report
from tests.benchmarks.clients import Clients
from tests.benchmarks.figures import Figure
from tests.benchmarks.installation import expect, refresh_step_by_step, register
from tests.benchmarks.measuring import milliseconds, percentile, seconds
from tests.benchmarks.memory import MEBIBYTE
from tests.benchmarks.search import DIMENSION, WHERE, drawn_vectors, fill
from tests.benchmarks.texts import passages, questions

ROWS = (14_000, 200_000)
SEARCHES = 200
CLIENTS = 20
EDITED_DOCUMENTS = 300
SETTLING_SECONDS = 2.0
EMBEDDED = "embedded index"
VERSION = "benchmark-1"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.services", description="Measures the servers.")
    parser.add_argument("--rows", nargs="+", type=int, default=ROWS, help="sizes of the indexes, in rows")
    sizes = parser.parse_args().rows
    stack = Stack(Path(os.environ.get("HRDP_HOME") or ".hrdp") / "services")
    if not all(server.is_running() for server in stack.servers):
        parser.error("the servers don't run: start them with make services, or run make benchmark STACK=services")
    os.environ |= {name: value for name, value in stack.settings().items() if name.startswith("AWS_")}
    texts_from = passages(1)[1]
    figures: list[Figure] = []
    for rows in sizes:
        print(f"{rows:,} rows …", file=sys.stderr, flush=True)
        figures += said(of_the_indexes(stack, rows))
    print("switches …", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, on_servers(stack, Path(folder)) as settings:
        figures += said(of_the_switches("Weaviate, S3, PostgreSQL", settings, Path(folder) / "sources"))
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        figures += said(
            of_the_switches("embedded stores", Settings(home=Path(folder) / "home"), Path(folder) / "sources")
        )
    line = report.document(
        "services",
        figures,
        texts_from=texts_from,
        rows=list(sizes),
        searches=SEARCHES,
        clients=CLIENTS,
        weaviate_nodes=len(stack.weaviate),
    )
    print(line)
    report.show([json.loads(line)])


def said(figures: list[Figure]) -> list[Figure]:
    """Tells of figures as soon as they are known: the whole takes its time."""
    for figure in figures:
        print(f"  {figure.name}: {report.readable(figure.value)} {figure.unit}", file=sys.stderr, flush=True)
    return figures


@dataclass(frozen=True, slots=True)
class Measured:
    """One index: rows a second until all can be searched, milliseconds of each search, MiB on disk and in memory: of the whole
    server, or what the process that searches takes for the embedded index."""

    rate: float
    times: list[float]
    disk: float
    memory: float


def of_the_indexes(stack: Stack, rows: int) -> list[Figure]:
    bodies, _ = passages(rows)
    asked = questions(SEARCHES)
    pairs = list(zip(asked, drawn_vectors(np.random.default_rng(2), len(asked)), strict=True))
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name, collection(stack) as (server, deployment):
        folder = Path(name)
        ours = WeaviateIndex.create(server, deployment, VERSION, DIMENSION)
        rate = rows / seconds(lambda: build(ours, bodies))
        written = LanceIndex.create(folder, "benchmark", DIMENSION)
        embedded_rate = rows / seconds(lambda: build(written, bodies))
        began = memory_of(os.getpid())
        embedded: IndexStore = LanceIndex.open(folder, "benchmark")
        times: tuple[list[float], list[float]] = ([], [])
        for store in (ours, embedded):
            expect(store.count(WHERE.generation) == rows, "not every row that was written is served")
            store.search(*pairs[0], 10, WHERE)
        embedded_held = memory_of(os.getpid()) - began
        for question, vector in pairs:
            # In turn, so that whatever else the machine does weighs on both alike.
            for spent, store in zip(times, (ours, embedded), strict=True):
                spent.append(milliseconds(lambda: store.search(question, vector, 10, WHERE)))  # noqa: B023
        weaviate = Measured(rate, times[0], size_of_collection(stack, ours.name), server_memory(stack))
        lance = Measured(embedded_rate, times[1], size_of(folder), embedded_held)
    return compared(rows, weaviate, lance)


def compared(rows: int, weaviate: Measured, lance: Measured) -> list[Figure]:
    def both(name: str, first: float, second: float, unit: str) -> list[Figure]:
        return [
            Figure(f"{name}, {rows:,} rows, Weaviate", round(first, 2), unit),
            Figure(f"{name}, {rows:,} rows, {EMBEDDED}", round(second, 2), unit),
            Figure(f"{name}, {rows:,} rows", round(first / second, 2), "times", EMBEDDED),
        ]

    return [
        *both("import", weaviate.rate, lance.rate, "rows/s"),
        *both("search, p50", percentile(weaviate.times, 50), percentile(lance.times, 50), "ms"),
        *both("search, p95", percentile(weaviate.times, 95), percentile(lance.times, 95), "ms"),
        *both("disk", weaviate.disk, lance.disk, "MiB"),
        *both("memory", weaviate.memory, lance.memory, "MiB"),
    ]


def build(store: IndexStore, bodies: list[str]) -> None:
    """Writes the rows and makes them ready for searches, as a new index is before it is served."""
    fill(store, bodies, np.random.default_rng(1))
    store.optimize()


def of_the_switches(where: str, settings: Settings, sources: Path) -> list[Figure]:
    """A platform whose every document gets a new edition, and which is then cut anew into another index version, both by a
    process of its own as a refresh is, while clients search."""
    sources.mkdir()
    records = sources / "rules.jsonl"
    reading = Platform(settings)
    write_edition(records, 1)
    register(reading, "rules", records)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as writer:
        expect(writer.submit(refreshed, settings).result() == EDITED_DOCUMENTS, "not every document was taken in")
        clients = Clients(reading, CLIENTS, EDITED_DOCUMENTS)
        clients.start()
        time.sleep(SETTLING_SECONDS)
        write_edition(records, 2)
        edition = seconds(
            lambda: expect(writer.submit(refreshed, settings).result() == EDITED_DOCUMENTS, "not changed")
        )
        version = seconds(lambda: expect(writer.submit(rebuilt, settings).result(), "nothing was rebuilt"))
        time.sleep(SETTLING_SECONDS)
    clients.stop()
    expect(clients.editions == {1, 2}, "the clients did not see both editions")
    expect(len(clients.index_versions) == 2, "the clients did not see both index versions")
    times = clients.times
    return [
        Figure(f"refresh to a new edition under load, {where}", round(edition, 1), "s"),
        Figure(f"rebuild to a new index version under load, {where}", round(version, 1), "s"),
        Figure(f"searches of {CLIENTS} clients meanwhile, {where}", len(times), "searches"),
        Figure(f"  p50, {where}", percentile(times, 50), "ms"),
        Figure(f"  p95, {where}", percentile(times, 95), "ms"),
        Figure(f"  longest, {where}", round(max(times), 1), "ms"),
        Figure(f"failed searches, {where}", clients.failed, "searches", at_most=0),
        Figure(f"mixed results, {where}", clients.mixed, "results", at_most=0),
    ]


def refreshed(settings: Settings) -> int:
    """Documents that a refresh added or changed."""
    platform = Platform(settings)
    documents = refresh_step_by_step(platform, "rules").served.result.documents
    platform.catalogue.close()
    return documents.added + documents.changed


def rebuilt(settings: Settings) -> bool:
    """Whether the index was built again, with passages of another size."""
    platform = Platform(replace(settings, chunk_tokens=128))
    try:
        return rebuild(platform, uuid.uuid4().hex) is not None
    finally:
        platform.release()
        platform.catalogue.close()


def write_edition(path: Path, edition: int) -> None:
    with path.open("w") as lines:
        for number in range(EDITED_DOCUMENTS):
            text = (
                f"Edition {edition} of rule {number}: it holds for {edition + number} days from the day of the notice."
            )
            lines.write(json.dumps({"id": f"rule-{number:05d}", "title": f"Rule {number}", "text": text}) + "\n")


@contextmanager
def collection(stack: Stack) -> Iterator[tuple[Server, Deployment]]:
    """A name of its own on the Weaviate server; what is kept under it goes at the end."""
    settings = stack.settings()
    key = settings["HRDP_WEAVIATE_API_KEY"]
    server = Server(nodes_of(settings["HRDP_WEAVIATE_URL"], settings["HRDP_WEAVIATE_GRPC_PORT"], key), key)
    deployment = Deployment(f"benchmark_{uuid.uuid4().hex[:8]}", replication=len(stack.weaviate))
    try:
        yield server, deployment
    finally:
        remove_collections(server, deployment.prefix)
        server.close()


@contextmanager
def on_servers(stack: Stack, folder: Path) -> Iterator[Settings]:
    """Settings of an installation with stores of its own on the servers; its collections and database go at the end."""
    name = f"benchmark_{uuid.uuid4().hex[:8]}"
    stack.postgresql.create_database(name)
    settings = stack.settings() | {
        "HRDP_HOME": str(folder / "home"),
        "HRDP_CATALOGUE": stack.postgresql.url(name),
        "HRDP_OBJECTS": f"{stack.settings()['HRDP_OBJECTS'].rsplit('/', 1)[0]}/{name}",
    }
    with collection(stack) as (_, deployment):
        try:
            yield Settings.from_environment(settings | {"HRDP_WEAVIATE_ALIAS": deployment.alias})
        finally:
            remove_objects(stack, settings["HRDP_OBJECTS"])
            with stack.postgresql.connect("postgres") as connection:
                connection.autocommit = True
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def remove_collections(server: Server, prefix: str) -> None:
    client = server.client_of(server.nodes[0])
    for alias in client.alias.list_all():
        if alias == prefix:
            client.alias.delete(alias_name=alias)
    client.collections.delete([name for name in client.collections.list_all() if name.startswith(prefix)])


def remove_objects(stack: Stack, address: str) -> None:
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    client = stack.s3.client()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/"):
        for each in page.get("Contents", ()):
            client.delete_object(Bucket=bucket, Key=each["Key"])


def server_memory(stack: Stack) -> float:
    return sum(memory_of(node.pid) for node in stack.weaviate if node.pid is not None)


def memory_of(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss) / MEBIBYTE


def size_of_collection(stack: Stack, name: str) -> float:
    return sum(size_of(node.folder / "data" / name.lower()) for node in stack.weaviate)


def size_of(folder: Path) -> float:
    """What a folder takes on the disk, in MiB: what was only set aside counts nothing."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file()) / MEBIBYTE


if __name__ == "__main__":
    main()
