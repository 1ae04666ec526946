// Where everything goes. Each open group is laid out on its own by dagre, the inner ones first: an arrow
// from one group into another passes through a gate on each border it crosses.

const SANS = '"Inter", system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif';
const MONO = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, "DejaVu Sans Mono", "Liberation Mono", monospace';
const WIDEST = 230;
const view = { direction: "down", large: false, flow: "forward" };

const unit = () => (view.large ? 1.45 : 1);
const font = (size, weight = 400, family = SANS) => `${weight} ${size * unit()}px ${family}`;

/** Text that takes no more than `room` pixels. */
function fitted(text, room, face) {
  let kept = cut(text, 60);
  while (kept.length > 4 && measured(kept, face) > room) kept = cut(text, Math.ceil(kept.length * 0.85) - 1);
  return kept;
}

/** The name of a parameter within its module. */
function shortName(node) {
  const start = `${node.module}.`;
  return node.module && node.name.startsWith(start) ? node.name.slice(start.length) : node.name;
}

function alone(summary) {
  const value = summary?.values;
  if (value === null || value === undefined) return null;
  const flat = [value].flat(Infinity);
  return flat.length === 1 ? flat[0] : null;
}

/** The lines on a box that is drawn whole: `{text, face, role}`. */
function linesOf(box) {
  const line = (text, face, role) => ({ text: fitted(text, WIDEST * unit(), face), face, role });
  if (box.group) {
    const { name, type } = titleOf(box);
    const heading = line(name, font(13, 600), "name");
    if (type) heading.aside = fitted(type, 150 * unit(), font(12));
    const told = [];
    if (box.what === "part") told.push(counted(box.total.ops, "op"));
    if (box.total.params) told.push(`${countText(box.total.params)} params`);
    if (box.total.macs) told.push(`${countText(box.total.macs)} MACs`);
    if (!told.length) told.push(counted(box.total.ops, "op"));
    return [heading, line(told.join("  ·  "), font(11), "note")];
  }
  const { node } = box;
  const op = node.kind === "op";
  const lines = [line(op ? node.name : shortName(node) || node.kind, font(13, op ? 500 : 600), "name")];
  const value = alone(node.value);
  const notes = [];
  if (value !== null && node.kind !== "constant") notes.push(`= ${written(value)}`);
  else if (value !== null && cut(node.name, 20) !== written(value)) notes.push(`= ${written(value)}`);
  else if (!op && node.shape.length) notes.push(shapeText(node.shape));
  if (op)
    notes.push(
      ...Object.entries(node.params)
        .map(([name, given]) => `${name}=${given}`)
        .slice(0, 2),
    );
  if (node.kind === "parameter" && node.receivers > 1) notes.push(`shared ×${node.receivers}`);
  if (notes.length) lines.push(line(notes.join("  ·  "), font(11, 400, MONO), "note"));
  if (node.error) lines.push(line(node.error, font(11, 600), "error"));
  // Room for the gradient, which comes and goes as the backward pass is stepped through.
  if (value !== null && (node.grad || graph.backward)) lines.push(line("∂ −0.0000", font(11, 600, MONO), "grad"));
  return lines;
}

function sizeLeaf(box) {
  const scale = unit();
  box.lines = linesOf(box);
  const wide = box.lines.map((line) => {
    return measured(line.text, line.face) + (line.aside ? 7 * scale + measured(line.aside, font(12)) : 0);
  });
  const extra = box.group ? 46 : 28; // room for the sign that opens a group
  box.w = Math.ceil((Math.max(box.group ? 96 : 56, ...wide) + extra * scale) / 6) * 6; // so that equal parts match
  box.h = Math.ceil((box.group ? 18 : 13) * scale + box.lines.length * 17 * scale);
}

/** Lay out a scene: every box gets x, y, w, h; every wire its points. Returns the size of the whole. */
function layOut(scene) {
  scene.leaves.forEach(sizeLeaf);
  const levels = linksOf(scene);
  for (const group of [...scene.open].reverse()) layOutLevel(group, levels.get(group));
  const [root] = scene.open;
  Object.assign(root, { x: 0, y: 0 });
  for (const group of scene.open) {
    for (const child of group.shown) {
      Object.assign(child, shifted(group, group.plan.places.get(group.local.get(child.id))));
    }
  }
  for (const wire of scene.wires) wire.points = pointsOf(wire);
  spreadEnds(scene);
  return { w: root.w, h: root.h };
}

