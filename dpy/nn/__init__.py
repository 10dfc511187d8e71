"""Layers: plain dataclasses of arrays, callables and other layers, with `__call__`.

Any callable is a layer, and a class of one's own needs no base class and no registration. The
names are Flux's; batches come first, and what layers compute with is in `dpy.nn.functional`.
"""

import importlib as _importlib
import typing as _typing

if _typing.TYPE_CHECKING:  # the same as in `_HOMES`, for type checkers and editors
    from dpy.nn.attention import (
        Attention,
        MultiHeadAttention,
    )
    from dpy.nn.basic import (
        Bilinear,
        Dense,
        Scale,
        flatten,
        identity,
    )
    from dpy.nn.chains import (
        Chain,
        Maxout,
        PairwiseFusion,
        Parallel,
        SkipConnection,
    )
    from dpy.nn.convolution import (
        Conv,
        ConvTranspose,
        CrossCor,
        DepthwiseConv,
    )
    from dpy.nn.dropout import (
        AlphaDropout,
        Dropout,
    )
    from dpy.nn.embedding import (
        Embedding,
        EmbeddingBag,
    )
    from dpy.nn.functional.activations import (
        celu,
        elu,
        gelu,
        hardsigmoid,
        hardswish,
        hardtanh,
        leakyrelu,
        lisht,
        logcosh,
        logsigmoid,
        mish,
        relu,
        relu6,
        rrelu,
        selu,
        sigmoid,
        sigmoid_fast,
        softplus,
        softshrink,
        softsign,
        swish,
        tanh,
        tanh_fast,
        tanhshrink,
        trelu,
    )
    from dpy.nn.functional.normalise import (
        normalise,
    )
    from dpy.nn.functional.softmax import (
        logsoftmax,
        logsumexp,
        softmax,
    )
    from dpy.nn.functional.windows import (
        SamePad,
    )
    from dpy.nn.initialisers import (
        create_bias,
        glorot_normal,
        glorot_uniform,
        identity_init,
        kaiming_normal,
        kaiming_uniform,
        lecun_normal,
        nfan,
        ones32,
        orthogonal,
        rand32,
        randn32,
        rng_from_array,
        sparse_init,
        truncated_normal,
        zeros32,
    )
    from dpy.nn.modes import (
        is_training,
        modules,
        testmode,
        trainmode,
    )
    from dpy.nn.normalisation import (
        BatchNorm,
        GroupNorm,
        InstanceNorm,
        LayerNorm,
    )
    from dpy.nn.pooling import (
        AdaptiveMaxPool,
        AdaptiveMeanPool,
        GlobalMaxPool,
        GlobalMeanPool,
        MaxPool,
        MeanPool,
    )
    from dpy.nn.random import (
        generator,
        seed,
    )
    from dpy.nn.recurrent import (
        GRU,
        LSTM,
        RNN,
        GRUCell,
        GRUv3,
        GRUv3Cell,
        LSTMCell,
        Recurrence,
        RNNCell,
        initialstates,
    )
    from dpy.nn.show import (
        summary,
    )
    from dpy.nn.tools import (
        activations,
        outputsize,
    )
    from dpy.nn.upsampling import (
        PixelShuffle,
        Upsample,
    )
    from dpy.nn.weightnorm import (
        WeightNorm,
        remove_weight_norms,
    )

