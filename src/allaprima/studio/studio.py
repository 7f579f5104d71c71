"""The parts of a running studio."""

import asyncio
import os
from pathlib import Path
from typing import Any

from allaprima.studio.asking import Asking
from allaprima.studio.errors import UnknownError
from allaprima.studio.jobs import Job, Jobs
from allaprima.studio.models import ModelFacts
from allaprima.studio.painter import Painter
from allaprima.studio.places import Places
from allaprima.studio.settings import Settings
from allaprima.studio.wish import Wish
from allaprima.studio.worker import Worker

LATENTS = "latents.safetensors"
NICENESS = 10  # of long work, so that painting stays live


class Studio:
    """What the routes share: two workers, the line before each, and what is known of the models.

    Args:
        settings: What the studio was told.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.limits = settings, settings.limits
        places = Places(models=settings.models, datasets={name: str(path) for name, path in settings.datasets.items()})
        self.painting = Worker("painter", places, device=settings.device)
        half = max(1, (os.cpu_count() or 2) // 2)
        self.working = Worker("worker", places, device=settings.device, niceness=NICENESS, threads=half)
        self.painter = Painter(self.painting, settings.limits)
        self.asking = Asking(self.painting, settings.limits)
        self.jobs = Jobs(self.working, settings.out, settings.limits)
        self.live = 0  # connections
        self._facts: dict[str, ModelFacts] = {}
        self._asking = asyncio.Lock()

    async def start(self) -> None:
        """Start the workers. The pages are there before the networks are."""
        self.painter.start()
        self.jobs.start()

    async def stop(self) -> None:
        """End all."""
        await self.jobs.stop()
        await self.painter.stop()
        await asyncio.gather(self.painting.stop(), self.working.stop())

    async def ask(self, task: str, *arguments: Any) -> Any:
        """Have a quick task done in the painter's process; see `allaprima.studio.asking.Asking`."""
        return await self.asking.ask(task, *arguments)

    async def facts(self, name: str) -> ModelFacts:
        """What is known of a model. Raises `UnknownError`."""
        if name not in self.settings.models:
            raise UnknownError(f"no model {name!r} is served here: there are {', '.join(self.settings.models)}")
        async with self._asking:
            if name not in self._facts:
                facts = ModelFacts(**await self.painting.run("facts:describe", name))
                self.painter.pixels[name] = facts.height * facts.width
                self._facts[name] = facts
        return self._facts[name]

    async def check(self, *wishes: Wish) -> dict[str, Path]:
        """The files of latents that these wishes name. Raises `UnknownError` if a model or a projection is not here."""
        for name in {wish.model for wish in wishes}:
            await self.facts(name)
        return {wish.found: self.latents(wish.found) for wish in wishes if wish.found is not None}

    def latents(self, number: str) -> Path:
        """What a projection has found. Raises `UnknownError`."""
        job = self.jobs.find(number)
        path = self.jobs.files(job).get(LATENTS)
        if path is None:
            raise UnknownError(f"the work {job.title!r} has found no latents yet")
        return path

    def job_facts(self, job: Job) -> dict[str, object]:
        """How a job stands, for `allaprima.studio.models.JobFacts`."""
        return {
            "files": list(self.jobs.files(job)),
            **{
                name: getattr(job, name)
                for name in (
                    "id", "kind", "title", "state", "sentence", "step", "result", "order", "made", "started", "ended",
                )
            },
        }  # fmt: skip
