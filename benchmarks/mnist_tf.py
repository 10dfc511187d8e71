"""The models of `benchmarks.mnist` in TensorFlow's Keras, on one thread."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from benchmarks.timed import BATCH, Row, timed
from examples.images import Images

__all__ = ["run"]


def model_of(name: str, shape: tuple[int, ...]) -> Any:
    layers = tf.keras.layers
    if name == "lenet":
        return tf.keras.Sequential(
            [
                layers.Input((*shape, 1)),
                layers.Conv2D(6, 5, activation="relu"),
                layers.MaxPool2D(2),
                layers.Conv2D(16, 5, activation="relu"),
                layers.MaxPool2D(2),
                layers.Flatten(),
                layers.Dense(120, activation="relu"),
                layers.Dense(84, activation="relu"),
                layers.Dense(10),
            ]
        )
    parts = [layers.Flatten(), layers.Dense(128, "relu"), layers.Dropout(0.2), layers.Dense(10)]
    return tf.keras.Sequential([layers.Input(shape), *parts])


def run(name: str, data: Images, epochs: int) -> Row:
    """Train one of the models: "modular" by a loop with a tape, the others by ``fit``."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.keras.utils.set_random_seed(0)
    x, x_test = data.x, data.x_test
    model = model_of(name, x.shape[1:])
    if name == "lenet":
        x, x_test = x[..., None], x_test[..., None]
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimiser = tf.keras.optimizers.Adam(1e-3)
    model.compile(optimizer=optimiser, loss=loss, metrics=["accuracy"])
    pairs = tf.data.Dataset.from_tensor_slices((x, data.labels)).shuffle(len(x)).batch(BATCH)

    @tf.function
    def step(images: Any, labels: Any) -> None:
        with tf.GradientTape() as tape:
            value = loss(labels, model(images, training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        optimiser.apply_gradients(zip(gradients, model.trainable_variables, strict=True))

    def by_hand() -> None:
        for images, labels in pairs:
            step(images, labels)

    def fit() -> None:
        model.fit(pairs, epochs=1, verbose=0)

    def accuracy() -> float:
        return float(model.evaluate(x_test, data.labels_test, verbose=0)[1])

    return timed(by_hand if name == "modular" else fit, accuracy, epochs)
