"""Images as a table in a text file (CSV): a row an image, a column a pixel, and one for the label if there is one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from rbm.datasets.upload import scaling
from rbm.datasets.upload.options import MAX_COLUMNS, Options, Parsed, check_total, shown
from rbm.errors import BadFile

LABEL_NAMES = ("label", "labels", "class", "target", "y", "digit", "species")
MAX_LINE = 26 * (MAX_COLUMNS + 1)  # characters: a number needs 25 at most
MAX_LINES = 1_000_000  # with those that hold nothing
_BLOCK = 2**22  # characters turned into numbers at a time, of
_ROWS = 4096  # lines at most
_LONGEST_LABEL = 64

Row = tuple[int, str]  # the number of a line, from 1, and the line


def read(file: IO[bytes], options: Options, max_bytes: int) -> Parsed:
    """The images, uint8 (n, pixels), and labels in a text file of numbers between commas, semicolons or tabs.

    A first line of words is a heading, where "label" or the like marks the labels. Raises BadFile.
    """
    rows = _rows(file, max_bytes)
    first = next(rows, None)
    if first is None:
        raise BadFile("this file is empty")
    delimiter = max(",;\t", key=first[1].count)
    fields = _fields(first[1], delimiter)
    if len(fields) > MAX_COLUMNS + 1:
        raise BadFile(f"this table has {len(fields)} columns; {MAX_COLUMNS} is the limit")
    heading = fields if _is_heading(fields) else None
    blocks: list[NDArray[Any]] = []
    labels: list[str] = []
    count = 0
    for lines in _blocks(rows if heading else chain([first], rows)):
        check_total(count := count + len(lines), (len(fields),))
        _check_columns(lines, len(fields), delimiter)
        if not blocks:
            column = _label_column(heading, lines, delimiter, options)
            pixels = [i for i in range(len(fields)) if i != column]
        blocks.append(_numbers(lines, delimiter, pixels))
        labels += [] if column is None else _words(lines, delimiter, column)
    if not blocks:
        raise BadFile("this table has a heading and nothing below it")
    flat = scaling.levels(blocks)
    square = flat.reshape(len(flat), *scaling.table_shape(flat.shape[1], options))
    return Parsed(*scaling.fit(square, options), labels or None)


def _rows(file: IO[bytes], max_bytes: int) -> Iterator[Row]:
    """The lines that hold anything, read with a limit on each and on all."""
    total = number = 0
    while line := file.readline(MAX_LINE + 1):
        number, total = number + 1, total + len(line)
        if len(line) > MAX_LINE:
            raise BadFile(f"line {number} is too long for a row of pixels: this is no table of images")
        if number > MAX_LINES:
            raise BadFile(f"this table has more than {MAX_LINES:,} lines")
        if total > max_bytes:
            raise BadFile(f"this table has more than {max_bytes / 2**20:.0f} MB")
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r\n ")
        except UnicodeDecodeError:
            raise BadFile(f"line {number} is not text: this is neither a table nor another known format") from None
        if text:
            yield number, text


def _blocks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    block: list[Row] = []
    size = 0
    for row in rows:
        block.append(row)
        size += len(row[1])
        if size > _BLOCK or len(block) == _ROWS:
            yield block
            block, size = [], 0
    if block:
        yield block


def _fields(line: str, delimiter: str) -> list[str]:
    return [field.strip().strip('"').strip() for field in line.split(delimiter)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_heading(fields: list[str]) -> bool:
    """A word may be a label; two words, or one that means "label", are a heading."""
    words = [field.lower() for field in fields if not _is_number(field)]
    return len(words) > 1 or any(word in LABEL_NAMES for word in words)


def _check_columns(lines: list[Row], columns: int, delimiter: str) -> None:
    if not any(map(_is_number, _fields(lines[0][1], delimiter))):
        raise BadFile(f"line {lines[0][0]} holds no numbers: this is no table of images")
    for number, line in lines:
        if (found := line.count(delimiter) + 1) != columns:
            raise BadFile(f"line {number} has {found} values, the first line has {columns}")


def _label_column(heading: list[str] | None, lines: list[Row], delimiter: str, options: Options) -> int | None:
    """Which column holds labels: what the options or the heading say, else the one too many for a square image."""
    last = lines[0][1].count(delimiter)
    if options.label_column == "none":
        return None
    if options.label_column != "auto":
        return 0 if options.label_column == "first" else last
    if heading:
        return next((i for i, field in enumerate(heading) if field.lower() in LABEL_NAMES), None)
    ends = {column: set(_words(lines, delimiter, column)) for column in (0, last)}
    for column, words in ends.items():
        if not all(map(_is_number, words)):
            return column
    if not _one_too_many(last + 1, options.size):
        return None
    return last if len(ends[0]) == 1 < len(ends[last]) else 0  # a corner of the images is often black everywhere


def _one_too_many(columns: int, size: tuple[int, int] | None) -> bool:
    """Whether one column less makes an image of `size`, or else a square one."""
    if size is not None and math.prod(size) in (columns, columns - 1):
        return math.prod(size) == columns - 1
    return math.isqrt(columns - 1) ** 2 == columns - 1 and math.isqrt(columns) ** 2 != columns


def _numbers(lines: list[Row], delimiter: str, columns: list[int]) -> NDArray[Any]:
    """The values (rows, columns), bytes where bytes say the same: eight times smaller.

    numpy reads a wide table fifteen times faster than pandas, which thinks column by column.
    """
    if not columns:
        raise BadFile("this table has labels and no column of pixels")
    try:
        block = np.loadtxt(
            [line for _, line in lines], delimiter=delimiter, usecols=columns, comments=None, quotechar='"', ndmin=2
        )
    except ValueError as error:
        raise BadFile(f"lines {lines[0][0]} to {lines[-1][0]} can't be read as numbers: {shown(str(error))}") from None
    if len(block) != len(lines):  # a quotation mark that swallows ends of lines
        raise BadFile(f"line {lines[0][0]} or one that follows has an odd quotation mark")
    with np.errstate(over="ignore", invalid="ignore"):
        exact = block.min() >= 0 and block.max() <= 255 and not np.any(block % 1)
        return block.astype(np.uint8 if exact else np.float32)


def _words(lines: list[Row], delimiter: str, column: int) -> list[str]:
    """What stands in one column, without quotation marks; the first is quick to find."""
    words = (line.split(delimiter, 1 if column == 0 else -1)[column] for _, line in lines)
    return [word.strip().strip('"').strip()[:_LONGEST_LABEL] for word in words]
