"""Graphs for the page, as the JSON that `Graph.data()` gives: small ones to step through, large ones, harmful ones.

`python tests/page_fixtures.py FOLDER` writes a page for each.
"""

import math
import sys
from pathlib import Path

import numpy as np

HARMFUL = [
    "</script><script>document.title='broken'</script>", "<img src=x onerror=\"document.title='broken'\">",
    '"];n9[label="', "a\\", "line\nbreak\r\ttab", "-->", "]]>", "", " ", "\0\x1b[31m", "\ud800", "\u202eabc",
    "日本語", "{{data}}", "x" * 500, "__proto__", "constructor", "in n:1", "above",
]  # fmt: skip

ROWS = {
    "mul": {
        "doc": "the product, number by number: [2.], [3.] -> [6.]",
        "formula": "np.multiply",
        "rules": {"x": "g * y.conjugate()", "y": "g * x.conjugate()"},
    },
    "add": {"doc": "the sum: [2.], [3.] -> [5.]", "formula": "np.add", "rules": {"x": "g", "y": "g"}},
    "sub": {"doc": "the difference: [2.], [3.] -> [-1.]", "formula": "np.subtract", "rules": {"x": "g", "y": "-g"}},
    "matmul": {
        "doc": "the matrix product",
        "formula": "np.matmul",
        "rules": {"x": "g @ y.mT.conjugate()", "y": "x.mT.conjugate() @ g"},
    },
    "tanh": {
        "doc": "the hyperbolic tangent: [0., 1.] -> [0., 0.7616]",
        "formula": "np.tanh",
        "rules": {"x": "g * (1 - out * out).conjugate()"},
    },
    "pow": {"doc": "x to the power of y", "formula": "np.power", "rules": {"x": "g * y * x ** (y - 1)", "y": None}},
    "mean": {
        "doc": "the mean over axes: [1., 3.] -> 2.",
        "formula": "lambda x, axis=None, keepdims=False: x.mean(axis, keepdims=keepdims)",
        "rules": {"x": "np.broadcast_to(g, x_shape) / (math.prod(x_shape) / g.size)"},
    },
}  # fmt: skip


def number(value):
    value = float(value)
    if math.isfinite(value):
        return value
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def nested(values):
    return number(values) if values.ndim == 0 else [nested(part) for part in values]


def summary(array, dtype="float32"):
    """The SUMMARY of an array."""
    array = np.asarray(array, dtype=float)
    fine = array[np.isfinite(array)]
    counts, edges = np.histogram(fine, bins=24) if fine.size > 1 else (np.ones(1, int), np.array([0.0, 1.0]))
    heat = array.reshape(-1, array.shape[-1])[:32, :32] if array.ndim > 1 else None
    return {
        "shape": list(array.shape), "dtype": dtype, "min": number(array.min()), "mean": number(array.mean()),
        "max": number(array.max()), "norm": number(np.sqrt((array**2).sum())), "zeros": float((array == 0).mean()),
        "nans": float(np.isnan(array).mean()), "infs": float(np.isinf(array).mean()),
        "values": nested(array) if array.size <= 64 else None,
        "histogram": {"from": number(edges[0]), "to": number(edges[-1]), "counts": counts.tolist()},
        "heat": None if heat is None else nested(heat),
    }  # fmt: skip


