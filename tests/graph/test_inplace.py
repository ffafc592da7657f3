"""Writing in place: versions, and the error that names who saved and who wrote."""

from __future__ import annotations

import sys

import pytest

import gpugrad
from gpugrad.errors import InplaceError


def leaf() -> gpugrad.Tensor:
    return gpugrad.linspace(0.1, 1, 5, device="cpu").requires_grad_()


def line(offset: int = 0) -> str:
    """``test_inplace.py:N`` for the caller's line."""
    return f"test_inplace.py:{sys._getframe(1).f_lineno + offset}"


def test_the_error_names_the_line_that_saved_and_the_line_that_wrote() -> None:
    y = leaf() * 1
    z, saved = y.sin(), line()
    y.mul_(2)
    wrote = line(-1)
    with pytest.raises(InplaceError, match="modified by an inplace operation") as caught:
        z.sum().backward()
    text = str(caught.value)
    assert saved in text
    assert wrote in text
    assert "SinBackward0" in text


def test_a_write_after_the_last_use_is_harmless() -> None:
    x = leaf()
    y = x * 1
    z = y.sin().sum()
    z.backward()
    y.mul_(2)
    assert x.grad.shape == x.shape


def test_a_write_to_what_nobody_saved_is_harmless() -> None:
    x = leaf()
    y = x + 1
    y.mul_(3)
    y.sum().backward()
    assert x.grad.tolist() == [3] * 5


def test_a_write_through_a_view_is_seen() -> None:
    y = leaf() * 1
    z = y.sin()
    with gpugrad.no_grad():
        y[1:3].zero_()
    with pytest.raises(InplaceError):
        z.sum().backward()


def test_a_write_through_a_detached_twin_is_seen() -> None:
    y = leaf() * 1
    z = y.sin()
    y.detach().zero_()
    with pytest.raises(InplaceError):
        z.sum().backward()


def test_an_update_of_a_leaf_between_forward_and_backward_is_seen() -> None:
    w = leaf()
    loss = (w * w).sum()
    with gpugrad.no_grad():
        w -= 0.1
    wrote = line(-1)
    with pytest.raises(InplaceError) as caught:
        loss.backward()
    assert wrote in str(caught.value)
    assert w.grad is None


def test_a_leaf_that_requires_grad_is_written_only_without_grad() -> None:
    x = leaf()
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        x.add_(1)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        x[0] = 1
    with gpugrad.no_grad():
        x.add_(1)
    assert x[0].item() == pytest.approx(1.1)


def test_every_write_raises_the_version_of_all_who_share_the_bytes() -> None:
    y = gpugrad.zeros(4, device="cpu")
    view, twin, copy = y[1:], y.detach(), y.clone()
    before = y._version
    y.add_(1)
    view.mul_(2)
    y[0] = 3
    y.zero_()
    assert y._version == view._version == twin._version == before + 4
    assert copy._version == 0


def test_in_place_on_an_inner_value_is_part_of_the_graph() -> None:
    x = leaf()
    y = x * 2
    y.add_(1).mul_(3)
    y.sum().backward()
    assert x.grad.tolist() == pytest.approx([6] * 5)
