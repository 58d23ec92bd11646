"""The plugin manager: built-ins, installed third-party plugins and ``--plugin`` use one road.

A plugin is found by an entry point of the group ``neural_prover``, the built-ins of this
distribution included; in a source tree that is not installed their entry points are read from its
``pyproject.toml``. A plugin that cannot be loaded, or whose hooks do not fit
:mod:`prover.hookspecs`, is named in one log line and left out; the others work on. Importing this
module loads none.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pluggy

from prover import __version__, hookspecs
from prover.errors import BadInput
from prover.hookspecs import (
    ConsistencyCheck,
    Curriculum,
    Domain,
    Observer,
    Proposer,
    Ranker,
    ReasoningModule,
    RewardSignal,
    ValueEstimate,
)

if TYPE_CHECKING:
    import click

logger = logging.getLogger(__name__)

DISTRIBUTION = "neural-prover"


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """What is known of one plugin.

    ``source`` says where it was found (a distribution, the source tree or the command line),
    ``hooks`` are the names of those it implements, ``error`` is why it is not ``enabled`` (empty if
    it is, or if it was left out on purpose).
    """

    name: str
    version: str
    source: str
    hooks: tuple[str, ...] = ()
    enabled: bool = True
    error: str = ""


class PluginManager(pluggy.PluginManager):
    """A pluggy manager that also remembers where plugins came from and which of them broke.

    Those ``needed`` must not break: somebody asked for them by name.
    """

    def __init__(self, needed: Iterable[str] = ()) -> None:
        super().__init__(hookspecs.PROJECT)
        self.add_hookspecs(hookspecs)
        self.known: dict[str, PluginInfo] = {}
        self.needed = frozenset(needed)

    def broke(self, name: str, error: BaseException | str) -> None:
        """Names a broken plugin in one log line and stops using it.

        Raises:
            BadInput: it is a needed one.
        """
        text = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
        text = " ".join(text.split())
        if name in self.needed:
            raise BadInput(f"--plugin {name}: {text}")
        logger.warning("plugin %r is left out: %s", name, text)
        if self.has_plugin(name):
            self.unregister(name=name)
        self.known[name] = replace(self.known[name], enabled=False, error=text)


@dataclass(frozen=True, slots=True)
class _Found:
    """A plugin that can be loaded; ``value`` is that of its entry point, empty for one of the command line."""

    name: str
    version: str
    source: str
    load: Callable[[], object]
    value: str = ""


def load_plugins(
    extra: Sequence[str] = (), *, disabled: Iterable[str] = (), needed: Iterable[str] = ()
) -> PluginManager:
    """Loads all plugins: the built-ins first, then installed ones by name, then ``extra``.

    ``extra`` are ``module:object`` or ``module``, looked up also in the current folder; a class is
    instantiated without arguments. Plugins named in ``disabled`` are listed but not loaded.

    Raises:
        BadInput: one of ``needed`` does not work; as does any use of its hooks.
    """
    manager = PluginManager(needed)
    left_out = frozenset(disabled)
    for found in (*_installed(), *map(_named, extra)):
        _add(manager, found, enabled=found.name not in left_out)
    return manager


def _add(manager: PluginManager, found: _Found, *, enabled: bool) -> None:
    if found.name in manager.known:
        logger.warning("plugin %r of %s is left out: the name is taken", found.name, found.source)
        return
    manager.known[found.name] = PluginInfo(found.name, found.version, found.source, enabled=enabled)
    if not enabled:
        return
    try:
        plugin = found.load()
        written_for = getattr(plugin, "PROVER_API", hookspecs.API_VERSION)
        if written_for != hookspecs.API_VERSION:
            raise ValueError(
                f"it was written for version {written_for} of the plugin API, this is {hookspecs.API_VERSION}"
            )
        manager.register(plugin, found.name)
        # Each plugin is checked as it comes, so that what is wrong is known to be its own.
        manager.check_pending()
        hooks = tuple(sorted(caller.name for caller in manager.get_hookcallers(plugin) or ()))
        if not hooks:
            raise ValueError("it has no function marked with prover.hookspecs.hookimpl")
    except Exception as error:
        manager.broke(found.name, error)
    else:
        manager.known[found.name] = replace(manager.known[found.name], hooks=hooks)


def _installed() -> list[_Found]:
    """The plugins of all installed distributions, this one's own first."""
    # The source tree speaks for itself: what was installed from it may be older.
    own = {found.name: found for found in _source_tree()}
    built_in = {(found.name, found.value) for found in own.values()}
    others: list[_Found] = []
    for distribution in distributions():
        points = distribution.entry_points.select(group=hookspecs.PROJECT)
        # The names that follow cost a parse of its METADATA, of which the source tree's own tells nothing new.
        if all((point.name, point.value) in built_in for point in points):
            continue
        about = distribution.metadata
        name, version = about["Name"], about["Version"]
        for point in points:
            found = _Found(point.name, version, f"{name} {version}", point.load, point.value)
            if name == DISTRIBUTION:
                own.setdefault(point.name, found)
            else:
                others.append(found)
    others.sort(key=lambda found: (found.source, found.name))
    return [*own.values(), *others]


