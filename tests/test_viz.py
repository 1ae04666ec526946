"""Computation graphs as data, text, DOT, SVG and a page."""

import gc
import os
import re
import shutil
import subprocess
import sys
import time
import weakref
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import tinygrad_lite as tg
from tinygrad_lite import viz

ROOT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's program dot is not installed")

HARMFUL = [
    "</script><script>alert(1)</script>", '"];n9[label="', "a\\", "\\N\\G\\n", "line\nbreak\r\ttab", "{a|b}<c>&amp;",
    "<b>", "-->", "]]>", "", " ", "\0\x1b[31m", "\ud800", "\u202eabc", "日本語", "{{text}}", "x" * 500,
]  # fmt: skip


def xor_net():
    """A 2-8-1 network and its loss, written out in plain operations."""
    names = {"w1": (2, 8), "b1": (8,), "w2": (8, 1), "b2": (1,)}
    params = {name: tg.randn(*shape).requires_grad_() for name, shape in names.items()}
    x = tg.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = tg.tensor([[0.0], [1.0], [1.0], [0.0]])
    hidden = (x @ params["w1"] + params["b1"]).tanh()
    out = hidden @ params["w2"] + params["b2"]
    return ((out - y) ** 2).mean(), params


def chain(length):
    x = tg.ones(3, requires_grad=True)
    y = x
    for _ in range(length):
        y = y * 1.0
    return y


def tiny(name="x"):
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    return viz.graph((x * x).sum(), params={name: x})


