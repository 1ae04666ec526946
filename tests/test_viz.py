"""Computation graphs as data, text, DOT, SVG and a page."""

import gc
import html.parser
import importlib.resources
import json
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
from hypothesis import given, settings
from hypothesis import strategies as st

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
    with pytest.raises(TypeError, match=r"got Linear.*what it computes"):
        viz.graph(tg.nn.Linear(2, 3))
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


def test_a_notebook_shows_a_part_of_a_very_large_graph():
    g = viz.graph(chain(3000))
    assert g._repr_svg_() is None
    assert "lines left out" in g._repr_html_() and len(g._repr_html_()) < 20_000


# --- the page ----------------------------------------------------------------------------------------


class Page(html.parser.HTMLParser):
    """What a browser would make of a page: its elements, and the text inside some of them."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.attributes, self.texts, self._inside = [], [], {}, None
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        self._inside = dict(attrs).get("id") or tag

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, data):
        if self._inside:
            self.texts[self._inside] = self.texts.get(self._inside, "") + data


def test_the_page_holds_the_graph_and_loads_nothing(tmp_path):
    loss, params = xor_net()
    g = viz.graph(loss, params=params)
    page = Page(g.save(tmp_path / "net.html", title="XOR", direction="right"))
    assert page.texts["title"] == page.texts["h1"] == "XOR"
    assert page.texts["text"] == str(g)
    assert json.loads(page.texts["data"]) == {"dot": g.dot("right"), "nodes": len(g.nodes), "direction": "right"}
    assert len(page.texts["engine"]) > 500_000
    assert not [a for a in page.attributes if a[1] in ("src", "href", "srcset", "action", "poster")]
    assert not {"link", "iframe", "img", "object", "embed", "base"} & set(page.tags)
    assert "url(" not in page.source and "@import" not in page.source
    policy = next(value for tag, name, value in page.attributes if name == "content" and "default-src" in value)
    assert "default-src 'none'" in policy and "http" not in policy


@settings(max_examples=30)
@given(name=st.sampled_from(HARMFUL) | st.text())
def test_the_page_takes_any_name_and_title(tmp_path_factory, name):
    folder = tmp_path_factory.getbasetemp()
    usual = Page(tiny().save(folder / "usual.html"))
    page = Page(tiny(name).save(folder / "net.html", title=name))
    assert page.tags == usual.tags, "a name has become an element of the page"
    assert json.loads(page.texts["data"])["dot"] == tiny(name).dot()
    assert page.texts["engine"] == usual.texts["engine"]


def test_the_engine_is_the_one_that_the_licence_file_describes():
    import gzip
    import hashlib

    assets = importlib.resources.files("tinygrad_lite.viz") / "assets"
    engine = gzip.decompress((assets / "viz-global.js.gz").read_bytes())
    licence = (assets / "LICENSE.md").read_text(encoding="utf-8")
    assert hashlib.sha256(engine).hexdigest() in licence
    versions = re.search(rb'graphvizVersion="([\d.]+)"', engine)[1].decode()
    assert f"| {versions} | Eclipse Public License 1.0 |" in licence
    assert "Eclipse Public License - v 1.0" in licence and "Permission is hereby granted" in licence


class Browser:
    """A page open in headless Chromium, driven through a pipe in the protocol of its developer tools."""

    def __init__(self, folder, url):
        to_read, self.write_end = os.pipe()
        self.read_end, to_write = os.pipe()
        flags = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
            f"--user-data-dir={folder}",
        ]  # fmt: skip
        # The pipe must be numbers 3 and 4 in the browser.
        script = f'exec "$0" "$@" 3<&{to_read} 4>&{to_write} 2>/dev/null'
        command = ["bash", "-c", script, CHROMIUM, *flags, "about:blank"]
        self.process = subprocess.Popen(command, pass_fds=(to_read, to_write))
        os.close(to_read)
        os.close(to_write)
        self.session, self.count, self.buffer, self.events = None, 0, b"", []
        page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Runtime", "Log", "Network", "Page"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=url)

    def call(self, method, **params):
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.count:
                return answer["result"]
            self.events.append(answer)

    def receive(self):
        while b"\0" not in self.buffer:
            data = os.read(self.read_end, 1 << 16)
            assert data, "the browser has ended"
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def run(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_until(self, condition):
        end = time.monotonic() + 30
        while not self.run(condition):
            assert time.monotonic() < end, f"never came true: {condition}"
            time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        os.close(self.write_end)
        os.close(self.read_end)
        self.process.terminate()
        self.process.wait(20)


@pytest.mark.skipif(not (CHROMIUM and shutil.which("bash")), reason="Chromium is not installed")
def test_the_page_in_a_browser(tmp_path):
    loss, params = xor_net()
    params["</script><b>"] = params.pop("w1")
    g = viz.graph(loss, params=params)
    path = g.save(tmp_path / "net.html")
    with Browser(tmp_path / "profile", path.as_uri()) as page:
        page.wait_until("document.readyState == 'complete' && document.getElementById('message').hidden")
        view = "document.querySelector('#stage svg').getAttribute('viewBox').split(' ').map(Number)"
        press = "document.dispatchEvent(new KeyboardEvent('keydown', {key: '%s'}))"
        assert page.run("document.querySelectorAll('#stage g.node').length") == len(g.nodes)
        assert page.run("document.querySelectorAll('#stage g.edge').length") == len(g.edges)
        assert page.run("document.querySelectorAll('#legend li').length") == 3
        assert "</script><b>" in page.run("document.querySelector('#stage').textContent")
        page.run(press % "0")
        fitted = page.run(view)
        assert fitted[3] >= 0.99 * page.run("size.height"), "all of it shows"
        page.run(press % "+")
        assert page.run(view)[2] == pytest.approx(fitted[2] / 1.25)
        page.run(press % "ArrowRight")
        assert page.run(view)[0] > fitted[0]
        page.run(press % "0")
        assert page.run(view) == pytest.approx(fitted)
        page.run(press % "t")
        assert page.run("document.getElementById('text').innerText").strip() == str(g)
        requests = [e["params"]["request"]["url"] for e in page.events if e["method"] == "Network.requestWillBeSent"]
        assert requests == [path.as_uri()]
        told = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        assert not [event for event in page.events if event["method"] in told]


# --- size and speed ----------------------------------------------------------------------------------


def test_a_chain_of_100_000_operations(tmp_path):
    y = chain(100_000)
    start = time.perf_counter()
    g = viz.graph(y)
    text, dot = str(g), g.dot()
    path, note = g.save_anyhow(tmp_path)
    seconds = time.perf_counter() - start
    assert len(g.ops) == 100_000 and len(g.edges) == 100_001
    assert text.splitlines()[-1].split() == ["output", "(3,)", "#100000"]
    assert dot.count(" -> ") == 100_001
    assert path.suffix == ".html" and "Too large to draw" in note
    assert json.loads(Page(path).texts["data"])["dot"] is None
    assert seconds < 15, f"{seconds:.1f} s; it takes 4 s on an old laptop"


def test_importing_stays_light():
    code = "import sys, tinygrad_lite.viz; print([m for m in ('graphviz', 'matplotlib', 'json') if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert "graphviz" not in done.stdout and "matplotlib" not in done.stdout
