"""Every op's examples against torch: shapes, weights, costs, defaults, and what the declaration promises."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from graphbuilder.analysis.inference import infer
from graphbuilder.ir import Composite, Example, Op
from graphbuilder.ir.lowering import NO_DEFAULT, Expr, Function, Infix, Item, Lowering, Method, Module, TorchCall
from graphbuilder.ops import BUILT_IN, catalogue
from graphbuilder.ops.dialects import DIALECTS
from tests.ops.interpret import Interpreter, batch, build, resolve, run

OPS = tuple(catalogue().values())
UNLISTED = {"self", "device", "dtype"}


def rows(composite: bool) -> list[Any]:
    return [
        pytest.param(op(**example.args), example, id=f"{op.op}-{number}")
        for op in OPS
        if issubclass(op, Composite) is composite
        for number, example in enumerate(op.examples)
    ]


primitives = pytest.mark.parametrize(("op", "example"), rows(composite=False))
composites = pytest.mark.parametrize(("op", "example"), rows(composite=True))
every_op = pytest.mark.parametrize("op", OPS, ids=lambda op: op.op)


def calls(lowering: Lowering) -> list[TorchCall]:
    """Every call in a lowering."""
    found = [lowering.module] if lowering.module else []

    def visit(expr: Expr) -> None:
        if isinstance(expr, Function | Method):
            found.append(expr.call)
        for child in children(expr):
            visit(child)

    for result in lowering.results:
        visit(result)
    return found


def children(expr: Expr) -> tuple[Expr, ...]:
    if isinstance(expr, Module | Function | Infix):
        return expr.values
    return (expr.value,) if isinstance(expr, Method | Item) else ()


@primitives
def test_shapes_are_those_of_torch(op: Op, example: Example) -> None:
    lowering = op.lower(example.inputs)
    outputs = run(lowering, build(lowering), batch(example.inputs))
    inferred = op.infer(example.inputs)
    assert [x.shape for x in inferred] == [tuple(x.shape[1:]) for x in outputs]
    assert len(inferred) == len(op.results()) == len(lowering.results)


@primitives
def test_weights_are_those_of_torch(op: Op, example: Example) -> None:
    module = build(op.lower(example.inputs))
    real = [] if module is None else [(name, tuple(x.shape)) for name, x in module.state_dict().items()]
    trainable = set[str]() if module is None else {name for name, _ in module.named_parameters()}
    weights = op.weights(example.inputs)
    assert [(weight.name, weight.shape) for weight in weights] == real
    assert {weight.name for weight in weights if weight.trainable} == trainable


@primitives
def test_weights_start_as_in_torch(op: Op, example: Example) -> None:
    """A uniform draw has torch's bound; a constant is that constant."""
    torch.manual_seed(0)
    module = build(op.lower(example.inputs))
    for weight in op.weights(example.inputs):
        assert module is not None
        real = module.state_dict()[weight.name].float()
        init = weight.init
        bound = {"uniform": init.bound, "kaiming_uniform": init.gain * (3 / weight.fan[0]) ** 0.5}.get(init.kind)
        constant = {"zeros": 0.0, "ones": 1.0, "constant": init.value}.get(init.kind)
        if bound is not None:
            assert real.abs().max() <= bound * 1.0001
            assert real.numel() < 100 or real.abs().max() > bound * 0.9
        elif constant is not None:
            assert torch.allclose(real, torch.full_like(real, constant))
        else:
            assert init.kind == "truncated_normal" and real.abs().max() <= 2


@primitives
def test_products_are_those_that_torch_counts(op: Op, example: Example) -> None:
    """Those of a sample more: what is the same for all samples is computed once for a batch."""
    lowering = op.lower(example.inputs)
    module = build(lowering)
    counts = []
    for size in (3, 4):
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            run(lowering, module, batch(example.inputs, size=size))
        counts.append(counter.get_total_flops())
    assert op.macs(example.inputs) * 2 == counts[1] - counts[0]


@primitives
def test_eliding_defaults_changes_nothing(op: Op, example: Example) -> None:
    lowering = op.lower(example.inputs)
    outputs = []
    for elide in (False, True):
        torch.manual_seed(0)
        module = build(lowering, elide)
        outputs.append(run(lowering, module and module.eval(), batch(example.inputs), elide))
    for one, other in zip(*outputs, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)


@primitives
def test_every_argument_is_listed_with_the_default_of_torch(op: Op, example: Example) -> None:
    lowering = op.lower(example.inputs)
    for call in calls(lowering):
        try:
            target = resolve(call.target, lowering.helper)
            signature = inspect.signature(target.__init__ if inspect.isclass(target) else target).parameters
        except (AttributeError, KeyError, ValueError):  # a method, or written in C
            continue
        if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in signature.values()):
            continue
        for argument in call.args:
            default = signature[argument.name].default
            assert argument.default is NO_DEFAULT or argument.default == default, argument
        if lowering.module is call:
            optional = {"bias"} if "Norm" in call.target else set[str]()  # newer than the oldest torch we take
            assert set(signature) - UNLISTED - optional == {argument.name for argument in call.args}


@primitives
def test_arguments_name_their_origin_truly(op: Op, example: Example) -> None:
    for call in calls(op.lower(example.inputs)):
        for argument in call.args:
            assert argument.field is None or getattr(op, argument.field) == argument.value, argument
            assert argument.channels is None or example.inputs[argument.channels].channels == argument.value, argument


@composites
@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_bodies_infer_and_run(op: Composite, example: Example, dialect: Any) -> None:
    typed = infer(op.body(example.inputs, dialect), example.inputs)
    output = Interpreter(typed).eval()(*batch(example.inputs))
    assert tuple(output.shape[1:]) == typed.outputs[0].shape
    assert typed.graph.composite is op and typed.graph.template == op.op


@every_op
def test_declarations_are_complete(op: type[Op]) -> None:
    assert BUILT_IN[op.op].split(".")[1] == op.__name__
    assert op.__doc__ and op.__doc__[0].isupper() and op.__doc__.rstrip().endswith(".")
    assert op.title and op.family and op.examples
    assert op.variadic is not bool(op.ports)
    schema = op.model_json_schema()
    assert all(field.get("description") for field in schema["properties"].values()) if op.model_fields else True
    assert schema["additionalProperties"] is False


@every_op
def test_details_are_short(op: type[Op]) -> None:
    for example in op.examples:
        made = op(**example.args)
        assert len(made.detail(example.inputs)) <= 24 and len(made.detail()) <= 24


@every_op
def test_ops_are_frozen_and_hashable(op: type[Op]) -> None:
    args = op.examples[0].args
    made, again = op(**args), op.model_validate(dict(args))
    assert made == again and hash(made) == hash(again)
