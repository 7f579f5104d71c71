"""Formats of films: each a recorder that takes one frame after the other."""

from allaprima.images.films.apng import ApngRecorder as ApngRecorder
from allaprima.images.films.folder import FolderRecorder as FolderRecorder
from allaprima.images.films.gif import GifRecorder as GifRecorder
from allaprima.images.films.recorder import Recorder as Recorder
from allaprima.images.films.recorder import Style as Style
from allaprima.images.films.video import Mp4Recorder as Mp4Recorder
from allaprima.images.films.video import WebmRecorder as WebmRecorder
