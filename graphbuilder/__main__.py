"""``python -m graphbuilder``."""

from graphbuilder.cli import main

main()
