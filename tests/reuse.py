"""What every test's app needs and none changes is built once for the run: templates, SQL and URL rules."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from werkzeug.routing import Rule

_make_engine = SQLAlchemy._make_engine
_compile_builder = Rule._compile_builder
_engines: dict[str, Engine] = {}
_builders: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}


class Compiled(BytecodeCache):
    """Templates compiled once for all apps of a run."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        code = self.kept.get((bucket.key, bucket.checksum))
        if code is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


def engine_of(self: SQLAlchemy, bind_key: str | None, options: dict[str, Any], app: Flask) -> Engine:
    """One engine for each address keeps the SQL it compiled; a test listens to a view of it of its own."""
    address = str(options["url"])
    if address not in _engines:
        _engines[address] = _make_engine(self, bind_key, options, app)
    return _engines[address].execution_options()


def leave(folder: str) -> None:
    """Close what is open of a folder's database, as a program does at its end."""
    for address, engine in _engines.items():
        if folder in address:
            engine.dispose()


def builder_of(self: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    """The function that writes a rule's URL depends on the rule alone."""
    key = self.rule, append_unknown, str(self.defaults), self.host, self.subdomain
    if key not in _builders:
        _builders[key] = _compile_builder(self, append_unknown)
    return _builders[key]


def begin() -> None:
    SQLAlchemy._make_engine = engine_of  # type: ignore[method-assign]
    Rule._compile_builder = builder_of  # type: ignore[method-assign]
