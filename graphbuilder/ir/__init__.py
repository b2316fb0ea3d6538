"""The intermediate representation: types, ops, nodes and graphs. The only importer of networkx."""

from graphbuilder.ir.copies import Copies
from graphbuilder.ir.dialect import Dialect
from graphbuilder.ir.graph import Graph, Kind, Node, Value
from graphbuilder.ir.op import Composite, Example, Family, Op, OpError
from graphbuilder.ir.reach import Reach, Span
from graphbuilder.ir.types import Layout, TensorType
from graphbuilder.ir.weights import Initialiser, Weight

__all__ = [
    "Composite",
    "Copies",
    "Dialect",
    "Example",
    "Family",
    "Graph",
    "Initialiser",
    "Kind",
    "Layout",
    "Node",
    "Op",
    "OpError",
    "Reach",
    "Span",
    "TensorType",
    "Value",
    "Weight",
]
