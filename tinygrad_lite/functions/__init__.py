"""The functions a person calls, under PyTorch's names: arguments checked, then a row of the op table."""
