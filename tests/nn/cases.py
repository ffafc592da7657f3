"""One row per module: how to make it, and the shapes of its inputs.

A row is made of both libraries with the same weights; the suite in test_against_torch.py compares
outputs and gradients.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["CASES", "Case"]


@dataclass(frozen=True)
class Case:
    """``nn.<name>(*args, **kwargs)`` called on float inputs of these shapes and integer ones."""

    name: str
    shapes: tuple[tuple[int, ...], ...]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    range: tuple[float, float] = (-3.0, 3.0)  # of the first input; the others are in (0, 1)
    classes: tuple[tuple[int, ...], int] | None = None  # shape and number of an integer input
    tensors: dict[str, tuple[float, ...]] = field(default_factory=dict)  # tensor arguments
    tolerance: float = 1e-9

    def __str__(self) -> str:
        options = ", ".join(f"{key}={value}" for key, value in self.kwargs.items())
        return f"{self.name}{self.args}[{options}]{self.shapes}"

    def make(self, library: Any) -> Any:
        """The module in double precision."""
        double = library.float64
        tensors = {key: library.tensor(v, dtype=double) for key, v in self.tensors.items()}
        module = getattr(library.nn, self.name)(*self.args, **self.kwargs, **tensors)
        return module.double()


X = ((4, 5),)
PAIR = ((4, 5), (4, 5))
STATE = ((2, 3, 4), (2, 3, 4))

ACTIVATIONS = [
    Case(name, X)
    for name in (
        "ReLU", "ReLU6", "LeakyReLU", "ELU", "CELU", "SELU", "SiLU", "Mish", "Hardtanh", "GELU",
        "Hardswish", "Sigmoid", "Tanh", "Softplus", "Softsign", "LogSigmoid",
        "Tanhshrink", "Hardshrink", "Softshrink", "PReLU",
    )
] + [
    Case("Hardsigmoid", X, tolerance=3e-8),  # PyTorch's derivative is 1/6 as a float32
    Case("LeakyReLU", X, (0.3,)),
    Case("ELU", X, (0.5,)),
    Case("CELU", X, (0.5,)),
    Case("GELU", X, kwargs={"approximate": "tanh"}),
    Case("Hardtanh", X, (-0.5, 2.0)),
    Case("Softplus", X, (2.0, 1.0)),
    Case("Threshold", X, (0.1, 20.0)),
    Case("Hardshrink", X, (1.0,)),
    Case("Softshrink", X, (1.0,)),
    Case("PReLU", ((4, 5, 2),), (5,)),
    Case("GLU", ((4, 6),)),
    Case("GLU", ((4, 6),), (0,)),
    Case("Softmax", X, (1,)),
    Case("Softmin", X, (0,)),
    Case("LogSoftmax", X, (-1,)),
]  # fmt: skip

LAYERS = [
    Case("Identity", X),
    Case("Linear", X, (5, 3)),
    Case("Linear", ((2, 3, 5),), (5, 3)),
    Case("Linear", ((5,),), (5, 3)),
    Case("Linear", X, (5, 3), {"bias": False}),
    Case("Flatten", ((2, 3, 4),)),
    Case("Flatten", ((2, 3, 4, 2),), (1, 2)),
    Case("Unflatten", ((2, 6),), (1, (2, 3))),
    Case("Dropout", X, (0.0,)),
    Case("Embedding", (), (7, 3), classes=((2, 4), 7)),
    Case("Embedding", (), (7, 3), {"padding_idx": 2}, classes=((5, 4), 7)),
    Case("Embedding", (), (7, 3), {"padding_idx": -1}, classes=((9,), 7)),
]

IMAGE, LINE, VOLUME = ((2, 4, 7, 6),), ((2, 4, 9),), ((2, 4, 5, 4, 6),)

SPATIAL = ((1, LINE), (2, IMAGE), (3, VOLUME))

NORMS = [
    Case("LayerNorm", ((2, 3, 5),), (5,)),
    Case("LayerNorm", ((2, 3, 5),), ((3, 5),), {"eps": 0.1}),
    Case("LayerNorm", ((2, 3, 5),), (5,), {"bias": False}),
    Case("LayerNorm", ((2, 3, 5),), (5,), {"elementwise_affine": False}),
    Case("RMSNorm", ((2, 3, 5),), (5,)),
    Case("RMSNorm", ((2, 3, 5),), ((3, 5),), {"eps": 0.1, "elementwise_affine": False}),
    Case("GroupNorm", IMAGE, (2, 4)),
    Case("GroupNorm", ((3, 4),), (2, 4), {"affine": False}),
    Case("GroupNorm", LINE, (2, 4), {"bias": False}),
    Case("LocalResponseNorm", IMAGE, (2,), {"alpha": 0.1, "k": 2.0}),
    Case("BatchNorm1d", ((5, 4),), (4,)),
    Case("BatchNorm1d", LINE, (4,), {"momentum": None}),
    Case("BatchNorm1d", LINE, (4,), {"bias": False}),
    Case("BatchNorm2d", IMAGE, (4,)),
    Case("BatchNorm2d", IMAGE, (4,), {"affine": False, "eps": 0.1}),
    Case("BatchNorm2d", IMAGE, (4,), {"track_running_stats": False}),
    Case("BatchNorm3d", VOLUME, (4,)),
    Case("InstanceNorm1d", LINE, (4,)),
    Case("InstanceNorm1d", ((4, 9),), (4,)),
    Case("InstanceNorm2d", IMAGE, (4,), {"affine": True}),
    Case("InstanceNorm2d", IMAGE, (4,), {"track_running_stats": True}),
    Case("InstanceNorm3d", VOLUME, (4,)),
]

POOLS = [
    *(Case(f"MaxPool{n}d", shape, (3,), options) for n, shape in SPATIAL
      for options in ({}, {"stride": 2, "padding": 1}, {"stride": 2, "ceil_mode": True})),
    Case("MaxPool2d", IMAGE, ((2, 3),), {"dilation": 2, "stride": (1, 2)}),
    *(Case(f"AvgPool{n}d", shape, (3,), options) for n, shape in SPATIAL
      for options in ({}, {"stride": 2, "padding": 1, "count_include_pad": False})),
    Case("AvgPool2d", IMAGE, ((2, 3),), {"divisor_override": 5, "ceil_mode": True}),
    *(Case(f"LPPool{n}d", shape, (2, 3), {"stride": 2}, range=(0.1, 2.0))
      for n, shape in SPATIAL),
    *(Case(f"Adaptive{kind}Pool{n}d", shape, (3,)) for kind in ("Avg", "Max")
      for n, shape in SPATIAL),
    Case("AdaptiveAvgPool2d", IMAGE, ((None, 2),)),
    Case("AdaptiveMaxPool2d", ((4, 7, 6),), ((5, 2),)),
]  # fmt: skip

CONVOLUTIONS = [
    *(Case(f"Conv{n}d", shape, (4, 6, 3), options) for n, shape in SPATIAL
      for options in ({}, {"stride": 2, "padding": 1}, {"groups": 2, "bias": False})),
    Case("Conv2d", ((4, 7, 6),), (4, 6, (5, 3)), {"padding": "same", "dilation": (1, 2)}),
    Case("Conv1d", LINE, (4, 6, 3), {"padding": "valid", "dilation": 2}),
    Case("Conv3d", VOLUME, (4, 2, (1, 2, 3)), {"padding": (0, 1, 2), "stride": (2, 1, 1)}),
    *(Case("Conv2d", IMAGE, (4, 6, 3), {"padding": (1, 2), "padding_mode": mode})
      for mode in ("reflect", "replicate", "circular")),
    Case("Conv1d", LINE, (4, 6, 4), {"padding": "same", "padding_mode": "circular"}),
    *(Case(f"ConvTranspose{n}d", shape, (4, 6, 3), options) for n, shape in SPATIAL
      for options in ({}, {"stride": 2, "padding": 1, "output_padding": 1},
                      {"groups": 2, "bias": False, "dilation": 2})),
]  # fmt: skip

PLACES = [
    *(Case(f"{kind}Pad{n}d", shape, (2,)) for kind in ("Zero", "Reflection", "Replication",
      "Circular") for n, shape in SPATIAL),
    *(Case(f"ConstantPad{n}d", shape, (2, 0.5)) for n, shape in SPATIAL),
    Case("ZeroPad2d", IMAGE, ((1, 0, -1, 2),)),
    Case("ReflectionPad2d", ((4, 7, 6),), ((1, 0, 3, 2),)),
    Case("PixelShuffle", ((2, 8, 3, 4),), (2,)),
    Case("PixelUnshuffle", ((2, 2, 4, 6),), (2,)),
    Case("ChannelShuffle", IMAGE, (2,)),
    Case("Upsample", IMAGE, kwargs={"scale_factor": 2}),
    Case("Upsample", IMAGE, kwargs={"size": (5, 9), "mode": "bilinear"}),
    Case("Upsample", LINE, kwargs={"scale_factor": 1.5, "mode": "linear", "align_corners": True}),
    Case("UpsamplingNearest2d", IMAGE, kwargs={"size": 12}),
    Case("UpsamplingBilinear2d", IMAGE, kwargs={"scale_factor": (2, 3)}),
    Case("Unfold", IMAGE, ((2, 3),), {"padding": 1, "stride": 2}),
    Case("Fold", ((2, 12, 9),), ((7, 4), (3, 2)), {"dilation": (2, 1)}),
]  # fmt: skip

RECURRENT = [
    Case("LSTMCell", ((3, 2), (3, 4), (3, 4)), (2, 4)),
    Case("LSTMCell", ((3, 2), (3, 4), (3, 4)), (2, 4), {"bias": False}),
    Case("LSTMCell", ((2,), (4,), (4,)), (2, 4)),
    Case("LSTMCell", ((3, 2),), (2, 4)),
    Case("LSTM", ((5, 3, 2),), (2, 4)),
    Case("LSTM", ((5, 3, 2), (1, 3, 4), (1, 3, 4)), (2, 4)),
    Case("LSTM", ((5, 2), (1, 4), (1, 4)), (2, 4)),
    Case("LSTM", ((3, 5, 2), *STATE), (2, 4, 2), {"batch_first": True}),
    Case("LSTM", ((5, 3, 2), *STATE), (2, 4), {"bidirectional": True}),
    Case("LSTM", ((5, 2),), (2, 4, 2), {"bidirectional": True, "batch_first": True}),
    Case("LSTM", ((3, 5, 2),), (2, 4, 2), {"bidirectional": True, "batch_first": True}),
    Case("LSTM", ((5, 3, 2),), (2, 4, 2, False)),
    Case("LSTM", ((5, 3, 2), (2, 3, 2), (2, 3, 4)), (2, 4, 2), {"proj_size": 2}),
    Case("LSTM", ((5, 3, 2),), (2, 4, 2), {"proj_size": 2, "bidirectional": True}),
    Case("LSTM", ((1, 3, 2),), (2, 4)),
]

ELEMENTWISE_LOSSES = [
    Case(name, PAIR, kwargs={"reduction": reduction}, range=(0.05, 0.95))
    for name in ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "BCELoss", "BCEWithLogitsLoss")
    for reduction in ("mean", "sum", "none")
]

LOSSES = [
    Case("SmoothL1Loss", PAIR, kwargs={"beta": 0.3}),
    Case("SmoothL1Loss", PAIR, kwargs={"beta": 0.0}),
    Case("HuberLoss", PAIR, kwargs={"delta": 0.3}),
    Case("BCEWithLogitsLoss", PAIR, tensors={"pos_weight": (0.5, 1.0, 2.0, 3.0, 4.0)}),
    Case("BCEWithLogitsLoss", PAIR, tensors={"weight": (0.5, 1.0, 2.0, 3.0, 4.0)}),
    Case("BCELoss", PAIR, tensors={"weight": (0.5, 1.0, 2.0, 3.0, 4.0)}, range=(0.05, 0.95)),
    Case("KLDivLoss", PAIR, kwargs={"reduction": "batchmean"}),
    Case("KLDivLoss", PAIR, kwargs={"reduction": "sum", "log_target": True}),
    Case("CrossEntropyLoss", X, classes=((4,), 5)),
    Case("CrossEntropyLoss", X, kwargs={"reduction": "sum"}, classes=((4,), 5)),
    Case("CrossEntropyLoss", X, kwargs={"reduction": "none"}, classes=((4,), 5)),
    Case("CrossEntropyLoss", X, kwargs={"label_smoothing": 0.2}, classes=((4,), 5)),
    Case("CrossEntropyLoss", X, kwargs={"ignore_index": 1}, classes=((4,), 5)),
    Case("CrossEntropyLoss", X, classes=((4,), 5), tensors={"weight": (1.0, 2.0, 3.0, 4.0, 5.0)}),
    Case("CrossEntropyLoss", ((4, 5, 3),), classes=((4, 3), 5)),
    Case("CrossEntropyLoss", PAIR),
    Case("NLLLoss", X, classes=((4,), 5)),
    Case("NLLLoss", X, kwargs={"reduction": "none"}, classes=((4,), 5)),
    Case("NLLLoss", X, classes=((4,), 5), tensors={"weight": (1.0, 2.0, 3.0, 4.0, 5.0)}),
    Case("NLLLoss", ((4, 5, 3),), kwargs={"ignore_index": 2}, classes=((4, 3), 5)),
]

RANKING_LOSSES = [
    *(Case(name, PAIR, kwargs={"reduction": reduction}, range=(0.1, 2.0))
      for name in ("PoissonNLLLoss", "HingeEmbeddingLoss", "MultiLabelSoftMarginLoss")
      for reduction in ("mean", "sum", "none")),
    Case("PoissonNLLLoss", PAIR, (False, True), range=(0.1, 2.0)),
    Case("MultiLabelSoftMarginLoss", PAIR, tensors={"weight": (1.0, 2.0, 3.0, 4.0, 5.0)}),
    Case("MultiMarginLoss", X, classes=((4,), 5)),
    Case("MultiMarginLoss", X, (2, 0.5), classes=((4,), 5),
         tensors={"weight": (1.0, 2.0, 3.0, 4.0, 5.0)}),
    Case("MultiLabelMarginLoss", X, classes=((4, 5), 5)),
    Case("PairwiseDistance", PAIR),
    Case("PairwiseDistance", PAIR, (1, 0.1, True)),
    Case("CosineSimilarity", PAIR),
    Case("CosineSimilarity", PAIR, (0,)),
    Case("Bilinear", ((4, 5), (4, 3)), (5, 3, 2)),
    Case("Bilinear", ((2, 4, 5), (2, 4, 3)), (5, 3, 2, False)),
    *(Case(name, LINE, (0.0,)) for name in ("Dropout1d", "AlphaDropout", "FeatureAlphaDropout")),
    Case("Dropout2d", IMAGE, (0.0,)),
    Case("Dropout3d", VOLUME, (0.0,)),
]  # fmt: skip

CASES = [
    *ACTIVATIONS, *LAYERS, *CONVOLUTIONS, *NORMS, *POOLS, *PLACES, *RECURRENT, *ELEMENTWISE_LOSSES,
    *LOSSES, *RANKING_LOSSES,
]  # fmt: skip
