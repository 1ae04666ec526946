"""Complete programs as people write them for PyTorch. tests/parity/test_programs.py runs each under both libraries."""
