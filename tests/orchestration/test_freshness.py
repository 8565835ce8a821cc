"""When the sensor launches a run, and when it does not."""

from orchestration.freshness import MICROSECONDS, Attempt, decide

NOW = 10_000 * MICROSECONDS


def decision(looks: str, built: str | None, attempts: list[Attempt], *, full_look_due: bool = False):  # type: ignore[no-untyped-def]
    return decide(
        looks=looks, built_from=built, full_look_due=full_look_due, attempts=attempts, at=NOW, retry_seconds=60
    )


def failed(seconds_ago: int) -> Attempt:
    return Attempt(str(seconds_ago), NOW - seconds_ago * MICROSECONDS)


def test_what_looks_as_it_did_is_left_alone() -> None:
    assert not decision("a", "a", []).launch


def test_what_looks_different_is_refreshed() -> None:
    assert decision("b", "a", []).launch


def test_what_was_never_refreshed_is_refreshed() -> None:
    assert decision("a", None, []).launch


def test_a_full_look_is_taken_when_it_is_due() -> None:
    assert decision("a", "a", [], full_look_due=True).launch


def test_two_runs_of_one_source_never_overlap() -> None:
    assert not decision("b", "a", [Attempt("running", None)]).launch


def test_a_failed_run_is_tried_again_after_a_wait_that_doubles() -> None:
    assert not decision("b", "a", [failed(59)]).launch
    second = decision("b", "a", [failed(60)])
    assert second.launch
    assert second.attempt == 2
    assert not decision("b", "a", [failed(500), failed(100)]).launch
    assert decision("b", "a", [failed(500), failed(120)]).launch


def test_the_wait_ends_at_an_hour() -> None:
    many = [failed(100_000 // 10 + number) for number in range(30)]
    assert not decision("b", "a", [*many, failed(3599)]).launch
    assert decision("b", "a", [*many, failed(3600)]).launch