/** For each open group the links that its layout sees, between its children and its gates. */
function linksOf(scene) {
  const levels = new Map(scene.open.map((group) => [group, new Map()]));
  const add = (group, from, to, net, more) => {
    const id = `${from}\n${to}\n${net}`;
    const level = levels.get(group);
    if (!level.has(id)) level.set(id, { id, from, to, net, label: "", joins: false, residual: false });
    Object.assign(level.get(id), more);
    return level.get(id);
  };
  for (const wire of scene.wires) {
    const net = wire.from.id;
    const ups = groupsAround(wire.from);
    const downs = groupsAround(wire.to);
    const meet = ups.find((group) => downs.includes(group));
    wire.label = wireShape(wire);
    wire.shared = isShared(wire);
    wire.path = [];
    let from = wire.from.id;
    for (const group of ups.slice(0, ups.indexOf(meet))) {
      wire.path.push({ group, side: "out", link: add(group, from, `out ${net}`, net) });
      from = group.id;
    }
    const entered = downs.slice(0, downs.indexOf(meet)).reverse();
    const goals = [...entered.map((group) => group.id), wire.to.id];
    const source = wire.from.node?.kind;
    const joins =
      ["add", "cat", "sub"].includes(wire.to.node?.name) && (!source || source === "op" || source === "input");
    const slot = wire.to.node ? Math.min(...wire.edges.map((edge) => edge.slot)) : undefined;
    const more = (last) => ({
      joins: last && joins,
      light: source !== undefined && source !== "op",
      ...(last ? { slot } : {}),
    });
    const label = show.shapes ? wire.label : "";
    wire.path.push({
      group: meet,
      side: "",
      link: add(meet, from, goals[0], net, { label, ...more(!entered.length) }),
    });
    entered.forEach((group, k) => {
      const link = add(group, `in ${net}`, goals[k + 1], net, more(k === entered.length - 1));
      wire.path.push({ group, side: "in", link });
    });
  }
  for (const level of levels.values()) markResiduals([...level.values()]);
  return levels;
}

const spacing = () => ({ pad: 16 * unit(), header: 34 * unit() });

function headerWidth(group) {
  if (group.what === "root") return 0;
  const { name, type } = titleOf(group);
  group.heading = { name: fitted(name, WIDEST * unit(), font(13, 600)), type: fitted(type, WIDEST * unit(), font(12)) };
  const times = group.times ? 44 * unit() : 0;
  return measured(group.heading.name, font(13, 600)) + measured(group.heading.type, font(12)) + times + 70 * unit();
}

const plans = new Map();

/** Lay one group out. Groups of equal structure, such as the blocks of a network, share one plan. */
function layOutLevel(group, level) {
  const links = [...level.values()];
  group.local = new Map(group.shown.map((box, k) => [box.id, `box ${k}`]));
  for (const link of links) {
    for (const end of [link.from, link.to]) {
      if (!group.local.has(end)) group.local.set(end, `${end.split(" ", 1)[0]} ${group.local.size}`);
    }
    if (!group.local.has(link.net)) group.local.set(link.net, `net ${group.local.size}`);
    const ends = { from: group.local.get(link.from), to: group.local.get(link.to), net: group.local.get(link.net) };
    const wide = link.label ? Math.ceil(measured(link.label, font(11, 400, MONO)) / 6) * 6 + 12 : 0;
    link.plain = { key: Object.values(ends).join("|"), ...ends, wide, light: link.light, slot: link.slot };
  }
  const sizes = group.shown.map((box) => ({ w: box.w, h: box.h }));
  const plain = links.map((link) => link.plain);
  const key = JSON.stringify([view.direction, unit(), show.shapes, group.what === "root", sizes, plain]);
  if (!plans.has(key)) plans.set(key, planLevel(sizes, plain, group.what === "root"));
  group.plan = plans.get(key);
  group.w = Math.max(group.plan.w, headerWidth(group));
  group.h = group.plan.h;
  group.shift = (group.w - group.plan.w) / 2;
}

function planLevel(sizes, links, root) {
  const down = view.direction === "down";
  const scale = unit();
  const drawn = new dagre.graphlib.Graph({ multigraph: true });
  const between = (show.shapes ? 30 : 38) * scale;
  drawn.setGraph({ rankdir: down ? "TB" : "LR", nodesep: 22 * scale, edgesep: 14 * scale, ranksep: between });
  sizes.forEach(({ w, h }, k) => drawn.setNode(`box ${k}`, { width: w, height: h }));
  const gates = new Set(links.flatMap(({ from, to }) => [from, to]).filter((end) => !end.startsWith("box ")));
  for (const gate of gates) {
    drawn.setNode(gate, { width: down ? 20 * scale : 1, height: down ? 1 : 20 * scale });
    // Hold the gates at the border: a point above all that come in, one below all that go out.
    const into = gate.startsWith("in ");
    drawn.setNode(into ? "above" : "below", { width: 1, height: 1 });
    drawn.setEdge(into ? "above" : gate, into ? gate : "below", { weight: 12, minlen: 1 }, "gate");
  }
  for (const { from, to, net, wide, light } of links) {
    drawn.setEdge(from, to, { width: wide, height: wide ? 14 * scale : 0, labelpos: "c", weight: light ? 1 : 3 }, net);
  }
  dagre.layout(drawn);
  if (down) {
    mirrorIfBetter(links, drawn);
    orderSources(links, drawn);
  }
  return measuredPlan(
    sizes.map((_, k) => `box ${k}`),
    links,
    gates,
    drawn,
    root,
  );
}

