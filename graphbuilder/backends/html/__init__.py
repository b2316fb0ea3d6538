"""The network as one page: folds, zooms, searches and tells of every step, without a server and without the network.

The way through:

- ``folds`` reads a TypedGraph as the figure does, but with everything closed, and says what each box opens to: a card
  to what the figure draws in it, and to the blocks in that as boxes of their own;
- ``sheets`` cuts the network into what is placed, each distinct body once, and a row too long to be read into lots;
- ``pieces`` has the figure's own layout place these; the page opens one in another by making room, so it needs no
  layout of its own, and what did not overlap never does (``static/layout.js``);
- ``calls`` tells of every call: arguments, shapes, costs, receptive field, lines of the spec;
- ``opening`` says what is open at first, and where columns begin: as in the figure;
- ``page`` puts data, styles (``looks``) and script into one file, in which ``tables`` say once what several say.

What a spec says is data in the page and nothing else: the data stand in a script element that no browser runs, every
``<`` of them escaped; the script puts them into the page as text (``textContent``) and numbers; and a policy in the
page permits its own script and style alone, by their hashes, and no connection to anything.

The page is alive to who serves it. ``page(data, live)`` takes a further script, which is permitted by its hash too and
may connect to the server that the page came from. It speaks with the page through three functions:

- ``window.graphbuilder.update(data)``: shows other data in place, as ``network_data`` gives them (here as parsed JSON).
  Zoom, folds, colours and what is chosen stay as they are; an error banner goes.
- ``window.graphbuilder.fault(mistakes)``: shows a banner over the last good figure: a list of objects of ``code``,
  ``title``, ``line`` (a number, or null), ``text`` (the message) and ``help`` (the remedy, or ""). An empty list takes
  the banner away.
- ``window.graphbuilder.gone(is)``: says that the server is gone, or takes that away.
"""

from __future__ import annotations

from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.backends.graphviz.options import Options
from graphbuilder.backends.html.network import network_data
from graphbuilder.backends.html.page import page

__all__ = ["network_data", "page", "render"]


def render(typed: TypedGraph, options: Options = Options()) -> bytes:  # noqa: B008
    """The page of ``typed``, which is read from top to bottom whatever the direction of ``options``.

    Raises:
        CompileError: when a pattern of ``options`` matches nothing.
    """
    return page(network_data(typed, options)).encode()
