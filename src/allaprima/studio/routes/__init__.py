"""What can be asked for, by address."""

from allaprima.studio.routes import (
    bulk,
    datasets,
    inside,
    jobs,
    live,
    load,
    mix,
    models,
    pages,
    pictures,
    play,
    project,
    runs,
    trainings,
    walk,
)

ROUTERS = [
    models.router,
    pictures.router,
    live.router,
    load.router,
    jobs.router,
    bulk.router,
    play.router,
    inside.router,
    datasets.router,
    mix.router,
    walk.router,
    project.router,
    runs.router,
    trainings.router,
    pages.router,
]
"""In the order in which addresses are tried: the pages, which take any file's name, come last."""
