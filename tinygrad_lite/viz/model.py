"""The graph of a computation as plain data: what every picture, page and text of it is made from.

It is read once, from the nodes that autograd recorded, and keeps hold of no tensor: a `Graph` stays
what it was when the graph behind it is freed or written over, and keeps no memory alive.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tinygrad_lite.viz.words import summary

if TYPE_CHECKING:
    from tinygrad_lite.viz.picture import Saved

__all__ = ["Graph", "GraphEdge", "GraphNode"]

Kind = Literal["parameter", "leaf", "constant", "op", "output"]
Direction = Literal["down", "right"]
StrPath = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One box of the picture: an operation, what goes into the computation, or what comes out.

    Attributes:
        index: its place in `Graph.nodes`.
        kind: `"op"`; `"parameter"`, a leaf that has a name in `params` or is an `nn.Parameter`;
            `"leaf"`, any other input that requires grad; `"constant"`, an input that does not;
            `"output"`, a tensor that the graph was asked for.
        name: of the operation, or the name of the parameter.
        number: counts the nodes of its kind from 1; the text writes an operation as `#1`.
        shape: of the tensor; for an operation, of its result.
        dtype: of the tensor; None where nothing recorded tells it.
        params: what the operation was given beside its inputs, in short; without those at their default.
        saved_bytes: memory of the arrays an operation keeps for its derivative rules; None once freed.
        order: its place in time, as `Node.order`; 0 for what is not an operation.
        verdict: of a gradient check on the operation; None where there was none.
    """

    index: int
    kind: Kind
    name: str
    number: int
    shape: tuple[int, ...]
    dtype: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    saved_bytes: int | None = 0
    order: int = 0
    verdict: str | None = None

    @property
    def wrong(self) -> bool:
        """Whether a gradient check found something wrong with it."""
        return self.verdict not in (None, "pass", "kink")

    @property
    def size(self) -> int:
        """How many numbers the tensor has."""
        return math.prod(self.shape)

    @property
    def freed(self) -> bool:
        """Whether what it kept for its derivative rules is gone."""
        return self.saved_bytes is None


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """A tensor on its way from one node to another.

    Attributes:
        source: index of the node that it comes from.
        target: index of the node that it goes to.
        slot: which input of the target it is, from 0.
        name: what the operation calls this input, such as `"weight"`; empty into an output.
        shape: of the tensor as it arrives.
    """

    source: int
    target: int
    slot: int
    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Graph:
    """A recorded computation, as data and as pictures of it. `tinygrad_lite.viz.graph` makes one.

    `print(g)` writes it as text; in Jupyter it shows as a picture.

    Attributes:
        nodes: what goes in, by first use; the operations, in the order they ran; the outputs.
        edges: into each node in turn, input by input.
        saved_bytes: memory that the whole graph keeps for a backward pass, shared arrays counted once.
        unreached: the names in `params` of tensors that the graph does not lead to.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite import viz
        >>> x = tg.tensor([1.0, 2.0], requires_grad=True)
        >>> g = viz.graph((x * x).sum(), params={"x": x})
        >>> [(node.kind, node.name, node.shape) for node in g.nodes]
        [('parameter', 'x', (2,)), ('op', 'mul', (2,)), ('op', 'sum', ()), ('output', 'output', ())]
        >>> g.inputs_of(g.ops[1])
        (GraphEdge(source=1, target=2, slot=0, name='x', shape=(2,)),)
    """

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    saved_bytes: int = 0
    unreached: tuple[str, ...] = ()

    @cached_property
    def ops(self) -> tuple[GraphNode, ...]:
        """The operations, in the order they ran: `#1` of the text is `ops[0]`."""
        return tuple(node for node in self.nodes if node.kind == "op")

    @cached_property
    def _inputs(self) -> dict[int, tuple[GraphEdge, ...]]:
        found: dict[int, list[GraphEdge]] = {}
        for edge in self.edges:
            found.setdefault(edge.target, []).append(edge)
        return {target: tuple(edges) for target, edges in found.items()}

    def inputs_of(self, node: GraphNode) -> tuple[GraphEdge, ...]:
        """The edges that lead into `node`, in the order of the operation's inputs."""
        return self._inputs.get(node.index, ())

    @cached_property
    def dtypes(self) -> frozenset[str]:
        """The dtypes that occur, as far as they are known."""
        return frozenset(node.dtype for node in self.nodes if node.dtype is not None)

    @property
    def freed(self) -> bool:
        """Whether a backward pass has freed what any operation kept."""
        return any(node.freed for node in self.ops)

    def __repr__(self) -> str:
        return f"<Graph: {summary(self)}>"

    def __str__(self) -> str:
        return self.text()

    def text(self) -> str:
        """The graph for a terminal: one line per operation, with its inputs by number or name.

        Example:
            >>> import tinygrad_lite as tg
            >>> from tinygrad_lite import viz
            >>> w = tg.ones(3, requires_grad=True)
            >>> print(viz.graph((w * w).sum(), params={"w": w}))
            2 operations, 1 parameter (3 numbers), float32, 12 B saved for backward
            <BLANKLINE>
                operation   shape  saved  inputs
            #1  mul          (3,)   12 B  w (3,), w
            #2  sum        scalar      -  #1
                output     scalar         #2
        """
        from tinygrad_lite.viz.text import text

        return text(self)

    def dot(self, direction: Direction = "down") -> str:
        """The source of the picture in Graphviz's language, DOT.

        Args:
            direction: which way the computation flows, `"down"` or `"right"`.

        Example:
            >>> import tinygrad_lite as tg
            >>> from tinygrad_lite import viz
            >>> w = tg.ones(3, requires_grad=True)
            >>> viz.graph(w.sum()).dot().splitlines()[0]
            'digraph {'
        """
        from tinygrad_lite.viz.dot import digraph

        return digraph(self, direction).source

    def render(self, path: StrPath, direction: Direction = "down") -> Path:
        """Draw the graph into a file through Graphviz's program `dot`.

        Args:
            path: ends in `.svg`, `.png` or `.pdf`; in `.dot` or `.gv` for the source of the picture,
                or in `.html` for the page that `save` writes: these need no program.
            direction: which way the computation flows, `"down"` or `"right"`.

        Returns:
            The path.

        Raises:
            ValueError: the path ends in something else.
            RuntimeError: `dot` is not installed, or fails, as it does on very large graphs.
            OSError: the file cannot be written.

        Example:
            >>> import tempfile, pathlib, tinygrad_lite as tg
            >>> from tinygrad_lite import viz
            >>> w = tg.ones(3, requires_grad=True)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     viz.graph(w.sum()).render(pathlib.Path(folder, "net.dot")).name
            'net.dot'
        """
        from tinygrad_lite.viz.picture import render

        return render(self, path, direction)

    def save(self, path: StrPath, title: str = "Computation graph", direction: Direction = "down") -> Path:
        """Write the graph as one page for a browser, which needs neither Graphviz nor the network.

        The page lays the graph out itself; it pans and zooms. Graphs of more than 3,000 nodes, which no
        layout gets through in reasonable time, are written as text.

        Args:
            path: ends in `.html` or `.htm`.
            title: of the page.
            direction: which way the computation flows, `"down"` or `"right"`.

        Returns:
            The path.

        Raises:
            ValueError: the path ends in something else.
            OSError: the file cannot be written.

        Example:
            >>> import tempfile, pathlib, tinygrad_lite as tg
            >>> from tinygrad_lite import viz
            >>> w = tg.ones(3, requires_grad=True)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     viz.graph(w.sum()).save(pathlib.Path(folder, "net.html")).name
            'net.html'
        """
        from tinygrad_lite.viz.picture import save

        return save(self, path, title, direction)

    def save_anyhow(self, folder: StrPath, stem: str = "graph", title: str = "Computation graph") -> Saved:
        """Write the best picture that this machine can make: an SVG or, without `dot`, the page of `save`.

        Args:
            folder: where to write; it must exist.
            stem: name of the file without its ending.
            title: of the page.

        Returns:
            The path, and a note for the user: empty for the SVG, otherwise what the page is and what
            installing Graphviz would add.

        Raises:
            OSError: the file cannot be written.

        Example:
            >>> import tempfile, tinygrad_lite as tg
            >>> from tinygrad_lite import viz
            >>> w = tg.ones(3, requires_grad=True)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     path, note = viz.graph(w.sum()).save_anyhow(folder)
            >>> path.suffix in (".svg", ".html")
            True
        """
        from tinygrad_lite.viz.picture import save_anyhow

        return save_anyhow(self, folder, stem, title)

    @cached_property
    def _svg(self) -> str | None:
        from tinygrad_lite.viz.picture import inline_svg

        return inline_svg(self)

    def _repr_svg_(self) -> str | None:
        return self._svg

    def _repr_html_(self) -> str | None:
        from tinygrad_lite.viz.picture import inline_text

        return inline_text(self) if self._svg is None else None
