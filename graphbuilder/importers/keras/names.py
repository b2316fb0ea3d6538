"""Keras's names of layers: which of them a person gave, what they gather, and what a weights file calls them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from graphbuilder.importers.traced import Scope
from graphbuilder.weights.keras_names import afresh

# conv2d_12, max_pooling2d, input_layer: what Keras calls a layer by itself.
_AUTOMATIC = re.compile(
    r"(?:(?:depthwise_|separable_|transpose_)*conv\d?d?(?:_transpose)?|\w*pooling\dd|\w*padding\dd|\w*cropping\dd"
    r"|up_sampling\dd|batch_normalization|layer_normalization|group_normalization|multi_head_attention|normalization|activation|re_lu"
    r"|leaky_re_lu|elu|rms_normalization|softmax|dense|dropout|flatten|reshape|add|subtract|multiply|average|maximum|minimum|concatenate"
    r"|rescaling|functional|model|sequential|input|input_layer)(?:_\d+)?"
)
# block3_sepconv1, conv2_block1_1_conv, block_3_expand, block2a_dwconv, x_stage_0_block_1_depthwise_conv
_GATHERED = re.compile(r"((?:\w+_)?(?:block|mixed|unit|layer|pool)_?\d+[a-z]?)_\w+")


def given(name: str) -> bool:
    """Whether a person named a layer so."""
    return not _AUTOMATIC.fullmatch(name)


def scopes(name: str) -> tuple[Scope, ...]:
    """What a layer stands in by its name alone: ``block3_sepconv1`` in a block3."""
    found = _GATHERED.fullmatch(name)
    return (Scope(found[1], "block"),) if found else ()


def fresh(paths: Sequence[tuple[str, ...]]) -> dict[str, str]:
    """What a weights file calls layers with weights, by their paths: automatic numbers start afresh in each model."""
    siblings: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for path in paths:
        for depth, part in enumerate(path):
            siblings[path[:depth]].add(part)
    renamed = {above: afresh(parts) for above, parts in siblings.items()}
    return {"/".join(path): "/".join(renamed[path[:depth]][part] for depth, part in enumerate(path)) for path in paths}
