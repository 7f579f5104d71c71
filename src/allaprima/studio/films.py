"""What a film of a walk shall be: the pictures that it passes, how it gets from one to the next, its format."""

from typing import Annotated, Literal

from pydantic import Field

from allaprima.studio.wish import Move, Share, Strict, Wish

MOST_KEYS = 64
OF_A_CIRCLE = 2  # keys
FASTEST_GIF = 50  # frames per second: its format counts in hundredths of a second, and players skip single ones

Kind = Literal["loop", "line", "sphere", "circle", "random"]
FilmFormat = Literal["mp4", "webm", "gif"]
Background = Literal["white", "black", "checker"]
STILL = Move()


class Way(Strict):
    """A walk through styles.

    Attributes:
        keys: The pictures that it passes, in their order. Only their styles count: noise and movement are the film's.
        kind: ``loop``: smooth, and back to the first; ``line``: straight, to the last; ``sphere``: to the last on great
            circles; ``circle``: through two, their opposites, and back; ``random``: anywhere, from the seed of the one
            picture, with its class and truncation.
        noise: ``const``: the model's own; ``none``; ``random``: new in each frame; ``moving``: flows, and comes back.
        move: What StyleGAN3's picture undergoes at its furthest. Whole turns go round and round, all else there and
            back.
        seconds: Length.
        fps: Frames per second.
    """

    keys: Annotated[list[Wish], Field(min_length=1, max_length=MOST_KEYS)]
    kind: Kind = "loop"
    noise: Literal["const", "none", "random", "moving"] = "const"
    move: Move = STILL
    seconds: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] = 8.0
    fps: Annotated[float, Field(ge=1, le=60, allow_inf_nan=False)] = 30.0

    @property
    def frames(self) -> int:
        """How many."""
        return max(1, round(self.seconds * self.fps))


class Film(Way):
    """A walk, and the file that it becomes.

    Attributes:
        format: Ending of the file's name.
        enlarge: Each pixel becomes a square of so many by so many.
        background: Under transparent pictures; GIF keeps what is wholly transparent.
        quality: Of mp4 and webm, as a share of the best.
    """

    format: FilmFormat = "mp4"
    enlarge: Annotated[int, Field(ge=1, le=32)] = 1
    background: Background = "white"
    quality: Share = 0.9
