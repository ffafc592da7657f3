"""Devices that are missing, differ or are full, and files that are not installed."""

from __future__ import annotations

from .text import facts, format_bytes
from .tree import DeviceError, KernelFilesError, OutOfMemoryError

__all__ = ["cuda_missing", "different_devices", "kernel_files_missing", "out_of_memory"]


def different_devices(op: str, devices: list[str], where: str = "") -> DeviceError:
    """Operands that live on different devices."""
    first = "Expected all tensors to be on the same device, but found at least two devices, "
    first += " and ".join(dict.fromkeys(devices)) + "!"
    fix = "move one of them with .to(device)"
    return DeviceError(facts(first, ("op", op), ("line", where), ("fix", fix)))


def cuda_missing(reason: str) -> DeviceError:
    """CUDA was asked for where it cannot be used."""
    return DeviceError(facts(
        "CUDA is not available to gpugrad",
        ("why", reason),
        ("install", "pip install 'gpugrad[cuda13]' for a CUDA 13 driver, "
                    "'gpugrad[cuda12]' for CUDA 12 (see the first lines of nvidia-smi)"),
        ("or", "run on the CPU: device='cpu', or GPUGRAD_DEVICE=cpu"),
    ))


def kernel_files_missing(places: list[str]) -> KernelFilesError:
    """No directory with the CUDA texts was found."""
    rows = [("looked in", place) for place in places]
    fix = "install gpugrad again, or keep kernels/ beside the package in a checkout"
    return KernelFilesError(facts("gpugrad's kernel files are missing", *rows, ("fix", fix)))


def out_of_memory(device: str, requested: int, free: int, total: int, used: int,
                  cached: int) -> OutOfMemoryError:
    """An allocation that found no room; the numbers are fields of the exception as well."""
    error = OutOfMemoryError(facts(
        f"CUDA out of memory. Tried to allocate {format_bytes(requested)}.",
        ("device", f"{device}, {format_bytes(total)} in all, {format_bytes(free)} free"),
        ("gpugrad", f"{format_bytes(used)} in live arrays, {format_bytes(cached)} cached"),
        ("fix", "release graphs that are kept (gpugrad.memory.graphs()), use smaller batches, "
                "or checkpoint"),
    ))
    error.device, error.requested, error.free = device, requested, free
    error.total, error.used, error.cached = total, used, cached
    return error
