"""The version, in one place: the wheel and the model files read it here."""

__version__ = "0.1.0"