def _source_tree() -> Iterator[_Found]:
    """The built-ins of a source tree; nothing where this package is installed as a wheel."""
    root = Path(__file__).resolve().parent.parent
    project = root / "pyproject.toml"
    if not project.is_file():
        return
    import tomllib

    table = tomllib.loads(project.read_text("utf-8")).get("project", {})
    if table.get("name") != DISTRIBUTION:
        return
    for name, value in table.get("entry-points", {}).get(hookspecs.PROJECT, {}).items():
        point = EntryPoint(name, value, hookspecs.PROJECT)
        load = _loader(point, [root / "plugins", root / "training"])
        yield _Found(name, __version__, f"source tree {root}", load, value)


def _loader(point: EntryPoint, folders: Iterable[Path]) -> Callable[[], object]:
    def load() -> object:
        # At the end of the path: an installed copy of the package goes before it.
        sys.path += [str(folder) for folder in folders if str(folder) not in sys.path]
        return point.load()

    return load


def _named(text: str) -> _Found:
    """A plugin of the command line, ``module:object`` or ``module``."""

    def load() -> object:
        module_name, _, path = text.partition(":")
        if not module_name or module_name.startswith("."):
            raise ValueError(f"{text!r} is not of the form module:object")
        here = str(Path.cwd())
        if here not in sys.path:
            sys.path.append(here)
        module = importlib.import_module(module_name)
        plugin = reduce(getattr, path.split("."), module) if path else module
        return plugin() if isinstance(plugin, type) else plugin

    return _Found(text, "", "--plugin", load)


