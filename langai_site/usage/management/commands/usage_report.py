from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from langai_site.audit.recording import record
from langai_site.errors import InvalidError, LangAIError
from langai_site.usage.reports import answering, exporting, showing
from langai_site.usage.reports.periods import MONTH, days_of, read_days
from langai_site.usage.reports.types import DIMENSIONS, STEPS, Report, ReportQuery
from langai_site.usage.spending import budgets

GROUPS = (*STEPS, *DIMENSIONS)


class Command(BaseCommand):
    help = "Print usage as a table, CSV or JSON. The default is this month by model."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--from", dest="start", default="", help="2026-03-01; the default is the first of this month"
        )
        parser.add_argument("--to", dest="end", default="", help="2026-03-31, which is included; the default is today")
        parser.add_argument("--group", default="model", help=f"one or more of {', '.join(GROUPS)}, with commas between")
        parser.add_argument("--format", default="table", choices=["table", *exporting.FORMATS])
        parser.add_argument("--user", help="only what this person used, by user name")
        parser.add_argument("--team", help="only what was charged to this team")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 - as argparse gives them
        try:
            query = _query(options)
        except LangAIError as error:
            raise CommandError(error.message) from None
        if options["format"] == "table":
            for line in _table(answering.report(query)):
                self.stdout.write(line)
            return
        record("usage.export", fields=["everybody's usage", "lines", options["format"]])
        for piece in exporting.written(query, "lines", options["format"]):
            self.stdout.write(piece, ending="")


def _query(options: dict[str, Any]) -> ReportQuery:
    names = [name.strip() for name in options["group"].split(",") if name.strip()]
    steps, by = [name for name in names if name in STEPS], [name for name in names if name in DIMENSIONS]
    if unknown := set(names) - set(GROUPS):
        raise InvalidError(f"You cannot group by “{', '.join(sorted(unknown))}”. Choose from {', '.join(GROUPS)}.")
    if len(steps) > 1:
        raise InvalidError(f"Group by one of {', '.join(STEPS)}, not by several.")
    days = read_days(options["start"], options["end"], days_of(MONTH, budgets.today()))
    only = tuple((name, options[name]) for name in ("user", "team") if options[name])
    return ReportQuery(days.start, days.end, "".join(steps), tuple(dict.fromkeys(by)), only)


def _table(report: Report) -> list[str]:
    """Return the lines of a table with columns as wide as their contents, and the total at the end."""
    drawn = showing.whole_table(report)
    titles = [column.title for column in drawn.columns]
    rows = [titles, *([*row.names, *row.cells] for row in (*drawn.rows, drawn.total))]
    names = len(report.query.columns) or 1
    widths = [max(len(row[place]) for row in rows) for place in range(len(titles))]
    return [_line(row, widths, names) for row in rows]


def _line(row: list[str], widths: list[int], names: int) -> str:
    """Align names to the left and figures to the right."""
    cells = (
        text.ljust(width) if place < names else text.rjust(width)
        for place, (text, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()
