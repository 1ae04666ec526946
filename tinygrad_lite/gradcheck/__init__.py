"""Gradient checking: is what the backward pass computes really the derivative?"""

from tinygrad_lite.gradcheck import strategies
from tinygrad_lite.gradcheck.adapters import gradcheck_foreign
from tinygrad_lite.gradcheck.check import gradcheck, gradgradcheck
from tinygrad_lite.gradcheck.contract import Clause, ContractReport, op_contract
from tinygrad_lite.gradcheck.ladder import Estimate, slope
from tinygrad_lite.gradcheck.model import ModelReport, OpReport, check_model
from tinygrad_lite.gradcheck.parameters import check_parameters
from tinygrad_lite.gradcheck.report import Finding, GradcheckError, Report

__all__ = [
    "Clause", "ContractReport", "Estimate", "Finding", "GradcheckError", "ModelReport", "OpReport", "Report",
    "check_model", "check_parameters", "gradcheck", "gradcheck_foreign", "gradgradcheck", "op_contract", "slope",
    "strategies",
]  # fmt: skip
