"""The addresses of a Weaviate server or cluster, as the settings name them."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

_ADDRESS = "HRDP_WEAVIATE_URL can't be used: write it as https://host:port, the key in HRDP_WEAVIATE_API_KEY"


@dataclass(frozen=True, slots=True)
class Node:
    """One address of a server."""

    host: str
    port: int
    grpc_port: int
    secure: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}"


def nodes_of(urls: str, grpc_ports: str, api_key: str) -> tuple[Node, ...]:
    """The nodes that two settings name: addresses, and one gRPC port for all or one for each, separated by commas.

    Raises ValueError with the setting and what to write. Only on this machine may a server be used without TLS or key.
    """
    addresses = [part.strip() for part in urls.split(",") if part.strip()]
    if not addresses:
        raise ValueError(_ADDRESS)
    ports = [part.strip() for part in grpc_ports.split(",") if part.strip()]
    if not all(port.isdecimal() and 0 < int(port) < 65_536 for port in ports) or len(ports) not in {1, len(addresses)}:
        raise ValueError(
            f"HRDP_WEAVIATE_GRPC_PORT is '{grpc_ports}': write one port for all addresses, or one for each, separated by commas"
        )
    ports = ports * len(addresses) if len(ports) == 1 else ports
    return tuple(_node(address, int(port), api_key) for address, port in zip(addresses, ports, strict=True))


def _node(address: str, grpc_port: int, api_key: str) -> Node:
    parts = urlsplit(address)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    # The address itself is not repeated: one that was mistyped may hold a password.
    if parts.scheme not in {"http", "https"} or not host or parts.path.strip("/") or parts.query or parts.username:
        raise ValueError(_ADDRESS)
    secure = parts.scheme == "https"
    if not _is_loopback(host):
        if not secure:
            raise ValueError(
                f"HRDP_WEAVIATE_URL names another machine without TLS: write https://{host}, or use http on this machine only"
            )
        if not api_key:
            raise ValueError(f"HRDP_WEAVIATE_API_KEY is needed for {host}: write the key of a user of that server")
    port = port or (443 if secure else 80)
    if port == grpc_port:
        raise ValueError(
            f"HRDP_WEAVIATE_GRPC_PORT is {grpc_port}, the port of the address itself: write the one for gRPC"
        )
    return Node(host, port, grpc_port, secure)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
