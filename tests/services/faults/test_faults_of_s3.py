"""S3 breaks off an upload, asks to slow down, or is gone: nothing is lost, and searches go on."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.index.searching import search
from assets.platform import Platform
from assets.storage import s3
from assets.storage.objects import StorageError
from deploy.services.s3 import BUCKET, S3Server
from tests.conftest import Installation
from tests.services.fault_proxy import Answer, Cut
from tests.services.faults.conftest import Proxies, Refreshed, check_whole, told

QUESTION = "leave of whoever has served 17 months"
UPLOADS_OF_PARTS = r"^PUT .*partNumber=2"


@pytest.fixture
def large(guide: Path) -> Path:
    """A document whose bytes go to S3 in parts."""
    picture = f"<!-- {'A scanned page. ' * 4_000} -->\n"
    rounds = s3._PART_BYTES // len(picture) + 2
    path = guide / "rule-300.html"
    path.write_text(f"<html><body><h1>Rule 300</h1>{picture * rounds}<p>Nobody is paid in kind.</p></body></html>")
    return path


def test_an_upload_that_is_cut_in_the_middle_is_done_again(
    platform: Platform, guide: Path, large: Path, proxies: Proxies, refreshed: Refreshed, s3_server: S3Server
) -> None:
    with proxies.s3.disturbed(UPLOADS_OF_PARTS, Cut(after=20_000), times=2) as cut:
        assert refreshed(platform, "guide").result.documents.added == len(list(guide.iterdir()))
    assert cut.met == 2
    check_whole(platform, guide)
    assert _unfinished_uploads(s3_server, platform) == []


def test_an_upload_that_never_gets_through_is_told_and_leaves_nothing_behind(
    installation: Installation,
    platform: Platform,
    guide: Path,
    large: Path,
    proxies: Proxies,
    refreshed: Refreshed,
    s3_server: S3Server,
) -> None:
    with proxies.s3.disturbed(UPLOADS_OF_PARTS, Cut(after=20_000)):
        sentence = told(installation.run("refresh"))
        assert "the connection to its server broke off" in sentence
        assert "run this again" in sentence
    assert _unfinished_uploads(s3_server, platform) == []
    assert refreshed(platform, "guide").result.documents.added == len(list(guide.iterdir()))
    check_whole(platform, guide)


def test_a_server_that_has_too_much_to_do_is_asked_again(
    platform: Platform, guide: Path, proxies: Proxies, refreshed: Refreshed
) -> None:
    with (
        proxies.s3.disturbed("^PUT ", Answer(503, "SlowDown"), times=2) as slowed,
        proxies.s3.disturbed("^GET ", Answer(503, "ServiceUnavailable"), times=1) as unavailable,
        proxies.s3.disturbed("^HEAD ", Answer(500, "InternalError"), times=1) as failed,
    ):
        assert refreshed(platform, "guide").result.embedded == len(list(guide.iterdir()))
    assert (slowed.met, unavailable.met, failed.met) == (2, 1, 1)
    check_whole(platform, guide)


def test_a_server_that_stays_too_busy_is_told_while_searches_go_on(
    installation: Installation, platform: Platform, guide: Path, proxies: Proxies, refreshed: Refreshed
) -> None:
    refreshed(platform, "guide")
    (guide / "rule-200.md").write_text("# Rule 200\n\nNobody is paid in kind.\n")
    with proxies.s3.disturbed("^(PUT|GET|HEAD) ", Answer(503, "SlowDown")) as slowed:
        sentence = told(installation.run("refresh"))
        assert "it has too much to do: wait a while, then run this again" in sentence
        met = slowed.met
        assert met > 2
        [best, *_] = installation.json("search", QUESTION)["results"]
        assert best["document_id"] == "guide/rule-017.md"
        assert slowed.met == met, "a search needs no object"
    assert refreshed(platform, "guide").result.embedded == 1
    check_whole(platform, guide)


def test_a_server_that_is_killed_while_it_is_written_to_loses_nothing(
    platform: Platform, guide: Path, proxies: Proxies, refreshed: Refreshed, s3_server: S3Server
) -> None:
    restarted = threading.Event()

    def kill() -> None:
        s3_server.kill()
        restarted.set()
        s3_server.start(wait=False)

    proxies.s3.after_upload(20_000, kill)
    refreshed(platform, "guide")
    assert restarted.is_set()
    check_whole(platform, guide)


def _refuse(proxies: Proxies) -> None:
    proxies.s3.refuse()


def _hang(proxies: Proxies) -> None:
    proxies.s3.silence()


def _break_off(proxies: Proxies) -> None:
    proxies.s3.cut_replies(after=40)


@pytest.mark.parametrize("fault", [_refuse, _hang, _break_off])
def test_a_server_that_is_gone_is_told_while_searches_go_on(
    platform: Platform,
    guide: Path,
    proxies: Proxies,
    refreshed: Refreshed,
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[Proxies], None],
) -> None:
    refreshed(platform, "guide")
    (guide / "rule-200.md").write_text("# Rule 200\n\nNobody is paid in kind.\n")
    monkeypatch.setattr(s3, "_ANSWER_SECONDS", 1)
    monkeypatch.setattr(s3, "_ATTEMPTS", 2)
    impatient = Platform(platform.settings)
    fault(proxies)
    with pytest.raises(StorageError, match=r"its server|broke off") as raised:
        refreshed(impatient, "guide")
    assert "\n" not in str(raised.value)
    assert search(platform, QUESTION, k=1)[0].document_id == "guide/rule-017.md"
    proxies.s3.mend()
    proxies.s3.break_connections()
    assert refreshed(platform, "guide").result.embedded == 1
    check_whole(platform, guide)


def _unfinished_uploads(server: S3Server, platform: Platform) -> list[str]:
    prefix = platform.settings.objects.split("/", 3)[3]
    deadline = time.monotonic() + 10
    while True:
        listed = server.client().list_multipart_uploads(Bucket=BUCKET, Prefix=prefix).get("Uploads", [])
        if not listed or time.monotonic() > deadline:
            return [str(each["Key"]) for each in listed]
        time.sleep(0.1)
