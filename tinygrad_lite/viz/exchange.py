"""A graph as plain data that JSON can hold: what the page draws, and what other programs read."""

from __future__ import annotations

import json
import os
from typing import Any

from tinygrad_lite.files import atomic_write
from tinygrad_lite.viz.colours import shades
from tinygrad_lite.viz.model import ColorBy, Direction, Graph
from tinygrad_lite.viz.parts import GraphEdge, GraphModule, GraphNode, Step
from tinygrad_lite.viz.words import summary

VERSION = 1
_SIDES = ((100, 32), (400, 16), (2_000, 8))  # the more nodes, the coarser the picture of each


def data(graph: Graph, title: str | None, direction: Direction, color_by: ColorBy | None) -> dict[str, Any]:
    """See `Graph.data`."""
    if color_by is not None:
        shades(graph, color_by)
    side = next((side for most, side in _SIDES if len(graph.nodes) <= most), 0)
    return {
        "version": VERSION,
        "title": graph.title if title is None else title,
        "summary": summary(graph),
        "direction": direction,
        "color_by": color_by,
        "nodes": [_node(node, side) for node in graph.nodes],
        "edges": [_edge(edge) for edge in graph.edges],
        "modules": [_module(module) for module in graph.modules],
        "rows": dict(graph.rows),
        "backward": None if graph.backward is None else [_step(step) for step in graph.backward],
    }


def json_text(graph: Graph, path: str | os.PathLike[str] | None) -> str:
    """See `Graph.json`."""
    text = json.dumps(data(graph, None, "down", None), separators=(",", ":"), allow_nan=False)
    if path is not None:
        with atomic_write(path, "w") as file:
            file.write(text)
    return text


def _node(node: GraphNode, side: int) -> dict[str, Any]:
    return {
        "kind": node.kind,
        "name": node.name,
        "number": node.number,
        "shape": list(map(int, node.shape)),
        "dtype": node.dtype,
        "module": node.module,
        "line": node.line,
        "params": dict(node.params),
        "saved": node.saved_bytes,
        "macs": node.macs,
        "trivial": node.trivial,
        "forward_s": node.forward_s,
        "backward_s": node.backward_s,
        "verdict": node.verdict,
        "error": node.error,
        "value": None if node.value is None else node.value.data(side=side),
        "grad": None if node.grad is None else node.grad.data(side=side),
        "nan_origin": node.nan_origin,
    }


def _edge(edge: GraphEdge) -> dict[str, Any]:
    return {
        "source": edge.source,
        "target": edge.target,
        "slot": edge.slot,
        "name": edge.name,
        "shape": list(map(int, edge.shape)),
        "dtype": edge.dtype,
    }


def _module(module: GraphModule) -> dict[str, Any]:
    return {
        "path": module.path,
        "name": module.name,
        "type": module.type,
        "detail": module.detail,
        "parent": module.parent,
        "params": module.params,
        "trainable": module.trainable,
        "macs": module.macs,
        "saved": module.saved,
        "same_as": module.same_as,
    }


def _step(step: Step) -> dict[str, Any]:
    """A step; its gradients in brief, for the nodes have them in full."""
    return {
        "node": step.node,
        "incoming": step.incoming.data(brief=True),
        "sends": [
            {"slot": s.slot, "to": s.to, "gradient": s.gradient.data(brief=True), "equation": s.equation}
            for s in step.sends
        ],
        "equation": step.equation,
    }
