"""A training on a leash: it goes on for as long as the studio holds the other end of its standard input.

The studio lets go to stop it, and lets go by dying, however it dies: in both cases the training is told, with SIGTERM,
to save its state and stop. It is a session of its own, so that the Ctrl-C that closes the studio does not reach it too:
a second one would end it without saving.

    python -m allaprima.studio.leash NICENESS train DATA RUN …
"""

import os
import runpy
import signal
import sys
import threading
from contextlib import suppress


def main() -> None:
    """Run the command line that follows the niceness."""
    niceness, *arguments = sys.argv[1:]
    with suppress(OSError, AttributeError):
        os.nice(int(niceness))
    threading.Thread(target=_hold, args=(os.dup(0),), daemon=True).start()
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123  a device
        os.dup2(nothing.fileno(), 0)
    sys.argv = ["allaprima", *arguments]
    runpy.run_module("allaprima", run_name="__main__", alter_sys=True)


def _hold(leash: int) -> None:
    with suppress(OSError):
        while os.read(leash, 1024):
            pass
    signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    main()
