"""Pictures that explain a network: what its layers, its noise and its latents do, and what its discriminator sees."""

from allaprima.visuals.contributions import contributions as contributions
from allaprima.visuals.contributions import image_at_level as image_at_level
from allaprima.visuals.crossovers import crossovers as crossovers
from allaprima.visuals.explain import SECTIONS as SECTIONS
from allaprima.visuals.explain import explain as explain
from allaprima.visuals.explain import sections as sections
from allaprima.visuals.feature_maps import channel_sheet as channel_sheet
from allaprima.visuals.feature_maps import feature_maps as feature_maps
from allaprima.visuals.feature_maps import principal_colours as principal_colours
from allaprima.visuals.interpolation import through_w as through_w
from allaprima.visuals.interpolation import through_z as through_z
from allaprima.visuals.noise import noise_deviation as noise_deviation
from allaprima.visuals.noise import noise_frames as noise_frames
from allaprima.visuals.picture import Picture as Picture
from allaprima.visuals.picture import Section as Section
from allaprima.visuals.spectra import layer_spectra as layer_spectra
from allaprima.visuals.spectra import power_spectrum as power_spectrum
from allaprima.visuals.subject import Subject as Subject
from allaprima.visuals.truncation import truncated as truncated