/** Turn the left and the right round where more inputs then stand in the order the operation has them. */
function mirrorIfBetter(links, drawn) {
  const places = new Map();
  for (const { from, to, slot } of links) {
    if (slot === undefined) continue;
    if (!places.has(to)) places.set(to, []);
    places.get(to).push({ slot, x: drawn.node(from).x });
  }
  let good = 0;
  for (const row of places.values()) {
    for (const a of row) for (const b of row) if (a.slot < b.slot) good += Math.sign(b.x - a.x);
  }
  if (good >= 0) return;
  const wide = drawn.graph().width;
  const turn = (point) => (point.x = wide - point.x);
  for (const id of drawn.nodes()) turn(drawn.node(id));
  for (const edge of drawn.edges().map((end) => drawn.edge(end))) {
    edge.points.forEach(turn);
    if (edge.x !== undefined) turn(edge);
  }
}

/** Let neighbours that feed only one operation stand in the order of its inputs. */
function orderSources(links, drawn) {
  const degree = new Map();
  for (const { from, to } of links) for (const id of [from, to]) degree.set(id, (degree.get(id) ?? 0) + 1);
  const rows = new Map();
  for (const { from, to, slot, net } of links) {
    const near = drawn.edge(from, to, net).points.length === 3;
    if (slot === undefined || degree.get(from) > 1 || !near) continue;
    if (!rows.has(to)) rows.set(to, []);
    rows.get(to).push({ slot, at: drawn.node(from) });
  }
  for (const row of rows.values()) {
    row.sort((a, b) => a.slot - b.slot);
    const [left, right] = [
      Math.min(...row.map(({ at }) => at.x - at.width / 2)),
      Math.max(...row.map(({ at }) => at.x + at.width / 2)),
    ];
    const { y } = row[0].at;
    const inside = drawn
      .nodes()
      .map((id) => drawn.node(id))
      .filter((at) => Math.abs(at.y - y) < 1 && at.x > left && at.x < right);
    if (inside.length !== row.length || row.some(({ at }) => Math.abs(at.y - y) >= 1)) continue;
    const gap = (right - left - row.reduce((sum, { at }) => sum + at.width, 0)) / Math.max(1, row.length - 1);
    let x = left;
    for (const { at } of row) {
      at.x = x + at.width / 2;
      x += at.width + gap;
    }
  }
}

/** What dagre found, moved so that the group's corner is at 0, 0 and its border lies around everything. */
function measuredPlan(boxes, links, gates, drawn, root) {
  const { pad, header } = spacing();
  const corners = boxes
    .map((id) => drawn.node(id))
    .map((at) => [at.x - at.width / 2, at.y - at.height / 2, at.x + at.width / 2, at.y + at.height / 2]);
  for (const gate of gates) {
    const at = drawn.node(gate);
    corners.push([at.x, at.y, at.x, at.y]);
  }
  const edges = links.map((link) => [link, drawn.edge(link.from, link.to, link.net)]);
  for (const [link, edge] of edges) {
    for (const point of edge.points) corners.push([point.x, point.y, point.x, point.y]);
    if (link.wide) corners.push([edge.x - edge.width / 2, edge.y - 8, edge.x + edge.width / 2, edge.y + 8]);
  }
  const least = (k) => corners.reduce((low, corner) => Math.min(low, corner[k]), Infinity);
  const most = (k) => corners.reduce((high, corner) => Math.max(high, corner[k]), -Infinity);
  const [left, top, right, bottom] = [least(0), least(1), most(2), most(3)];
  const down = view.direction === "down";
  const gated = (way) => [...gates].some((gate) => gate.startsWith(way));
  const rim = { top: down && gated("in ") ? 0 : pad, bottom: down && gated("out ") ? 0 : pad };
  const [dx, dy] = [pad - left, rim.top + (root ? 0 : header) - top];
  const moved = ({ x, y }) => ({ x: x + dx, y: y + dy });
  const corner = (at) => moved({ x: at.x - at.width / 2, y: at.y - at.height / 2 });
  return {
    w: right - left + 2 * pad,
    h: bottom + dy + rim.bottom,
    places: new Map(boxes.map((id) => [id, corner(drawn.node(id))])),
    ports: new Map([...gates].map((gate) => [gate, moved(drawn.node(gate))])),
    routes: new Map(
      edges.map(([link, edge]) => [
        link.key,
        { points: edge.points.map(moved), label: link.wide ? moved(edge) : null },
      ]),
    ),
  };
}
