"""Speed, measured side by side with PyTorch in one run: `python -m benchmarks.overhead` and so on."""
