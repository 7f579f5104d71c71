"""Why a studio says no, each with its HTTP status. Every message is one sentence for the person who asked."""

from allaprima.errors import AllaPrimaError


class StudioError(AllaPrimaError):
    """A request that cannot be served."""

    status = 400


class UnknownError(StudioError):
    """There is nothing of that name here."""

    status = 404


class TooLargeError(StudioError):
    """More than a client may ask for."""

    status = 413


class BusyError(StudioError):
    """Too many are waiting."""

    status = 429


class WorkerDiedError(StudioError):
    """The process that worked on it has died; another is started."""

    status = 503


class BrokenError(StudioError):
    """Something went wrong that nobody thought of; the log has the rest."""

    status = 500


class LateError(StudioError):
    """It took longer than a client may wait."""

    status = 504
