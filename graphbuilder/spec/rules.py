"""The rules of the grammar that no type can say: what excludes what, what means something where, and what may be
called what.

They read the raw values, so that they find their mistakes beside those of types; a value of a wrong type is passed
over here. What breaks a rule is mended or marked, so that nothing is built on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, cast

from graphbuilder.diagnostics import Help, Label, Meant, Sink
from graphbuilder.diagnostics.catalogue.grammar import (
    BlockForm,
    DuplicateName,
    Meaningless,
    ReservedName,
    SharedStep,
    StepKind,
    UnknownKey,
    WrongWord,
)
from graphbuilder.diagnostics.nearest import meant, nearest
from graphbuilder.document import Document, Place
from graphbuilder.spec.constants import Constants
from graphbuilder.spec.copies import may_repeat, without_copies
from graphbuilder.spec.mending import TWICE, Mending
from graphbuilder.spec.merged import Keys, Merged, documents, is_half, own
from graphbuilder.spec.names import FACTS, INPUT, STEP_WORDS, TYPES, Kind, fault_of, words_of
from graphbuilder.spec.parted import leave_out_parted
from graphbuilder.spec.raw import as_table

# The words that a step which shares a sibling's weights may carry.
SHARING_WORDS = frozenset({"share", "id", "title", "from", "when"})
# What only blocks have, which fork and join.
JOINING = ("branches", "shortcut", "shortcut_when", "merge", "before", "after")
# What others call the op of a step.
_OPS_ELSEWHERE = ("type", "layer", "operation", "module")
# What TOML calls the types of arguments.
_OF_TOML = {"boolean": "bool", "integer": "int", "string": "str", "array": "list"}
# What stands beside a fork and a join means nothing without them.
_JOINED = {
    "before": "`before` stands ahead of a fork, and there is none",
    "after": "`after` stands behind a join, and there is none",
}


def check(document: Document, mending: Mending, sink: Sink, *, whole: bool = True) -> None:
    """Report every broken rule, and mend or mark what breaks it; the expressions are read already.

    Args:
        whole: whether what is missing is missing indeed, and not in a file that could not be had.
    """
    data = mending.data
    leave_out_parted(document, mending, sink)
    constants = Constants(document, mending, sink)
    rules = _Rules(document, mending, sink, constants, whole)
    inputs = rules.names("input", _keys_of(data, "inputs"), ("inputs",))
    rules.names("param", _keys_of(data, "params"), ("params",))
    rules.names("output", _keys_of(data, "outputs"), ("outputs",))
    rules.names("block", _keys_of(data, "blocks"), ("blocks",))
    constants.params(as_table(data.get("params")))
    rules.model(as_table(data.get("model")))
    rules.body(as_table(data.get("model")).get("body"), ("model", "body"), inputs)
    for name, block in as_table(data.get("blocks")).items():
        if isinstance(block, dict):
            rules.block(name, cast("dict[str, Any]", block))


class _Rules:
    def __init__(self, document: Document, mending: Mending, sink: Sink, constants: Constants, whole: bool) -> None:
        self._document = document
        self._whole = whole
        self._mending = mending
        self._sink = sink
        self._constants = constants
        self._named: dict[Keys, set[str]] = {}

    def names(self, kind: Kind, rows: Iterable[tuple[str | int, object]], keys: Keys) -> dict[str, Keys]:
        """Report what cannot be the name of a thing of this kind, or is there twice; ``rows`` are keys and names."""
        taken: dict[str, Keys] = {}
        for key, name in rows:
            if isinstance(name, str):
                self._take(name, kind, (*keys, key), taken)
        return taken

    def _take(self, name: str, kind: Kind, keys: Keys, taken: dict[str, Keys]) -> None:
        if (fault := fault_of(name, kind)) and not is_half(self._document, keys):
            self._sink.add(fault.rule.at(self._name_span(keys), fault.message, help=fault.help))
            self._mending.mark(*keys)
        if name == INPUT and keys[-1] == "id":
            self._put_away(keys)
        if name in taken:
            self._duplicate(name, keys, taken[name])
            self._mark_both(keys, taken[name])
        taken.setdefault(name, keys)

    def _name_span(self, keys: Keys) -> Any:
        """A name is written as the value of ``id`` or as an item of a list, else as a key."""
        by_value = keys[-1] == "id" or isinstance(keys[-1], int)
        return self._document.span(keys) if by_value else self._document.key_span(keys)

    def _duplicate(self, name: str, keys: Keys, first: Keys) -> None:
        label = Label(self._name_span(first), "first here")
        message = f"`{name}` is the name of something else in this body"
        self._sink.add(DuplicateName.at(self._name_span(keys), message, related=(label,), help="give it another name"))

    def _mark_both(self, second: Keys, first: Keys) -> None:
        """Whoever names it may mean either; the second is out of the first one's way, which the next step reads."""
        match second:
            case (*_, "id"):
                self._put_away(second)
            case (*block, "let", _):
                self._mending.poison((*block, "let", second[-1]))
            case ("blocks", block, word, *_):
                self._mending.mark("blocks", block)
                self._mending.mark("blocks", block, word)
            case _:
                pass
        if first[-1] == "id":
            self._mending.mark(*first[:-1], TWICE)

    def _put_away(self, keys: Keys) -> None:
        """Let the step whose id stands at ``keys`` be called as nothing else is."""
        self._mending.mark(*keys[:-1])
        part, at = keys[-3:-1]
        self._mending.put(keys, f"{self._mending.value(keys)} ({part} {int(at) + 1})")

    def model(self, table: Mapping[str, Any]) -> None:
        """Report once what only a block can have."""
        words = [word for word in table if word in JOINING]
        if not words:
            return
        message = f"`model` has no key `{words[0]}`: only a block joins paths"
        remedy = 'put all this into a block, and use that: body = [{ use = "..." }]'
        self._sink.add(UnknownKey.at(self._document.key_span(("model", words[0])), message, help=remedy))
        for word in words:
            self._mending.remove(("model", word))
        if "branches" in words:
            self._mending.mend(("model", "body"))

    def body(self, steps: object, keys: Keys, taken: Mapping[str, Keys]) -> None:
        """The steps of one body, whose names may not be those ``taken`` already."""
        self._steps(steps, keys, dict(taken))

    def _steps(self, steps: object, keys: Keys, taken: dict[str, Keys]) -> None:
        if not isinstance(steps, list):
            return
        for index, step in enumerate(cast("list[Any]", steps)):
            if type(step) is not dict:
                continue
            written = cast("dict[str, Any]", step)
            if ("op" in written) is ("use" in written) or {"share", "merge", "repeat"} & written.keys():
                self._step(written, (*keys, index))
            if type(written.get("id")) is str:
                self._take(written["id"], "step", (*keys, index, "id"), taken)

    def _step(self, step: Mapping[str, Any], keys: Keys) -> None:
        if type(step.get("share")) is str:
            self._sharing(step, keys)
            return
        if "op" in step and "use" in step:
            self._mending.mark(*keys)
            remedy = "leave out one of them"
            self._sink.add(
                StepKind.at(self._document.key_span((*keys, "use")), "a step has both `op` and `use`", help=remedy)
            )
        elif "op" not in step and "use" not in step:
            self._mending.mark(*keys)
            remedy = self._slip_of_kind(step, keys) or 'add `op = "..."` for a built-in, or `use = "..."` for a block'
            self._sink.add(StepKind.at(self._document.span(keys), "a step has neither `op` nor `use`", help=remedy))
        listed = isinstance(step.get("use"), list)
        if "repeat" in step and listed:
            self._meaningless((*keys, "repeat"), "`use` lists the block of each copy already", "leave it out")
        for word, message, help_ in without_copies(step) if "repeat" not in step and not listed else ():
            self._mending.remove((*keys, word))
            if not may_repeat(step):
                self._meaningless((*keys, word), message, help_)

    def _slip_of_kind(self, step: Mapping[str, Any], keys: Keys) -> Help:
        """The word of a step that was meant for ``op`` or ``use``, by its letters or by what others call it."""
        words = [word for word in step if word not in STEP_WORDS]
        slips = ((word, "op" if word in _OPS_ELSEWHERE else nearest(word, ("op", "use"))) for word in words)
        found = next(((word, near) for word, near in slips if near), None)
        if found is None:
            return None
        word, near = found
        asking = f"did you mean {{}} by `{word}`?" if word in _OPS_ELSEWHERE else "did you mean {}?"
        asking += " What is its `name` elsewhere is its `id`" if "name" in words else ""
        return Meant((near,), asking, span=self._document.key_span((*keys, word)))

    def _sharing(self, step: Mapping[str, Any], keys: Keys) -> None:
        excess = [key for key in step if key not in SHARING_WORDS]
        if not excess:
            return
        self._mending.mark(*keys)
        if "repeat" in step and {"op", "use"} & step.keys() and not self._is_sibling(step["share"], keys):
            message = f"no step `{step['share']}` in this body whose weights could be shared"
            remedy = "write true: all copies have one set of weights"
            self._sink.add(SharedStep.at(self._document.span((*keys, "share")), message, help=remedy))
        else:
            here = [key for key in excess if own(Place(self._document, (*keys, key)))]
            place = (*keys, *(here or ["share"])[:1])
            message = f"a step that shares the weights of `{step['share']}` cannot have `{(here or excess)[0]}`"
            remedy = f"it runs `{step['share']}` as it is; leave out {', '.join(f'`{key}`' for key in excess)}"
            self._sink.add(SharedStep.at(self._document.key_span(place), message, help=remedy))

    def _is_sibling(self, name: str, keys: Keys) -> bool:
        """Whether a step beside the one at ``keys`` has ``name``, or may get it from what it runs."""
        if keys[:-1] not in self._named:
            rows = map(as_table, cast("list[Any]", self._mending.value(keys[:-1])))
            self._named[keys[:-1]] = {str(row.get(word)) for row in rows for word in ("id", "op", "use")}
        return name in self._named[keys[:-1]]

    def _meaningless(self, keys: Keys, message: str, remedy: str) -> None:
        self._sink.add(Meaningless.at(self._document.key_span(keys), message, help=remedy))

    def block(self, name: str, block: Mapping[str, Any]) -> None:
        """One block: its form, its names and its bodies."""
        keys: Keys = ("blocks", name)
        self._form(block, keys)
        inputs = self.names("input", _items(block.get("inputs")), (*keys, "inputs"))
        self._values(block, keys, inputs)
        outputs = _items(block.get("outputs")) or _keys_of(block, "outputs")
        self.names("output", outputs, (*keys, "outputs"))
        self._bodies(block, keys, inputs)

    def _form(self, block: Mapping[str, Any], keys: Keys) -> None:
        at, name = self._document.key_span, str(keys[-1])
        if ("body" in block) is ("branches" in block) or ("branches" in block and "shortcut" in block):
            self._mending.mark(*keys)
        if "body" in block and "branches" in block:
            remedy = "make a branch of the body, or a block of its own"
            self._sink.add(BlockForm.at(at((*keys, "branches")), "a block has both `body` and `branches`", help=remedy))
        elif "body" not in block and "branches" not in block:
            self._mending.mark(*keys, "body")
            written = block.keys() if self._whole else ()
            for word in {"args", "inputs"}.difference(written):  # what is not written yet, or inherited
                self._mending.mark(*keys, word)
            if self._is_last(name):
                self._mending.mark("blocks")  # what is used and not there may be to come
            is_broken_off = self._is_last(name) and any(each.unfinished for each in documents(self._document))
            if self._whole and not is_broken_off:
                message = f"the block `{name}` has neither `body` nor `branches`"
                remedy = meant(name, self._inherited(), "add `body = [...]`")
                self._sink.add(BlockForm.at(at(keys), message, help=remedy))
        if "branches" in block and "shortcut" in block:
            remedy = "make it one more branch"
            self._sink.add(
                BlockForm.at(at((*keys, "shortcut")), "a shortcut goes around a body, not branches", help=remedy)
            )
        if "shortcut" not in block and "branches" not in block:
            self._no_join(block, keys)
        if "shortcut" not in block and "shortcut_when" in block:
            self._meaningless(
                (*keys, "shortcut_when"), "there is no `shortcut` here", "add `shortcut`, or leave it out"
            )

    def _is_last(self, name: str) -> bool:
        return [*as_table(self._document.data.get("blocks"))][-1:] == [name]

    def _inherited(self) -> Collection[str]:
        """The blocks of the file that this one extends, which a part of a block may be for."""
        parent = self._document.parent if isinstance(self._document, Merged) else None
        blocks = parent.data.get("blocks") if parent else None
        return cast("dict[str, object]", blocks) if isinstance(blocks, dict) else ()

    def _no_join(self, block: Mapping[str, Any], keys: Keys) -> None:
        if "merge" in block:
            self._mending.mark(*keys)
            self._mending.remove((*keys, "merge"))
            message = "`merge` joins branches, or a body and its `shortcut`"
            self._meaningless((*keys, "merge"), message, "add `shortcut`, or leave it out")
        for word, message in _JOINED.items():
            if word in block:
                self._meaningless((*keys, word), message, "put the steps into `body`")

    def _values(self, block: Mapping[str, Any], keys: Keys, inputs: Mapping[str, Keys]) -> None:
        """Arguments and lets share one set of names with what is known of the inputs."""
        facts = {f"{name}_{fact}": name for name in inputs for fact in FACTS}
        taken: dict[str, Keys] = {}
        kinds: tuple[tuple[str, Kind], ...] = (("args", "argument"), ("let", "let"))
        for word, kind in kinds:
            for name in as_table(block.get(word)):
                at = (*keys, word, name)
                self._take(name, kind, at, taken)
                if name in facts:
                    message = f"`{name}` is known of the input `{facts[name]}` already"
                    self._sink.add(ReservedName.at(self._document.key_span(at), message, help="give it another name"))
            self._constants.plain(as_table(block.get(word)), (*keys, word))
        self._declarations(as_table(block.get("args")), (*keys, "args"))

    def _declarations(self, arguments: Mapping[str, Any], keys: Keys) -> None:
        """Report types that are none: in a union with one that is, or by the names that TOML has for them.

        What is declared so must be given all the same.
        """
        for name, declaration in list(arguments.items()):
            words = words_of(declaration)
            stranger = next((word for word in words if word not in TYPES), None)
            if stranger is None or TYPES.keys().isdisjoint({*words, *map(_OF_TOML.get, words)}):
                continue
            at, message = (*keys, name), f"`{stranger[:60]}` is no type: `{name}` can be {', '.join(TYPES)}"
            near = _OF_TOML.get(stranger) or nearest(stranger, TYPES)
            place = self._document.span(at)
            help_ = Meant((near,), span=place.part(stranger)) if near else None
            self._sink.add(WrongWord.at(place, message, help=help_))
            self._mending.put(at, " | ".join(TYPES))

    def _bodies(self, block: Mapping[str, Any], keys: Keys, inputs: Mapping[str, Keys]) -> None:
        branches, shortcut = as_table(block.get("branches")), block.get("shortcut")
        taken = dict(inputs)
        # The join and the way around the body are nodes with these names; a path of side steps names what they read.
        for word in ("shortcut", "merge"):
            if word in block:
                taken.setdefault("merge", (*keys, word))
        for word in ("shortcut", "before"):
            if word in block:
                taken.setdefault(word, (*keys, word))
        for name in branches:
            self._take(name, "branch", (*keys, "branches", name), taken)
        for word in ("before", "body", "after"):
            self._steps(block.get(word), (*keys, word), taken)
        seen = {**inputs, "before": (*keys, "before")} if "before" in block else inputs
        self.body(shortcut, (*keys, "shortcut"), seen)
        for name, steps in branches.items():
            self.body(steps, (*keys, "branches", name), seen)


def _keys_of(table: Mapping[str, Any], key: str) -> list[tuple[str | int, object]]:
    return [(name, name) for name in as_table(table.get(key))]


def _items(value: object) -> list[tuple[str | int, object]]:
    return list(enumerate(cast("list[object]", value))) if isinstance(value, list) else []
