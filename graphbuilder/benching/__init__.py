"""How fast: what a device needs at least, and what a network takes here, beside others that a user would pick instead.

What is measured is a time taken on this machine, in turns, so that what slows the machine slows all that is compared;
nothing is estimated, and no network is changed.
"""