class Sheet:
    """A graph that is written node by node; `data()` is the JSON of it."""

    def __init__(self, title):
        self.title = title
        self.nodes, self.edges, self.modules, self.steps = [], [], [], []
        self.ops = 0

    def node(self, kind, name, shape=(), module="", **more):
        """Add a node and give its place."""
        number = 0
        if kind == "op":
            self.ops += 1
            number = self.ops
        self.nodes.append({
            "kind": kind, "name": name, "number": number, "shape": list(shape), "dtype": "float32", "module": module,
            "line": None, "params": {}, "saved": 0, "macs": None, "trivial": False, "forward_s": None,
            "backward_s": None, "verdict": None, "error": None, "value": None, "grad": None, "nan_origin": False,
            **more,
        })  # fmt: skip
        return len(self.nodes) - 1

    def op(self, name, inputs, shape=(), module="", names=("x", "y", "z"), **more):
        """Add an operation on nodes and give its place."""
        line = f"model.py:{20 + self.ops} in forward: h = {name}(...)"
        made = self.node("op", name, shape, module, **{"line": line, **more})
        for slot, source in enumerate(inputs):
            self.edge(source, made, slot, names[slot % len(names)])
        return made

    def edge(self, source, target, slot=0, name=""):
        shape = self.nodes[source]["shape"]
        self.edges.append(
            {"source": source, "target": target, "slot": slot, "name": name, "shape": shape, "dtype": "float32"}
        )

    def output(self, source, name="output"):
        made = self.node("output", name, self.nodes[source]["shape"])
        self.edge(source, made)
        return made

    def module(self, path, kind, parent=None, detail="", params=0, same_as=None, name=None):
        self.modules.append({
            "path": path, "name": name or path.split(".")[-1], "type": kind, "detail": detail, "parent": parent,
            "params": params, "trainable": params, "macs": None, "saved": 0, "same_as": same_as,
        })  # fmt: skip
        return path

    def step(self, node, incoming, sends, equation=None):
        """Add a step of the backward pass; `sends`: (slot, to, gradient, equation)."""
        told = [
            {"slot": slot, "to": to, "gradient": summary(gradient), "equation": text}
            for slot, to, gradient, text in sends
        ]
        self.steps.append({"node": node, "incoming": summary(incoming), "sends": told, "equation": equation})

    def data(self):
        kinds = [node["kind"] for node in self.nodes]
        used = {node["name"] for node in self.nodes}
        return {
            "version": 1, "title": self.title,
            "summary": f"{self.ops:,} operations, {kinds.count('parameter'):,} parameters, float32",
            "direction": "down", "color_by": None, "nodes": self.nodes, "edges": self.edges, "modules": self.modules,
            "rows": {name: row for name, row in ROWS.items() if name in used}, "backward": self.steps or None,
        }  # fmt: skip


def scalars():
    """a * b + c, with its backward pass."""
    sheet = Sheet("a·b + c")
    a, b, c = (
        sheet.node("leaf", name, value=summary(value), grad=summary(grad))
        for name, value, grad in (("a", 2.0, -3.0), ("b", -3.0, 2.0), ("c", 10.0, 1.0))
    )
    product = sheet.op("mul", [a, b], value=summary(-6.0), grad=summary(1.0), saved=8)
    total = sheet.op("add", [product, c], value=summary(4.0), grad=summary(1.0))
    sheet.output(total)
    sheet.step(total, 1.0, [(0, product, 1.0, "1"), (1, c, 1.0, "1")])
    sheet.step(product, 1.0, [(0, a, -3.0, "1 × (-3) = -3"), (1, b, 2.0, "1 × 2 = 2")])
    return sheet.data()