__all__ = [
    "AdaptiveMaxPool",
    "AdaptiveMeanPool",
    "AlphaDropout",
    "Attention",
    "BatchNorm",
    "Bilinear",
    "Chain",
    "Conv",
    "ConvTranspose",
    "CrossCor",
    "Dense",
    "DepthwiseConv",
    "Dropout",
    "Embedding",
    "EmbeddingBag",
    "GRU",
    "GRUCell",
    "GRUv3",
    "GRUv3Cell",
    "GlobalMaxPool",
    "GlobalMeanPool",
    "GroupNorm",
    "InstanceNorm",
    "LSTM",
    "LSTMCell",
    "LayerNorm",
    "MaxPool",
    "Maxout",
    "MeanPool",
    "MultiHeadAttention",
    "PairwiseFusion",
    "Parallel",
    "PixelShuffle",
    "RNN",
    "RNNCell",
    "Recurrence",
    "SamePad",
    "Scale",
    "SkipConnection",
    "Upsample",
    "WeightNorm",
    "activations",
    "celu",
    "create_bias",
    "elu",
    "flatten",
    "functional",
    "gelu",
    "generator",
    "glorot_normal",
    "glorot_uniform",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "identity",
    "identity_init",
    "initialstates",
    "is_training",
    "kaiming_normal",
    "kaiming_uniform",
    "leakyrelu",
    "lecun_normal",
    "lisht",
    "logcosh",
    "logsigmoid",
    "logsoftmax",
    "logsumexp",
    "mish",
    "modules",
    "nfan",
    "normalise",
    "ones32",
    "orthogonal",
    "outputsize",
    "rand32",
    "randn32",
    "relu",
    "relu6",
    "remove_weight_norms",
    "rng_from_array",
    "rrelu",
    "seed",
    "selu",
    "sigmoid",
    "sigmoid_fast",
    "softmax",
    "softplus",
    "softshrink",
    "softsign",
    "sparse_init",
    "summary",
    "swish",
    "tanh",
    "tanh_fast",
    "tanhshrink",
    "testmode",
    "trainmode",
    "trelu",
    "truncated_normal",
    "zeros32",
]

# Where the public names are defined, below `dpy.nn`; each is imported when it is first used.
_HOMES = {
    "attention": ("Attention", "MultiHeadAttention"),
    "basic": ("Bilinear", "Dense", "Scale", "flatten", "identity"),
    "chains": ("Chain", "Maxout", "PairwiseFusion", "Parallel", "SkipConnection"),
    "convolution": ("Conv", "ConvTranspose", "CrossCor", "DepthwiseConv"),
    "dropout": ("AlphaDropout", "Dropout"),
    "embedding": ("Embedding", "EmbeddingBag"),
    "functional.activations": (
        "celu", "elu", "gelu", "hardsigmoid", "hardswish", "hardtanh", "leakyrelu", "lisht",
        "logcosh", "logsigmoid", "mish", "relu", "relu6", "rrelu", "selu", "sigmoid",
        "sigmoid_fast", "softplus", "softshrink", "softsign", "swish", "tanh", "tanh_fast",
        "tanhshrink", "trelu",
    ),
    "functional.normalise": ("normalise",),
    "functional.softmax": ("logsoftmax", "logsumexp", "softmax"),
    "functional.windows": ("SamePad",),
    "initialisers": (
        "create_bias", "glorot_normal", "glorot_uniform", "identity_init", "kaiming_normal",
        "kaiming_uniform", "lecun_normal", "nfan", "ones32", "orthogonal", "rand32",
        "randn32", "rng_from_array", "sparse_init", "truncated_normal", "zeros32",
    ),
    "modes": ("is_training", "modules", "testmode", "trainmode"),
    "normalisation": ("BatchNorm", "GroupNorm", "InstanceNorm", "LayerNorm"),
    "pooling": (
        "AdaptiveMaxPool", "AdaptiveMeanPool", "GlobalMaxPool", "GlobalMeanPool", "MaxPool",
        "MeanPool",
    ),
    "random": ("generator", "seed"),
    "recurrent": (
        "GRU", "LSTM", "RNN", "GRUCell", "GRUv3", "GRUv3Cell", "LSTMCell", "RNNCell",
        "Recurrence", "initialstates",
    ),
    "show": ("summary",),
    "tools": ("activations", "outputsize"),
    "upsampling": ("PixelShuffle", "Upsample"),
    "weightnorm": ("WeightNorm", "remove_weight_norms"),
}  # fmt: skip
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> _typing.Any:
    home = _HOME.get(name)
    if home is not None:
        from dpy.pause import paused

        module = paused(_importlib.import_module, f"dpy.nn.{home}")
        value = globals()[name] = getattr(module, name)
        return value
    if name == "functional":
        return _importlib.import_module("dpy.nn.functional")
    raise AttributeError(f"module 'dpy.nn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
