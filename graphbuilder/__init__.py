"""GraphBuilder: neural networks described as data."""