def xor():
    """A 2-8-1 network learning XOR: values, gradients, times, and the backward pass."""
    rng = np.random.default_rng(0)
    sheet = Sheet("XOR network")
    x, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])
    w1, b1, w2, b2 = rng.normal(size=(2, 8)), rng.normal(size=8), rng.normal(size=(8, 1)), rng.normal(size=1)
    h1 = x @ w1
    h2 = h1 + b1
    h3 = np.tanh(h2)
    h4 = h3 @ w2
    h5 = h4 + b2
    h6 = h5 - y
    h7 = h6**2
    g7 = np.full((4, 1), 0.25)
    g6 = g7 * 2 * h6
    g3 = g6 @ w2.T
    g2 = g3 * (1 - h3**2)
    for path, detail, params in (("0", "in_features=2, out_features=8", 24), ("2", "in_features=8, out_features=1", 9)):
        sheet.module(path, "Linear", None, detail, params)
    sheet.module("1", "Tanh")
    n = {
        "x": sheet.node("input", "x", (4, 2), value=summary(x)),
        "y": sheet.node("constant", "y", (4, 1), value=summary(y)),
        "w1": sheet.node("parameter", "0.weight", (2, 8), "0", value=summary(w1), grad=summary(x.T @ g2)),
        "b1": sheet.node("parameter", "0.bias", (8,), "0", value=summary(b1), grad=summary(g2.sum(0))),
        "w2": sheet.node("parameter", "2.weight", (8, 1), "2", value=summary(w2), grad=summary(h3.T @ g6)),
        "b2": sheet.node("parameter", "2.bias", (1,), "2", value=summary(b2), grad=summary(g6.sum(0))),
    }
    made = [
        ("matmul", ["x", "w1"], h1, g2, "0", {"macs": 64}),
        ("add", [0, "b1"], h2, g2, "0", {}),
        ("tanh", [1], h3, g3, "1", {}),
        ("matmul", [2, "w2"], h4, g6, "2", {"macs": 32}),
        ("add", [3, "b2"], h5, g6, "2", {}),
        ("sub", [4, "y"], h6, g6, "", {}),
        ("pow", [5], h7, g7, "", {"params": {"y": "2"}}),
        ("mean", [6], np.mean(h7), np.ones(()), "", {}),
    ]
    ops = []
    for k, (name, inputs, value, grad, module, more) in enumerate(made):
        ids = [n[source] if isinstance(source, str) else ops[source] for source in inputs]
        times = {"forward_s": 1e-6 * (k + 2), "backward_s": 2e-6 * (9 - k), "saved": 32 * k, "verdict": "pass"}
        told = {"value": summary(value), "grad": summary(grad), **times, **more}
        ops.append(sheet.op(name, ids, np.shape(value), module, **told))
    sheet.output(ops[-1])
    sheet.step(ops[7], np.ones(()), [(0, ops[6], g7, None)])
    sheet.step(ops[6], g7, [(0, ops[5], g6, None)])
    sheet.step(ops[5], g6, [(0, ops[4], g6, None)])
    sheet.step(ops[4], g6, [(0, ops[3], g6, None), (1, n["b2"], g6.sum(0), None)])
    sheet.step(ops[3], g6, [(0, ops[2], g3, None), (1, n["w2"], h3.T @ g6, None)])
    sheet.step(ops[2], g3, [(0, ops[1], g2, None)])
    sheet.step(ops[1], g2, [(0, ops[0], g2, None), (1, n["b1"], g2.sum(0), None)])
    sheet.step(ops[0], g2, [(1, n["w1"], x.T @ g2, None)])
    return sheet.data()


def linear(sheet, path, parent, x, features, outputs, rows=128, norm=1.0):
    """A linear layer as the package records it: the weight turned, the product, the bias."""
    sheet.module(path, "Linear", parent, f"in_features={features}, out_features={outputs}", (features + 1) * outputs)
    rng = np.random.default_rng(len(sheet.nodes))
    weight, bias = (
        sheet.node(
            "parameter", f"{path}.{name}", shape, path, value=summary(rng.normal(size=(20, 20))),
            grad=summary(norm / 20 * rng.normal(size=(20, 20))),
        )
        for name, shape in (("weight", (outputs, features)), ("bias", (outputs,)))
    )  # fmt: skip
    turned = sheet.op("transpose", [weight], (features, outputs), path, trivial=True, params={"axes": "(1, 0)"})
    macs, saved = rows * features * outputs, 4 * rows * features
    product = sheet.op("matmul", [x, turned], (rows, outputs), path, macs=macs, saved=saved, forward_s=macs * 2e-11)
    return sheet.op("add", [product, bias], (rows, outputs), path, forward_s=rows * outputs * 1e-9)


