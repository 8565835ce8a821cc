"""The `hrdp` command and what all its subcommands share."""

import os

import click

from orchestration.command_line import (
    anonymizing,
    asking,
    datasets,
    demo,
    documents,
    erasing,
    evaluation,
    labels,
    models,
    moving,
    predicting,
    refreshing,
    searching,
    serving,
    sources,
    training,
)


class _OneSentence(click.Group):
    """Prints what a person can act on as one sentence, and a defect as one too; the traceback is for `--debug`."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as problem:
            if context.params.get("debug"):
                raise
            raise click.ClickException(_sentence(problem)) from None


def _sentence(problem: Exception) -> str:
    from assets.problems import EXPECTED

    if isinstance(problem, EXPECTED):
        return str(problem)
    if isinstance(problem, OSError) and problem.filename and problem.strerror:
        place = os.fsdecode(problem.filename)
        return (
            f"{place} can't be used ({problem.strerror}): see that it is there and that this user may read and write it"
        )
    return (
        f"something unforeseen went wrong ({type(problem).__name__}); run the command again with --debug to see where"
    )


@click.group(cls=_OneSentence, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the whole traceback of an error.")
@click.version_option(package_name="hr-data-platform", prog_name="hrdp")
def main(debug: bool) -> None:
    """Rules that can be cited, kept fresh by themselves.

    State lives under HRDP_HOME (default ./.hrdp). Every command takes --json.
    """


main.add_command(demo.demo)
main.add_command(sources.source)
main.add_command(refreshing.plan)
main.add_command(refreshing.refresh)
main.add_command(refreshing.verify)
main.add_command(searching.search)
main.add_command(asking.ask)
main.add_command(serving.serve)
main.add_command(documents.document)
main.add_command(documents.quarantine)
main.add_command(evaluation.evaluate)
main.add_command(moving.index)
main.add_command(moving.backup)
main.add_command(moving.restore)
main.add_command(labels.labels)
main.add_command(datasets.dataset)
main.add_command(models.models)
main.add_command(training.train)
main.add_command(predicting.classify)
main.add_command(predicting.skills)
main.add_command(predicting.match)
main.add_command(erasing.erase)
main.add_command(anonymizing.anonymize)
main.add_command(sources.settings)
main.add_command(refreshing.print_dagster_home)

if __name__ == "__main__":
    main()
