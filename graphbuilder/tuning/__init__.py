"""Which way runs a network fastest: found by timing on this machine, remembered, and written where that is asked for.

What is timed are the ways of ``graphbuilder.backends.torch.engines``; nothing is chosen whose answers are not those of
the plain network. No numbers of a network are changed here.
"""