def norm_layer(sheet, path, parent, x, width, rows=128):
    sheet.module(path, "LayerNorm", parent, f"({width},)", 2 * width)
    weight = sheet.node("parameter", f"{path}.weight", (width,), path)
    bias = sheet.node("parameter", f"{path}.bias", (width,), path)
    out = sheet.op(
        "layer_norm", [x, weight, bias], (rows, width), path, params={"eps": "1e-05"}, saved=4 * rows * width
    )
    return out


def gpt(layers=12, width=768, rows=128):
    """A GPT: nested modules, equal blocks, residual paths, and a weight shared by first and last layer."""
    sheet = Sheet(f"GPT, {layers} layers")
    vocabulary = 50257
    block = 12 * width * width + 13 * width
    sheet.module("transformer", "Transformer", None, "", vocabulary * width + layers * block)
    sheet.module("transformer.wte", "Embedding", "transformer", f"{vocabulary}, {width}", vocabulary * width)
    sheet.module("transformer.wpe", "Embedding", "transformer", f"1024, {width}", 1024 * width)
    tokens = sheet.node("input", "tokens", (rows,), dtype="int64")
    table = sheet.node("parameter", "transformer.wte.weight", (vocabulary, width), "transformer.wte")
    places = sheet.node("parameter", "transformer.wpe.weight", (1024, width), "transformer.wpe")
    words = sheet.op("embedding", [tokens, table], (rows, width), "transformer.wte")
    count = sheet.node("constant", "arange(128)", (rows,), dtype="int64")
    where = sheet.op("embedding", [count, places], (rows, width), "transformer.wpe")
    h = sheet.op("add", [words, where], (rows, width), "transformer")
    sheet.module("transformer.h", "ModuleList", "transformer", "", layers * block)
    for k in range(layers):
        path = f"transformer.h.{k}"
        sheet.module(path, "Block", "transformer.h", "", block, None if k == 0 else "transformer.h.0")
        normed = norm_layer(sheet, f"{path}.ln_1", path, h, width, rows)
        attn = sheet.module(f"{path}.attn", "Attention", path, "heads=12", 4 * width * width)
        qkv = linear(sheet, f"{attn}.qkv", attn, normed, width, 3 * width, rows, 10.0 ** (k - 9))
        parts = [sheet.op("getitem", [qkv], (12, rows, 64), attn, trivial=True) for _ in range(3)]
        scores = sheet.op("matmul", parts[:2], (12, rows, rows), attn, macs=12 * rows * rows * 64)
        weights = sheet.op("softmax", [scores], (12, rows, rows), attn, params={"axis": "-1"}, saved=48 * rows * rows)
        mixed = sheet.op("matmul", [weights, parts[2]], (12, rows, 64), attn, macs=12 * rows * rows * 64)
        flat = sheet.op("reshape", [mixed], (rows, width), attn, trivial=True)
        out = linear(sheet, f"{attn}.proj", attn, flat, width, width, rows, 10.0 ** (k - 9))
        h = sheet.op("add", [h, out], (rows, width), path)
        normed = norm_layer(sheet, f"{path}.ln_2", path, h, width, rows)
        mlp = sheet.module(f"{path}.mlp", "MLP", path, "", 8 * width * width)
        up = linear(sheet, f"{mlp}.up", mlp, normed, width, 4 * width, rows, 10.0 ** (k - 9))
        act = sheet.op("gelu", [up], (rows, 4 * width), mlp)
        down = linear(sheet, f"{mlp}.down", mlp, act, 4 * width, width, rows, 10.0 ** (k - 9))
        h = sheet.op("add", [h, down], (rows, width), path)
    h = norm_layer(sheet, "transformer.ln_f", "transformer", h, width, rows)
    turned = sheet.op("transpose", [table], (width, vocabulary), "", trivial=True)
    logits = sheet.op("matmul", [h, turned], (rows, vocabulary), "", macs=rows * width * vocabulary)
    goal = sheet.node("constant", "targets", (rows,), dtype="int64")
    loss = sheet.op("cross_entropy", [logits, goal], (), "", value=summary(10.8))
    sheet.output(loss, "loss")
    return sheet.data()


