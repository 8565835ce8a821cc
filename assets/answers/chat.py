"""A generator behind any address that speaks OpenAI's chat interface."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from assets.answers import prompting
from assets.answers.model import Draft, GeneratorUnavailable, Piece

_MOST_BYTES = 4_000_000
_ADDRESS = "HRDP_GENERATOR"


class ChatGenerator:
    """Asks `address` + `/chat/completions` for prose that cites numbered passages. The key goes into no record."""

    name = "chat"

    def __init__(self, address: str, model: str, key: str = "", seconds: float = 60.0) -> None:
        """`address` ends in the version, as in `https://host/v1`. Raises GeneratorUnavailable for one that can't be used."""
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise GeneratorUnavailable(f"{_ADDRESS} is no web address: write one such as http://127.0.0.1:8000/v1")
        if parts.username or parts.password:
            raise GeneratorUnavailable(f"{_ADDRESS} holds a password: put it into HRDP_GENERATOR_KEY instead")
        if not model:
            raise GeneratorUnavailable(
                "HRDP_GENERATOR_MODEL is not set: write the name that the server knows the model by"
            )
        if key and parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise GeneratorUnavailable(f"{_ADDRESS} would send the key unencrypted: use https")
        self._address = address.rstrip("/") + "/chat/completions"
        self._key = key
        self._model = model
        self._seconds = seconds
        self.settings: Mapping[str, str | int | float] = {"address": address, "model": model, "temperature": 0}

    def draft(self, question: str, evidence: Sequence[Piece]) -> list[Draft]:
        """Raises GeneratorUnavailable."""
        messages = [
            {"role": "system", "content": prompting.INSTRUCTION},
            {"role": "user", "content": prompting.request(question, evidence)},
        ]
        reply = self._post(
            {"model": self._model, "messages": messages, "temperature": 0, "max_tokens": prompting.LONGEST_REPLY}
        )
        try:
            text = reply["choices"][0]["message"]["content"]
        except (KeyError, IndexError, TypeError):
            text = None
        if not isinstance(text, str):
            raise GeneratorUnavailable(
                f"{self._host} sent no chat completion: see that {_ADDRESS} ends in /v1 or the like"
            )
        return prompting.drafts(text, evidence)

    def _post(self, content: dict[str, Any]) -> Any:
        import httpcore

        headers: dict[bytes | str, bytes | str] = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "hr-data-platform",
        }
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)
        try:
            with (
                httpcore.ConnectionPool() as pool,
                pool.stream(
                    "POST",
                    self._address,
                    headers=headers,
                    content=json.dumps(content).encode(),
                    extensions={"timeout": timeout},
                ) as response,
            ):
                body = b""
                for part in response.iter_stream():
                    body += part
                    if len(body) > _MOST_BYTES:
                        raise GeneratorUnavailable(f"{self._host} sent more than an answer: see what {_ADDRESS} names")
                status = response.status
        except httpcore.TimeoutException:
            raise GeneratorUnavailable(f"{self._host} did not answer in {self._seconds:g} seconds; try later") from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise GeneratorUnavailable(
                f"{self._host} can't be reached ({type(error).__name__}): start it, or correct {_ADDRESS}"
            ) from None
        if status in (401, 403):
            raise GeneratorUnavailable(f"{self._host} refuses the key: correct HRDP_GENERATOR_KEY")
        if status != 200:
            raise GeneratorUnavailable(
                f"{self._host} answered with status {status}: see its log, or correct {_ADDRESS}"
            )
        try:
            return json.loads(body)
        except ValueError:
            raise GeneratorUnavailable(f"{self._host} sent no JSON: see what {_ADDRESS} names") from None

    @property
    def _host(self) -> str:
        return urlsplit(self._address).netloc
