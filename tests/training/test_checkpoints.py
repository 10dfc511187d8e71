"""Checkpoints: complete, whole at every moment, and good for going on bit for bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dpy
from dpy.data import DataLoader
from dpy.optim import Adam, ClipNorm, Cosine, Descent, OptimiserChain, adjust, freeze, setup
from dpy.training import load_checkpoint, save_checkpoint, scheduler, train

pytest.importorskip("safetensors")
ROOT = Path(__file__).parents[2]


@dataclass
class Layer:
    weight: Any
    bias: Any
    rng: Any = None
    calls: int = 0
    scale: float = 1.0
    extra: Any = field(default_factory=dict)

    def __call__(self, x: Any) -> Any:
        if dpy.within_gradient():
            x = x * (self.rng.random(x.shape) > 0.3)
            self.calls = self.calls + 1
        return np.tanh(x @ self.weight.T + self.bias)


def model(seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(3, 3))
    return [
        Layer(shared, rng.normal(size=3).astype(np.float32), np.random.default_rng(seed)),
        Layer(shared, rng.normal(size=3), np.random.default_rng(seed + 1)),
    ]


def loss(m: Any, x: Any, y: Any) -> Any:
    return np.mean((m[1](m[0](x)) - y) ** 2)


def parts(seed: int = 0) -> tuple[Any, Any, Any]:
    m = model(seed)
    rng = np.random.default_rng(5)
    data = rng.normal(size=(20, 3)), rng.normal(size=(20, 3))
    state = setup(OptimiserChain(ClipNorm(1.0), Adam(0.01)), m)
    return m, state, DataLoader(data, batchsize=4, shuffle=True, rng=seed)


def bits(m: Any, state: Any) -> bytes:
    arrays = [a for layer in m for a in (layer.weight, layer.bias)]
    numbers = repr([(layer.calls, layer.scale, layer.rng.bit_generator.state) for layer in m])
    moments = [leaf.state for leaf in dpy.optim.leaves_of(state)]
    return b"".join(a.tobytes() for a in arrays) + numbers.encode() + repr(moments).encode()


@pytest.mark.parametrize("stopped", [1, 3, 5, 7, 10])
def test_going_on_bit_for_bit(tmp_path: Path, stopped: int) -> None:
    """Five batches in each of three epochs; the training is left after some of them."""
    path = tmp_path / "run.safetensors"
    rate = scheduler(Cosine(0.05, 0.001, 15))
    m, state, loader = parts()
    whole = train(loss, m, loader, state, epochs=3, cb=rate)
    wanted = bits(m, state)
    m, state, loader = parts()
    train(loss, m, loader, state, epochs=3, checkpoint=path,
          cb=[rate, lambda p: p.total == stopped])  # fmt: skip
    m, state, loader = parts(seed=9)  # everything else is read from the file
    train(loss, m, loader, state, epochs=3, checkpoint=path, cb=rate)
    assert bits(m, state) == wanted == bits(whole[1], whole[0])
    before = bits(m, state)
    train(loss, m, loader, state, epochs=3, checkpoint=path, cb=rate)  # nothing is left to do
    assert bits(m, state) == before
    assert sorted(os.listdir(tmp_path)) == ["run.safetensors"]


def test_data_without_a_state_are_skipped(tmp_path: Path) -> None:
    batches = [(np.full((1, 3), float(k)), np.zeros((1, 3))) for k in range(6)]
    seen: list[float] = []
    note = lambda p: seen.append(p.batch[0][0, 0])
    for stopped in (4, 99):
        m, state, _ = parts()
        train(loss, m, batches, state, epochs=2, checkpoint=tmp_path / "a",
              cb=[note, lambda p, stopped=stopped: p.total == stopped])  # fmt: skip
    assert seen == [0, 1, 2, 3, 4, 5] * 2


def test_every_so_many_steps(tmp_path: Path) -> None:
    m, state, loader = parts()
    path = tmp_path / "a"
    with pytest.raises(KeyboardInterrupt):
        train(loss, m, loader, state, checkpoint=path, checkpoint_every=2, cb=_interrupt_at_4)
    m, state, loader = parts()
    info = load_checkpoint(path, m, state, loader)
    assert info == {"epoch": 1, "step": 2, "total": 2}
    assert loader.state()["position"] == 2
    fresh, state, loader = parts(3)
    totals: list[int] = []
    train(
        loss,
        fresh,
        loader,
        state,
        checkpoint=path,
        resume=False,
        cb=lambda p: totals.append(p.total),
    )
    assert totals == [1, 2, 3, 4, 5]


def _interrupt_at_4(progress: Any) -> None:
    if progress.total == 4:
        raise KeyboardInterrupt


def test_all_that_is_saved(tmp_path: Path) -> None:
    path, rng = tmp_path / "a", np.random.default_rng(0)
    m = {
        "a.b": np.arange(3), "a": {"b": np.array([1 + 2j]), 3: np.array(2.5)},
        "flags": np.array([True]), "list": [1, 2.5, None, "text", np.float32(3)],
        "empty": np.zeros((0, 2)), "order": np.arange(6.0).reshape(2, 3).T,
    }  # fmt: skip
    state = freeze(adjust(setup(Adam(0.1), m), 0.25))
    save_checkpoint(path, m, state, rngs=[rng], note={"best": (0.1, 3)})
    wanted, drawn = dpy.state(m), rng.random()
    m["a.b"][...], m["a"]["b"][...], m["a"][3][...] = 7, 0, 0
    m["flags"][...], m["order"][...], m["list"][:2] = False, 0, [5, 6]
    other = setup(Adam(0.1), m)
    info = load_checkpoint(path, m, other, rngs=[rng])
    assert repr(dpy.state(m)) == repr(wanted) and rng.random() == drawn
    assert other == state and info == {"note": {"best": (0.1, 3)}}


def test_records_that_grow_while_training(tmp_path: Path) -> None:
    """Lists, dicts and tuples of numbers are those of the moment; lists stay the same objects."""
    m, other = (
        {
            "x": np.ones(1),
            "log": [],
            "by": {},
            "last": (0, 0.0),
            "me": [],
            "names": np.array(["a"]),
            "day": np.datetime64(1, "D"),
        }
        for _ in "ab"
    )
    for k in ("a", "b"):
        m["log"].append((k, 1.5))
        m["by"][k] = [len(m["by"])]
        m["last"] = (len(m["log"]), 2.5)
    m["me"].append(m["me"])
    other["me"].append(other["me"])
    save_checkpoint(tmp_path / "a", m)
    log = other["log"]
    load_checkpoint(tmp_path / "a", other)
    assert other["log"] is log == [("a", 1.5), ("b", 1.5)]
    assert other["by"] == {"a": [0], "b": [1]} and other["last"] == (2, 2.5)


def test_other_programs_can_read_it(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    m, state, loader = parts()
    save_checkpoint(tmp_path / "a.safetensors", m, state, loader)
    arrays = load_file(tmp_path / "a.safetensors")
    assert np.array_equal(arrays["model.0.weight"], m[0].weight)
    assert "model.1.weight" not in arrays  # the same array


def test_the_shared_generator_of_layers(tmp_path: Path) -> None:
    from dpy.nn import random

    random.seed(3)
    save_checkpoint(tmp_path / "a", {"x": np.ones(1)})
    wanted = random.generator().random(3)
    load_checkpoint(tmp_path / "a", {"x": np.ones(1)})
    assert np.array_equal(random.generator().random(3), wanted)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m, s: (m[:1], s), r"model.1.bias is in the checkpoint only"),
        (lambda m, s: ([*m, np.ones(1)], s), r"model.2 is in the model only"),
        (lambda m, s: ([m[0], Layer(m[0].weight, np.ones(4), m[1].rng)], s), r"has shape \(4,\)"),
        (lambda m, s: ([m[0], Layer(m[0].weight, np.ones(3, "f"), m[1].rng)], s), "type float32"),
        (lambda m, s: ([m[0], Layer(m[0].weight, np.ones(3))], s), "1 random generators"),
        (lambda m, s: (m, setup(Descent(), m[0])), "2 arrays in the optimiser"),
        (lambda m, s: (m, setup(Descent(), m)), "the optimiser is Descent, in the checkpoint Opt"),
        (lambda m, s: (m, Descent()), "the state of the optimiser is a Descent"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, change: Any, message: str) -> None:
    m, state, _ = parts()
    save_checkpoint(tmp_path / "a", m, state)
    other, other_state, loader = parts(1)
    before = other[0].weight.copy()
    changed, changed_state = change(other, other_state)
    with pytest.raises(dpy.DpyError, match=message):
        load_checkpoint(tmp_path / "a", changed, changed_state)
    assert np.array_equal(other[0].weight, before)
    with pytest.raises(dpy.DpyError, match="saved without a loader"):
        load_checkpoint(tmp_path / "a", m, state, loader)


def test_what_is_no_checkpoint(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"x": np.ones(1)}, tmp_path / "a")
    with pytest.raises(dpy.DpyError, match="is no checkpoint of dpy"):
        load_checkpoint(tmp_path / "a", np.ones(1))
    with pytest.raises(dpy.DpyError, match="checkpoints are for explicit training"):
        train(lambda: 1.0, dpy.params(np.ones(1)), [()], Descent(), checkpoint=tmp_path / "b")


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    m = {"x": np.ones(1)}
    save_checkpoint(tmp_path / "a", m, round=1)

    def fail(*_: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="disk is full"):
            save_checkpoint(tmp_path / "a", m, round=2)
    assert load_checkpoint(tmp_path / "a", m) == {"round": 1}
    save_checkpoint(tmp_path / "a", m, round=3)
    assert load_checkpoint(tmp_path / "a", m) == {"round": 3}


PROGRAM = """
import sys
from tests.training.test_checkpoints import bits, loss, parts, train
m, state, loader = parts()
def note(progress):
    print(progress.total, flush=True)
