"""`hrdp models …`: packaged models are shown and verified, and one of each task is the champion that is served."""

import getpass
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from assets.platform import Platform
from orchestration.command_line.labels import TASKS
from orchestration.command_line.output import json_option, print_json, print_table, say, with_platform

if TYPE_CHECKING:
    from assets.models.artifacts.finding import Packaged
    from assets.models.promotion.decisions import Decision


def _user() -> str:
    """The present user's name; empty where the system knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


_by_option = click.option("--by", default=_user, metavar="NAME", help="Who decides; the present user if not given.")


@click.group()
def models() -> None:
    """Models: packaged, signed, and one of each task promoted to be served."""


@models.command("list")
@click.option("--task", type=click.Choice(TASKS), help="Only this task.")
@json_option
@with_platform
def list_models(platform: Platform, task: str | None, as_json: bool) -> None:
    """The packaged models, the last packaged one first, and which of them are served."""
    from assets.models.artifacts.figures import headline, shown
    from assets.models.artifacts.finding import packaged
    from assets.models.promotion.decisions import decided

    with platform.catalogue.read() as connection:
        known = packaged(connection, task)
        decisions = decided(connection, task)
    champions = _champions(platform)
    last = {each.version: each for each in reversed(decisions)}
    if as_json:
        print_json({"models": [_as_json(each, champions, last.get(each.version)) for each in known]})
        return
    if not known:
        click.echo("There is no model yet. Next: hrdp train --task TASK")
        return
    print_table(
        ["version", "task", "dataset", "packaged", "measured on the test split", "decision", "served"],
        [
            (
                each.version[:12],
                each.task,
                each.dataset_version[:12],
                _day(each.created_at),
                ", ".join(f"{figure.name} {shown(figure.value)}" for figure in headline(each.summary["metrics"])[:3]),
                _outcome(last.get(each.version)),
                champions.get(each.task) == each.version,
            )
            for each in known
        ],
    )
    click.echo("Next: hrdp models show VERSION")


@models.command("show")
@click.argument("version")
@json_option
@with_platform
def show(platform: Platform, version: str, as_json: bool) -> None:
    """A model: what it was made of and measured at, and every decision about it, after everything of it was verified."""
    from assets.models.artifacts.figures import figures
    from assets.models.artifacts.finding import find
    from assets.models.artifacts.packaging import verify
    from assets.models.artifacts.storing import folder
    from assets.models.promotion.decisions import decided

    verified = verify(platform, version)
    with platform.catalogue.read() as connection:
        known = find(connection, version)
        decisions = decided(connection, version=known.version)
    champions = _champions(platform)
    address = folder(known.task, known.version)
    if as_json:
        print_json(
            {
                **_as_json(known, champions, decisions[0] if decisions else None),
                "decisions": [_decision(each) for each in decisions],
                "manifest": verified.manifest,
                "signing_key": _key(platform, verified.key_id),
                "artifact_uri": f"{platform.settings.objects_url}/{address}",
            }
        )
        return
    print_table(
        ["version", "task", "dataset", "base model", "served form", "bytes", "packaged", "served"],
        [
            (
                known.version[:12],
                known.task,
                known.dataset_version[:12],
                known.summary["base_model"],
                known.summary["form"],
                verified.size,
                _day(known.created_at),
                champions.get(known.task) == known.version,
            )
        ],
    )
    print_table(
        ["figure", "value", "from", "to"],
        [
            (each.name, *(_number(value) for value in (each.value, each.low, each.high)))
            for each in figures(
                {name: value for name, value in known.summary["metrics"].items() if name != "per_class"}
            )
        ],
    )
    _print_gates(known.summary["metrics"]["gates"])
    for decision in decisions:
        click.echo(_told(decision))
    click.echo(
        f"Everything of it is as it was packaged, under {address} in the object store; its card is model_card.md there."
    )


@models.command("verify")
@click.argument("version")
@json_option
@with_platform
def verify(platform: Platform, version: str, as_json: bool) -> None:
    """Read every file of a model from the object store and compare it with its hash and the signature."""
    from assets.models.artifacts.finding import find
    from assets.models.artifacts.packaging import verify as verified
    from assets.models.artifacts.verifying import ModelDamaged

    with platform.catalogue.read() as connection:
        known = find(connection, version)
    try:
        found = verified(platform, known.version)
    except ModelDamaged as problem:
        if as_json:
            print_json({"version": known.version, "task": known.task, "ok": False, "problem": str(problem)})
        raise click.ClickException(str(problem)) from None
    if as_json:
        print_json(
            {
                "version": known.version,
                "task": known.task,
                "ok": True,
                "files": len(found.manifest["files"]),
                "size": found.size,
                "signing_key": _key(platform, found.key_id),
            }
        )
        return
    click.echo(
        f"{known.version[:12]}: {len(found.manifest['files'])} files, {found.size:,} bytes, each as it was packaged and signed"
        f" with the key {found.key_id[:12]}."
    )


@models.command("promote")
@click.argument("version")
@_by_option
@click.option("--why", required=True, metavar="TEXT", help="The reason, which is recorded.")
@click.option("--despite-gates", is_flag=True, help="Also where the model did not pass every gate; it is recorded.")
@json_option
@with_platform
def promote(platform: Platform, version: str, by: str, why: str, despite_gates: bool, as_json: bool) -> None:
    """Serve the model VERSION from now on, by hand: who and why is recorded."""
    from assets.models.artifacts.finding import find
    from assets.models.promotion import pointer
    from assets.models.promotion.promoting import promote_by_hand

    with platform.catalogue.read() as connection:
        known = find(connection, version)
    served = pointer.read(platform.objects, known.task)
    champion = served.version if served else None
    hand = _hand(by, why)
    decision = promote_by_hand(
        platform, known.task, known.version, hand, champion=champion, despite_gates=despite_gates
    )
    _tell(decision, as_json, is_new=champion != known.version)


@models.command("rollback")
@click.option("--task", type=click.Choice(TASKS), help="Of this task; needed where models of several are served.")
@_by_option
@click.option("--why", default="", metavar="TEXT", help="The reason, which is recorded.")
@json_option
@with_platform
def rollback(platform: Platform, task: str | None, by: str, why: str, as_json: bool) -> None:
    """Serve the champion before the present one again."""
    from assets.models.promotion.promoting import rollback as rolled_back

    champions = _champions(platform)
    if task is None and len(champions) != 1:
        raise click.UsageError(
            f"models of {', '.join(champions)} are served: name one with --task"
            if champions
            else "no model is served yet"
        )
    chosen = task or next(iter(champions))
    decision = rolled_back(platform, chosen, _hand(by, why), champion=champions.get(chosen))
    _tell(decision, as_json, is_new=True)


@models.command("accept-key")
@json_option
@with_platform
def accept_key(platform: Platform, as_json: bool) -> None:
    """Sign models with the present key from now on (HRDP_SIGNING_KEY, or signing.key in HRDP_HOME, which is made if it is gone).

    What earlier keys have signed stays valid.
    """
    from assets.models.artifacts.signing_key import accept

    signer = accept(platform.catalogue, platform.home / "signing.key", platform.settings.signing_key)
    if as_json:
        print_json({"signing_key": _key(platform, signer.key_id)})
    else:
        click.echo(
            f"Models are signed with the key {signer.key_id[:12]} from now on. Next: keep a copy of it elsewhere"
        )


def _champions(platform: Platform) -> dict[str, str]:
    """The served version by task; what is wrong with a pointer is said, so that another model can still be chosen."""
    from assets.models.promotion.champion import champion
    from assets.models.promotion.pointer import PointerDamaged

    found = {}
    for task in TASKS:
        try:
            present = champion(platform, task)
        except PointerDamaged as problem:
            say(f"Warning: {problem}")
            continue
        if present is not None:
            found[task] = present.version
    return found


def _hand(by: str, why: str) -> Any:
    from assets.models.promotion.decisions import Hand

    if not by.strip():
        raise click.UsageError("say who decides: --by NAME")
    return Hand(by.strip(), why.strip())


def _as_json(known: "Packaged", champions: dict[str, str], last: "Decision | None") -> dict[str, Any]:
    from assets.lineage.moments import iso

    return {
        "version": known.version,
        "task": known.task,
        "dataset_version": known.dataset_version,
        "created_at": iso(known.created_at),
        "run_id": known.run_id,
        "champion": champions.get(known.task) == known.version,
        "decision": _decision(last) if last else None,
        **known.summary,
    }


def _decision(decision: "Decision") -> dict[str, Any]:
    from assets.lineage.moments import iso

    moved = None if decision.moved_at is None else iso(decision.moved_at)
    return {**asdict(decision), "decided_at": iso(decision.decided_at), "moved_at": moved}


def _key(platform: Platform, key_id: str) -> dict[str, str]:
    """A key's id and its public half in base64, with which anybody can verify a signature."""
    import base64

    from assets.models.artifacts.signing_key import trusted_keys

    with platform.catalogue.read() as connection:
        return {"id": key_id, "public_key": base64.b64encode(trusted_keys(connection)[key_id]).decode()}