@pytest.fixture
def no_dot(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing here"))


# --- the model ---------------------------------------------------------------------------------------


def test_the_graph_of_a_network():
    loss, params = xor_net()
    g = viz.graph(loss, params=params)
    assert [op.name for op in g.ops] == ["matmul", "add", "tanh", "matmul", "add", "sub", "pow", "mean"]
    assert [op.shape for op in g.ops] == [(4, 8)] * 3 + [(4, 1)] * 4 + [()]
    assert [op.number for op in g.ops] == list(range(1, 9))
    assert [op.order for op in g.ops] == sorted(op.order for op in g.ops)
    assert {n.name: n.shape for n in g.nodes if n.kind == "parameter"} == {k: p.shape for k, p in params.items()}
    assert [n.index for n in g.nodes] == list(range(len(g.nodes)))
    assert all(edge.source < edge.target for edge in g.edges), "nodes stand after what they are made of"
    output = g.nodes[-1]
    assert (output.kind, output.name, output.shape, output.dtype) == ("output", "output", (), "float32")
    assert g.inputs_of(output)[0].source == g.ops[-1].index
    second = g.inputs_of(g.ops[3])
    assert [(e.slot, e.name, e.shape) for e in second] == [(0, "x", (4, 8)), (1, "y", (8, 1))]
    assert g.nodes[second[0].source].name == "tanh" and g.nodes[second[1].source].name == "w2"
    assert g.dtypes == {"float32"}


def test_layers_and_their_parameters():
    model = tg.nn.Sequential(tg.nn.Linear(2, 3), tg.nn.Tanh(), tg.nn.Linear(3, 1))
    loss = model(tg.ones(4, 2)).mean()
    names = [name for name, _ in model.named_parameters()]
    for params in (dict(model.named_parameters()), model.named_parameters()):
        found = [n.name for n in viz.graph(loss, params=params).nodes if n.kind == "parameter"]
        assert sorted(found) == sorted(names)
    unnamed = viz.graph(loss).nodes
    assert [n.name for n in unnamed if n.kind == "parameter"] == [f"parameter {k}" for k in (1, 2, 3, 4)]


def test_a_leaf_used_twice_is_one_node():
    g = tiny()
    assert [n.kind for n in g.nodes] == ["parameter", "op", "op", "output"]
    assert [(e.source, e.target, e.slot) for e in g.edges] == [(0, 1, 0), (0, 1, 1), (1, 2, 0), (2, 3, 0)]


def test_several_outputs():
    x = tg.ones(3, requires_grad=True)
    y = x.exp()
    g = viz.graph([y.sum(), y, x, y])
    assert [(n.name, n.shape) for n in g.nodes if n.kind == "output"] == [
        ("output 1", ()), ("output 2", (3,)), ("output 3", (3,)),
    ]  # fmt: skip
    assert [g.nodes[e.source].name for e in g.edges[-3:]] == ["sum", "exp", "leaf 1"]


def test_constants_show_on_request():
    x = tg.ones(3, requires_grad=True)
    data = tg.ones(2, 3)
    y = (x * data) ** 2
    assert "constant" not in {n.kind for n in viz.graph(y).nodes}
    g = viz.graph(y, constants=True)
    assert [(n.name, n.shape) for n in g.nodes if n.kind == "constant"] == [("constant 1", (2, 3)), ("2", ())]
    assert [g.nodes[e.source].kind for e in g.inputs_of(g.ops[0])] == ["leaf", "constant"]


def test_parameters_of_operations_in_short():
    x = tg.ones(4, 6, requires_grad=True)
    g = viz.graph(x.reshape(2, 12)[0, 1:7].sum(dim=0, keepdim=True))
    told = [dict(op.params) for op in g.ops]
    assert told[0] == {}, "the new shape stands beside it already"
    assert told[1] == {"index": "(0, 1:7)"}
    assert told[2]["keepdims"] == "True"
    rows = tg.tensor([0, 2, 2])
    assert "int64 (3,)" in str(viz.graph(x[rows]))
    assert all(len(v) <= 40 for v in viz.graph(x[(None,) * 20]).ops[0].params.values())


def test_variadic_operations():
    x, y = tg.ones(2, requires_grad=True), tg.ones(3, requires_grad=True)
    g = viz.graph(tg.cat([x, tg.zeros(1), y]), constants=True)
    assert [(e.name, e.shape) for e in g.inputs_of(g.ops[0])] == [("xs[0]", (2,)), ("xs[1]", (1,)), ("xs[2]", (3,))]


def test_saved_bytes_count_memory_once():
    x = tg.ones(1000, requires_grad=True)
    assert viz.graph(x * x).ops[0].saved_bytes == 4000
    g = viz.graph((x * x) * x)
    assert g.saved_bytes == 8000, "x, and the first product"
    assert viz.graph(x.expand(1000, 1000) * tg.ones(1, requires_grad=True)).saved_bytes < 10_000


def test_dtypes_where_they_are_known():
    x = tg.ones(3, dtype=tg.float64, requires_grad=True)
    w = tg.ones(3, requires_grad=True)
    g = viz.graph((x * w).sum(), params={"x": x, "w": w})
    known = {n.name: n.dtype for n in g.nodes}
    assert known["w"] == "float32" and known["x"] == known["to"] == known["output"] == "float64"
    assert "w float32 (3,)" in str(g)


def test_a_written_tensor():
    x = tg.ones(4, requires_grad=True)
    y = x * 2
    y[1:3] = 0.0
    y[0].mul_(3.0)
    g = viz.graph(y.sum())
    assert g.ops[-1].name == "sum" and g.ops[-1].number == len(g.ops)
    assert all(n.shape == (4,) for n in g.nodes if n.kind == "leaf")


def test_a_graph_keeps_no_tensor_alive():
    loss, params = xor_net()
    g = viz.graph(loss, params=params)
    dead = weakref.ref(loss), weakref.ref(loss.grad_fn)
    text = str(g)
    del loss, params
    gc.collect()
    assert [r() for r in dead] == [None, None]
    assert str(g) == text


def test_a_freed_graph():
    loss, params = xor_net()
    before = viz.graph(loss, params=params)
    loss.backward()
    after = viz.graph(loss, params=params)
    assert not before.freed and after.freed and after.saved_bytes == 0
    assert [op.shape for op in after.ops] == [op.shape for op in before.ops]
    assert "saved arrays freed" in repr(after)
    assert re.search(r"#1 +matmul +\(4, 8\) +freed", str(after))
    assert "saved for backward: freed" in after.dot()


def test_a_graph_of_gradients():
    x = tg.tensor(2.0, requires_grad=True)
    (slope,) = tg.autograd.grad(x**3, x, create_graph=True)
    assert "pow" in [op.name for op in viz.graph(slope).ops]


def test_names_that_are_not_in_the_graph_are_told():
    x, unused = tg.ones(2, requires_grad=True), tg.ones(2, requires_grad=True)
    g = viz.graph(x.sum(), params={"x": x, "fc.weight": unused})
    assert g.unreached == ("fc.weight",)
    assert str(g).endswith("not part of this graph: fc.weight")
    assert "not part" not in str(tiny())


@pytest.mark.parametrize("make", [
    lambda: tg.ones(3),
    lambda: tg.ones(3, requires_grad=True).detach() * 2,
    lambda: [tg.ones(3)],
])  # fmt: skip
def test_a_tensor_without_history(make):
    with pytest.raises(RuntimeError, match=r"has no history.*requires_grad=True"):
        viz.graph(make())


def test_what_is_not_a_tensor():
    loss, _ = xor_net()
    with pytest.raises(TypeError, match="expected a Tensor or a list of Tensors, got float"):
        viz.graph(loss.item())
    with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'input'"):
        viz.graph(tg.nn.Linear(2, 3))
    with pytest.raises(TypeError, match=r"takes no inputs and no loss.*params="):
        viz.graph(loss, {"w": loss})
    with pytest.raises(TypeError, match="tensor 1 of the list is a str"):
        viz.graph([loss, "loss"])
    with pytest.raises(ValueError, match="empty"):
        viz.graph([])
    with pytest.raises(TypeError, match=r"params\['w'\] is a int"):
        viz.graph(loss, params={"w": 1})
    with pytest.raises(TypeError, match="named_parameters"):
        viz.graph(loss, params=tg.nn.Linear(2, 3))


# --- text --------------------------------------------------------------------------------------------


def test_the_text():
    x = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    w = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    g = viz.graph((x * w + w).sum(dim=0), params={"x": x, "w": w})
    assert str(g).splitlines() == [
        "3 operations, 2 parameters (6 numbers), float32, 24 B saved for backward",
        "",
        "    operation   shape  saved  inputs",
        "#1  mul          (3,)   24 B  x (3,), w (3,)",
        "#2  add          (3,)      -  #1, w",
        "#3  sum        scalar      -  #2; axis=0",
        "    output     scalar         #3",
    ]
    assert repr(g) == f"<Graph: {str(g).splitlines()[0]}>"


@pytest.mark.parametrize("name", HARMFUL)
def test_text_stays_one_line_per_operation_whatever_the_names(name):
    text = str(tiny(name))
    assert len(text.splitlines()) == 6
    assert all(line.isprintable() for line in text.splitlines())


# --- DOT ---------------------------------------------------------------------------------------------


def drawn(source, kind="svg"):
    found = subprocess.run(["dot", f"-T{kind}"], input=source.encode(), capture_output=True, timeout=60, check=True)
    assert not found.stderr, found.stderr.decode()
    return found.stdout


@needs_dot
@pytest.mark.parametrize("direction", ["down", "right"])
def test_dot_draws_every_node_and_edge(direction):
    loss, params = xor_net()
    g = viz.graph(loss, params=params, constants=True)
    svg = drawn(g.dot(direction)).decode()
    assert svg.count('class="node ') == len(g.nodes)
    assert svg.count('class="edge"') == len(g.edges)
    shown = "".join(ET.fromstring(svg).itertext())
    assert all(word in shown for word in ("w1", "matmul", "(4, 8)", "constant 1"))


@needs_dot
@pytest.mark.parametrize("name", HARMFUL)
def test_dot_takes_any_name(name):
    svg = ET.fromstring(drawn(tiny(name).dot()))
    assert len(svg.findall(".//*[@class='node parameter']")) == 1
    assert len(svg.findall(".//*[@class='edge']")) == 4
    assert not [element for element in svg.iter() if element.tag.endswith("script")]


def test_direction():
    assert "rankdir=TB" in tiny().dot() and "rankdir=LR" in tiny().dot("right")
    with pytest.raises(ValueError, match='use "down" or "right"'):
        tiny().dot("left")


# --- files -------------------------------------------------------------------------------------------


@needs_dot
def test_render(tmp_path):
    starts = {".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF", ".SVG": b"<?xml"}
    for ending, start in starts.items():
        path = tmp_path / f"net{ending}"
        assert tiny().render(path) == path
        assert path.read_bytes().startswith(start)
    svg = (tmp_path / "net.svg").read_text()
    assert "prefers-color-scheme: dark" in svg and "<title>" not in svg
    assert ET.fromstring(svg).get("aria-label").startswith("Computation graph: 2 operations")


def test_render_writes_the_source_and_the_page_without_dot(tmp_path, no_dot):
    g = tiny()
    assert g.render(tmp_path / "net.dot").read_text() == g.dot() == g.render(str(tmp_path / "net.gv")).read_text()
    assert g.render(tmp_path / "net.html").read_text().startswith("<!DOCTYPE html>")


def test_render_without_dot_says_what_to_do(tmp_path, no_dot):
    with pytest.raises(RuntimeError, match=r"net.svg needs the program dot.*Install Graphviz.*save\('graph.html'\)"):
        tiny().render(tmp_path / "net.svg")
    assert not list(tmp_path.iterdir())


def test_endings_that_are_not_known(tmp_path):
    with pytest.raises(ValueError, match=r"'net.jpg' ends in '.jpg'; it can end in .svg, .png, .pdf"):
        tiny().render(tmp_path / "net.jpg")
    with pytest.raises(ValueError, match="ends in 'nothing'"):
        tiny().render(tmp_path / "net")
    with pytest.raises(ValueError, match=r"does not end in .html; .* render\(\) writes .svg"):
        tiny().save(tmp_path / "net.svg")


@pytest.mark.parametrize("write", [viz.Graph.save, viz.Graph.render])
def test_a_folder_that_cannot_be_written(tmp_path, write):
    with pytest.raises(FileNotFoundError, match="create it first"):
        write(tiny(), tmp_path / "missing" / "net.html")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        write(tiny(), tmp_path / "file" / "net.html")
    if os.name == "posix" and os.geteuid() != 0:
        tmp_path.chmod(0o500)
        with pytest.raises(PermissionError):
            write(tiny(), tmp_path / "net.html")


@needs_dot
def test_save_anyhow_draws_with_dot(tmp_path):
    path, note = tiny().save_anyhow(tmp_path, "xor.v2")
    assert path == tmp_path / "xor.v2.svg" and path.exists() and note == ""


def test_save_anyhow_without_dot_writes_the_page(tmp_path, no_dot):
    path, note = tiny().save_anyhow(tmp_path)
    assert path == tmp_path / "graph.html" and path.exists()
    assert "Install Graphviz" in note and "PNG and PDF" in note


def test_save_anyhow_with_a_dot_that_fails(tmp_path, monkeypatch):
    if os.name != "posix":
        pytest.skip("needs a shell script as a program")
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\necho no fonts >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="exit status 3: no fonts"):
        tiny().render(tmp_path / "net.svg")
    path, note = tiny().save_anyhow(tmp_path)
    assert path.name == "graph.html" and "no fonts" in note
    assert tiny()._repr_svg_() is None and "2 operations" in tiny()._repr_html_()


