"""From models that exist to specs: read, brought to one form, given structure, written as a person would."""
