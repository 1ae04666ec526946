"""Classic networks as plain PyTorch-style classes, each to be read in one sitting.

They use `nn` under PyTorch's names only: with another import line they are PyTorch models, and state dicts move
both ways. `tinygrad_lite.systems` trains them on real data.

Example:
    >>> import tinygrad_lite as tg
    >>> from tinygrad_lite.models import CNN
    >>> CNN()(tg.zeros(5, 1, 28, 28)).shape
    Size([5, 10])
"""

from tinygrad_lite.later import later

_NAMES = {
    "adversarial": ["Discriminator", "Generator"],
    "autoencoders": ["PCA", "VAE", "Autoencoder"],
    "capsules": ["CapsuleNet", "DigitCapsules", "PrimaryCapsules", "margin_loss", "squash"],
    "convolutional": ["CNN"],
    "experts": ["MixtureOfExperts", "imbalance"],
    "perceptrons": ["MLP", "Ensemble", "Perceptron"],
    "radial": ["RBFNetwork", "k_means"],
    "recurrent": ["CharacterModel", "Forecaster"],
    "transformers": ["GPT", "Block", "SelfAttention", "TextClassifier"],
    "residual": ["BasicBlock", "ResNet"],
}
__getattr__, __dir__ = later(__name__, (), _NAMES)
__all__ = sorted(name for names in _NAMES.values() for name in names)
