"""Pictures: the graph of a computation, and curves of a training run.

Example:
    >>> import tinygrad_lite as tg
    >>> from tinygrad_lite import viz
    >>> w = tg.ones(3, requires_grad=True)
    >>> viz.graph((w * w).sum(), params={"w": w})
    <Graph: 2 operations, 1 parameter (3 numbers), float32, 12 B saved for backward>
"""

from tinygrad_lite.later import later
from tinygrad_lite.viz.charts import Panel, chart, line_chart
from tinygrad_lite.viz.differences import diff
from tinygrad_lite.viz.explaining import explain
from tinygrad_lite.viz.model import Graph
from tinygrad_lite.viz.parts import GraphEdge, GraphModule, GraphNode
from tinygrad_lite.viz.reading import graph
from tinygrad_lite.viz.watching import watch

_PICTURES = ("activations", "confusion", "curves", "decision_boundary", "filters", "histograms")
_FIGURES = ("figure", "image_grid")

__getattr__, __dir__ = later(__name__, names={"pictures": _PICTURES, "figures": _FIGURES})
__all__ = [
    "Graph", "GraphEdge", "GraphModule", "GraphNode", "Panel", "chart", "diff", "explain", "graph", "line_chart",
    "watch", *_PICTURES, *_FIGURES,
]  # fmt: skip
