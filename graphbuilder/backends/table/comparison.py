"""What a comparison says: variants of networks side by side, as data. How it looks is said beside this module.

The first variant is what the others are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from graphbuilder.analysis.costs import Costs, costs
from graphbuilder.analysis.inference import TypedGraph
from graphbuilder.analysis.receptive_field import Field, receptive_fields
from graphbuilder.backends.table.summary import shapes
from graphbuilder.diagnostics.screen import safe
from graphbuilder.document.writing import value
from graphbuilder.ir import TensorType

if TYPE_CHECKING:
    from pathlib import Path

    from graphbuilder.backends.graphviz.options import Theme

FLOAT32 = 4  # bytes


class Timing(NamedTuple):
    """What forwards were timed on."""

    device: str
    batch: int


@dataclass(frozen=True)
class Variant:
    """One network with some of its params set.

    Attributes:
        name: the network's.
        settings: the params that tell it from other variants of its spec, or from the spec's own values.
        costs: its parameters, multiply-accumulates and activations, for one sample.
        outputs: the types of its outputs by name.
        fields: for every output, its receptive field in each input that it depends on.
        seconds: the median time of a forward, where it was measured.
        training: the outputs that exist in training only.
    """

    name: str
    settings: Mapping[str, Any]
    costs: Costs
    outputs: Mapping[str, TensorType]
    fields: Mapping[str, Mapping[str, Field]]
    seconds: float | None = None
    training: frozenset[str] = frozenset()

    @property
    def parameters(self) -> int:
        """Learnable elements."""
        return self.costs.trainable

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one sample."""
        return self.costs.macs

    @property
    def activation_bytes(self) -> int:
        """Bytes of the outputs of all ops for one sample, in float32."""
        return self.costs.activations * FLOAT32

    @property
    def texts(self) -> dict[str, str]:
        """Its settings as a spec would write them, strings without quotes."""
        return {name: safe(each) if isinstance(each, str) else value(each) for name, each in self.settings.items()}

    def data(self) -> dict[str, Any]:
        """The variant as plain values, under the names that a summary has; activations in elements and bytes."""
        return {
            "name": self.name,
            "settings": dict(self.settings),
            "parameters": self.costs.parameters(),
            "macs": self.macs,
            "activations": self.costs.activations,
            "activation_bytes": self.activation_bytes,
            "outputs": shapes(self.outputs),
            **({"training_only": [name for name in self.outputs if name in self.training]} if self.training else {}),
            "receptive_field": {
                name: {
                    source: {
                        "size": list(field.size),
                        "whole": field.whole,
                        "at_most": field.most,
                        "known": field.known,
                    }
                    for source, field in fields.items()
                }
                for name, fields in self.fields.items()
            },
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class Comparison:
    """Variants side by side; ``str()`` of it is the table.

    Attributes:
        variants: in the order in which they were asked for.
        timing: what their forwards were timed on, if they were.
    """

    variants: tuple[Variant, ...]
    timing: Timing | None = None

    def data(self) -> dict[str, Any]:
        """Everything as plain values, for JSON; shapes are for one sample."""
        timing = self.timing._asdict() if self.timing else None
        return {"timing": timing, "variants": [variant.data() for variant in self.variants]}

    def text(self) -> str:
        """The table as plain text, as wide as it needs to be."""
        from graphbuilder.backends.table.beside import text

        return text(self)

    def markdown(self) -> str:
        """The table for a README."""
        from graphbuilder.backends.table.beside import markdown

        return markdown(self)

    def csv(self) -> str:
        """A line of plain numbers for every variant, under a line of headings."""
        from graphbuilder.backends.table.beside import csv

        return csv(self)

    def plot(self, path: str | Path | None = None, *, theme: Theme = "auto") -> bytes:
        """Parameters against multiply-accumulates, a point with its label for every variant.

        It is an SVG, or by the suffix of ``path`` a PNG; written whole to ``path`` where one is given.

        Raises:
            CompileError: when the suffix is another, no Graphviz is there, or the file cannot be written.
        """
        from graphbuilder.backends.plot import write

        return write(self, path, theme)

    def __str__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        return self.markdown()


def variant(typed: TypedGraph, settings: Mapping[str, Any], seconds: float | None = None) -> Variant:
    """What a whole network is in a comparison."""
    outputs = {name: type_ for (name, _), type_ in zip(typed.graph.outputs, typed.outputs, strict=True)}
    fields = receptive_fields(typed)
    return Variant(typed.graph.template, settings, costs(typed), outputs, fields, seconds, typed.graph.training)
