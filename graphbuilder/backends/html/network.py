"""All that a page knows of a network, as plain values for JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz import text
from graphbuilder.backends.graphviz.figure import facts, is_broken, scene
from graphbuilder.backends.graphviz.lay.sheet import beginnings
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.graphviz.read.habits import Habits
from graphbuilder.backends.graphviz.read.heat import STEPS
from graphbuilder.backends.graphviz.read.patterns import check_patterns
from graphbuilder.backends.html.calls import Calls
from graphbuilder.backends.html.looks import colours
from graphbuilder.backends.html.opening import Shown, columns, states
from graphbuilder.backends.html.pieces import Pieces

Data = dict[str, Any]


def network_data(typed: TypedGraph, options: Options = Options()) -> Data:  # noqa: B008
    """The data of a page of ``typed``.

    Raises:
        CompileError: when a pattern of ``options`` matches nothing.
    """
    check_patterns(typed, options)
    plain = replace(options, direction="TB", heat=None, timing=None)
    figure = scene(typed, plain)
    shown, habits = Shown(figure.root), Habits(typed)
    placed = Pieces(typed, options, shown.cards).data()
    return {
        "name": typed.graph.template,
        "title": text.titled(options.title or typed.graph.title or typed.graph.template),
        "broken": is_broken(typed),
        "facts": list(facts(typed, habits)),
        "theme": options.theme,
        "names": options.names,
        "heat": options.heat or "",
        "steps": STEPS,
        "seconds": dict(options.timing.seconds) if options.timing else {},
        "colours": colours(),
        "states": states(placed, shown, options),
        "columns": columns(placed, beginnings(figure, plain)),
        **placed,
        **Calls(typed, habits, options.remedies).data(),
    }
