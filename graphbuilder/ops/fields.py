"""The kinds of argument that ops share: one validator, one sentence of error and one piece of schema each.

Lists become tuples, so that ops stay hashable. Nothing converts: ``true`` is no integer and ``"64"`` no number. No
number is larger than torch can bear: its pools count with 32 bits, and its weights are 32-bit floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError

from graphbuilder.ir.types import Layout


def frozen(value: Any) -> Any:
    """``value`` with every list in it made a tuple."""
    return tuple([frozen(item) for item in cast("list[Any]", value)]) if isinstance(value, list) else value


def said(must_be: str) -> WrapValidator:
    """One sentence for all the ways in which a union can be missed."""

    def check(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(frozen(value))
        except ValidationError as error:
            raise PydanticCustomError("argument", "must be {must_be}", {"must_be": must_be}) from error

    return WrapValidator(check)


LARGEST = 2**31 - 1
LARGEST_NUMBER = 3.4e38

Positive = Annotated[int, Field(gt=0, le=LARGEST), said("a positive integer below 2^31")]
Bounded = Annotated[float, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
Number = Annotated[Bounded, said("a number that 32 bits can hold")]
Numbers = Annotated[
    Bounded | Annotated[tuple[Bounded, ...], Field(min_length=1)],
    said("a number that 32 bits can hold, or a list of them"),
]
PositiveNumber = Annotated[float, Field(gt=0, le=LARGEST_NUMBER), said("a positive number that 32 bits can hold")]
Rate = Annotated[float, Field(ge=0, lt=1), said("at least 0 and less than 1")]
Whole = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
Integer = Annotated[Whole, said("an integer between -2^31 and 2^31")]
Axis = Integer
Integers = Annotated[tuple[Whole, ...], Field(min_length=1), said("a list of integers between -2^31 and 2^31")]

# Whether a list has one for each axis is known with the input; that it has none at all is seen here.
AnAxis = Field(min_length=1)
Scalar = Annotated[int, Field(gt=0, le=LARGEST)]
ScalarOrZero = Annotated[int, Field(ge=0, le=LARGEST)]
Sizes = Annotated[Scalar | Annotated[tuple[Scalar, ...], AnAxis], said("a positive integer, or a list of one an axis")]
Positives = Annotated[tuple[Scalar, ...], Field(min_length=1), said("a list of positive integers")]
Factor = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Factors = Annotated[Factor | Annotated[tuple[Factor, ...], AnAxis], said("a positive number, or a list of one an axis")]
NaturalSizes = Annotated[
    ScalarOrZero | Annotated[tuple[ScalarOrZero, ...], AnAxis], said("an integer not below 0, or a list of one an axis")
]
Pair = tuple[ScalarOrZero, ScalarOrZero]
Sides = Annotated[
    ScalarOrZero | Annotated[tuple[ScalarOrZero, ...], AnAxis] | Annotated[tuple[Pair, ...], AnAxis],
    said("an integer not below 0, a list of one an axis, or a list of [before, after] an axis"),
]

Shifts = Annotated[Whole | Annotated[tuple[Whole, ...], AnAxis], said("an integer, or a list of one an axis")]

Channels = Literal["channels_first", "channels_last"]
LAYOUTS: Mapping[Channels, Layout] = {"channels_first": "first", "channels_last": "last"}

Named = Literal["valid", "half", "same"]
Padded = Annotated[
    Named | ScalarOrZero | Annotated[tuple[ScalarOrZero, ...], AnAxis] | Annotated[tuple[Pair, ...], AnAxis],
    said(
        '"valid", "half", "same", an integer not below 0, a list of one an axis, or a list of [before, after] an axis'
    ),
]

Out = Annotated[Positive, Field(description="Channels of the result")]
Kernel = Annotated[Sizes, Field(description="Size of the window: an integer, or one an axis")]
Stride = Annotated[Sizes, Field(description="Steps between windows: an integer, or one an axis")]
Dilation = Annotated[Sizes, Field(description="Distance between the elements of a window: an integer, or one an axis")]
Padding = Annotated[
    Padded,
    Field(
        description='What is added around the input: "valid" nothing; "half" dilation * (kernel - 1) // 2 on every '
        'side; "same" what gives ceil(size / stride), as TensorFlow pads; an integer; one an axis; or '
        "[before, after] an axis"
    ),
]
Groups = Annotated[Positive, Field(description="Parts that the channels are cut into, each convolved by itself")]
Heads = Annotated[Positive, Field(description="Parts that the channels are cut into, each attending by itself")]
Bias = Annotated[bool, Field(description="Whether a learnt bias is added to every channel")]
Epsilon = Annotated[PositiveNumber, Field(description="Added to the variance before its root is taken")]
