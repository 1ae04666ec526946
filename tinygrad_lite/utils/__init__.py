"""What is useful around training, under PyTorch's names."""

from tinygrad_lite.later import later

__getattr__, __dir__ = later(__name__, ["checkpoint", "data", "dlpack", "hooks", "model_zoo", "tensorboard"])
