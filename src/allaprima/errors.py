"""What can go wrong for a user, as one tree.

Every message is one sentence that names the thing, the value, and what would be right; the command line prints it and
exits with status 2. Broken invariants of our own code are plain ``assert`` statements and never reach this tree.

    AllaPrimaError
    ├── DataError         an image, a folder, an archive or a label file is not what it should be
    ├── ConfigError       a recipe, a field of it or a combination of fields cannot work
    ├── ModelFileError    a model file cannot be read: truncated, foreign, newer
    ├── RunError          a run directory cannot be used or gone on with
    │   └── NonFiniteError    a training produced a number that is not finite
    ├── LatentError       a seed, a class or a latent that the model does not have
    ├── DownloadError     something cannot be fetched: no network, a dead address, wrong bytes
    └── OutputError       something cannot be written: full disk, read-only directory
"""


class AllaPrimaError(Exception):
    """Root of all errors that a user can mend."""


class DataError(AllaPrimaError, ValueError):
    """An image, a folder, an archive or a label file is not what it should be."""


class ConfigError(AllaPrimaError, ValueError):
    """A recipe, one of its fields, or a combination of fields cannot work."""


class ModelFileError(AllaPrimaError, ValueError):
    """A model file cannot be read: truncated, foreign, or made by a newer version."""


class RunError(AllaPrimaError, RuntimeError):
    """A run directory cannot be used, or cannot be gone on with."""


class NonFiniteError(RunError):
    """A training produced a number that is not finite."""


class LatentError(AllaPrimaError, ValueError):
    """A seed, a class or a latent that the model does not have."""


class DownloadError(AllaPrimaError, OSError):
    """Something cannot be fetched: no network, a dead address, bytes that are not the right ones."""


class OutputError(AllaPrimaError, OSError):
    """Something cannot be written: a full disk, a read-only directory."""
