"""Addresses: which ones a location or a list of addresses names, and the path that a document at one gets. No
network.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from assets.documents.sources.base import BadSource
from assets.documents.sources.git_repository import without_credentials
from assets.documents.sources.selection import safe_path

_SEPARATORS = re.compile(r"\s*,\s*(?=https?://)|\s+")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LINE = re.compile(r"https?://\S+", re.IGNORECASE)
# What may stand in an address as it is; "%" because most addresses are quoted already.
_UNQUOTED = "/%:@!$&'()*+,;=~-._?[]"


@dataclass(frozen=True, slots=True)
class AddressList:
    """Addresses that a list names, as they stand there; `nested` where they are addresses of further lists."""

    addresses: tuple[str, ...]
    nested: bool = False


def split_location(location: str) -> list[str]:
    """The addresses of a location, which white space or commas part. Raises BadSource."""
    parts = _SEPARATORS.split(location.strip(" \t\r\n,"))
    return list(dict.fromkeys(normalize_address(part) for part in parts if part))


def normalize_address(address: str) -> str:
    """The address in ASCII without its fragment, the host in lower case, the port only where it is unusual. Raises
    BadSource.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        host = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        host = ""
    if not host or parts.scheme not in _DEFAULT_PORTS:
        shown = without_credentials(safe_path(address))
        raise BadSource(f"{shown!r} is no web address. Give one such as https://example.com/policy.html.")
    user, at, _ = parts.netloc.rpartition("@")
    place = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    query = f"?{quote(parts.query, safe=_UNQUOTED)}" if parts.query else ""
    return f"{parts.scheme}://{user}{at}{place}{quote(parts.path or '/', safe=_UNQUOTED)}{query}"


def document_path(address: str) -> str:
    """Host and path, with the query where there is one: the same over http and https."""
    parts = urlsplit(without_credentials(address))
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc}{parts.path}{query}" if parts.path != "/" or query else parts.netloc


def may_be_list(address: str) -> bool:
    """Whether the address is one at which lists are put: a `.txt`, or an `.xml` with "sitemap" in its name."""
    name = urlsplit(address).path.rpartition("/")[2].lower()
    return name.endswith(".txt") or (name.endswith(".xml") and "sitemap" in name)


def parse_list(address: str, content: bytes) -> AddressList | None:
    """The list that the content is, None where it is an ordinary document (or empty).

    A text is a list if every line is an address, empty lines and those that begin with "#" aside.
    """
    if urlsplit(address).path.lower().endswith(".xml"):
        return _parse_sitemap(content)
    try:
        lines = [line.strip() for line in content.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError:
        return None
    addresses = tuple(line for line in lines if line and not line.startswith("#"))
    return AddressList(addresses) if addresses and all(map(_LINE.fullmatch, addresses)) else None


def _parse_sitemap(content: bytes) -> AddressList | None:
    from lxml import etree

    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError:
        return None
    kind = etree.QName(root).localname
    if kind not in ("urlset", "sitemapindex"):
        return None
    places = root.iterfind("{*}url/{*}loc" if kind == "urlset" else "{*}sitemap/{*}loc")
    addresses = tuple(text for place in places if (text := (place.text or "").strip()))
    return AddressList(addresses, nested=kind == "sitemapindex") if addresses else None
