"""Pooling, padding, resampling and shuffles beyond the table: ways of calling, and refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad.nn import functional
from tests.beside import refused_alike, results
from tests.ops.walk import assert_close, host


def names(module: Any, dtype: str = "float64") -> dict[str, Any]:
    """Tensors of all numbers of dimensions, the same in both libraries."""
    rng = np.random.default_rng(0)
    element = getattr(module, dtype)

    def make(*shape: int) -> Any:
        return module.tensor(rng.standard_normal(shape), device="cpu").to(element)

    def whole(low: int, high: int, *shape: int) -> Any:
        return module.tensor(rng.integers(low, high, shape), device="cpu")

    scope = {
        "math": math, "v": make(2, 3, 11), "x": make(2, 3, 9, 10),
        "w": make(2, 2, 5, 6, 7), "long": whole(-9, 9, 2, 3, 6, 6),
        "square": make(1, 8, 6, 6), "theta": make(2, 2, 3), "theta3": make(2, 3, 4),
        "grid": make(2, 5, 4, 2), "grid3": make(2, 2, 3, 4, 3), "i": whole(0, 9, 2, 3, 3),
    }  # fmt: skip
    samples = np.random.default_rng(1).random((2, 3, 3))
    scope["s2"] = module.tensor(samples[:, :, :2].copy(), device="cpu").to(element)
    scope["s3"] = module.tensor(samples[:, :2].copy(), device="cpu").to(element)
    scope["byte"] = whole(0, 255, 1, 2, 4, 5).to(module.uint8)
    return scope


POOLING = [
    f"F.{kind}_pool{dims}d({x}, {rest})"
    for kind in ("max", "avg")
    for dims, x, options in (
        (1, "v", ("2", "3, 2", "(3,), (2,), (1,)", "4, 3, 2, ceil_mode=True", "2, 3", "11",
                  "2, 4, 1, ceil_mode=True", "5, 1, 2")),
        (2, "x", ("2", "3, 2, 1", "(2, 3)", "(3, 2), (2, 1), (1, 0)", "3, 2, ceil_mode=True",
                  "2, []", "3, 1, 1", "(9, 10)", "(9, 1)", "7, 5, 3, ceil_mode=True", "2, 3, 1")),
        (3, "w", ("2", "(1, 2, 3)", "3, 2, 1", "2, 1, 1", "3, 2, 1, ceil_mode=True")),
    )
    for rest in options
]  # fmt: skip
CALLS = [
    *POOLING,
    "F.max_pool2d(x, 2, dilation=2)", "F.max_pool2d(x, 3, 2, 1, (1, 2))", "F.max_pool2d(x[0], 2)",
    "F.max_pool1d(v, 3, 1, 1, 3)", "F.max_pool1d(v[0], 2)", "F.max_pool3d(w[0], 2)",
    "torch.max_pool2d(x, 2)", "F.max_pool2d(long, 2)", "F.max_pool2d(long, 3, 2, 1)",
    "F.max_pool2d(byte, 2)", "F.max_pool3d(long, 2)", "F.max_pool2d(x[:0], 2)",
    "F.max_pool2d(x, 2, return_indices=True)[1]", "F.max_pool2d_with_indices(x, 3, 2, 1)[1]",
    "F.max_pool1d(v, 3, 2, 1, return_indices=True)[1]", "torch.max_pool1d_with_indices(v, 2)[1]",
    "F.max_pool3d(w, 3, 2, 1, return_indices=True)[1]", "F.max_pool2d(x.mT, 2)",
    "F.max_pool2d(x, 3, 2, 1, 2, return_indices=True)[1]", "F.max_pool3d_with_indices(w, 2)[0]",
    "F.max_pool2d(long * 0, 3, 2, 1, return_indices=True)[1]",
    "F.max_pool2d(x * -math.inf, 3, 2, 1, return_indices=True)[1]",
    "F.max_pool2d(torch.full((1, 1, 5, 5), -math.inf), 3, 2, 1, return_indices=True)[1]",
    "F.max_pool2d(torch.where(x > 0.5, math.nan, x), 3, 2, 1, return_indices=True)[1]",
    "F.max_pool2d(torch.where(x > 0.5, math.nan, x), 2)",
    "F.max_pool2d(torch.full((1, 1, 20, 20), 1.0), 17, return_indices=True)[1]",
    "F.avg_pool1d(v[0], 2)", "torch.avg_pool1d(v, 2)", "F.avg_pool2d(x[0], 2)",
    "F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)", "F.avg_pool2d(x, 2, divisor_override=3)",
    "F.avg_pool2d(x, 3, 2, 1, True, False)", "F.avg_pool3d(w, 3, 2, 1, True, False)",
    "F.avg_pool3d(w, 2, divisor_override=5)", "F.avg_pool2d(x[:0], 2)",
    "F.avg_pool2d(long, 2)", "F.avg_pool2d(long, 3, 2, 1)",
    "F.avg_pool2d(long, 3, 2, 1, True, False)",
    "F.avg_pool2d(long, 3, divisor_override=2)", "F.avg_pool1d(long[0], 3)",
    "F.avg_pool3d(long, 2)",
    "F.lp_pool1d(v.abs(), 3, 2)", "F.lp_pool2d(x, 2, 2)", "F.lp_pool2d(x, 2.0, (3, 2), 2, True)",
    "F.lp_pool3d(w, 2, 2)", "F.lp_pool1d(v[0], 2, 3)",
    *[f"F.adaptive_{kind}_pool{call}" for kind in ("avg", "max") for call in (
        "1d(v, 4)", "1d(v, 11)", "1d(v, 13)", "1d(v[0], 1)", "1d(v, (3,))", "2d(x, 1)", "2d(x, 3)",
        "2d(x, (4, None))", "2d(x, (None, 5))", "2d(x, (3, 5))", "2d(x[0], (20, 1))", "2d(x, 0)",
        "2d(x[:0], 2)", "3d(w, 2)", "3d(w, (None, 3, 1))", "3d(w[0], 1)", "2d(x.mT, 4)")],
    "torch.adaptive_avg_pool1d(v, 2)", "torch.adaptive_max_pool1d(v, 5)[0]",
    "torch.adaptive_max_pool1d(v, 5)[1]",
    "F.adaptive_max_pool2d(x, 4, return_indices=True)[1]",
    "F.adaptive_max_pool2d(x, (3, 5), return_indices=True)[1]",
    "F.adaptive_max_pool2d_with_indices(x, 1)[1]", "F.adaptive_max_pool1d_with_indices(v, 4)[1]",
    "F.adaptive_max_pool3d(w, 4, return_indices=True)[1]",
    "F.adaptive_max_pool3d_with_indices(w, 2)[0]",
    "F.adaptive_max_pool2d(torch.where(x > 0.5, math.nan, x), 4, return_indices=True)[1]",
    "F.fractional_max_pool2d(x, 2, 4, _random_samples=s2)",
    "F.fractional_max_pool2d(x, (3, 2), (4, 6), return_indices=True, _random_samples=s2)[1]",
    "F.fractional_max_pool2d(x, 2, output_ratio=(0.5, 0.7), _random_samples=s2)",
    "F.fractional_max_pool2d(x[0], 2, 1, _random_samples=s2)",
    "F.fractional_max_pool2d_with_indices(x, 3, 7, _random_samples=s2)[0]",
    "F.fractional_max_pool3d(w, 2, 3, _random_samples=s3)",
    "F.fractional_max_pool3d_with_indices(w, (2, 1, 2), (2, 4, 3), _random_samples=s3)[1]",
    "F.fractional_max_pool3d(w[0], 2, 2, _random_samples=s3)",
    "F.max_unpool1d(v[:, :, :3], i, 3)", "F.max_unpool1d(v[:, :, :3], i, 3, 3, 0, (10,))",
    "F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2, output_size=x.shape)",
    "F.max_unpool2d(*F.max_pool2d(x[0], 3, 2, return_indices=True), 3, 2, 0, (9, 10))",
    "F.max_unpool3d(*F.max_pool3d(w, 2, return_indices=True), 2, output_size=(5, 6, 7))",
    # ------------------------------------------------------------------------------------ padding
    "F.pad(x, (1, 2))", "F.pad(x, (1, 2, 0, 3), value=2.5)", "F.pad(x, (-1, 2, 3, -4), value=1)",
    "F.pad(x, (-2, -3))", "F.pad(x, (0, 0))", "F.pad(x, ())", "F.pad(x, (-5, -5))",
    "F.pad(x, (1, 1, 1, 1, 1, 1, 1, 1))", "F.pad(long, (1, 1), value=2.7)",
    "F.pad(x[0, 0, 0], (1, 1))",
    "F.pad(long > 0, (1, 1), value=1)", "torch.constant_pad_nd(x, (1, 1), 3)",
    "F.pad(x.mT, (1, 0))",
    "torch.constant_pad_nd(x, (1, 1))",
    *[f"F.pad({call}, mode='{mode}')" for mode in ("reflect", "replicate", "circular") for call in (
        "v, (3, 2)", "v[0], (0, 4)", "v, (-2, 3)", "v, (-1, -2)", "x, (1, 2, 3, 4)",
        "x, (-1, 2, 3, -2)", "x[0], (1, 0, 0, 1)", "w, (1, 2, 2, 1, 1, 3)",
        "w[0], (0, 1, 2, 0, 1, 1)",
        "v, (10, 10)", "long, (1, 1, 2, 2)", "v[:0], (1, 1)", "x, (0, 0, 0, 0)", "v, (-7, 3)",
        "x.mT, (1, 1, 1, 1)")],
    "F.pad(v, (30, 20), mode='replicate')", "F.pad(v, (11, 11), mode='circular')",
    # --------------------------------------------------------------------------------- resampling
    *[f"F.interpolate({x}, {size}, mode='{mode}')" for mode, x in (
        ("nearest", "v"), ("nearest", "x"), ("nearest", "w"), ("nearest-exact", "v"),
        ("nearest-exact", "x"), ("nearest-exact", "w"), ("area", "v"), ("area", "x"),
        ("area", "w"), ("linear", "v"), ("bilinear", "x"), ("trilinear", "w"), ("bicubic", "x"))
      for size in ("7", "scale_factor=2", "scale_factor=0.6", "scale_factor=1.7",
                   "scale_factor=1.3, recompute_scale_factor=True", "1")],
    *[f"F.interpolate({x}, {size}, mode='{mode}', align_corners=True)" for mode, x in (
        ("linear", "v"), ("bilinear", "x"), ("trilinear", "w"), ("bicubic", "x"))
      for size in ("7", "1", "scale_factor=2", "scale_factor=0.6")],
    *[f"F.interpolate(x, {size}, mode='{mode}', antialias=True)"
      for mode in ("bilinear", "bicubic", "lanczos")
      for size in ("(4, 3)", "(20, 5)", "scale_factor=0.45", "1")],
    "F.interpolate(x, (4, 3), mode='bicubic', antialias=True, align_corners=True)",
    "F.interpolate(x, (5, 20), mode='bilinear')", "F.interpolate(x, scale_factor=(0.5, 3))",
    "F.interpolate(byte, (9, 7))", "F.interpolate(byte, 3, mode='nearest-exact')",
    "F.interpolate(x[:0], 2)", "F.interpolate(x.mT, 17, mode='bilinear')",
    "F.interpolate(v, 300, mode='linear')",
    "F.interpolate(F.interpolate(v, 300), 70, mode='linear')",
    "F.upsample(x, scale_factor=2, mode='bilinear')", "F.upsample(x, 4)",
    "F.upsample_nearest(x, scale_factor=2)", "F.upsample_bilinear(x, 12)",
    *[f"F.grid_sample(x, grid, '{mode}', '{padding}', {corners})"
      for mode in ("bilinear", "nearest", "bicubic")
      for padding in ("zeros", "border", "reflection") for corners in (True, False)],
    *[f"F.grid_sample(w, grid3, '{mode}', '{padding}', {corners})"
      for mode in ("bilinear", "nearest")
      for padding in ("zeros", "border", "reflection") for corners in (True, False)],
    "F.grid_sample(x, grid * 9, padding_mode='reflection')", "F.grid_sample(x[:, :, :1], grid)",
    "F.grid_sample(x[:, :, :1, :1], grid, padding_mode='reflection', align_corners=True)",
    "F.grid_sample(x[:0], grid[:0])", "F.grid_sample(x[:, :0], grid)",
    "F.grid_sample(x, grid[:, :0])",
    "torch.grid_sampler(x, grid, 0, 1, True)", "torch.grid_sampler_2d(x, grid, 2, 0, False)",
    "torch.grid_sampler_3d(w, grid3, 0, 2, False)",
    "F.affine_grid(theta, (2, 1, 4, 5))", "F.affine_grid(theta, (2, 1, 4, 1), True)",
    "F.affine_grid(theta3, (2, 1, 3, 4, 5), False)", "F.affine_grid(theta3, [2, 1, 3, 1, 5], True)",
    "torch.affine_grid_generator(theta, (2, 3, 4, 5), False)",
    # ----------------------------------------------------------------------------------- shuffles
    "F.pixel_shuffle(square, 2)", "torch.pixel_shuffle(square[0], 2)",
    "F.pixel_unshuffle(square, 3)",
    "torch.pixel_unshuffle(square[0, 0][None, None, None], 2)", "F.pixel_shuffle(square, 1)",
    "F.pixel_shuffle(long[:0, :0], 2)", "F.channel_shuffle(square, 4)",
    "torch.channel_shuffle(long, 3)", "torch.native_channel_shuffle(w, 2)",
    "F.channel_shuffle(v, 1)", "F.local_response_norm(square, 3)", "F.local_response_norm(v, 2)",
    "F.local_response_norm(w, 4, 0.1, 0.5, 2.0)", "F.local_response_norm(square, 20)",
    "F.local_response_norm(x[:0], 2)",
]  # fmt: skip


test_the_result_is_pytorchs = results(CALLS, names, 1e-12)


# --------------------------------------------------------------------------------------- complaints
WRONG = {
    "F.max_pool2d(x, 2, 1, 2)": "pad should be at most half of effective kernel size",
    "F.max_pool2d(x, 11)": "Output size is too small", "F.max_pool2d(x, 0)": "",
    "F.max_pool2d(x, 2, 0)": "stride should not be zero",
    "F.max_pool2d(x, 2, -1)": "stride should be greater than zero",
    "F.max_pool2d(x, (2, 2, 2))": "kernel_size must either be a single int, or a tuple of two ints",
    "F.max_pool2d(v[0], 2)": "", "F.max_pool2d(x, 2, padding=-1)": "pad must be non-negative",
    "F.max_pool2d(x, 2, dilation=0)": "dilation should be greater than zero",
    "F.max_pool2d(x, 2.5)": "", "F.max_pool1d(v, 2, 1, 2)": "at most half of",
    "F.max_pool1d(x, 2)": "",
    "F.max_pool1d(v, 13)": "output size", "F.max_pool1d(v, 0)": "must be greater than zero|greater",
    "F.max_pool3d(w, 8)": "Output size is too small",
    "F.max_pool2d(x[:, :0], 2)": "batch mode", "F.max_pool2d(x > 0, 2)": "not implemented for",
    "F.max_pool1d(long[0], 2)": "not implemented for",
    "F.adaptive_max_pool2d(long, 2)": "not implemented for",
    "F.avg_pool2d(x, 2, 1, 2)": "pad should be at most half of effective kernel size",
    "F.avg_pool2d(x, 11)": "Output size is too small",
    "F.avg_pool2d(x, 2, divisor_override=0)": "divisor must be not zero",
    "F.avg_pool2d(long > 0, 2)": "not implemented for", "F.avg_pool1d(v[0, 0], 2)": "",
    "F.avg_pool3d(w, 8)": "", "F.avg_pool2d(x[:, :0], 2)": "batch mode",
    "F.adaptive_avg_pool2d(x, (1, 2, 3))": "output_size must be 2",
    "F.adaptive_avg_pool2d(v[0], 2)": "Expected 3D or 4D",
    "F.adaptive_avg_pool2d(x, -1)": "must be greater than or equal to 0",
    "F.adaptive_avg_pool1d(v, (2, 2))": "should contain one int",
    "F.adaptive_avg_pool2d(long, 2)": "not implemented for",
    "F.adaptive_avg_pool2d(x[:, :, :0], 2)": "non-.*batch|batch",
    "F.adaptive_max_pool2d(x, (1, 2, 3))": "must be 2", "F.adaptive_max_pool2d(x, -1)": "negative",
    "F.lp_pool2d(x, 2, 11)": "Output size is too small",
    "F.fractional_max_pool2d(x, 2)": "requires specifying either an output_size or an output_ratio",
    "F.fractional_max_pool2d(x, 2, 10)": "too large relative to input",
    "F.fractional_max_pool2d(x, 2, 3, _random_samples=s3)": "_random_samples",
    "F.fractional_max_pool2d(x, 2, 3, _random_samples=s2.float())": "same dtype as input",
    "F.max_unpool2d(x, x, 2)": "elements in indices should be type int64",
    "F.max_unpool1d(v, i, 2)": "Expected shape of indices to be same",
    "F.max_unpool1d(v[:, :, :3], i + 99, 2)": "Found an invalid max index",
    "F.max_unpool1d(v[:, :, :3], i - 99, 2)": "Found an invalid max index",
    "F.max_unpool1d(v[:, :, :3], i, 3, output_size=(20,))": "invalid output_size",
    "F.max_unpool1d(v[:, :, :3], i, 3, output_size=(9, 9))": "output_size should be a sequence",
    "F.max_unpool2d(v[0], i, 2)": "",
    "F.pad(x, (6, 0), 'reflect')": "Padding size 2 is not supported for 4D input tensor",
    "F.pad(x, (10, 0, 0, 0), 'reflect')": "should be less than the corresponding input dimension",
    "F.pad(x, (1, 1, 1))": "Padding length must be divisible by 2",
    "F.pad(x, (1, 1), 'foo')": "Unrecognised padding mode foo",
    "F.pad(x, (1, 1, 1, 1), 'reflect', 1.0)": "doesn't take in value argument",
    "F.pad(x, [1] * 10)": "Padding length should be less than or equal to two times the input",
    "F.pad(x, (-6, -5))": "length must be non-negative",
    "F.pad(v, (12, 0), 'circular')": "wrapping around more than once",
    "F.pad(v, (-6, -6), 'circular')": "Negative padding value is resulting in an empty dimension",
    "F.pad(v, (-6, -5), 'replicate')": "is too small. Calculated output",
    "F.pad(v[:, :, :0], (1, 1), 'replicate')": "non-zero dimensions for input",
    "F.interpolate(x)": "either size or scale_factor should be defined",
    "F.interpolate(x, 2, 2)": "only one of size or scale_factor should be defined",
    "F.interpolate(x, (2, 2, 2))": "must have the same number of spatial dimensions",
    "F.interpolate(x, scale_factor=(2,))": "must have the same number of spatial dimensions",
    "F.interpolate(x, 2, mode='linear')": "Got 4D input, but linear mode needs 3D input",
    "F.interpolate(x, 2, mode='foo')": "Only 3D, 4D and 5D input Tensors supported",
    "F.interpolate(w, 2, mode='bicubic')": "Only 3D, 4D and 5D input Tensors supported",
    "F.interpolate(v[0], 2)": "Only 3D, 4D and 5D input Tensors supported",
    "F.interpolate(x, 2, align_corners=True)": "align_corners option can only be set with",
    "F.interpolate(x, 2, recompute_scale_factor=True)": "recompute_scale_factor is not meaningful",
    "F.interpolate(v, 2, mode='linear', antialias=True)": "Anti-alias option is restricted",
    "F.interpolate(x, 2, mode='lanczos')": "Lanczos mode requires antialias=True",
    "F.interpolate(x, 0)": "Input and output sizes should be greater than 0",
    "F.interpolate(x, 2.5)": "", "F.interpolate(x, (2.5, 2))": "expected size to be one of int",
    "F.interpolate(x, scale_factor=0.01)": "Input and output sizes should be greater than 0",
    "F.interpolate(long, 2)": "not implemented for",
    "F.interpolate(x[:, :0], 2)": "Non-empty 4D data",
    "F.grid_sample(x, grid[0])": "to have same batch size",
    "F.grid_sample(x, grid3)": "", "F.grid_sample(x, grid[:1])": "to have same batch size",
    "F.grid_sample(x, grid, mode='foo')": "expected mode to be 'bilinear', 'nearest' or 'bicubic'",
    "F.grid_sample(x, grid, padding_mode='foo')": "expected padding_mode to be 'zeros', 'border'",
    "F.grid_sample(w, grid3, 'bicubic')": "bicubic interpolation only supports 4D input",
    "F.grid_sample(x, grid.float())": "expected scalar type",
    "F.grid_sample(x[:, :, :0], grid)": "to have non-empty spatial dimensions",
    "F.affine_grid(theta, (2, 1, 2))": "affine_grid only supports 4D and 5D sizes",
    "F.affine_grid(theta3, (2, 1, 2, 2))": "Expected a batch of 2D affine matrices",
    "F.affine_grid(theta, (2, 1, 0, 2))": "Expected non-zero, positive output size",
    "F.affine_grid(theta, (1, 1, 2, 2))": "Expected size for first two dimensions",
    "F.affine_grid(theta.long(), (2, 1, 2, 2))": "Expected theta to have floating point type",
    "F.pixel_shuffle(x, 2)": "to be divisible by the square of upscale_factor",
    "F.pixel_shuffle(v[0], 2)": "at least 3 dimensions", "F.pixel_shuffle(x, 0)": "a positive",
    "F.pixel_unshuffle(x, 4)": "to be divisible by downscale_factor",
    "F.pixel_unshuffle(x, 0)": "a positive", "F.channel_shuffle(x, 2)": "divisible by groups",
    "F.channel_shuffle(x, 0)": "must be positive", "F.channel_shuffle(v[0], 1)": "> 2 dims",
    "F.local_response_norm(v[0], 2)": "Expected 3D or higher", "F.local_response_norm(x, 0)": "",
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("call", WRONG)
def test_a_wrong_call_is_refused_with_pytorchs_exception_and_words(call: str) -> None:
    refused_alike(call, names, WRONG[call])


def test_places_that_are_not_numbers_read_nothing() -> None:
    scope = names(gpugrad)
    for mode in ("bilinear", "nearest", "bicubic"):
        y = functional.grid_sample(scope["x"], scope["grid"] * math.nan, mode)
        assert host(y).tolist() == np.zeros(y.shape).tolist()


@pytest.mark.parametrize("dims", [2, 3])
def test_random_windows_are_drawn_anew_and_hold_the_winners(dims: int) -> None:
    x = names(gpugrad)["w"] if dims == 3 else names(gpugrad)["x"]
    pool = functional.fractional_max_pool3d if dims == 3 else functional.fractional_max_pool2d
    values, indices = pool(x, 2, 4 if dims == 3 else 7, return_indices=True)
    flat = host(x).reshape(*x.shape[:2], -1)
    picked = np.take_along_axis(flat, indices.numpy().reshape(*x.shape[:2], -1), -1)
    assert_close(host(values), picked.reshape(values.shape), 0)
