"""Models of the TensorFlow years, and the Theano one before them. Nothing of either library is imported."""

from allaprima.interchange.tensorflow.model import tensorflow_model as tensorflow_model
