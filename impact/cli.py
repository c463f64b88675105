"""The command `impact`. Nothing heavy is imported until a command needs it."""

import json
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from impact import __version__, console
from impact.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, ImpactError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impact.result import RunResult
    from impact.study.schema import Study
    from models.posterior import Posterior

STUDY = click.argument("study", type=click.Path(path_type=Path))


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="impact")
def cli() -> None:
    """Judge a small pilot: from a study file to one honest report and a decision.

    Begin with `impact init`, then `impact run study.yaml`.
    """


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("pilot"))
def init(folder: Path) -> None:
    """Write a starter study that runs at once (default folder: pilot)."""
    from impact.starter import write_starter

    study = write_starter(folder)
    console.say(f"wrote a starter study with simulated data to {folder}/")
    console.say(f"next:  impact run {study}")


@cli.command()
@STUDY
@click.option("--json", "as_json", is_flag=True, help="Print the account of the data as JSON.")
def validate(study: Path, as_json: bool) -> None:
    """Check a study file and its data; fit nothing."""
    loaded = _load(study)
    from impact.intake.read import read
    from impact.publish import data_info

    with console.progress() as progress:
        data = read(loaded, progress)
    info = data_info(data)
    if as_json:
        from pydantic import TypeAdapter

        from impact.result import DataInfo

        console.say(json.dumps(TypeAdapter(DataInfo).dump_python(info, mode="json"), indent=2, ensure_ascii=False))
        return
    for problem in data.problems:
        console.whisper(f"{problem.severity}: {problem}")
    areas = f"{data.treated} treated and {len(data.areas) - data.treated} comparison areas"
    console.say(f"{study}: valid. {info.rows:,} rows, {areas}, {len(info.periods)} periods.")
    console.say(f"next:  impact run {study}")


@cli.command()
@STUDY
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the output (default: results/STUDY-ID).")
@click.option("--models", help="Models to fit instead of the study's, separated by commas.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed instead of the study's.")
@click.option("--draws", is_flag=True, help="Write the draws of Bayesian models as well, one NetCDF file an outcome.")
@click.option("--json", "as_json", is_flag=True, help="Print results.json to stdout as well.")
def run(study: Path, out: Path | None, models: str | None, seed: int | None, draws: bool, as_json: bool) -> None:
    """Fit, decide and write the report."""
    loaded = _load(study)
    if draws:
        from impact.output import check_draws_can_be_written

        check_draws_can_be_written()
    names = None if models is None else [name.strip() for name in models.split(",")]
    with console.progress() as progress:
        from impact.pipeline import run as run_study

        posteriors: dict[str, Posterior] = {}
        result = run_study(loaded, names, progress, seed=seed, posteriors=posteriors)
        progress("writing the report")
        written = _write(result, out or Path("results") / loaded.study.id, posteriors, draws=draws)
    if draws and not posteriors:
        console.whisper("no draws to write: no Bayesian model of this study gave any")
    if as_json:
        console.say(result.to_json().rstrip("\n"))
        return
    _summarise(result, written)


@cli.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the output (default: beside the results).")
def report(results: Path, out: Path | None) -> None:
    """Write the report again from RESULTS (a results.json, or its folder); fit nothing."""
    from impact.result import read_results

    path = results / "results.json" if results.is_dir() else results
    written = _write(read_results(path), out or path.parent)
    console.say(f"report:  {written / 'report.html'}")


@cli.command()
@click.argument("what", type=click.Choice(["study", "results"]))
def schema(what: str) -> None:
    """Print the JSON Schema of a study file or of results.json."""
    if what == "study":
        from impact.study.load import study_schema

        found = study_schema()
    else:
        from impact.result import results_schema

        found = results_schema()
    console.say(json.dumps(found, indent=2, ensure_ascii=False))


@cli.command()
def doctor() -> None:
    """Check that this installation is sound."""
    from impact.doctor import examine

    findings = examine()
    for finding in findings:
        console.say(f"{'ok  ' if finding.sound else 'BAD '} {finding.text}")
    if not all(finding.sound for finding in findings):
        sys.exit(1)
    console.say("This installation is sound.")


def _load(path: Path) -> "Study":
    from impact.study.load import load_study

    return load_study(path)


def _write(
    result: "RunResult", out: Path, posteriors: "Mapping[str, Posterior] | None" = None, *, draws: bool = False
) -> Path:
    from impact.output import write_output

    return write_output(result, out, posteriors, draws=draws)


def _summarise(result: "RunResult", out: Path) -> None:
    from impact.report.summary import summary_lines

    for line in summary_lines(result):
        console.say(line)
    console.say(f"report:  {out / 'report.html'}")


def main() -> None:
    """Run the command; every failure has an exit code and a sentence, never a traceback."""
    try:
        cli.main(standalone_mode=False)
    except ImpactError as error:
        console.show_error(error)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        console.whisper("interrupted; nothing was written")
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - the last door: a fault of ours, told as such
        if _was_interrupted(error):
            console.whisper("interrupted; nothing was written")
            sys.exit(EXIT_INTERRUPTED)
        console.internal_error(error, traceback.format_exc())
        sys.exit(EXIT_INTERNAL)


def _was_interrupted(error: BaseException) -> bool:
    """Whether an interruption lies behind an error: a library interrupted while it loads reports a fault of its own."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, KeyboardInterrupt):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
