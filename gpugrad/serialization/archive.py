"""``save`` and ``load``: a zip archive with one pickle and the bytes of every storage.

    <name>/data.pkl      the object; tensors refer to storages by number
    <name>/data/0 ...    the bytes of each storage, not compressed
    <name>/byteorder, <name>/version

Holds:     tensors that share bytes share them in the file and after loading.
Must not:  leave half a file behind.
"""

from __future__ import annotations

import io
import os
import struct
import sys
import tempfile
import zipfile
from typing import IO, Any

from .reading import Unpickler, refused
from .writing import Pickler

__all__ = ["load", "save"]

_VERSION = "3"


def save(obj: Any, f: Any, pickle_module: Any = None, pickle_protocol: int = 2,
         _use_new_zipfile_serialization: bool = True) -> None:
    """Writes ``obj``, with the tensors in it, to a path or a binary file.

    PyTorch reads what only holds tensors, numbers, strings and containers of them. A path is
    replaced once everything has been written.
    """
    if hasattr(f, "write"):
        _write(obj, f, "archive", pickle_protocol)
        return
    path = os.fspath(f)
    name = os.path.splitext(os.path.basename(path))[0] or "archive"
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(path) or ".", prefix=f".{name}-",
                                     delete=False) as file:  # fmt: skip
        try:
            _write(obj, file, name, pickle_protocol)
            file.close()
            os.chmod(file.name, _mode_of(path))
            os.replace(file.name, path)
        except BaseException:
            file.close()
            os.unlink(file.name)
            raise


def _mode_of(path: str) -> int:
    """The permissions a file at ``path`` has, or would get."""
    if os.path.exists(path):
        return os.stat(path).st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _write(obj: Any, file: IO[bytes], name: str, protocol: int) -> None:
    text = io.BytesIO()
    pickler = Pickler(text, protocol)
    pickler.dump(obj)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        archive.writestr(f"{name}/data.pkl", text.getvalue())
        archive.writestr(f"{name}/byteorder", sys.byteorder)
        for key, data in pickler.storages():
            archive.writestr(f"{name}/data/{key}", data)
        archive.writestr(f"{name}/version", f"{_VERSION}\n")


def load(f: Any, map_location: Any = None, pickle_module: Any = None, *, weights_only: bool = True,
         mmap: bool | None = None, **pickle_load_args: Any) -> Any:
    """Reads what ``save``, PyTorch's or this one, has written.

    map_location  where tensors go: a device, {saved place: device}, or a function of a storage and
                  its saved place; by default where they were
    weights_only  read tensors, numbers, strings and containers, and refuse anything else

    Raises:  FileNotFoundError; pickle.UnpicklingError for what is refused; RuntimeError for a file
             that is damaged or no such archive
    """
    if not hasattr(f, "read"):
        with open(f, "rb") as file:
            return load(file, map_location, weights_only=weights_only)
    try:
        with zipfile.ZipFile(f) as archive:
            return _read(archive, map_location, weights_only)
    except zipfile.BadZipFile as error:
        raise RuntimeError(
            f"load: this is no archive that save wrote, or it is damaged ({error}). PyTorch files "
            "from before 1.6 are not read."
        ) from None
    except (EOFError, KeyError, IndexError, struct.error) as error:
        raise RuntimeError(f"load: the archive is damaged: {error}") from error


def _read(archive: zipfile.ZipFile, map_location: Any, weights_only: bool) -> Any:
    found = [name for name in archive.namelist() if name.endswith("/data.pkl")]
    if len(found) != 1:
        raise RuntimeError("load: the archive has no data.pkl: it was not written by save")
    prefix = found[0].removesuffix("data.pkl")
    if "constants.pkl" in {name.removeprefix(prefix) for name in archive.namelist()}:
        raise refused("a TorchScript program")
    order: str = sys.byteorder
    if f"{prefix}byteorder" in archive.namelist():
        order = archive.read(f"{prefix}byteorder").decode()
    if order not in ("little", "big"):
        raise RuntimeError(f"load: unknown byte order {order!r}")

    def bytes_of(key: str) -> bytes:
        return archive.read(f"{prefix}data/{key}")

    reader = Unpickler(io.BytesIO(archive.read(found[0])), bytes_of, order, map_location,
                       weights_only)  # fmt: skip
    return reader.load()

