"""The text that was given to ``python -c``, which Python keeps only from 3.13 on."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["command_lines"]

_WITH_ARGUMENT = "WX"  # options that take the rest of the word, or the next one


def command_lines(argv: Sequence[str]) -> list[str]:
    r"""The lines of the command, from the words that Python was started with; none if it has none.

    >>> command_lines(["python", "-W", "error", "-Ic", "x = 1\ny = 2"])
    ['x = 1\n', 'y = 2\n']
    >>> command_lines(["python", "-m", "http.server", "-c"])
    []
    """
    words = iter(argv[1:])
    for word in words:
        if not word.startswith("-") or word in ("-", "--"):
            return []
        if word.startswith("--"):
            if "=" not in word:
                next(words, None)
            continue
        for at, letter in enumerate(word[1:], 2):
            rest = word[at:]
            if letter == "c":
                text = rest or next(words, "")
                return [line + "\n" for line in text.splitlines()]
            if letter == "m":
                return []
            if letter in _WITH_ARGUMENT:
                if not rest:
                    next(words, None)
                break
    return []
