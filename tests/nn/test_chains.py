"""Chain, SkipConnection, Parallel, PairwiseFusion, Maxout."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import dpy
from dpy import nn
from dpy.functors import f64, params


def loss(model, *xs):
    return (model(*xs) ** 2).sum()


def concatenated(*xs):
    return np.stack(xs)


def test_chain() -> None:
    model = nn.Chain(nn.Dense(3, 3), np.tanh, nn.Dense(3, 3))
    x = np.ones((2, 3), np.float32)
    assert (model(x) == model[2](np.tanh(model[0](x)))).all()
    assert len(model) == 3
    assert list(model) == list(model.layers)
    rest = model[1:]
    assert type(rest) is nn.Chain
    assert [a is b for a, b in zip(params(rest), params(model[2]), strict=True)] == [True, True]
    assert nn.Chain()(x) is x
    assert model[-1] is model.layers[2]


def test_chain_with_names_or_a_list() -> None:
    model = nn.Chain(first=np.abs, second=np.sqrt)
    assert model(-4.0) == 2.0
    assert model["second"] is np.sqrt
    assert model[1:].names == ("second",)
    assert nn.Chain({"a": np.abs})["a"] is np.abs
    with pytest.raises(KeyError):
        model["third"]
    with pytest.raises(TypeError, match="by name"):
        nn.Chain(np.abs, again=np.abs)
    kept = nn.Chain([np.abs, np.sqrt])
    assert isinstance(kept.layers, list)
    assert isinstance(kept[1:].layers, list)
    assert kept(-4.0) == 2.0


def test_gradients_through_all_of_them(rng) -> None:
    def dense(n, m):
        return nn.Dense(n, m, np.tanh)

    for model in (
        nn.Chain([dense(3, 4), np.tanh, dense(4, 2)]),
        nn.Chain(a=dense(3, 4), b=lambda x: x * 2, c=dense(4, 2)),
        nn.SkipConnection(nn.Chain(dense(3, 4), dense(4, 3)), np.add),
        nn.Parallel(np.add, dense(3, 2), dense(3, 2), dense(3, 2)),
        nn.Parallel(operator.mul, a=dense(3, 2), b=np.sum),
        nn.Maxout(lambda: dense(3, 2), 3),
        nn.Chain(nn.PairwiseFusion(np.add, dense(3, 3), dense(3, 3)), lambda ys: ys[0] * ys[1]),
    ):
        model = f64(model)
        dpy.check_gradient(loss, model, rng.normal(size=(5, 3)))
        single = nn.glorot_uniform(4, 3)
        from dpy.functors import f32

        assert {a.dtype for a in params(dpy.gradient(loss, f32(model), single)[0])} == {
            single.dtype
        }


def test_skip_connection_shows_its_input() -> None:
    assert nn.SkipConnection(np.sqrt, np.subtract)(4.0) == -2.0


def test_parallel_as_in_fluxs_documentation() -> None:
    join = nn.Parallel(np.add, np.square, np.sqrt)
    assert (join(3.0, 4.0), join(4.0), join((3.0, 4.0))) == (11.0, 18.0, 11.0)
    assert nn.Parallel(concatenated, np.reciprocal)(1.0, 2.0, 4.0).tolist() == [1, 0.5, 0.25]
    assert nn.Chain(nn.Parallel(np.add, np.reciprocal, np.square))((4.0, 5.0)) == 25.25
    assert nn.Parallel(np.add, *[np.square] * 4)(1.0) == 4.0
    named = nn.Parallel(np.add, left=np.square, right=np.sqrt)
    assert named["right"] is np.sqrt
    for _ in range(4):
        assert dpy.gradient(lambda a, b: join(a, b), 3.0, 4.0) == (6.0, 0.25)
    with pytest.raises(dpy.ShapeError, match="2 layers got 3 inputs"):
        join(1.0, 2.0, 3.0)
    with pytest.raises(dpy.ShapeError, match="2 layers got 3 inputs"):
        dpy.gradient(join, 1.0, 2.0, 3.0)


def test_pairwise_fusion() -> None:
    fuse = nn.PairwiseFusion(np.add, np.square, np.negative, np.sqrt)
    assert fuse((3.0, 4.0, 17.0)) == (9.0, -13.0, 2.0)
    assert fuse(3.0, 4.0, 17.0) == fuse((3.0, 4.0, 17.0))
    assert nn.PairwiseFusion(np.add, np.square, np.negative)(2.0) == (4.0, -6.0)
    with pytest.raises(dpy.ShapeError, match="3 layers got 2 inputs"):
        fuse((1.0, 2.0))


def test_maxout() -> None:
    out = nn.Maxout(np.square, lambda x: 3 * x)
    x = np.array([-2.0, -1.0, 0.5, 1.0, 2.0])
    assert out(x).tolist() == [4, 1, 1.5, 3, 6]
    assert dpy.gradient(lambda x: out(x).sum(), x)[0].tolist() == [-4, -2, 3, 3, 3]
    assert sum(p.size for p in params(nn.Maxout(lambda: nn.Dense(5, 7), 3))) == 126


def test_any_callable_is_a_layer() -> None:
    class Doubled:
        def __init__(self, factor):
            self.factor = factor

        def __call__(self, x):
            return x * self.factor

        def half(self, x):
            return x * self.factor / 2

    own = Doubled(np.array([2.0]))
    model = nn.Chain(own, own.half, lambda x: x + 1, np.sum)
    value, (g, d_x) = dpy.value_and_gradient(lambda m, x: m(x), model, np.ones(3))
    assert value == 9.0
    assert d_x.tolist() == [2.0, 2.0, 2.0]
    assert g.layers[0].factor.tolist() == [6.0]  # by each of the two ways: shown at both places


def test_a_chain_is_compiled_to_straight_lines() -> None:
    model = nn.Chain(nn.Dense(4, 3, nn.relu), nn.Dropout(0.5), nn.Dense(3, 2, bias=False), np.tanh)
    listing = dpy.adjoint_source(nn.Chain.__call__, model, np.ones((5, 4), np.float32))
    assert "= weight.T" in listing
    for left_to_runtime in ("for ", "call_(", "operate(", "isinstance", ".dtype", " acc"):
        assert left_to_runtime not in listing


def test_models_inside_models_are_compiled_like_flat_ones() -> None:
    def block():
        return nn.SkipConnection(nn.Chain(nn.Dense(4, 4, nn.relu), nn.Dense(4, 4)), np.add)

    def total(model, x):
        return (model(x) ** 2).sum()

    dpy.clear_cache()  # after many signatures, code is compiled for outlines of kinds
    model = nn.Chain(nn.Chain(block(), block()), nn.Dense(4, 2))
    listing = dpy.adjoint_source(total, model, np.ones((5, 4), np.float32))
    assert "operate(" not in listing
    assert " acc" not in listing
    dpy.check_gradient(total, f64(model), np.linspace(-1, 1, 12).reshape(3, 4))
    long = nn.Chain(*[nn.Scale(1, (np.tanh, nn.relu)[k % 2]) for k in range(50)])
    listing = dpy.adjoint_source(nn.Chain.__call__, long, np.ones((5, 1), np.float32))
    assert "call_(" not in listing
