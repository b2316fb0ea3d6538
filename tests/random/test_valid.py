"""Random specs that are right by the language's own rules: everything that the tool says and makes of them agrees.

``tools/fuzz valid`` asks the same of as many more as one likes.
"""

from __future__ import annotations

import pytest

from tests.random.networks import Network
from tests.random.verify import failure

COUNT = 200


@pytest.mark.parametrize("seed", range(COUNT))
def test_everything_agrees(seed: int) -> None:
    network = Network(seed)
    found = failure(network.text, network.outputs)
    assert found is None, f"{found}\n{network.text}"


def test_every_construct_is_met() -> None:
    words = ("repeat =", "merge =", "share =", "when =", "shortcut =", "branches.", "before =", "after =", "let =")
    words += (
        "args =",
        "item",
        "inputs =",
        "outputs =",
        "[defaults]",
        "[init]",
        "training = true",
        "project",
        "from = {",
    )
    texts = [Network(seed).text for seed in range(COUNT)]
    met = {word: sum(word in text for text in texts) for word in words}
    assert min(met.values()) > 1, met
