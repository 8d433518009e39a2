"""Prints how well the check of cited sentences decides: `python -m tests.grounding`."""

import argparse

from tests.grounding import report

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.grounding", description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="list the wrong ones, of those that are not held out")
    chosen = parser.parse_args()
    print(report.table(report.decided()))
    if chosen.wrong:
        print("\n".join(report.wrong(report.decided())))
