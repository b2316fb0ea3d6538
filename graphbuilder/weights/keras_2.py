"""What Keras 2 writes of code on tensors, ``x / 127.5``, in the words of Keras 3.

There a function of TensorFlow is a layer ``TFOpLambda``, which a file calls by that function's name, ``math.truediv``;
beside the first tensor (``["image", 0, 0, {"y": 127.5}]``) a table has the other arguments, tensors among them without
a table (``Node.serialize`` of Keras 2.15). What is called otherwise stays as it is, and is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

Config = Mapping[str, Any]

_LAYER = "TFOpLambda"
# Layers of code, whose calls are written so.
_LAYERS = (_LAYER, "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty")
_MODULE = "keras.ops.numpy"
# By TensorFlow's name of a function: Keras 3's.
_FUNCTIONS = {
    "__operators__.add": "Add",
    "concat": "Concatenate",
    "math.abs": "Absolute",
    "math.add": "Add",
    "math.divide": "Divide",
    "math.exp": "Exp",
    "math.maximum": "Maximum",
    "math.minimum": "Minimum",
    "math.multiply": "Multiply",
    "math.reduce_max": "Max",
    "math.reduce_mean": "Mean",
    "math.sigmoid": "Sigmoid",
    "math.sqrt": "Sqrt",
    "math.subtract": "Subtract",
    "math.tanh": "Tanh",
    "math.truediv": "TrueDivide",
    "nn.relu": "Relu",
    "nn.relu6": "Relu6",
    "nn.selu": "Selu",
    "nn.sigmoid": "Sigmoid",
    "nn.silu": "Silu",
    "nn.swish": "Silu",
    "nn.tanh": "Tanh",
}
# Activations that Keras 3 has under the same names and computes otherwise, as Keras 2 has them
# (``keras/backend.py`` of Keras 2.15).
_OWN_ACTIVATIONS = {"hard_sigmoid": "hard_sigmoid of Keras 2, 0.2 x + 0.5 from 0 to 1"}
# Arguments that Keras 3 has among a function's settings, and those that are no more than another input.
_SETTINGS = ("axis", "keepdims")
_OPERAND = "y"
_CONSTANT = "_CONSTANT_VALUE"


def newer(layer: Config) -> Config:
    """``layer``, or a model, with functions of TensorFlow as those of Keras 3, also in models within it, and with names
    of Keras 2's own for what Keras 3 computes otherwise.

    Raises:
        LookupError, TypeError, ValueError: a call is written as Keras writes none.
    """
    own = _table(layer.get("config"))
    if isinstance(own.get("layers"), list):
        return {**layer, "config": {**own, "layers": [newer(_table(each)) for each in own["layers"]]}}
    kind = layer.get("class_name")
    if kind not in _LAYERS:
        activation = _OWN_ACTIVATIONS.get(str(own.get("activation"))) if _is_older(layer) else None
        return {**layer, "config": {**own, "activation": activation}} if activation else layer
    called = str(own.get("function"))
    function = _FUNCTIONS.get(called) if kind == _LAYER else None
    nodes = [_node(node) for node in _listed(layer.get("inbound_nodes"))]
    settings = {name: node["kwargs"].pop(name) for node in nodes for name in _SETTINGS if name in node["kwargs"]}
    known = {"module": _MODULE, "class_name": function} if function else {"class_name": f"tf.{called}"}
    return {**layer, **(known if kind == _LAYER else {}), "config": {**own, **settings}, "inbound_nodes": nodes}


def _is_older(layer: Config) -> bool:
    """Whether Keras 2 wrote it, whose layers tell of no module, or lead to each other by lists of lists."""
    return "module" not in layer or any(isinstance(node, list) for node in _listed(layer.get("inbound_nodes")))


def _node(node: Any) -> dict[str, Any]:
    """A call with its arguments as Keras 3 writes them."""
    said = _listed(node)
    several = bool(said) and isinstance(said[0], list)
    firsts = [_listed(each) for each in said] if several else [said]
    values = [_value(first[:3]) for first in firsts]
    named = {name: value for name, value in dict(firsts[0][3]).items() if value is not None}
    other = [_value(named.pop(_OPERAND))] if _OPERAND in named else []
    return {"args": [values if several else values[0], *other], "kwargs": named}


def _value(given: Any) -> Any:
    """A number, or a tensor of a layer."""
    said = _listed(given)
    if len(said) != 3 or not isinstance(said[0], str):
        return given
    return said[2] if said[0] == _CONSTANT else {"class_name": "__keras_tensor__", "config": {"keras_history": said}}


def _listed(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _table(value: Any) -> Config:
    return cast("Config", value) if isinstance(value, dict) else {}