train(loss, m, loader, state, epochs=6, checkpoint=sys.argv[1], checkpoint_every=1, cb=note)
sys.stdout.buffer.write(b"done" + bits(m, state))
"""


def test_a_training_that_is_killed_at_any_moment(tmp_path: Path) -> None:
    m, state, loader = parts()
    train(loss, m, loader, state, epochs=6)
    wanted = bits(m, state)
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, str(program), str(tmp_path / "run.safetensors")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    rng = np.random.default_rng()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        for _ in range(int(rng.integers(2, 7))):
            process.stdout.readline()
        time.sleep(float(rng.random()) * 0.01)
        process.send_signal(signal.SIGKILL)
    found = subprocess.run(command, capture_output=True, env=environment, check=True).stdout
    assert found.endswith(b"done" + wanted)
    first = int(found.split(b"\n")[0])
    assert 2 <= first <= 30  # it has gone on


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda nn: nn.Chain(nn.Dense(4, 3), nn.BatchNorm(3), nn.Dropout(0.5)), (5, 4)),
        (lambda nn: nn.Chain(nn.LSTM(3, 4), nn.Dense(4, 2)), (2, 5, 3)),
        (lambda nn: nn.WeightNorm(nn.Dense(4, 3)), (2, 4)),
    ],
)
def test_layers_are_trained_saved_and_made_of_vectors(
    make: Any, shape: Any, tmp_path: Path
) -> None:
    from dpy import nn

    m = make(nn)
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)

    def square(m: Any, x: Any) -> Any:
        return np.sum(m(x) ** 2)

    state = setup(Adam(0.01), m)
    grads = dpy.gradient(square, m, x)[0]
    new_state, new = dpy.optim.update(state, m, grads)
    dpy.optim.update_(state, m, grads)
    vector, rebuild = dpy.destructure(m)
    assert np.array_equal(vector, dpy.destructure(new)[0]) and type(new) is type(m)
    through = dpy.gradient(lambda v: square(nn.testmode(rebuild(v)), x), vector)[0]
    direct = dpy.gradient(lambda m: square(nn.testmode(m), x), rebuild(vector))[0]
    assert np.allclose(through, rebuild.gradient(direct), rtol=1e-3, atol=1e-4)
    save_checkpoint(tmp_path / "a", m, state)
    other = dpy.fmap(np.ones_like, m)
    load_checkpoint(tmp_path / "a", other, new_state)
    assert np.array_equal(nn.testmode(other)(x), nn.testmode(m)(x)) and new_state == state