def large(count=10_000):
    """Many nodes: stages of blocks of operations, none equal to its neighbour, so that nothing is folded."""
    sheet = Sheet(f"{count:,} nodes")
    h = sheet.node("input", "x", (8, 32))
    stage = block = ""
    while len(sheet.nodes) < count - 1:
        k = sheet.ops
        if k % 400 == 0:
            stage = sheet.module(f"stage{k // 400}", "Stage")
        if k % 20 == 0:
            block = sheet.module(f"{stage}.block{k // 20}", "Block", stage, params=32)
        weight = sheet.node("parameter", f"{block}.w{k % 20}", (32,), block, grad=summary(np.ones(3) * (k + 1)))
        h = sheet.op(("mul", "add", "tanh", "sub")[k * k % 7 % 4], [h, weight], (8, 32), block, saved=1024)
    sheet.output(h)
    return sheet.data()


def chain(count=10_000):
    """A long row of operations without any module."""
    sheet = Sheet(f"{count:,} operations in a row")
    h = sheet.node("leaf", "x", (3,))
    for k in range(count):
        h = sheet.op("mul" if (k * k) % 11 < 5 else "add", [h], (3,))
    sheet.output(h)
    return sheet.data()


def recurrent(steps=100):
    """One cell, called once for each step of a sequence."""
    sheet = Sheet(f"A cell, {steps} times")
    sheet.module("cell", "RNNCell", None, "4, 8", 104)
    x = sheet.node("input", "x", (steps, 4))
    h = sheet.node("constant", "h0", (8,))
    weight = sheet.node("parameter", "cell.weight", (12, 8), "cell")
    bias = sheet.node("parameter", "cell.bias", (8,), "cell")
    for k in range(steps):
        row = sheet.op("getitem", [x], (4,), trivial=True, params={"index": str(k)})
        both = sheet.op("cat", [row, h], (12,), "cell")
        product = sheet.op("matmul", [both, weight], (8,), "cell", macs=96)
        h = sheet.op("tanh", [sheet.op("add", [product, bias], (8,), "cell")], (8,), "cell")
    sheet.output(h)
    return sheet.data()


def broken():
    """A model that raised half-way, after a NaN."""
    sheet = Sheet("Broke off")
    sheet.module("net", "Net")
    x = sheet.node("input", "x", (4, 2), value=summary([[0.0, 1.0], [-1.0, 2.0]]))
    logs = sheet.op(
        "log", [x], (4, 2), "net", nan_origin=True, verdict="fail", value=summary([[-np.inf, 0.0], [np.nan, 0.6]]),
        grad=summary([np.nan, 1.0]),
    )  # fmt: skip
    sheet.op("matmul", [logs, x], (), "net", error="ValueError: matmul: shapes (4, 2) and (4, 2) do not fit")
    return sheet.data()


def harmful():
    """Every name of every kind is one that could do harm."""
    sheet = Sheet(HARMFUL[0])
    h = sheet.node("input", HARMFUL[0], (2,), params={HARMFUL[1]: HARMFUL[0]})
    for k, name in enumerate(HARMFUL):
        path = sheet.module(name or f"empty{k}", name, None, name, name=name)
        weight = sheet.node("parameter", name, (2,), path)
        h = sheet.op(name, [h, weight], (2,), path, (name,), line=name, params={name: name}, verdict=name or None)
    sheet.output(h, HARMFUL[0])
    data = sheet.data()
    data["rows"] = {name: {"doc": name, "formula": name, "rules": {name: name}} for name in HARMFUL}
    data["summary"] = HARMFUL[0]
    return data


FIXTURES = (scalars, xor, gpt, large, chain, recurrent, broken, harmful)

if __name__ == "__main__":
    from tinygrad_lite.viz.page import page

    for fixture in FIXTURES:
        path = Path(sys.argv[1], f"{fixture.__name__}.html")
        path.write_text(page(fixture()), encoding="utf-8")
        print(path)
