"""What a written file has where blocks are run again in the backward pass: a decorator of their ``forward``.

Torch's own checkpoint does it, random numbers and autocast as in the first run; buffers it would update twice.
"""

from __future__ import annotations

DECORATOR = "recomputed"
TARGETS = frozenset({DECORATOR, "contextmanager", "nullcontext", "wraps", "checkpoint"})

RECOMPUTED = '''
def recomputed(forward):
    """In training a block keeps only what it reads, and is run again in the backward pass."""

    @wraps(forward)
    def run(self, *inputs):
        if not (self.training and torch.is_grad_enabled()):
            return forward(self, *inputs)
        if torch.compiler.is_compiling():  # which updates buffers once
            return checkpoint(forward, self, *inputs, use_reentrant=False)
        contexts = lambda: (nullcontext(), on_copies(self))
        return checkpoint(forward, self, *inputs, use_reentrant=False, context_fn=contexts)

    return run


@contextmanager
def on_copies(block):
    """What is run inside updates copies of the block's running statistics, which stay as they are."""
    owners = [(each, *named) for each in block.modules() for named in each.named_buffers(recurse=False)]
    for owner, name, buffer in owners:
        setattr(owner, name, buffer.clone())
    try:
        yield
    finally:
        for owner, name, buffer in owners:
            setattr(owner, name, buffer)
'''
