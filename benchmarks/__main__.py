"""``python -m benchmarks``: print the table of all rows, or of those whose name or setting holds a word."""

import argparse
import sys

from benchmarks import report, table


def main() -> None:
    """Measure row by row, and print the table."""
    parser = argparse.ArgumentParser(description="Time the package's operations beside their peers.")
    parser.add_argument("word", nargs="?", default="", help="only rows whose name or setting holds it")
    parser.add_argument("--rounds", type=int, default=5, help="how often each side runs; the median ratio counts")
    parser.add_argument("--write", action="store_true", help="also write the book's page")
    options = parser.parse_args()
    chosen = [row for row in table.rows() if options.word.lower() in f"{row.name} {row.setting}".lower()]
    lines = []
    for row in chosen:
        found = table.lines(row, rounds=options.rounds)
        lines += found
        for line in found:  # so that one sees that it goes on
            print("  ".join(filter(None, report.cells(line)[:-1])), file=sys.stderr, flush=True)
    print(report.text(lines))
    if options.write:
        report.PAGE.write_text(report.page(lines))


if __name__ == "__main__":
    main()
