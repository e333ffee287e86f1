"""``python -m benchmarks``: print the table of all rows, or write it into the book (``--write``)."""

from benchmarks.table import main

main()
