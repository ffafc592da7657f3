"""gpugrad.cuda's devices, streams, events and seeds, with and without a GPU."""

from __future__ import annotations

from typing import Any

import pytest

import gpugrad
from gpugrad import cuda
from gpugrad.array import cupy, devices
from gpugrad.errors import DeviceError


@pytest.fixture
def no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without CuPy."""
    monkeypatch.setattr(devices, "_cupy", [])
    monkeypatch.setattr(devices, "_missing", ["CuPy is not installed"])
    monkeypatch.setattr(devices, "_default", [])


@pytest.mark.usefixtures("no_cuda")
class TestWithoutCuda:
    def test_questions_have_answers(self) -> None:
        assert not cuda.is_available()
        assert cuda.device_count() == 0
        assert not cuda.is_initialized()
        assert not cuda.is_bf16_supported()

    def test_seeds_are_harmless(self) -> None:
        cuda.manual_seed(3)
        cuda.manual_seed_all(3)

    @pytest.mark.parametrize(
        "call",
        [cuda.current_device, cuda.get_device_name, cuda.get_device_capability,
         cuda.get_device_properties, cuda.current_stream, cuda.default_stream, cuda.Stream,
         cuda.Event, cuda.init, lambda: cuda.set_device(0), lambda: cuda.device(0),
         lambda: cuda.memory_allocated("cuda"), lambda: cuda.mem_get_info(0),
         lambda: cuda.synchronize("cuda")],
    )  # fmt: skip
    def test_what_needs_a_gpu_says_how_to_get_one(self, call: Any) -> None:
        with pytest.raises(DeviceError, match=r"gpugrad\[cuda13\]"):
            call()

    def test_the_cpu_has_nothing_to_wait_for(self) -> None:
        assert cuda.synchronize() is None
        assert cuda.synchronize("cpu") is None

    def test_memory_speaks_of_the_cpu(self) -> None:
        before = cuda.memory_allocated()
        x = gpugrad.zeros(1000)
        assert cuda.memory_allocated() - before == x.array.nbytes
        assert cuda.memory_reserved() >= cuda.memory_allocated()

    def test_doing_nothing_with_no_device_works(self) -> None:
        with cuda.device(None), cuda.stream(None):
            pass


@pytest.mark.cuda
def test_the_device_is_described() -> None:
    properties = cuda.get_device_properties()
    assert cuda.get_device_name("cuda:0") == properties.name
    assert cuda.get_device_capability(0) == (properties.major, properties.minor)
    assert properties.total_memory == cuda.mem_get_info("cuda")[1]
    assert cuda.device_count() == cupy().cuda.runtime.getDeviceCount()
    assert cuda.is_bf16_supported()


@pytest.mark.cuda
def test_the_current_device_is_cudas_own() -> None:
    cuda.set_device(0)
    assert cuda.current_device() == cupy().cuda.runtime.getDevice() == 0
    with cuda.device("cuda:0"):
        assert cuda.current_device() == 0
    cuda.synchronize()
    cuda.synchronize("cuda:0")


@pytest.mark.cuda
def test_what_is_no_gpu_is_refused() -> None:
    with pytest.raises(DeviceError, match="Expected a cuda device"):
        cuda.get_device_name("cpu")
    with pytest.raises(DeviceError, match="invalid device ordinal"):
        cuda.set_device(cuda.device_count())


@pytest.mark.cuda
def test_a_stream_is_current_inside_its_block() -> None:
    outside = cuda.current_stream()
    stream = cuda.Stream()
    with cuda.stream(stream):
        assert cuda.current_stream() == stream
        assert cupy().cuda.get_current_stream().ptr == stream.cuda_stream
        x = gpugrad.ones(10, device="cuda") + 1
    assert cuda.current_stream() == outside != stream
    outside.wait_stream(stream)
    assert x.tolist() == [2.0] * 10
    stream.synchronize()
    assert stream.query()
    assert "gpugrad.cuda.Stream" in repr(stream)
    assert cuda.default_stream() == cuda.Stream(wrap=cupy().cuda.Stream.null)


@pytest.mark.cuda
def test_events_measure_time() -> None:
    begin, end = (cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    gpugrad.ones(1000, device="cuda").exp()
    end.record()
    end.synchronize()
    assert end.query()
    assert begin.elapsed_time(end) >= 0
    end.wait()


@pytest.mark.cuda
def test_a_seed_repeats_a_gpus_numbers() -> None:
    draws = []
    for seed in (5, 5, 6):
        cuda.manual_seed(seed)
        draws.append(gpugrad.rand(8, device="cuda").tolist())
    assert draws[0] == draws[1] != draws[2]
    cuda.manual_seed_all(5)
    assert gpugrad.rand(8, device="cuda").tolist() == draws[0]
