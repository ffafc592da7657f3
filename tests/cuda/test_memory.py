"""gpugrad.cuda's memory functions: the same questions, the same meaning, on every device."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

import gpugrad
from gpugrad import cuda
from gpugrad.array import cupy, hostpool
from gpugrad.errors import OutOfMemoryError
from gpugrad.memory import allocator

UNIT = 512  # bytes, CuPy's pool


def rounded(nbytes: int, device: str) -> int:
    return nbytes if device == "cpu" else -(-nbytes // UNIT) * UNIT


def zeros(count: int, device: str) -> Any:
    return gpugrad.zeros(count, dtype=gpugrad.float32, device=device)


# ----------------------------------------------------------------------------------- every device
def test_allocated_follows_the_bytes_of_live_tensors(device: str) -> None:
    before = cuda.memory_allocated(device)
    x = zeros(1001, device)
    assert cuda.memory_allocated(device) - before == rounded(4004, device)
    del x
    assert cuda.memory_allocated(device) == before


def test_views_and_detached_twins_count_once(device: str) -> None:
    before = cuda.memory_allocated(device)
    x = zeros(1000, device)
    kept = [x.view(10, 100), x[5:], x.detach(), x.permute(0)]
    assert cuda.memory_allocated(device) - before == rounded(4000, device)
    assert len(kept) == 4


def test_what_a_graph_saves_counts_after_its_tensors_are_gone(device: str) -> None:
    x = zeros(1000, device).requires_grad_()
    before = cuda.memory_allocated(device)
    y = x.exp().sum()
    assert cuda.memory_allocated(device) - before == rounded(4000, device) + rounded(4, device)
    del y
    assert cuda.memory_allocated(device) == before


def test_the_peak_remembers_and_can_be_reset(device: str) -> None:
    cuda.reset_peak_memory_stats(device)
    before = cuda.memory_allocated(device)
    x = zeros(100_000, device)
    cuda.memory_allocated(device)  # an observation, which the CPU needs
    del x
    assert cuda.max_memory_allocated(device) - before == rounded(400_000, device)
    assert cuda.memory_allocated(device) == before
    cuda.reset_max_memory_allocated(device)
    assert cuda.max_memory_allocated(device) == before


def test_the_peak_sees_the_beginning_of_a_backward_pass(device: str) -> None:
    x = zeros(100_000, device).requires_grad_()
    cuda.reset_peak_memory_stats(device)
    before = cuda.memory_allocated(device)
    x.exp().sum().backward()
    assert cuda.max_memory_allocated(device) - before >= 400_000


def test_reserved_is_allocated_and_cached(device: str) -> None:
    cuda.empty_cache(device)
    x = zeros(1_000_000, device)
    assert cuda.memory_reserved(device) >= cuda.memory_allocated(device) >= 4_000_000
    stats = cuda.memory_stats(device)
    assert stats["reserved_bytes.all.current"] == cuda.memory_reserved(device)
    assert stats["reserved_bytes.all.peak"] >= stats["reserved_bytes.all.current"]
    assert stats["allocated_bytes.all.current"] == cuda.memory_allocated(device)
    assert stats["allocated_bytes.all.peak"] == cuda.max_memory_allocated(device)
    assert x.numel() == 1_000_000


def cached(device: str) -> int:
    return cuda.memory_reserved(device) - cuda.memory_allocated(device)


def test_empty_cache_gives_waiting_memory_back(device: str) -> None:
    size = 64 << 20  # larger than any block left over
    array = hostpool.empty((size,), "uint8") if device == "cpu" else zeros(size // 4, device)
    del array
    before = cached(device)
    assert before >= size
    cuda.empty_cache(device)
    assert before - cached(device) >= size


def test_the_parts_add_up_to_what_the_system_says(device: str) -> None:
    use, parts = allocator.reconcile(device)
    assert sum(part.nbytes for part in parts) == use.used
    assert [part.name for part in parts[:2]] == ["live", "cached"]
    assert 0 < use.used <= use.total


def test_free_is_at_most_total(device: str) -> None:
    free, total = cuda.mem_get_info(device)
    assert 0 < free <= total
    assert total == allocator.meter(device).properties().total_memory


def test_the_summary_names_the_device_and_its_parts(device: str) -> None:
    x = zeros(1000, device).requires_grad_().exp()
    text = cuda.memory_summary(device)
    for word in (device, "live", "cached", "= used", "held by graphs", "ExpBackward0"):
        assert word in text
    assert "ExpBackward0" not in cuda.memory_summary(device, abbreviated=True)
    assert x.requires_grad


def test_none_means_the_default_device() -> None:
    default = str(gpugrad.get_default_device())
    assert cuda.memory_allocated() == cuda.memory_allocated(default)
    assert cuda.mem_get_info()[1] == cuda.mem_get_info(default)[1]


# --------------------------------------------------------------------------------------- on a GPU
@pytest.fixture
def pool() -> Iterator[Any]:
    """CuPy's default pool with gpugrad's allocator on top, as it was before afterwards."""
    found = cupy().get_default_memory_pool()
    allocator.install()
    gc.collect()  # exceptions of earlier tests, and the tensors in their frames
    yield found
    found.set_limit(0)
    cupy().cuda.set_allocator(found.malloc)
    allocator.install()


@pytest.mark.cuda
def test_a_device_can_be_named_in_every_way(pool: Any) -> None:
    x = zeros(1000, "cuda")
    ways = (0, "cuda", "cuda:0", gpugrad.device("cuda", 0), x.device)
    assert {cuda.memory_allocated(way) for way in ways} == {pool.used_bytes()}


@pytest.mark.cuda
def test_the_peak_counts_what_lived_between_two_questions(pool: Any) -> None:
    assert allocator.meter("cuda").peak_is_exact()
    cuda.reset_peak_memory_stats()
    before = pool.used_bytes()
    temporary = cupy().empty(1_000_000, "uint8")
    del temporary
    assert pool.used_bytes() == before
    assert cuda.max_memory_allocated("cuda") == before + rounded(1_000_000, "cuda")


@pytest.mark.cuda
def test_a_programs_own_allocator_is_left_in_place(pool: Any) -> None:
    allocator.restore()
    assert not allocator.installed()
    own = cupy().cuda.MemoryPool()
    cupy().cuda.set_allocator(own.malloc)
    assert not allocator.install()
    x = cupy().ones(1000)
    assert cuda.memory_allocated("cuda") == own.used_bytes() == rounded(x.nbytes, "cuda")
    assert not allocator.meter("cuda").peak_is_exact()
    del x
    own.free_all_blocks()


@pytest.mark.cuda
def test_out_of_memory_says_how_much_and_is_caught_under_both_names(pool: Any) -> None:
    x = zeros(1 << 22, "cuda")  # larger than any block left over
    cuda.empty_cache("cuda")
    pool.set_limit(pool.total_bytes())
    for base in (RuntimeError, MemoryError, OutOfMemoryError):
        with pytest.raises(base, match="CUDA out of memory") as caught:
            x.exp()
    error = caught.value
    assert error.requested == 16 << 20
    assert error.device == "cuda:0"
    assert error.used == pool.used_bytes()
    assert error.total == pool.get_limit()
    assert error.__context__ is None
    pool.set_limit(0)
    assert x.exp().sum().item() == 1 << 22


@pytest.mark.cuda
def test_out_of_memory_changes_nothing_that_is_counted(pool: Any) -> None:
    x = zeros(1 << 23, "cuda").requires_grad_()  # larger than any block left over
    cuda.empty_cache("cuda")
    held, used = gpugrad.memory.held("cuda"), pool.used_bytes()
    pool.set_limit(pool.total_bytes())
    with pytest.raises(OutOfMemoryError):
        x.exp()
    assert gpugrad.memory.held("cuda") == held
    assert pool.used_bytes() == used


@pytest.mark.cuda
def test_nvml_sees_what_the_pool_reserved(pool: Any) -> None:
    use = allocator.nvml_used("cuda")
    if use.process is None:
        pytest.skip(f"{use.source} does not tell processes apart here")
    assert use.used >= use.process >= pool.total_bytes()


@pytest.mark.cuda
def test_without_nvml_the_driver_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator, "_nvml", lambda: None)
    use, parts = allocator.reconcile("cuda")
    assert use.source == "the CUDA driver"
    assert [part.name for part in parts] == ["live", "cached", "context and others"]
    assert [part.exact for part in parts] == [True, True, False]
