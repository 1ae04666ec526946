"""Gradient checking: is what the backward pass computes really the derivative?"""

from tinygrad_lite.gradcheck.check import gradcheck, gradgradcheck
from tinygrad_lite.gradcheck.ladder import Estimate, slope
from tinygrad_lite.gradcheck.model import ModelReport, OpReport, check_model
from tinygrad_lite.gradcheck.parameters import check_parameters
from tinygrad_lite.gradcheck.report import Finding, GradcheckError, Report

__all__ = [
    "Estimate", "Finding", "GradcheckError", "ModelReport", "OpReport", "Report", "check_model", "check_parameters",
    "gradcheck", "gradgradcheck", "slope",
]  # fmt: skip