# --- notebooks ---------------------------------------------------------------------------------------


@needs_dot
def test_a_notebook_shows_the_picture():
    g = tiny()
    assert g._repr_svg_().startswith("<svg") and g._repr_html_() is None


def test_a_notebook_without_dot_shows_the_text(no_dot):
    g = tiny("<b>")
    assert g._repr_svg_() is None
    assert "&lt;b&gt;" in g._repr_html_() and "<b>" not in g._repr_html_()
    assert "Install Graphviz" in g._repr_html_()


def uneven(length):
    """A chain in which nothing repeats."""
    y = tg.ones(3, requires_grad=True)
    for k in range(length):
        y = y * 1.0 if k * k % 7 % 2 else y + 0.0
        y = y.reshape(1, 3).sin()[0] if bin(k).count("1") % 2 else y
    return y


def test_a_notebook_shows_a_part_of_a_very_large_graph():
    g = viz.graph(uneven(2000))
    assert g._repr_svg_() is None
    assert "lines left out" in g._repr_html_() and len(g._repr_html_()) < 20_000


# --- size and speed ----------------------------------------------------------------------------------


def test_a_chain_of_20_000_operations(tmp_path):
    y = chain(20_000)
    g = viz.graph(y)
    seconds = {}
    for name, make in {
        "text": lambda: g.text(fold=False), "folded text": g.text, "DOT": lambda: g.dot(fold=False),
        "folded DOT": g.dot, "data": g.json,
    }.items():  # fmt: skip
        start = time.process_time()
        made = make()
        seconds[name] = time.process_time() - start
        if name == "text":
            assert made.splitlines()[-1].split() == ["output", "(3,)", "#20000"]
        elif name == "folded text":
            assert "mul × 20,000" in made and len(made.splitlines()) == 5
        elif name == "DOT":
            assert made.count(" -> ") == 20_001
    assert len(g.ops) == 20_000 and len(g.edges) == 20_001
    path, note = g.save_anyhow(tmp_path)
    assert path.exists() and "large" not in note, "folded it is small"
    assert max(seconds.values()) < 5, f"{seconds}; each takes 0.6 s on an old laptop"


def test_importing_stays_light():
    code = "import sys, tinygrad_lite.viz; print([m for m in ('graphviz', 'matplotlib', 'json') if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert "graphviz" not in done.stdout and "matplotlib" not in done.stdout
