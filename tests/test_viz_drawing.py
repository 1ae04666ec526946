"""What pictures show of large models: repeats folded, modules closed, colours, other languages, odd names."""

import json
import re
import shutil
import webbrowser
import xml.etree.ElementTree as ET

import pytest
from test_viz import HARMFUL, drawn, needs_dot
from test_viz_model import Misfit, Net, broken

import tinygrad_lite as tg
from benchmarks.models import GPT, MODELS, UnrolledLSTM
from tinygrad_lite import nn, viz
from tinygrad_lite.viz.colours import shades


@pytest.fixture(scope="module")
def net():
    return viz.graph(Net(12), tg.randn(5, 3), gradients=True)


def test_repeated_blocks_are_written_once(net):
    text = str(net)
    assert "0 to 11: Block × 12" in text and "76 parameters, 320 multiply-adds each" in text
    assert len(text.splitlines()) == 12
    assert re.search(r"#2-49 +0 to 11: Block", text), "the numbers of all of them"
    assert len(net.text(fold=False).splitlines()) > 60
    assert "blocks.11" not in net.dot() and "blocks.11" in net.dot(fold=False)


def test_depth(net):
    outline = net.text(depth=0)
    assert [line.split()[1] for line in outline.splitlines()[3:-1]] == ["first:", "blocks:", "head:"]
    assert "48 operations, 912 parameters" in outline
    assert net.dot(depth=0).count('class="closed"') == 3
    assert net.dot(depth=1).count("subgraph") == 3
    for write in (net.text, net.dot, net.mermaid):
        with pytest.raises(ValueError, match="depth is -1"):
            write(depth=-1)


def test_what_repeats_has_an_arrow_back_and_a_way_round_is_blue(net):
    dot = net.dot()
    loops = [line for line in dot.splitlines() if "#6f4fc0" in line and "->" in line]
    assert len(loops) == 2, "into the next block, and round it"
    assert len([line for line in dot.splitlines() if "#1f77b4" in line and "->" in line]) == 1


def test_an_unrolled_network_shows_one_step():
    g = viz.graph(UnrolledLSTM(), tg.randn(2, 30, 8))
    text = str(g)
    assert "30 times:" in text and len(text.splitlines()) < 30
    assert re.search(r"#1-\d+ +30 times:", text)
    assert g.dot().count("style=dashed constraint=false") >= 2, "the state goes into the next step"


def test_products_of_one_layer_side_by_side_are_not_folded():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.query, self.key, self.value = (nn.Sequential(*[nn.Linear(4, 4)] * 3) for _ in range(3))

        def forward(self, x):
            return self.query(x) + self.key(x) + self.value(x)

    text = str(viz.graph(Attention(), tg.randn(2, 4)))
    assert all(f"{name}: Sequential" in text for name in ("query", "key", "value"))


def test_shared_weights_are_dashed():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(3, 3, bias=False)

        def forward(self, x):
            return self.inner(x).exp() @ self.inner.weight

    dot = viz.graph(Tied(), tg.randn(2, 3)).dot()
    assert len(re.findall(r'-> \w+ \[color="#b98300" style=dashed', dot)) == 1
    closed = viz.graph(Tied(), tg.randn(2, 3)).dot(depth=0)
    assert "weight" in closed, "used outside the closed module too, so it shows"


def test_hiding(net):
    class Views(nn.Module):
        def forward(self, x):
            return (x.reshape(6) * 2).reshape(2, 3).transpose(0, 1).exp()

    g = viz.graph(Views(), tg.ones(2, 3), constants=True)
    assert [op.name for op in g.ops if op.trivial] == ["reshape", "reshape", "transpose"]
    dot = g.dot(hide=("trivial", "constant"))
    assert "<b>reshape</b>" not in dot and 'class="constant"' not in dot
    assert dot.count(" -> ") == 3, "input, mul, exp, output"
    assert "parameter" not in re.sub(r"label=.*?>> ", "", net.dot(hide="parameter", depth=0))
    with pytest.raises(ValueError, match="no kind 'relu'; there are trivial, constant"):
        net.dot(hide=("relu",))


def test_views_of_the_backward_pass(net):
    back, both = net.dot(view="backward"), net.dot(view="both")
    assert "GeluBackward" in back and "gradient: norm" in back
    assert both.count(" -> ") > back.count(" -> ") == both.count('class="gradient"')
    with pytest.raises(ValueError, match='use "forward", "backward" or "both"'):
        net.dot(view="sideways")


@pytest.mark.parametrize("color_by", ["gradient", "time", "memory", "dtype", "nan"])
def test_colours(net, color_by):
    assert net.dot(color_by=color_by).startswith("digraph {")
    assert color_by in net.text(color_by=color_by)
    if color_by in ("gradient", "time", "memory"):
        assert "█" in net.text(color_by=color_by) and net.dot(color_by=color_by) != net.dot()


def test_vanishing_gradients_show():
    g = viz.graph(nn.Sequential(*(layer for _ in range(5) for layer in (nn.Linear(4, 4), nn.Sigmoid()))), tg.ones(1, 4),
                  gradients=True)  # fmt: skip
    bars = [line.count("█") for line in g.text(color_by="gradient", fold=False).splitlines() if "Linear" in line]
    assert bars == sorted(bars) and bars[-1] > bars[0]


def test_the_look_does_not_depend_on_the_run():
    model, x = GPT(layers=2), tg.zeros(1, 8, dtype=tg.int64)
    assert viz.graph(model, x).dot(depth=1) == viz.graph(model, x).dot(depth=1)


