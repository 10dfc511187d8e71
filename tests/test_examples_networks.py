"""The examples of networks, at small size: what each must reach."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dpy
from benchmarks import mnist, networks
from dpy.functors import fmap, trainables
from examples import (
    autoencoder,
    char_rnn,
    convnet,
    ffnetwork,
    gan,
    linreg,
    mlp,
    transfer,
    vae,
    vit,
)
from examples.images import Images, images


@pytest.fixture(scope="module")
def data() -> Images:
    return images()


def count(model: Any) -> int:
    return sum(p.size for p in trainables(model))


def test_linear_regression_in_three_forms() -> None:
    result = linreg.main(quick=True, show=False, out=None)
    loop, closure, train = result.losses.values()
    assert loop == closure == train
    assert result.best < loop[-1] < loop[0]
    for seed in (1, 2):
        problem = linreg.Problem.random(seed)
        assert linreg.by_loop(problem, 1000)[-1] < 1.3 * problem.best_loss()


def test_chain_and_class_learn_the_same(data: Images) -> None:
    chain = mlp.train(data, epochs=12)
    own = ffnetwork.train(data, epochs=12)
    assert chain.losses == own.losses
    assert chain.accuracies[-1] >= 0.95
    assert count(mlp.create_model(784, 0.2, 128, 10)) == 101_770
    rng = np.random.default_rng(0)
    assert count(ffnetwork.FFNetwork.random(784, 128, 0.2, 10, rng)) == 101_770


def test_lenet() -> None:
    assert count(convnet.lenet()) == 44_426
    run = convnet.train(images(enlarge=True), epochs=3)
    assert run.accuracies[-1] >= 0.88 and run.losses[-1] < run.losses[0] / 4


def test_autoencoder_halves_its_error() -> None:
    run = autoencoder.main(quick=True, show=False, out=None)
    assert np.mean(run.losses[-10:]) < run.losses[0] / 2


def test_vae(tmp_path: Any) -> None:
    run = vae.main(quick=True, show=False, out=tmp_path)
    assert np.mean(run.losses[-10:]) < 0.7 * run.losses[0]
    assert run.picture is None or run.picture.stat().st_size > 1000
    rng = np.random.default_rng(0)
    model = fmap(lambda p: p.astype(np.float64), vae.VAE.random(rng, pixels=6))
    x, noise = rng.random((3, 6)), rng.standard_normal((3, 2))
    dpy.check_gradient(lambda model: vae.negative_elbo(model, x, noise), model)


def test_gan_stays_finite() -> None:
    result = gan.train(500)
    losses = [*result.generator_losses, *result.critic_losses]
    assert len(losses) == 1000 and np.isfinite(losses).all()
    assert result.points(5, np.random.default_rng(0)).shape == (5, 2)


def test_lstm_learns_to_write() -> None:
    run = char_rnn.main(quick=True, show=False, out=None)
    assert np.mean(run.losses[-5:]) < 0.75 * run.losses[0]
    text = char_rnn.Text.of(char_rnn.WORDS)
    written = char_rnn.write(run.model, text, "The ", 20)
    assert written.startswith("The ") and len(written) == 24


def test_attention_reads_digits(data: Images) -> None:
    x = data.x[:2]
    cut = vit.patches(x)
    assert cut.shape == (2, 16, 4)
    assert np.array_equal(cut[1, 5].reshape(2, 2), x[1, 2:4, 2:4])
    run = vit.train(data, epochs=4)
    assert run.accuracies[-1] >= 0.8


def test_only_the_head_is_tuned(data: Images) -> None:
    rng = np.random.default_rng(0)
    first = transfer.pretrain(data, 10, rng)
    before = first.model[1].weight.copy()
    run = transfer.finetune(first.model[:2], data, 12, rng)
    assert run.accuracies[-1] >= 0.9
    assert np.array_equal(run.model["backbone"][1].weight, before)


def test_the_table_of_systems(capsys: Any, monkeypatch: Any) -> None:
    small = images(enlarge=True)
    some = Images(small.x[:128], small.labels[:128], small.x_test[:64], small.labels_test[:64])
    monkeypatch.setattr(mnist, "images", lambda *args, **kwargs: some)
    found = mnist.main(["--epochs", "1", "--only", "dpy", "tf"])
    assert all(row is not None and row.seconds > 0 for (system, _), row in found.items()
               if system == "dpy")  # fmt: skip
    text = capsys.readouterr().out
    assert "lenet" in text and "modular" in text


def test_layers_are_timed(capsys: Any) -> None:
    found = networks.main(["LeNet, second", "LSTM 64"], rounds=1)
    assert list(found) == ["LeNet, second", "LSTM 64 to 64"]
    assert all(row["dpy"] > 0 and row["dpy gradient"] > 0 for row in found.values())
    assert "LSTM" in capsys.readouterr().out
