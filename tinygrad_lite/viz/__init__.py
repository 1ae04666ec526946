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
from tinygrad_lite.viz.model import Graph, GraphEdge, GraphNode
from tinygrad_lite.viz.reading import graph

_PICTURES = ("activations", "confusion", "curves", "decision_boundary", "filters", "histograms")

__getattr__, __dir__ = later(__name__, names={"pictures": _PICTURES})
__all__ = ["Graph", "GraphEdge", "GraphNode", "Panel", "chart", "graph", "line_chart", *_PICTURES]
