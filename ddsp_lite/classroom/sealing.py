"""Answers that cannot be read by accident: in a student's notebook the right option is not printed in the check.

This is no secret: whoever wants to can unpack it, as the checks themselves do. It keeps the answer out of sight.
"""

from __future__ import annotations

import ast
import base64
import json
import zlib
from typing import Any

SEALED_METHODS = ("option", "number")


def seal(values: dict[str, Any]) -> str:
    """Pack the arguments of a check into one word.

    Args:
        values: what JSON can hold.

    Returns:
        The word.

    >>> unseal(seal({"right": "a"}))
    {'right': 'a'}
    """
    packed = zlib.compress(json.dumps(values, ensure_ascii=False).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode()


def unseal(word: str) -> dict[str, Any]:
    """Unpack what :func:`seal` packed.

    Args:
        word: from :func:`seal`.

    Returns:
        The values.

    Raises:
        ValueError: if it is no such word.

    >>> unseal("not a seal")
    Traceback (most recent call last):
    ValueError: sealed must be a word made by seal, got 'not a seal'.
    """
    try:
        return json.loads(zlib.decompress(base64.urlsafe_b64decode(word.encode())))
    except (ValueError, zlib.error) as error:
        raise ValueError(f"sealed must be a word made by seal, got {word!r}.") from error


def seal_source(source: str) -> str:
    """Seal the answers in a check cell: `check.option("x", right=…, wrong=…)` becomes `check.option("x", sealed=…)`.

    Args:
        source: a cell's code.

    Returns:
        The same code, where the keyword arguments of every call to ``option`` and ``number`` are sealed. They must be
        plain values, not expressions.

    Raises:
        ValueError: if an argument is no plain value, or given without its name.

    >>> seal_source('check.option("a", right="x", wrong={"y": "no"})').startswith('check.option("a", sealed=')
    True
    """
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    data = source.encode()
    calls = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SEALED_METHODS
    ]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        if any(word.arg == "sealed" for word in call.keywords):
            continue
        if len(call.args) != 1:
            raise ValueError(f"line {call.lineno}: give all arguments of {call.func.attr} but the first by name")
        try:
            values = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
        except ValueError as error:
            raise ValueError(f"line {call.lineno}: the arguments of {call.func.attr} must be plain values") from error
        values = {key: list(value.items()) if isinstance(value, dict) else value for key, value in values.items()}
        begin = starts[call.lineno - 1] + call.col_offset
        end = starts[call.end_lineno - 1] + call.end_col_offset
        given = ", ".join(ast.get_source_segment(source, argument) for argument in call.args)
        text = f'{ast.get_source_segment(source, call.func)}({given}, sealed="{seal(values)}")'
        data = data[:begin] + text.encode() + data[end:]
    return data.decode()
