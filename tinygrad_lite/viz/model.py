"""The graph of a computation as plain data: what every picture, page and text of it is made from.

It is read once, from the nodes that autograd recorded, and keeps hold of no tensor: a `Graph` stays
what it was when the graph behind it is freed or written over, and keeps no memory alive.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tinygrad_lite.viz.parts import GraphEdge, GraphModule, GraphNode, Step
from tinygrad_lite.viz.words import summary

if TYPE_CHECKING:
    from tinygrad_lite.viz.picture import Saved

__all__ = ["Graph"]

Direction = Literal["down", "right"]
View = Literal["forward", "backward", "both"]
ColorBy = Literal["gradient", "time", "memory", "dtype", "verdict", "nan"]
StrPath = str | os.PathLike[str]


@dataclass(frozen=True, eq=False)
class Graph:
    """A recorded computation, as data and as pictures of it. `tinygrad_lite.viz.graph` makes one.

    `print(g)` writes it as text; in Jupyter it shows as a picture.

    Attributes:
        nodes: what goes in, by first use; the operations, in the order they ran; the outputs.
        edges: into each node in turn, input by input.
        saved_bytes: memory that the whole graph keeps for a backward pass, shared arrays counted once.
        unreached: the names in `params` of tensors that the graph does not lead to.
        modules: the modules that operations ran in or parameters belong to, each after the one around it.
        backward: what each operation sent back, in the order in which the engine ran them; None where no
            gradients were asked for.
        title: what it is a graph of.
        error: what the program raised that broke off before the end; None usually.
        rows: for each operation its sentence, its formula and its derivative rules, as they stand in the op table.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite import viz
        >>> x = tg.tensor([1.0, 2.0], requires_grad=True)
        >>> g = viz.graph((x * x).sum(), params={"x": x})
        >>> [(node.kind, node.name, node.shape) for node in g.nodes]
        [('parameter', 'x', (2,)), ('op', 'mul', (2,)), ('op', 'sum', ()), ('output', 'output', ())]
        >>> [(edge.source, edge.slot, edge.name) for edge in g.inputs_of(g.ops[0])]
        [(0, 0, 'x'), (0, 1, 'y')]
    """

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    saved_bytes: int = 0
    unreached: tuple[str, ...] = ()
    modules: tuple[GraphModule, ...] = ()
    backward: tuple[Step, ...] | None = None
    title: str = "Computation graph"
    error: Exception | None = None
    rows: Mapping[str, Any] = field(default_factory=dict, repr=False)

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

    def outputs_of(self, node: GraphNode) -> tuple[GraphEdge, ...]:
        """The edges that lead from `node` to what uses it."""
        return self._uses.get(node.index, ())

    @cached_property
    def _uses(self) -> dict[int, tuple[GraphEdge, ...]]:
        found: dict[int, list[GraphEdge]] = {}
        for edge in self.edges:
            found.setdefault(edge.source, []).append(edge)
        return {source: tuple(edges) for source, edges in found.items()}

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

    def find(self, word: str) -> tuple[GraphNode, ...]:
        """The nodes in whose name or module path `word` occurs, whatever its case.

        Example:
            >>> import tinygrad_lite as tg
            >>> from tinygrad_lite import viz
            >>> model = tg.nn.Sequential(tg.nn.Linear(2, 3), tg.nn.Tanh())
            >>> g = viz.graph(model, tg.ones(1, 2))
            >>> [node.name for node in g.find("tanh")], [node.name for node in g.find("0.w")]
            (['tanh'], ['0.weight'])
        """
        wanted = word.lower()
        return tuple(n for n in self.nodes if wanted in n.name.lower() or wanted in n.module.lower())

    def subgraph(self, path: str) -> Graph:
        """The part of the graph inside a module; what it takes from outside become its inputs.

        Args:
            path: of the module, such as `"encoder.0"`.

        Raises:
            KeyError: if there is no such module.

        Example:
            >>> import tinygrad_lite as tg
            >>> from tinygrad_lite import viz
            >>> model = tg.nn.Sequential(tg.nn.Linear(2, 3), tg.nn.Tanh())
            >>> [node.name for node in viz.graph(model, tg.ones(1, 2)).subgraph("0").nodes]
            ['input', '0.weight', '0.bias', 'linear', 'output']
        """
        from tinygrad_lite.viz.cutting import subgraph

        return subgraph(self, path)

    def data(
        self, title: str | None = None, direction: Direction = "down", color_by: ColorBy | None = None
    ) -> dict[str, Any]:
        """The whole graph as plain data, which JSON can hold: what the page of `save` draws.

        Example:
            >>> import tinygrad_lite as tg
            >>> from tinygrad_lite import viz
            >>> w = tg.ones(3, requires_grad=True)
            >>> found = viz.graph(w.sum()).data()
            >>> sorted(found)[:5], found["nodes"][1]["name"]
            (['backward', 'color_by', 'direction', 'edges', 'modules'], 'sum')
        """
        from tinygrad_lite.viz.exchange import data

        return data(self, title, direction, color_by)

    def json(self, path: StrPath | None = None) -> str:
        """What `data` returns as JSON text, which is also written to `path` if one is given.

        Raises:
            OSError: the file cannot be written.

        Example:
            >>> import json, tinygrad_lite as tg
            >>> from tinygrad_lite import viz
            >>> w = tg.ones(3, requires_grad=True)
            >>> json.loads(viz.graph(w.sum()).json())["version"]
            1
        """
        from tinygrad_lite.viz.exchange import json_text

        return json_text(self, path)

    def text(self, depth: int | None = None, fold: bool = True, color_by: ColorBy | None = None) -> str:
        """The graph for a terminal: one line per operation, by module, with its inputs by number or name.

        Args:
            depth: how many levels of modules to open; deeper ones get one line each. None opens all.
            fold: show what repeats once, with how often it does.
            color_by: a column to add, with bars: `"gradient"` for the norm of gradients, `"time"`,
                `"memory"`, `"dtype"`, `"verdict"`, `"nan"`.

        Raises:
            ValueError: for another `color_by`, or a negative `depth`.

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

        return text(self, depth, fold, color_by)

    def dot(
        self,
        direction: Direction = "down",
        *,
        view: View = "forward",
        depth: int | None = None,
        fold: bool = True,
        hide: Collection[str] = (),
        color_by: ColorBy | None = None,
    ) -> str:
        """The source of the picture in Graphviz's language, DOT.

        Args:
            direction: which way the computation flows, `"down"` or `"right"`.
            view: the computation, `"forward"`; the way of the gradients, `"backward"`; or `"both"`.
            depth: how many levels of modules to open; deeper ones become one box each. None opens all.
            fold: show what repeats once, with how often it does.
            hide: kinds of nodes to leave out, such as `"parameter"` and `"constant"`; `"trivial"` for
                operations that only look at their input in another way, such as `reshape`.
            color_by: `"gradient"` for the norm of gradients, `"time"`, `"memory"`, `"dtype"`, `"verdict"`,
                `"nan"`; by kind if None.

        Raises:
            ValueError: for a value that is not among these.

        Example:
            >>> import tinygrad_lite as tg
            >>> from tinygrad_lite import viz
            >>> w = tg.ones(3, requires_grad=True)
            >>> viz.graph(w.sum()).dot().splitlines()[0]
            'digraph {'
        """
        from tinygrad_lite.viz.dot import digraph

        return digraph(self, direction, None, view, depth, fold, hide, color_by).source

    def mermaid(
        self,
        direction: Direction = "down",
        *,
        depth: int | None = None,
        fold: bool = True,
        hide: Collection[str] = (),
    ) -> str:
        """The graph as a Mermaid flowchart, which GitHub, GitLab and many editors draw.

        Args:
            direction: as for `dot`, and so are `depth`, `fold` and `hide`.

        Raises:
            ValueError: for a value that `dot` refuses too.

        Example:
            >>> import tinygrad_lite as tg
            >>> from tinygrad_lite import viz
            >>> w = tg.ones(3, requires_grad=True)
            >>> print(viz.graph(w.sum(), params={"w": w}).mermaid())
            flowchart TD
                n0(["w<br>(3,)"]):::parameter
            ...
        """
        from tinygrad_lite.viz.mermaid import mermaid

        return mermaid(self, direction, depth, fold, hide)

    def render(self, path: StrPath, direction: Direction = "down", **options: Any) -> Path:
        """Draw the graph into a file through Graphviz's program `dot`.

        Args:
            path: ends in `.svg`, `.png` or `.pdf`; in `.dot` or `.gv` for the source of the picture,
                in `.mmd` for Mermaid, `.json` for the data, or in `.html` for the page that `save` writes:
                these need no program.
            direction: which way the computation flows, `"down"` or `"right"`.
            options: those of `dot` (of `mermaid`, of `save`).

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

        return render(self, path, direction, **options)

    def save(self, path: StrPath, title: str | None = None, direction: Direction = "down", **options: Any) -> Path:
        """Write the graph as one page for a browser, which needs neither Graphviz nor the network.

        The page lays the graph out itself; it pans and zooms.

        Args:
            path: ends in `.html` or `.htm`.
            title: of the page; the title of the graph if None.
            direction: which way the computation flows, `"down"` or `"right"`.
            options: `color_by`, what the page shows in colour when it opens: see `dot`.

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

        return save(self, path, title, direction, **options)

    def show(self) -> Path:
        """Open the page of `save` in the browser; returns the file, which lies in a temporary folder."""
        from tinygrad_lite.viz.picture import show

        return show(self)

    def save_anyhow(self, folder: StrPath, stem: str = "graph", title: str | None = None) -> Saved:
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
