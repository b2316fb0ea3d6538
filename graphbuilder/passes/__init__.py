"""Passes: a typed graph becomes another that gives the same answers in evaluation and costs less to run.

A pass is one function in one file with a picture of what it does; a pipeline is a tuple of them. A pass gives a graph
and, where weights change with it, how: as data, since nothing here touches a tensor. Types are inferred anew behind
each.
"""

from graphbuilder.passes.pipeline import PIPELINES, Optimised, Step, optimise
from graphbuilder.passes.recipe import Fold, Recipe, Stack

__all__ = ["PIPELINES", "Fold", "Optimised", "Recipe", "Stack", "Step", "optimise"]
