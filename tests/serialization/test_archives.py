"""Archives: what is written comes back, in either library, and nothing else happens."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import nn, serialization
from tests.ops.walk import host

DTYPES = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8",
          "bool"]  # fmt: skip


@pytest.fixture(autouse=True)
def _on_the_cpu() -> Any:
    before = gpugrad.get_default_device()
    gpugrad.set_default_device("cpu")
    yield
    gpugrad.set_default_device(before)


def everything(module: Any) -> dict[str, Any]:
    """An object with all that a checkpoint holds."""
    base = module.arange(12.0).reshape(3, 4)
    return {
        "epoch": 3, "loss": 0.25, "name": "run", "flags": (True, None), "lr": [0.1, 0.2],
        "shape": base.shape, "whole": base, "view": base[1:, ::2], "turned": base.t(),
        "number": module.tensor(2.5), "empty": module.zeros(0, 3),
        "leaf": module.ones(2, requires_grad=True), "wide": module.ones(1, 3).expand(2, 3),
        **{name: module.ones(2, dtype=getattr(module, name)) for name in DTYPES},
    }  # fmt: skip


def same(ours: Any, theirs: Any) -> None:
    assert list(ours) == list(theirs)
    for name, value in ours.items():
        other = theirs[name]
        if hasattr(value, "numel") and not isinstance(value, tuple):
            assert str(value.dtype).partition(".")[2] == str(other.dtype).partition(".")[2]
            assert value.requires_grad == other.requires_grad
            assert np.array_equal(host(value), host(other)), name
        else:
            assert value == other or tuple(value) == tuple(other)


def saved(obj: Any, module: Any = gpugrad) -> io.BytesIO:
    file = io.BytesIO()
    module.save(obj, file)
    file.seek(0)
    return file


def test_what_is_saved_comes_back() -> None:
    same(gpugrad.load(saved(everything(gpugrad))), everything(gpugrad))


@pytest.mark.oracle
def test_pytorch_reads_what_is_saved() -> None:
    torch = pytest.importorskip("torch")
    same(everything(gpugrad), torch.load(saved(everything(gpugrad)), weights_only=True))


@pytest.mark.oracle
def test_what_pytorch_saved_is_read() -> None:
    torch = pytest.importorskip("torch")
    same(gpugrad.load(saved(everything(torch), torch)), everything(torch))


@pytest.mark.oracle
def test_a_models_and_an_optimizers_state_go_both_ways() -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = nn.Linear(3, 2), torch.nn.Linear(3, 2)
    ours.load_state_dict(gpugrad.load(saved(theirs.state_dict(), torch)))
    assert np.array_equal(host(ours.weight), host(theirs.weight))
    with gpugrad.no_grad():
        ours.weight.mul_(2)
    theirs.load_state_dict(torch.load(saved(ours.state_dict()), weights_only=True))
    assert np.array_equal(host(ours.weight), host(theirs.weight))
    optimizer = gpugrad.optim.Adam(ours.parameters())
    ours(gpugrad.ones(1, 3)).sum().backward()
    optimizer.step()
    state = torch.load(saved(optimizer.state_dict()), weights_only=True)
    assert np.array_equal(host(state["state"][0]["exp_avg"]),
                          host(optimizer.state_dict()["state"][0]["exp_avg"]))  # fmt: skip


def test_tensors_that_share_bytes_share_them_afterwards_and_in_the_file() -> None:
    x = gpugrad.zeros(1000)
    file = saved({"x": x, "head": x[:10], "twin": x.detach()})
    assert len(file.getvalue()) < 2 * x.nbytes
    back = gpugrad.load(file)
    back["x"][0] = 5.0
    assert back["head"][0].item() == back["twin"][0].item() == 5.0


def test_a_whole_module_is_read_only_where_code_may_run() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    file = saved(model)
    with pytest.raises(pickle.UnpicklingError, match=r"Sequential.*weights_only=False"):
        gpugrad.load(file)
    file.seek(0)
    back = gpugrad.load(file, weights_only=False)
    assert np.array_equal(host(back[0].weight), host(model[0].weight))


class Dangerous:
    calls: list[str] = []  # noqa: RUF012

    def __reduce__(self) -> Any:
        return Dangerous.calls.append, ("called",)


def test_code_in_a_file_does_not_run() -> None:
    file = saved({"x": Dangerous()})
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        gpugrad.load(file)
    assert Dangerous.calls == []


class Config:
    def __init__(self) -> None:
        self.width = 3


def test_a_class_can_be_declared_safe() -> None:
    file = saved(Config())
    with pytest.raises(pickle.UnpicklingError), serialization.safe_globals([Dangerous]):
        gpugrad.load(file)
    file.seek(0)
    with serialization.safe_globals([Config, (Config.__new__, "copyreg.__newobj__")]):
        assert serialization.get_safe_globals()[0] is Config
        assert gpugrad.load(file).width == 3
    assert serialization.get_safe_globals() == []


@pytest.mark.parametrize("cut", [10, 200, 700])
def test_a_cut_file_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(saved(everything(gpugrad)).getvalue()[:cut])
    with pytest.raises(RuntimeError, match="damaged"):
        gpugrad.load(path)


def forged(change: Any) -> io.BytesIO:
    """An archive of ``gpugrad.zeros(4)`` with something changed."""
    source, out = zipfile.ZipFile(saved(gpugrad.zeros(4))), io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in source.namelist():
            data = change(name, source.read(name))
            if data is not None:
                archive.writestr(name, data)
    out.seek(0)
    return out


def test_a_storage_with_too_few_bytes_is_refused() -> None:
    file = forged(lambda name, data: data[:8] if name.endswith("data/0") else data)
    with pytest.raises(RuntimeError, match="8 bytes where 4"):
        gpugrad.load(file)


def test_a_missing_storage_is_refused() -> None:
    file = forged(lambda name, data: None if name.endswith("data/0") else data)
    with pytest.raises(RuntimeError, match="damaged"):
        gpugrad.load(file)


def test_a_tensor_outside_its_storage_is_refused() -> None:
    big = saved(gpugrad.zeros(4))
    pickled = zipfile.ZipFile(big).read("archive/data.pkl")
    assert pickled.count(b"K\x04\x85") == 1  # the shape (4,)
    file = forged(lambda n, d: d.replace(b"K\x04\x85", b"K\x09\x85") if n.endswith(".pkl") else d)
    with pytest.raises(RuntimeError, match="outside its storage"):
        gpugrad.load(file)


def test_a_failed_save_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    gpugrad.save({"x": 1}, path)
    with pytest.raises(TypeError):
        gpugrad.save({"x": gpugrad.ones(2), "y": (n for n in [])}, path)
    assert gpugrad.load(path) == {"x": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["model.pt"]


def test_map_location_says_where_tensors_go() -> None:
    file = saved(OrderedDict(x=gpugrad.ones(2)))
    for where in ("cpu", gpugrad.device("cpu"), {"cpu": "cpu"}, lambda storage, place: storage):
        file.seek(0)
        assert gpugrad.load(file, map_location=where)["x"].tolist() == [1.0, 1.0]


@pytest.mark.cuda
def test_a_gpus_tensors_come_back_to_the_gpu_or_where_they_are_sent() -> None:
    file = saved({"x": gpugrad.arange(6.0, device="cuda").reshape(2, 3).t()})
    assert gpugrad.load(file)["x"].is_cuda
    file.seek(0)
    back = gpugrad.load(file, map_location="cpu")["x"]
    assert not back.is_cuda
    assert back.tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
