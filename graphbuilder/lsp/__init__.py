"""A language server for specs, over the Language Server Protocol.

It says nothing that the compiler does not: diagnostics are those of a check, hovers read the typed graph. Only what
stands around the cursor is read here (``outline``), since text that is being typed is seldom TOML. Nothing is ever
written, no process started and no file opened but those that a check opens and, where it is asked what names something,
the other specs of the folder.
"""
