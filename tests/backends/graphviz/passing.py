"""Networks of blocks that pass values on unchanged: to the same place in the next copy, or to another."""

ROTATING = """
format = 1
name = "rotating"
[inputs]
x = [4, 8, 8]
[outputs]
u = "cells.u"
sum = "sum"
product = "product"
[model]
body = [
  { id = "a", op = "relu" },
  { id = "b", op = "tanh" },
  { id = "cells", use = "cell", repeat = %d, from = { u = "a", v = "b" } },
  { id = "sum", op = "add", from = ["cells.u", "cells.v"] },
  { id = "product", op = "mul", from = ["cells.u", "b"] },
]
[blocks.cell]
inputs = ["u", "v"]
outputs = { u = "%s", v = "%s" }
body = [
  { op = "conv", out = 4, kernel = 3, padding = "half", from = "u" },
  { op = "relu" },
  { id = "s", op = "add", from = ["relu", "v"] },
]
"""
_GIVEN = [("u", "s"), ("v", "s"), ("s", "u"), ("v", "u"), ("u", "v")]
PASSING = {f"{count} cells giving {u}, {v}": ROTATING % (count, u, v) for count in (1, 2, 5) for u, v in _GIVEN}