def test_mermaid(net):
    lines = net.mermaid("right", depth=1).splitlines()
    assert lines[0] == "flowchart LR"
    assert (
        sum(line.strip().startswith("subgraph") for line in lines) == sum(line.strip() == "end" for line in lines) == 3
    )
    boxes = {found[1] for line in lines if (found := re.match(r" *(\w+)[\[(]", line))}
    for line in lines:
        if found := re.fullmatch(r"    (\w+) (?:-->|==>|-\.->|-\. next \.->) (\w+)", line):
            assert {found[1], found[2]} <= boxes
    with pytest.raises(ValueError, match='use "down" or "right"'):
        net.mermaid("up")


@needs_dot
@pytest.mark.parametrize("name", MODELS)
def test_dot_draws_known_models(name):
    model, x = MODELS[name]()
    g = viz.graph(model, x)
    for options in ({}, {"depth": 0}, {"depth": 1, "view": "both"}, {"hide": ("trivial", "constant")}):
        svg = drawn(g.dot(**options)).decode()
        ET.fromstring(svg)
    assert len(g.text().splitlines()) < 170


# --- names that could do harm ------------------------------------------------------------------------


def harmful(name):
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.add_module(name, nn.Linear(2, 2))
            self.register_parameter(name + "p", nn.Parameter(tg.ones(2)))

        def forward(self, x):
            return self._modules[name](x) * self._parameters[name + "p"]

    if name.isprintable():  # a class has no other name
        Odd.__name__ = name
    return viz.graph(Odd(), tg.ones(1, 2), gradients=True)


@needs_dot
@pytest.mark.parametrize("name", [name for name in HARMFUL if name and "." not in name])
def test_modules_of_any_name(name, tmp_path):
    g = harmful(name)
    svg = ET.fromstring(drawn(g.dot()))
    assert len(svg.findall(".//*[@class='cluster module']")) == 1
    assert not [e for e in svg.iter() if e.tag.endswith("script")]
    ET.fromstring(drawn(g.dot(depth=0, color_by="gradient")))
    assert all(line.isprintable() for line in str(g).splitlines())
    assert json.loads(g.json())["title"] == (name if name.isprintable() else "Odd")
    page = g.save(tmp_path / "net.html").read_text()
    assert page.count("</script>") == 2 and "<script>alert" not in page
    for line in g.mermaid().splitlines():
        assert line.count('"') in (0, 2) and line.isprintable() and "<script" not in line
    assert harmful("plain").dot().count("\n") == g.dot().count("\n")


# --- files and the browser ---------------------------------------------------------------------------


def test_files_that_need_no_program(net, tmp_path):
    assert net.render(tmp_path / "net.mmd", depth=0).read_text() == net.mermaid(depth=0)
    assert json.loads(net.render(tmp_path / "net.json").read_text())["title"] == "Net"
    net.json(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == (tmp_path / "net.json").read_text()
    assert net.render(tmp_path / "net.dot", depth=0, color_by="time").read_text() == net.dot(depth=0, color_by="time")
    assert "<title>Net</title>" in net.save(tmp_path / "net.html").read_text()
    for write in (net.json, net.render):
        with pytest.raises(FileNotFoundError, match="create it first"):
            write(tmp_path / "missing" / "net.json")


def test_show_opens_the_page(net, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    path = net.show()
    assert opened == [path.as_uri()] and path.read_text().startswith("<!DOCTYPE html>")
    shutil.rmtree(path.parent)


@needs_dot
def test_a_broken_graph_is_drawn(tmp_path):
    g = broken(Misfit(), tg.randn(2, 3))
    svg = drawn(g.dot(view="both")).decode()
    assert svg.count('class="node op wrong"') == 1 and "mat1 and mat2" in svg
    assert "wrong" in drawn(g.dot(depth=0)).decode()
    assert drawn(g.dot(), "png").startswith(b"\x89PNG")


def test_a_single_number_is_shown_with_its_sign():
    a, b = (tg.tensor(x, requires_grad=True) for x in (2.0, -3.0))
    source = viz.graph(lambda a, b: a * b, a, b, gradients=True).dot(view="both")
    assert "scalar = -6" in source and "gradient -3" in source and "gradient 2" in source


def test_colours_of_what_is_folded_run_from_the_first_to_the_last():
    tg.manual_seed(0)
    layers = [nn.Sequential(nn.Linear(16, 16), nn.Sigmoid()) for _ in range(8)]
    g = viz.graph(nn.Sequential(*layers), tg.randn(4, 16), gradients=True)
    source = g.dot(color_by="gradient")
    weights = [n.grad.norm for n in g.nodes if n.name.endswith("weight")]
    assert f"gradient {weights[0]:.3g} … {weights[-1]:.3g}" in source
    assert re.search(r'fillcolor="#\w{6}:#\w{6}"', source)


def test_gradients_of_about_the_same_size_have_about_the_same_colour():
    g = viz.graph(lambda x: ((x * 2) * 2) * 2, tg.ones(3, requires_grad=True), gradients=True)
    shares = [shade.share for shade in shades(g, "gradient").values()]
    assert max(shares) - min(shares) < 0.3


def test_a_module_with_one_operation_and_nothing_else_needs_no_frame():
    source = viz.graph(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Flatten()), tg.ones(1, 2)).dot()
    assert source.count("subgraph") == 1 and "1: ReLU" in source


@pytest.mark.parametrize(
    ("color_by", "advice"),
    [("gradient", "gradients=True"), ("verdict", "check_model"), ("time", "viz.graph\\(model, x\\)")],
)
def test_a_colour_of_which_the_graph_knows_nothing(color_by, advice):
    x = tg.ones(2, requires_grad=True)
    g = viz.graph((x * x).sum())
    for draw in (g.dot, g.text, g.data):
        with pytest.raises(ValueError, match=f'color_by="{color_by}": this graph has no .*{advice}'):
            draw(color_by=color_by)
