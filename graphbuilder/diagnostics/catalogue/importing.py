"""GB8xx: models of other frameworks, and what of them the language cannot say. No spec can break these."""

from __future__ import annotations

from graphbuilder.diagnostics.model import Rule


class NotExpressible(Rule):
    """A layer or call of the model is no op of the catalogue, or has arguments that ours does not know. Every such
    place is listed, by the layer's name and, for torch, the line of code. Nothing is written: a spec that leaves
    something out is another network."""

    code = "GB801"
    title = "not expressible as a spec"


class ModelUnreadable(Rule):
    """A model is imported from a Keras file (``.keras``, or the JSON of its config), or from Python, as
    ``package.module:function``. A file of weights alone does not say what is computed."""

    code = "GB802"
    title = "not a model that can be imported"


class FunctionFailed(Rule):
    """The function named on the command line is imported and called without arguments, and gives the module. It could
    not be imported, raised an error, or gave something else."""

    code = "GB803"
    title = "no module from the function"


class TraceFailed(Rule):
    """A torch module is read by ``torch.export``, which runs it once on an example. It refused: most often the module
    decides by the content of its input what to compute, or the example has another shape than it wants."""

    code = "GB804"
    title = "the module cannot be traced"


class ImportDiffers(Rule):
    """The spec was built, given the model's weights and run beside it, and they disagree. A fault of GraphBuilder;
    nothing was written."""

    code = "GB805"
    title = "the imported network is another"


class InputLayout(Rule):
    """A torch module's inputs have their channels first unless said otherwise: ``layout="channels_last"``, or
    ``--layout channels_last``, for images (N, H, W, C) and tokens (N, L, C). It is said once for all inputs, or once
    for each, and only of inputs that have places besides their channels. A Keras file says by itself how it is laid
    out."""

    code = "GB806"
    title = "an input that is not laid out so"
