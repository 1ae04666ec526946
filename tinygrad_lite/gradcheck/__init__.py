"""Gradient checking: is what the backward pass computes really the derivative?"""

from tinygrad_lite.gradcheck.ladder import Estimate, slope
from tinygrad_lite.gradcheck.parameters import Finding, Report, check_parameters

__all__ = ["Estimate", "Finding", "Report", "check_parameters", "slope"]
