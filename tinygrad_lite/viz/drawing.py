"""What a picture of a graph shows: boxes, arrows, and frames around them, with repeats and modules folded."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Literal

from tinygrad_lite.viz.model import Graph
from tinygrad_lite.viz.parts import GraphEdge, GraphModule, GraphNode
from tinygrad_lite.viz.scopes import Run, Scope, Tree, representatives, walk
from tinygrad_lite.viz.text import check_depth, module_facts, module_title, says

HIDEABLE = ("trivial", "constant", "input", "parameter", "buffer", "leaf", "output")
_REACH = 2_000  # operations that are searched for the other end of a residual path

ArrowKind = Literal["flow", "residual", "shared", "repeat"]


@dataclass(eq=False)
class Box:
    """A node, or a module that is closed.

    Attributes:
        id: its name in the picture.
        node: the node; None for a module.
        scope: the module.
        run: how often it is repeated, if it is.
        name: of the node, in the frame of its module without the path of that.
    """

    id: str
    node: GraphNode | None = None
    scope: Scope | None = None
    run: Run | None = None
    name: str = ""


@dataclass(eq=False)
class Frame:
    """What is drawn around boxes: a module, several items that repeat, or nothing for the whole picture."""

    id: str
    scope: Scope | None = None
    run: Run | None = None
    parts: list[Box | Frame] = field(default_factory=list)


@dataclass(eq=False)
class Arrow:
    """A tensor on its way.

    Attributes:
        source: the id of a box.
        target: the id of a box.
        kind: `"residual"` where it goes round other operations to a sum, `"shared"` for a parameter's second use
            and later ones, `"repeat"` from one round of what repeats to the next, `"flow"` for all others.
        edge: of the graph; where several were folded, the first.
    """

    source: str
    target: str
    kind: ArrowKind
    edge: GraphEdge


class Drawing:
    """The picture of a graph, without its look.

    Attributes:
        frame: the whole picture.
        arrows: between the boxes, by their ids.
        modules: by path.
    """

    def __init__(self, graph: Graph, depth: int | None, fold: bool, hide: Collection[str]) -> None:
        check_depth(depth)
        hide = (hide,) if isinstance(hide, str) else hide
        for kind in hide:
            if kind not in HIDEABLE:
                raise ValueError(f"hide: there is no kind {kind!r}; there are {', '.join(HIDEABLE)}")
        self.graph, self.hide = graph, frozenset(hide)
        self.modules: dict[str, GraphModule] = {module.path: module for module in graph.modules}
        self.depth = depth
        tree = Tree(graph)
        self.of = representatives(graph, tree) if fold else list(range(len(graph.nodes)))
        self._closed = self._closed_scopes(tree, depth)
        self._places: dict[int, str] = {}
        self._settle()
        self.frame = Frame("")
        self._frames: dict[int, Frame] = {}
        self._fill(tree, fold)
        self.arrows = list(self._arrows())

    def boxes(self) -> Iterator[Box]:
        """All boxes, those in frames too."""
        stack: list[Box | Frame] = [self.frame]
        while stack:
            part = stack.pop()
            if isinstance(part, Frame):
                stack.extend(reversed(part.parts))
            else:
                yield part

    def _closed_scopes(self, tree: Tree, depth: int | None) -> dict[int, int]:
        """For each operation in a closed module the number of that scope."""
        if depth is None:
            return {}
        found = {}
        for node in self.graph.ops:
            if len(node.scope) > depth:
                found[node.index] = tree.scopes[node.scope[: depth + 1]].number
        return found

    def _settle(self) -> None:
        """Find the box of each node; none for what is hidden, or a leaf that only a closed module uses."""
        users: dict[int, set[str]] = {}
        for node in self.graph.ops:
            twin = self.of[node.index]
            place = f"m{self._closed[twin]}" if twin in self._closed else f"n{twin}"
            self._places[node.index] = place
            for edge in self.graph.inputs_of(node):
                users.setdefault(self.of[edge.source], set()).add(place)
        for node in self.graph.nodes:
            if node.kind == "op":
                if node.trivial and "trivial" in self.hide and node.index not in self._closed:
                    self._places[node.index] = ""
                continue
            twin = self.of[node.index]
            using = users.get(twin, set())
            owned = node.kind in ("parameter", "buffer", "constant") and len(using) == 1
            inside = owned and next(iter(using)).startswith("m")
            self._places[node.index] = "" if node.kind in self.hide or inside else f"n{twin}"

    def _fill(self, tree: Tree, fold: bool) -> None:
        """Put the boxes into frames: operations in the order of time, each after the leaves it is the first to use."""
        stack = [self.frame]
        done: set[int] = set()
        count = 0
        for kind, item, run in walk(tree, self.depth, fold):
            if kind == "leave":
                frame = stack.pop()
                if not frame.parts:
                    stack[-1].parts.remove(frame)
                elif (alone := self._alone(frame)) is not None:
                    stack[-1].parts[-1] = alone
            elif kind in ("enter", "repeat"):
                count += 1
                frame = Frame(f"c{count}", item if kind == "enter" and isinstance(item, Scope) else None, run)
                stack[-1].parts.append(frame)
                stack.append(frame)
            elif isinstance(item, Scope):
                for op in item.all_ops():
                    self._leaves(self.graph.nodes[op], stack, done)
                stack[-1].parts.append(Box(f"m{item.number}", None, item, run))
            else:
                node = self.graph.nodes[item]
                self._leaves(node, stack, done)
                if self._places[item]:
                    stack[-1].parts.append(Box(f"n{item}", node, None, run, node.name))
        for node in self.graph.nodes:
            if node.kind != "op" and node.index not in done and self._places[node.index] == f"n{node.index}":
                self.frame.parts.append(Box(f"n{node.index}", node, name=node.name))

    def _alone(self, frame: Frame) -> Box | None:
        """The only box of a module of which there is no more to say, such as a ReLU: its name is enough."""
        box = frame.parts[0]
        if frame.scope is None or frame.run is not None or len(frame.parts) > 1 or isinstance(box, Frame):
            return None
        module = self.modules.get(frame.scope.path)
        if box.node is None or box.node.kind != "op" or box.run is not None or module_facts(module):
            return None
        title = module_title(frame.scope, module, None)
        box.name = title if says(title, box.node) else f"{title} · {box.name}"
        return box

    def _leaves(self, node: GraphNode, stack: list[Frame], done: set[int]) -> None:
        """The boxes of what goes into an operation: a parameter in the frame of its module, all else outside."""
        for edge in self.graph.inputs_of(node):
            source = self.graph.nodes[self.of[edge.source]]
            if source.kind == "op" or source.index in done or not self._places[source.index]:
                continue
            done.add(source.index)
            at = stack[-1] if source.kind in ("constant", "leaf") and not source.module else self.frame
            if source.module:
                at = next((f for f in stack if f.scope is not None and f.scope.path == source.module), self.frame)
            framed = at is not self.frame and source.name.startswith(f"{source.module}.")
            name = source.name[len(source.module) + 1 :] if framed and source.module else source.name
            at.parts.append(Box(f"n{source.index}", source, name=name))

    # --- arrows ------------------------------------------------------------------------------------

    def _arrows(self) -> Iterator[Arrow]:
        met: set[tuple[str, str, int]] = set()
        used: dict[str, str] = {}
        around = self._residual()
        for edge in self.graph.edges:
            target = self._places[edge.target]
            start = self._through(edge.source)
            source = self._places[start]
            if not source or not target:
                continue
            node = self.graph.nodes[start]
            back = node.kind == "op" and self.of[start] >= self.of[edge.target]
            # Into a closed module one arrow is enough; x * x has two.
            key = (source, target, -1 if "m" in source + target else edge.slot)
            if (source == target and not back) or key in met:
                continue
            met.add(key)
            kind: ArrowKind = "flow"
            if back:
                kind = "repeat"
            elif node.kind == "parameter" and used.get(source, target) != target:
                kind = "shared"
            elif (edge.target, edge.slot) in around:
                kind = "residual"
            used.setdefault(source, target)
            yield Arrow(source, target, kind, edge)

    def _through(self, index: int) -> int:
        """Back through operations that are hidden to one that is shown, or a leaf."""
        while not self._places[index] and self.graph.nodes[index].kind == "op":
            inputs = self.graph.inputs_of(self.graph.nodes[index])
            if not inputs:
                break
            index = inputs[0].source
        return index

    def _residual(self) -> set[tuple[int, int]]:
        """The inputs of sums that come round other operations: `x` in `x + f(x)`."""
        found = set()
        for node in self.graph.ops:
            if node.name not in ("add", "cat") or self.of[node.index] != node.index:
                continue
            ends = [e for e in self.graph.inputs_of(node) if self.graph.nodes[e.source].kind in ("op", "input")]
            if len(ends) == 2 and ends[0].source != ends[1].source:
                early, late = sorted(ends, key=lambda e: e.source)
                if self._leads(early.source, late.source):
                    found.add((node.index, early.slot))
        return found

    def _leads(self, start: int, end: int) -> bool:
        """Whether an operation is computed from another, not too far back."""
        stack, seen = [end], {end}
        while stack and len(seen) < _REACH:
            index = stack.pop()
            for edge in self.graph.inputs_of(self.graph.nodes[index]):
                if edge.source == start:
                    return True
                if edge.source > start and edge.source not in seen:
                    seen.add(edge.source)
                    stack.append(edge.source)
        return False
