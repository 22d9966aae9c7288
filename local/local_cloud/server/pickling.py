"""Pickling of a whole cloud at rest: moto's models and the state of engines, as one graph of objects.

Pickle takes all of it but what belongs to a process or has no name. Locks are released and nothing waits at that time,
so that a new lock is as good; functions without a name, such as factories of moto's dictionaries, go by their code.

Above 200 lines: one reducer for each kind of object.
"""

from __future__ import annotations

import gc
import io
import marshal
import pickle
import queue
import sys
import threading
import types
import weakref
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import IO, Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from local_cloud.server import patching

Reduced = tuple[Callable[..., Any], tuple[Any, ...]]

# Objects refer to each other in chains, each link of which takes a few frames of C.
_STACK_BYTES = 512 * 1024 * 1024
_DEPTH = 200_000
_PLAIN = (dict, defaultdict, OrderedDict, Counter)


def write(content: Any, file: IO[bytes], *, constants: Mapping[str, Any]) -> None:
    """Pickle what a cloud holds.

    Parameters
    ----------
    content: Any
        The graph of objects.
    file: file
        Where it is written.
    constants: Mapping[str, Any]
        Objects that each cloud has by itself, by name: the graph refers to them and does not hold them.

    Raises
    ------
    TypeError, pickle.PicklingError, AttributeError
        If it holds an object that cannot be pickled.
    """
    _with_room(lambda: _Pickler(file, constants).dump(content))


def read(file: IO[bytes], *, constants: Mapping[str, Any]) -> Any:
    """Return what `write` has written, with this cloud's own constants. It is trusted like code."""
    with _without_collection():
        return _Unpickler(file, constants).load()


def can_be_written(content: Any, *, constants: Mapping[str, Any]) -> Exception | None:
    """Return why it cannot be pickled, or None if it can."""
    try:
        write(content, io.BytesIO(), constants=constants)
    except FAILURES as error:
        return error
    return None


FAILURES = (TypeError, AttributeError, pickle.PicklingError, RecursionError)


class _Pickler(pickle.Pickler):
    def __init__(self, file: IO[bytes], constants: Mapping[str, Any]) -> None:
        super().__init__(file, protocol=5)
        self._names = {id(value): name for name, value in constants.items()}

    def persistent_id(self, value: Any) -> str | None:
        return self._names.get(id(value))

    def reducer_override(self, value: Any) -> Any:
        kind = type(value)
        for known in kind.__mro__:
            if reduce := _REDUCERS.get(known):
                return reduce(value)
        if kind.__module__.startswith("cryptography."):
            return _reduce_cryptographic(value)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: IO[bytes], constants: Mapping[str, Any]) -> None:
        super().__init__(file)
        self._constants = constants

    def persistent_load(self, name: str) -> Any:
        return self._constants[name]


def _event(is_set: bool) -> threading.Event:
    event = threading.Event()
    if is_set:
        event.set()
    return event


def _dead() -> Any:
    return weakref.ref(type("Dead", (), {})())


def _reduce_reference(reference: Any) -> Reduced:
    found = reference()
    return (_dead, ()) if found is None else (weakref.ref, (found,))


def _reduce_dictionary(found: Any) -> Any:
    """Make a dictionary of a class of its own without `__init__`, which may want more, nor `__setitem__`.

    That of a bucket's keys makes a version of what is put in.
    """
    kind = type(found)
    if kind in _PLAIN:
        return NotImplemented
    factory = getattr(found, "default_factory", None)
    return _dictionary, (kind, factory), (dict(dict.items(found)), vars(found)), None, None, _fill


def _dictionary(kind: Any, factory: Any) -> Any:
    made = kind.__new__(kind)
    if factory:
        made.default_factory = factory
    return made


def _fill(made: Any, state: tuple[dict[Any, Any], dict[str, Any]]) -> None:
    content, attributes = state
    put = OrderedDict.__setitem__ if isinstance(made, OrderedDict) else dict.__setitem__
    for key, value in content.items():
        put(made, key, value)
    vars(made).update(attributes)


def _reduce_function(function: Any) -> Any:
    if "<" not in function.__qualname__:
        return NotImplemented
    cells = tuple(cell.cell_contents for cell in function.__closure__ or ())
    names = function.__module__, function.__name__, function.__qualname__
    return _function, (marshal.dumps(function.__code__), names, function.__defaults__, function.__kwdefaults__, cells)


def _function(
    code: bytes, names: tuple[str, str, str], defaults: Any, keyword_defaults: Any, cells: tuple[Any, ...]
) -> types.FunctionType:
    module, name, qualified = names
    closure = tuple(map(types.CellType, cells))
    made = types.FunctionType(marshal.loads(code), vars(import_module(module)), name, defaults, closure)
    made.__kwdefaults__, made.__qualname__ = keyword_defaults, qualified
    return made


def _reduce_cryptographic(value: Any) -> Any:
    der = serialization.Encoding.DER
    if isinstance(value, x509.Certificate):
        return _certificate, (value.public_bytes(der),)
    if hasattr(value, "private_bytes"):
        plain = serialization.NoEncryption()
        return _private_key, (value.private_bytes(der, serialization.PrivateFormat.PKCS8, plain),)
    if hasattr(value, "public_bytes"):
        return _public_key, (value.public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo),)
    return NotImplemented


def _certificate(content: bytes) -> Any:
    return x509.load_der_x509_certificate(content)


def _private_key(content: bytes) -> Any:
    return serialization.load_der_private_key(content, None)


def _public_key(content: bytes) -> Any:
    return serialization.load_der_public_key(content)


_REDUCERS: Mapping[type, Callable[[Any], Any]] = {
    type(threading.Lock()): lambda _: (threading.Lock, ()),
    type(threading.RLock()): lambda _: (threading.RLock, ()),
    threading.Condition: lambda _: (threading.Condition, ()),
    threading.Event: lambda event: (_event, (event.is_set(),)),
    queue.SimpleQueue: lambda _: (queue.SimpleQueue, ()),
    weakref.ref: _reduce_reference,
    weakref.ProxyType: lambda proxy: (weakref.proxy, (proxy.__init__.__self__,)),
    weakref.WeakValueDictionary: lambda found: (weakref.WeakValueDictionary, (dict(found),)),
    weakref.WeakKeyDictionary: lambda found: (weakref.WeakKeyDictionary, (dict(found),)),
    dict: _reduce_dictionary,
    types.FunctionType: _reduce_function,
    **patching.REDUCERS,
}


def _with_room(work: Callable[[], None]) -> None:
    """Do something in a thread with a large stack; pass its error on."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    depth, size = sys.getrecursionlimit(), threading.stack_size(_STACK_BYTES)
    sys.setrecursionlimit(_DEPTH)
    try:
        with _without_collection():
            thread = threading.Thread(target=run, name="pickling")
            thread.start()
            thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(depth)
    if failed:
        raise failed[0]


@contextmanager
def _without_collection() -> Any:
    """Leave the garbage collector out: it looks at all objects again and again while millions are made."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
