"""Bars are for terminals only."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.optim import Descent
from dpy.training import loop
from dpy.training.bars import bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_loss_and_rate_are_shown() -> None:
    pytest.importorskip("tqdm")
    file = Terminal()
    line = bar(True, 2, 3, 2, file)
    line.step(0.12345, lambda: 0.001)
    line.step(0.1, lambda: None)
    line.close()
    assert "Epoch 2/3" in file.getvalue() and "2/2" in file.getvalue()
    assert "loss=0.1" in file.getvalue()


@pytest.mark.parametrize(("wanted", "file"), [(True, io.StringIO()), (False, Terminal())])
def test_silence(wanted: bool, file: Any) -> None:
    line = bar(wanted, 1, 1, None, file)
    line.step(0.1, lambda: 1.0)
    line.close()
    assert file.getvalue() == ""


def test_training_steps_its_bar(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    seen: list[Any] = []

    class Recorded:
        def step(self, loss: float, rate: Any) -> None:
            seen.append((loss, rate()))

        def close(self) -> None:
            seen.append("closed")

    x = {"x": np.ones(1)}
    dpy.train(lambda m, k: np.sum(m["x"]) * 0 + k, x, [1.0, 2.0], Descent(0.5))
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(loop, "bar", lambda *_: Recorded())
    dpy.train(lambda m, k: np.sum(m["x"]) * 0 + k, x, [1.0, 2.0], Descent(0.5), epochs=1)
    assert seen == [(1.0, 0.5), (2.0, 0.5), "closed"]
