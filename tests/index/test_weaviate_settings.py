"""What the settings of a Weaviate server let through, and how moments are kept on it: no server is needed."""

import random

import pytest

from assets.index.store import BEGINNING, OPEN
from assets.index.weaviate_nodes import nodes_of
from assets.index.weaviate_schema import Deployment, moment_of, ordered_text
from assets.platform import BadSetting, Settings
from tests.conftest import Installation

KEY = "a-key-that-nobody-may-see"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.9.9.9"])
def test_on_this_machine_neither_tls_nor_a_key_is_needed(host: str) -> None:
    [node] = nodes_of(f"http://{host}:8080", "50051", "")
    assert (node.port, node.grpc_port, node.secure) == (8080, 50051, False)
    assert str(node) == f"http://{host}:8080"


@pytest.mark.parametrize(
    "host", ["vectors.example.org", "10.0.0.7", "127.0.0.1.example.org", "[2001:db8::1]", "0.0.0.0"]
)
def test_another_machine_needs_tls_and_a_key(host: str) -> None:
    with pytest.raises(ValueError, match=r"HRDP_WEAVIATE_URL.*https://"):
        nodes_of(f"http://{host}:8080", "50051", KEY)
    with pytest.raises(ValueError, match="HRDP_WEAVIATE_API_KEY"):
        nodes_of(f"https://{host}", "50051", "")
    [node] = nodes_of(f"https://{host}", "50051", KEY)
    assert (node.port, node.secure) == (443, True)


def test_the_nodes_of_a_cluster_are_separated_by_commas() -> None:
    shared = nodes_of("https://a.example.org, https://b.example.org:8443", "50051", KEY)
    assert [(node.host, node.port, node.grpc_port) for node in shared] == [
        ("a.example.org", 443, 50051),
        ("b.example.org", 8443, 50051),
    ]
    own = nodes_of("http://127.0.0.1:8080,http://127.0.0.1:8081", "50051, 50052", "")
    assert [node.grpc_port for node in own] == [50051, 50052]


@pytest.mark.parametrize(
    ("url", "ports", "named"),
    [
        ("localhost:8080", "50051", "HRDP_WEAVIATE_URL"),
        ("https://user:secret@vectors.example.org", "50051", "HRDP_WEAVIATE_URL"),
        ("http://127.0.0.1:8080/v1", "50051", "HRDP_WEAVIATE_URL"),
        ("http://127.0.0.1:eighty", "50051", "HRDP_WEAVIATE_URL"),
        (",", "50051", "HRDP_WEAVIATE_URL"),
        ("http://127.0.0.1:8080", "0", "HRDP_WEAVIATE_GRPC_PORT"),
        ("http://127.0.0.1:8080", "fifty", "HRDP_WEAVIATE_GRPC_PORT"),
        ("http://127.0.0.1:8080", "", "HRDP_WEAVIATE_GRPC_PORT"),
        ("http://127.0.0.1:8080", "50051,50052", "HRDP_WEAVIATE_GRPC_PORT"),
        ("http://127.0.0.1:8080", "8080", "HRDP_WEAVIATE_GRPC_PORT"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_what_to_write(url: str, ports: str, named: str) -> None:
    with pytest.raises(ValueError, match=f"{named}.*write") as caught:
        nodes_of(url, ports, "")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HRDP_INDEX", "qdrant"),
        ("HRDP_WEAVIATE_URL", "http://vectors.example.org"),
        ("HRDP_WEAVIATE_ALIAS", "no spaces"),
        ("HRDP_WEAVIATE_ALIAS", "1st"),
        ("HRDP_WEAVIATE_QUANTIZATION", "some"),
        ("HRDP_WEAVIATE_REPLICATION", "0"),
        ("HRDP_WEAVIATE_SHARDS", "-1"),
    ],
)
def test_a_bad_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        Settings.from_environment({"HRDP_INDEX": "weaviate", name: value})


def test_the_key_is_shown_nowhere(installation: Installation) -> None:
    assert KEY not in repr(Settings(weaviate_api_key=KEY))
    installation.environment["HRDP_WEAVIATE_API_KEY"] = KEY
    for arguments in (["settings"], ["settings", "--json"]):
        done = installation.run(*arguments)
        assert done.returncode == 0
        assert "HRDP_WEAVIATE_API_KEY" in done.stdout
        assert KEY not in done.stdout + done.stderr


def test_moments_are_exact_and_sort_as_numbers_do() -> None:
    chance = random.Random(1)
    edges = [-(2**63), BEGINNING, -(2**53) - 1, -1, 0, 1, 2**53 + 1, 2**58 - 1, OPEN - 1, OPEN, 2**63 - 1]
    moments = sorted([*edges, *(chance.randrange(-(2**63), 2**63) for _ in range(500))])
    texts = [ordered_text(moment) for moment in moments]
    assert [moment_of(text) for text in texts] == moments
    assert texts == sorted(texts)


def test_collections_are_named_as_the_server_spells_them() -> None:
    deployment = Deployment("hrdp_chunks")
    assert deployment.collection("3fa9c1d2e4b5a697-12") == "Hrdp_chunks_3fa9c1d2e4b5a697_12"
    assert deployment.statistics == "Hrdp_chunks_statistics"