def _tell(decision: "Decision", as_json: bool, *, is_new: bool) -> None:
    if as_json:
        print_json(_decision(decision))
    elif is_new:
        click.echo(_told(decision))
    else:
        click.echo(f"{decision.version[:12]} is the champion of {decision.task} already; nothing was changed.")
    if decision.outcome != "promoted":
        failed = "; ".join(gate.told for gate in decision.failed) or "another promotion was faster"
        click.echo(f"Error: the champion stays as it is: {failed}. Look at it with hrdp models list", err=True)
        sys.exit(1)


def _told(decision: "Decision") -> str:
    from assets.models.promotion.decisions import ROLLBACK

    by = f"by {decision.decided_by}" if decision.decided_by else "by the gates"
    instead = f", instead of {decision.champion[:12]}" if decision.champion else ""
    despite = " although gates had failed" if decision.despite_gates else ""
    why = f": {decision.why}" if decision.why else ""
    what = "went back to" if decision.kind == ROLLBACK else _outcome(decision)
    return f"{_day(decision.decided_at)} {decision.task}: {what} {decision.version[:12]}{instead}, {by}{despite}{why}"


def _outcome(decision: "Decision | None") -> str:
    if decision is None:
        return "none"
    if decision.outcome == "promoted" and decision.moved_at is None:
        return "promoted, interrupted before it was served"
    return decision.outcome


def _print_gates(gates: list[dict[str, Any]]) -> None:
    print_table(
        ["gate", "passed", "value", "limit", "what it found"],
        [
            (gate["name"], gate["passed"], _number(gate["value"]), _number(gate["limit"]), gate["told"])
            for gate in gates
        ],
    )


def _number(value: object) -> str:
    from assets.models.artifacts.figures import shown

    return shown(value)


def _day(moment: int) -> str:
    from assets.lineage.moments import iso

    return str(iso(moment))[:19]