def _call(manager: PluginManager, hook: str, methods: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """What each plugin returns from ``hook``; one that raises or returns nonsense is left out."""
    plugins = [(name, plugin) for name, plugin in manager.list_name_plugin() if plugin is not None]
    for name, plugin in plugins:
        # One plugin at a time, so that the fault of one is its own and the order is that of
        # loading.
        others = [other for _, other in plugins if other is not plugin]
        try:
            answers = manager.subset_hook_caller(hook, others)()
            items = [item for answer in answers for item in _items(hook, answer, methods)]
        except Exception as error:
            said = str(error) if isinstance(error, _WrongAnswer) else f"{hook} raised {type(error).__name__}: {error}"
            manager.broke(name, said)
            continue
        yield from ((name, item) for item in items)


class _WrongAnswer(TypeError):
    """A hook returned what it must not."""


def _items(hook: str, answer: object, methods: tuple[str, ...]) -> list[object]:
    """What a hook returned, as a list.

    Raises:
        _WrongAnswer: it is none, or something in it lacks what a hook's results must have; says what was expected.
    """
    if not isinstance(answer, Iterable) or isinstance(answer, str | bytes | Mapping):
        raise _WrongAnswer(f"{hook} returned {_shown(answer)}; {_expected(methods)}")
    items = list(answer)
    for item in items:
        if isinstance(item, type):
            wrong = f"the class {item.__name__}, not an instance of it"
        else:
            missing = [method for method in methods if not callable(getattr(item, method, None))]
            if methods != ("__call__",) and not isinstance(getattr(item, "name", None), str):
                missing.append("name")
            if not missing:
                continue
            wrong = f"{_shown(item)} in its list, which has no {' and no '.join(missing)}"
        raise _WrongAnswer(f"{hook} returned {wrong}; {_expected(methods)}")
    return items


def _expected(methods: tuple[str, ...]) -> str:
    if methods == ("__call__",):
        return "it must return a list of functions"
    return f"it must return a list of objects that have a name (a text) and {' and '.join(methods)}"


def _shown(value: object) -> str:
    """A value of a plugin in a message; one without a text of its own by its type, not by its address."""
    plain = isinstance(value, str | bytes | int | float | list | tuple | dict)
    return repr(value)[:60] if plain else f"an object of type {type(value).__name__}"


def _by_name(manager: PluginManager, hook: str, methods: tuple[str, ...]) -> dict[str, Any]:
    """What all plugins return from ``hook``, by name, in the order of loading; the first of a name stays."""
    found: dict[str, Any] = {}
    for plugin, item in _call(manager, hook, methods):
        if item.name in found:
            what = hook.removeprefix("prover_")
            logger.warning("%s: %r of plugin %r is left out: the name is taken", what, item.name, plugin)
        else:
            found[item.name] = item
    return found


def domains(manager: PluginManager) -> dict[str, Domain]:
    """The domains of all plugins, by name."""
    return _by_name(manager, "prover_domains", ("open",))


def proposers(manager: PluginManager, domain: str | None = None) -> list[Proposer]:
    """The proposers of all plugins, those for ``domain`` only if it is given; names are distinct."""
    return _for(domain, _by_name(manager, "prover_proposers", ("propose",)))


def modules(manager: PluginManager, domain: str | None = None) -> list[ReasoningModule]:
    """The reasoning modules of all plugins, those for ``domain`` only if it is given."""
    return _for(domain, _by_name(manager, "prover_modules", ("read",)))


def rewards(manager: PluginManager, domain: str | None = None) -> list[RewardSignal]:
    """The reward signals of all plugins, those for ``domain`` only if it is given."""
    return _for(domain, _by_name(manager, "prover_rewards", ("reward",)))


def curricula(manager: PluginManager) -> dict[str, Curriculum]:
    """The curricula of all plugins, by name."""
    return _by_name(manager, "prover_curricula", ("difficulty", "boundaries"))


def checks(manager: PluginManager, domain: str | None = None) -> list[ConsistencyCheck]:
    """The consistency checks of all plugins, those for ``domain`` only if it is given."""
    return _for(domain, _by_name(manager, "prover_checks", ("check",)))


def rankers(manager: PluginManager, domain: str | None = None) -> list[Ranker]:
    """The rankers of all plugins, those for ``domain`` only if it is given."""
    return _for(domain, _by_name(manager, "prover_rankers", ("rank",)))


def values(manager: PluginManager, domain: str | None = None) -> list[ValueEstimate]:
    """The estimates of states of all plugins, those for ``domain`` only if it is given."""
    return _for(domain, _by_name(manager, "prover_values", ("value",)))


def observers(manager: PluginManager) -> list[Observer]:
    """The observers of all plugins, in the order the plugins were loaded."""
    return [item for _, item in _call(manager, "prover_observers", ("__call__",))]


def commands(manager: PluginManager) -> dict[str, click.Command]:
    """The commands of all plugins, by name."""
    return _by_name(manager, "prover_commands", ("invoke", "make_context"))


def _for(domain: str | None, items: dict[str, Any]) -> list[Any]:
    """Those that work in ``domain``: all without an attribute ``domains``, and those that name it there."""
    return [item for item in items.values() if domain is None or domain in getattr(item, "domains", (domain,))]


class Named(Protocol):
    """Has a name."""

    name: str


@dataclass(frozen=True, slots=True)
class Team:
    """What the plugins add to a search in one domain."""

    proposers: list[Proposer]
    modules: list[ReasoningModule]
    rewards: list[RewardSignal]
    checks: list[ConsistencyCheck]
    observers: list[Observer]
    rankers: list[Ranker]
    values: list[ValueEstimate]

    @property
    def names(self) -> list[str]:
        """Everything that a weight can be given to."""
        parts: tuple[Sequence[Named], ...] = (
            self.proposers, self.modules, self.rewards, self.checks, self.rankers,
            self.values,
        )  # fmt: skip
        return [item.name for part in parts for item in part]

    @property
    def weights(self) -> dict[str, float]:
        """What each of the ``names`` counts unless a person says otherwise: 1, or its ``default_weight``."""
        weights = dict.fromkeys(self.names, 1.0)
        return weights | {value.name: float(getattr(value, "default_weight", 1.0)) for value in self.values}


def team(manager: PluginManager, domain: str) -> Team:
    """Everything that plugins add to a search in ``domain``."""
    return Team(
        proposers(manager, domain),
        modules(manager, domain),
        rewards(manager, domain),
        checks(manager, domain),
        observers(manager),
        rankers(manager, domain),
        values(manager, domain),
    )


def describe(manager: PluginManager) -> list[PluginInfo]:
    """Every plugin that was found, also those that broke or are disabled, in order of loading."""
    return list(manager.known.values())
