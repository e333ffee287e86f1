"""Tools that build the book and keep its notebooks in order."""
