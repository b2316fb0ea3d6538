"""Keras's multi-head attention, of its own tensors or of another's: linear layers for queries, keys and values, what
attends, and a linear layer behind.

Refused are masks, gates, windows, and attention over other values than tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphbuilder.importers.keras.terms import INPUT, OPERANDS, Config, Link, Unknown
from graphbuilder.importers.sizes import listed

# What a call names its tensors, in the order in which it takes them.
ROLES = ("query", "value", "key", "query_mask", "value_mask", "key_mask", "attention_mask")


def multi_head(config: Config) -> list[Link]:
    """The ops of the layer; tokens come and go as maps of one axis, as all do here.

    Raises:
        Unknown: a setting, or a tensor that it is called with, has no counterpart.
    """
    roles = _roles(config[OPERANDS])
    shape = listed(config.get(INPUT))
    if len(shape) != 3 or config.get("attention_axes") not in (None, [1]):
        raise Unknown(
            f"attention of values {shape[1:]} over the axes {config.get('attention_axes')}, and not of tokens"
        )
    for setting in ("use_gate", "sliding_window"):
        if config.get(setting):
            raise Unknown(f"attention with {setting} = {config[setting]}")
    heads, bias = config["num_heads"], config["use_bias"]
    sources = sorted({roles[role] for role in ("query", "key", "value")})
    turned = [Link("channelslast", {}, (source,)) for source in sources]
    widths = {"query": config["key_dim"], "key": config["key_dim"], "value": config["value_dim"] or config["key_dim"]}
    made = [
        Link("linear", {"out": heads * width, "bias": bias}, (sources.index(roles[role]) - len(turned) - place,),
             part=role)
        for place, (role, width) in enumerate(widths.items())
    ]  # fmt: skip
    args = {"heads": heads, **({"dropout": config["dropout"]} if config.get("dropout") else {})}
    out = listed(config.get("output_shape")) or [shape[-1]]
    if len(out) != 1:
        raise Unknown(f"attention that gives values of {out}")
    behind = Link("linear", {"out": out[0], "bias": bias}, part="attention_output")
    return [*turned, *made, Link("attend", args, (-3, -2, -1)), behind, Link("channelsfirst", {})]


def _roles(operands: Sequence[tuple[str | int, object]]) -> dict[str, int]:
    """Which of its tensors the queries, keys and values are made of; the first place of one that comes twice."""
    tensors = [tensor for _, tensor in operands]
    known = {(ROLES[name] if isinstance(name, int) else name): tensors.index(tensor) for name, tensor in operands}
    masks = sorted(known.keys() - set(ROLES[:3]))
    if masks:
        raise Unknown(f"attention with {', '.join(masks)}")
    if not {"query", "value"} <= known.keys():
        raise Unknown("attention whose tensors the file does not tell apart, as those of Keras 2 do not")
    return {"key": known["value"], **known}
