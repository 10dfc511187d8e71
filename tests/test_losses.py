"""Losses: the figures of Flux's documentation, gradients, extreme logits, shapes, float32."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import dpy
from dpy import losses
from dpy.data import onehotbatch
from dpy.nn import sigmoid, softmax
from dpy.nn.functional.ctc import ctc_losses

YHAT = np.array([1.1, 2.1, 3.1])
Y = np.array([1, 2, 3])
LOGITS = np.arange(-7.0, 8.0).reshape(5, 3)
CLASSES = np.eye(3)[[0, 1, 2, 1, 0]]


def same(x):
    return x


# --- the figures of Flux --------------------------------------------------------------------------


def test_absolute_and_squared_errors() -> None:
    assert losses.mae([1.1, 1.9, 3.1], range(1, 4)) == 0.10000000000000009
    assert losses.mse([1.1, 1.9, 3.1], range(1, 4)) == 0.010000000000000018
    assert losses.mae([1.1, 1.9, 3.1], [1, 2, 3], agg=np.sum) == pytest.approx(0.3)
    assert losses.mae(YHAT, Y, agg=same).shape == (3,)
    assert losses.mse(YHAT, Y, agg=np.sum) == np.sum((Y - YHAT) ** 2)
    assert losses.mse(1.5, 1.0) == 0.25


def test_msle() -> None:
    y = np.array([1, 2, 3], np.float32)
    assert losses.msle(y * np.float32(1.1), y) == pytest.approx(0.009084041, abs=2e-9)
    low = np.array([0.9, 1.8, 2.7], np.float32)
    assert losses.msle(low, y) == pytest.approx(0.011100831, abs=2e-9)


def test_huber() -> None:
    assert losses.huber_loss(YHAT, Y) == pytest.approx(0.005000000000000009, rel=1e-13)
    assert losses.huber_loss(YHAT, Y, delta=0.05) == pytest.approx(0.003750000000000005, rel=1e-13)


def test_crossentropy() -> None:
    p = softmax(LOGITS.astype(np.float32))
    y = onehotbatch([0, 1, 2, 1, 0], range(3))
    assert losses.crossentropy(p, y) == pytest.approx(1.6076053, abs=3e-7)
    smooth = losses.label_smoothing(CLASSES, 0.15)
    assert losses.crossentropy(p, smooth) == pytest.approx(1.5776052, abs=3e-7)
    smooth = losses.label_smoothing(y, 0.15)
    assert losses.crossentropy(p, smooth) == pytest.approx(1.5776052, abs=3e-7)
    assert losses.crossentropy(p, y, agg=np.sum) == pytest.approx(5 * 1.6076053)
    assert losses.crossentropy(p, y, agg=same).shape == (5,)
    assert losses.crossentropy(p.T, np.asarray(y).T, axis=0) == losses.crossentropy(p, y)


def test_logitcrossentropy() -> None:
    logits = np.array([*range(-9, 1), *range(10), 7.5]).reshape(7, 3)
    y = np.eye(3)[["abc".index(c) for c in "abcabaa"]]
    assert losses.logitcrossentropy(logits, y) == pytest.approx(1.5791205, abs=1e-7)
    single = losses.crossentropy(softmax(logits.astype(np.float32)), y.astype(np.float32))
    assert single == pytest.approx(1.5791197, abs=1e-6)
    (g,) = dpy.gradient(lambda x: losses.logitcrossentropy(x, y, agg=np.sum), logits)
    np.testing.assert_allclose(g, softmax(logits) - y, atol=1e-12)


def test_binary_crossentropy() -> None:
    y = np.array([True, False, True])
    p = softmax(np.array([[1.0, 2.0], [3.0, 3.0], [4.0, 5.0]]))[:, 1]
    assert losses.binarycrossentropy(p, y) == pytest.approx(0.43989, abs=5e-6)
    logits = np.array([2, -1, math.pi])
    assert losses.logitbinarycrossentropy(logits, y) == pytest.approx(0.160832, abs=5e-7)
    single = sigmoid(logits.astype(np.float32))
    assert losses.binarycrossentropy(single, y) == pytest.approx(0.16083185, abs=1e-8)


def test_kldivergence() -> None:
    one, half = np.eye(2), np.full((2, 2), 0.5)
    assert losses.kldivergence(half, one) == pytest.approx(math.log(2))
    assert losses.kldivergence(half, one, agg=np.sum) == pytest.approx(2 * math.log(2))
    assert losses.kldivergence(half, half, eps=0) == 0.0
    assert losses.kldivergence(one, half, eps=0) == math.inf


def test_poisson_and_hinge() -> None:
    assert losses.poisson_loss([1, 3, 3], range(1, 4)) == pytest.approx(
        0.5023128522198171, rel=1e-14
    )
    y, yhat = [1, -1, 1, 1], [0.1, 0.3, 1, 1.5]
    assert losses.hinge_loss(yhat, y) == pytest.approx(0.55, rel=1e-14)
    assert losses.squared_hinge_loss(yhat, y) == pytest.approx(0.625, rel=1e-14)


def test_overlaps() -> None:
    assert losses.dice_coeff_loss(YHAT, Y) == pytest.approx(0.000992391663909964, rel=1e-10)
    assert 1 - losses.dice_coeff_loss(YHAT, Y) == pytest.approx(0.99900760833609, rel=1e-12)
    perfect = np.array([0.0, 1.0, 1.0])
    assert losses.tversky_loss(perfect, perfect) == 0
    assert losses.tversky_loss(1 - perfect, perfect) == pytest.approx(1 - 1 / (0.7 + 0.6 + 1))


def test_focal() -> None:
    y = np.array([[0, 1, 0], [1, 0, 1]])
    p = np.array([[0.268941, 0.5, 0.268941], [0.731059, 0.5, 0.731059]])
    assert losses.binary_focal_loss(p, y) == pytest.approx(0.0728675615927385, rel=1e-12)
    found = losses.focal_loss(softmax(LOGITS), CLASSES)
    assert found == pytest.approx(
        1.1277571935622628, rel=1e-6
    )  # Flux's comes from single precision
    single = losses.focal_loss(softmax(LOGITS.astype("f4")), CLASSES.astype("f4"))
    assert single == pytest.approx(1.1277557, abs=3e-7)


def test_siamese() -> None:
    yhat = np.array([0.5, 1.5, 2.5])
    assert losses.siamese_contrastive_loss(yhat, Y) == pytest.approx(-4.833333333333333)
    assert losses.siamese_contrastive_loss(yhat, Y, margin=2) == -4.0
    with pytest.raises(ValueError, match="margin"):
        losses.siamese_contrastive_loss(yhat, Y, margin=-1)


def test_label_smoothing() -> None:
    y = np.eye(2)[[0, 1, 1]]
    assert losses.label_smoothing(y, 0.2).tolist() == [[0.9, 0.1], [0.1, 0.9], [0.1, 0.9]]
    by_columns = losses.label_smoothing(y.T, 0.2, axis=0)
    assert (by_columns.T == losses.label_smoothing(y, 0.2)).all()
    assert losses.label_smoothing(np.array([1, 0]), 0.2, axis=None).tolist() == [0.9, 0.1]
    p = softmax(y * math.log(2))
    np.testing.assert_allclose(p, np.where(y, 2 / 3, 1 / 3))
    better = losses.crossentropy(p, losses.label_smoothing(y, 0.2))
    assert better > losses.crossentropy(p, y)
    assert losses.label_smoothing(y.astype("f4"), 0.2).dtype == np.float32
    for alpha in (0, 1, -0.5):
        with pytest.raises(ValueError, match="alpha"):
            losses.label_smoothing(y, alpha)


# --- gradients ------------------------------------------------------------------------------------

PROBABILITIES = softmax(np.array([[0.3, -1.0, 0.4], [1.2, 0.1, -0.7]]))
OTHERS = softmax(np.array([[1.3, 0.2, 0.1], [-0.4, 0.3, 0.6]]))
REALS = np.array([[0.3, -1.1, 0.4], [1.2, 0.15, -0.7]])
SIGNS = np.array([[1.0, -1.0, 1.0], [1.0, 1.0, -1.0]])

DIFFERENTIATED = {
    "mae": (REALS, SIGNS),
    "mse": (REALS, SIGNS),
    "msle": (PROBABILITIES, OTHERS),
    "huber_loss": (REALS * 2, SIGNS),
    "poisson_loss": (PROBABILITIES, OTHERS),
    "hinge_loss": (REALS, SIGNS),
    "squared_hinge_loss": (REALS, SIGNS),
    "siamese_contrastive_loss": (PROBABILITIES, OTHERS),
    "crossentropy": (PROBABILITIES, OTHERS),
    "logitcrossentropy": (REALS, OTHERS),
    "binarycrossentropy": (PROBABILITIES, OTHERS),
    "logitbinarycrossentropy": (REALS, OTHERS),
    "kldivergence": (PROBABILITIES, OTHERS),
    "binary_focal_loss": (PROBABILITIES, OTHERS),
    "focal_loss": (PROBABILITIES, OTHERS),
    "dice_coeff_loss": (PROBABILITIES, OTHERS),
    "tversky_loss": (PROBABILITIES, OTHERS),
}


def test_there_are_17_losses_beside_smoothing_and_sparse_forms() -> None:
    others = {"ctc_loss", "label_smoothing", "xlogx", "xlogy", "hinge", "squared_hinge", "huber"}
    others |= {"poisson", "sparse_crossentropy", "sparse_logitcrossentropy"}
    assert len(DIFFERENTIATED) == 17
    assert set(DIFFERENTIATED) | others == set(losses.__all__)


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_gradients(name: str) -> None:
    loss = getattr(losses, name)
    yhat, y = DIFFERENTIATED[name]
    dpy.check_gradient(lambda a, b: loss(a, b), yhat, y)
    single = dpy.gradient(lambda a, b: loss(a, b), yhat.astype("f4"), y.astype("f4"))
    assert [g.dtype for g in single] == [np.float32, np.float32]
    assert np.asarray(loss(yhat.astype("f4"), y.astype("f4"))).dtype == np.float32
    whole = np.ones(yhat.shape, int)
    assert np.asarray(loss(yhat.astype("f4"), whole)).dtype == np.float32
    with pytest.raises(dpy.ShapeError, match=r"shape \(2, 3\) and targets of shape \(3,\)"):
        loss(yhat, y[0])
    if name not in ("dice_coeff_loss", "tversky_loss"):
        each = loss(yhat, y, agg=same)
        assert each.shape in ((2, 3), (2,)) or name == "kldivergence"
        summed = dpy.gradient(lambda a: loss(a, y, agg=np.sum), yhat)[0]
        mean = dpy.gradient(lambda a: loss(a, y), yhat)[0]
        np.testing.assert_allclose(summed, mean * np.size(each), rtol=1e-10)


def test_extreme_logits() -> None:
    x = np.array([[1e4, -1e4, 0], [-1e4, 1e4, 0]], np.float32)
    y = np.array([[0, 1, 0], [0, 1, 0]])
    bits = np.array([[1, 0, 1], [0, 1, 0]])

    def both(x):
        return losses.logitcrossentropy(x, y) + losses.logitbinarycrossentropy(x, bits)

    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value, (g,) = dpy.value_and_gradient(both, x)
    assert value == pytest.approx(1e4 + 2 * math.log(2) / 6)
    assert np.isfinite(g).all()
    assert g.dtype == np.float32
    p = np.array([[0.0, 1.0], [1.0, 0.0]])
    value, (g,) = dpy.value_and_gradient(lambda p: losses.crossentropy(p, np.eye(2)), p)
    assert value == pytest.approx(-math.log(np.finfo(float).eps))
    assert np.isfinite(g).all()
    assert np.isfinite(dpy.gradient(lambda p: losses.kldivergence(p, np.eye(2)), p)[0]).all()


def test_logarithms_with_zeros() -> None:
    x, y = np.array([0.0, 0.0, 2.0]), np.array([0.0, 3.0, 3.0])
    assert losses.xlogy(x, y).tolist() == [0, 0, 2 * math.log(3)]
    assert losses.xlogx(x).tolist() == [0, 0, 2 * math.log(2)]
    dpy.check_gradient(lambda x, y: losses.xlogy(x, y).sum(), x[1:], y[1:])
    assert dpy.gradient(lambda y: losses.xlogy(x, y).sum(), y)[0].tolist() == [0, 0, 2 / 3]
    assert losses.xlogy(0.0, 0.0) == 0


# --- sparse targets -------------------------------------------------------------------------------


def test_sparse_forms(rng) -> None:
    x = rng.normal(size=(4, 5, 3))
    labels = rng.integers(0, 3, size=(4, 5))
    y = np.eye(3)[labels]
    dense = losses.logitcrossentropy(x, y)
    assert losses.sparse_logitcrossentropy(x, labels) == pytest.approx(dense, rel=1e-12)
    assert losses.sparse_crossentropy(softmax(x), labels) == pytest.approx(dense)
    moved = np.moveaxis(x, -1, 1)
    assert losses.sparse_logitcrossentropy(moved, labels, axis=1) == pytest.approx(dense)
    dpy.check_gradient(lambda x: losses.sparse_logitcrossentropy(x, labels), x)
    dpy.check_gradient(lambda x: losses.sparse_crossentropy(softmax(x), labels), x)
    single = x.astype("f4")
    assert losses.sparse_logitcrossentropy(single, labels).dtype == np.float32
    g = dpy.gradient(lambda x: losses.sparse_logitcrossentropy(x, labels), single)[0]
    assert g.dtype == np.float32
    for wrong in (labels[0], labels.astype(float), y):
        with pytest.raises(dpy.ShapeError, match="sparse loss"):
            losses.sparse_logitcrossentropy(x, wrong)
    with pytest.raises(dpy.ShapeError, match=r"range\(3\)"):
        losses.sparse_logitcrossentropy(x, labels + 1)


# --- CTC ------------------------------------------------------------------------------------------


def by_enumeration(logits, labels, blank):
    """Minus the logarithm of the sum over all paths that give the labels."""
    p = softmax(logits)
    total = 0.0
    for path in itertools.product(range(p.shape[1]), repeat=p.shape[0]):
        merged = [c for c, _ in itertools.groupby(path)]
        if [c for c in merged if c != blank] == list(labels):
            total += math.prod(p[t, c] for t, c in enumerate(path))
    return -math.log(total) if total else math.inf


@pytest.mark.parametrize("labels", [[], [0], [0, 1], [1, 1], [0, 1, 0], [2, 2, 0], [0, 0, 0]])
def test_ctc_by_enumeration(labels, rng) -> None:
    x = rng.normal(size=(5, 4)) * 2
    assert losses.ctc_loss(x, labels) == pytest.approx(by_enumeration(x, labels, 3), rel=1e-12)
    moved = np.array(labels, int) + 1
    expected = by_enumeration(x, moved.tolist(), 0)
    assert losses.ctc_loss(x, moved, blank=0) == pytest.approx(expected, rel=1e-12)
    dpy.check_gradient(lambda x: losses.ctc_loss(x, labels), x)


def test_ctc_of_batches(rng) -> None:
    x = rng.normal(size=(3, 6, 4))
    labels, lengths = [[0, 1], [2], [1, 1, 0]], [6, 3, 5]
    each = [losses.ctc_loss(x[i, :n], labels[i]) for i, n in enumerate(lengths)]
    found = losses.ctc_loss(x, labels, lengths=lengths, agg=same)
    np.testing.assert_allclose(found, each)
    assert losses.ctc_loss(x, labels, lengths=lengths) == pytest.approx(np.mean(each))
    dpy.check_gradient(lambda x: losses.ctc_loss(x, labels, lengths=lengths), x)
    (g,) = dpy.gradient(lambda x: losses.ctc_loss(x, labels, lengths=lengths), x.astype("f4"))
    assert g.dtype == np.float32
    assert not g[1, 3:].any()


def test_ctc_without_a_path_and_with_extreme_logits() -> None:
    x = np.zeros((2, 3))
    assert losses.ctc_loss(x, [0, 1, 0]) == math.inf
    assert not dpy.gradient(lambda x: losses.ctc_loss(x, [0, 0]), x)[0].any()
    far = np.array([[1e4, -1e4, 0], [-1e4, 1e4, 0.0]])
    assert losses.ctc_loss(far, [0, 1]) == 0
    assert losses.ctc_loss(far, [1, 0]) == pytest.approx(4e4)
    assert np.isfinite(dpy.gradient(lambda x: losses.ctc_loss(x, [1, 0]), far)[0]).all()
    long = np.zeros((1000, 5))
    assert np.isfinite(losses.ctc_loss(long, [0, 1] * 100))
    assert ctc_losses(np.zeros((0, 4, 3)), []).shape == (0,)


def test_against_torch(rng) -> None:
    torch = pytest.importorskip("torch")
    F = torch.nn.functional
    x, t = rng.normal(size=(6, 4)), rng.random((6, 4))
    labels = rng.integers(0, 4, 6)
    a, b = torch.tensor(x), torch.tensor(t)
    pairs = [
        (losses.mae(x, t), F.l1_loss(a, b)),
        (losses.mse(x, t), F.mse_loss(a, b)),
        (losses.huber_loss(x, t, delta=0.5), F.huber_loss(a, b, delta=0.5)),
        (losses.logitbinarycrossentropy(x, t), F.binary_cross_entropy_with_logits(a, b)),
        (losses.sparse_logitcrossentropy(x, labels), F.cross_entropy(a, torch.tensor(labels))),
        (losses.logitcrossentropy(x, softmax(t)), F.cross_entropy(a, torch.softmax(b, -1))),
    ]
    for mine, theirs in pairs:
        assert float(mine) == pytest.approx(float(theirs), rel=1e-10)
    logits = rng.normal(size=(2, 20, 5))
    y = [[1, 2, 2], [3, 1, 4, 4, 1]]
    theirs = F.ctc_loss(
        torch.log_softmax(torch.tensor(logits).transpose(0, 1), -1),
        torch.tensor([c for row in y for c in row]),
        torch.tensor([20, 15]),
        torch.tensor([3, 5]),
        reduction="none",
    )
    mine = losses.ctc_loss(logits, y, lengths=[20, 15], blank=0, agg=same)
    np.testing.assert_allclose(mine, theirs.numpy(), rtol=1e-6)
