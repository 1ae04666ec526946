"""The same program in PyTorch and in tinygrad_lite, and that it answers the same."""
