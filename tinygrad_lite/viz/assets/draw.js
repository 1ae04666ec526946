// The picture: only what is in sight is in the document, so that a large graph moves as smoothly as a small one.

const stage = element("stage");
const world = element("world");
const layers = Object.fromEntries(["groups", "wires", "boxes"].map((id) => [id, element(id)]));
const FAR = 0.42; // below this scale, small print is left out
const TINY = 14; // pixels: a group smaller than this on the screen is drawn without what is in it
const SPECK = 0.12; // below this scale, single boxes are left out of the groups around them
let scene = { open: [], leaves: [], wires: [], size: { w: 0, h: 0 } };
let drawn = new Map();

/** Draw the tree as it is open now, and keep `anchor` where it is on the screen. */
function rebuild(anchor) {
  const before = anchor && { x: anchor.x, y: anchor.y };
  const known = new Set(scene.leaves.concat(scene.open));
  scene = makeScene(graph.root);
  scene.size = layOut(scene);
  scene.fresh = known.size ? known : null;
  paintMap();
  if (before) {
    camera.x += (before.x - anchor.x) * camera.k;
    camera.y += (before.y - anchor.y) * camera.k;
  }
  redraw();
}

/** Make every element anew: colours, labels or marks have changed. */
function redraw() {
  for (const { made } of drawn.values()) made.remove();
  drawn = new Map();
  look();
}

/** Bring the document up to date with what the camera sees. */
function look() {
  const { x, y, k } = camera;
  if (printing) world.removeAttribute("transform");
  else world.setAttribute("transform", `translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${k.toFixed(4)})`);
  stage.classList.toggle("far", k * unit() < FAR);
  const margin = 120;
  const sight = printing
    ? { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity }
    : {
        left: (-margin - x) / k,
        top: (-margin - y) / k,
        right: (stage.clientWidth + margin - x) / k,
        bottom: (stage.clientHeight + margin - y) / k,
      };
  const seen = (box) =>
    box.x < sight.right && box.x + box.w > sight.left && box.y < sight.bottom && box.y + box.h > sight.top;
  const wanted = new Map();
  for (const group of scene.open) {
    group.detailed =
      group.what === "root" || (group.parent.detailed && (printing || Math.max(group.w, group.h) * k > TINY));
    if (group.what === "root" || !group.parent.detailed || !seen(group)) continue;
    wanted.set(`frame ${group.id}`, [layers.groups, drawFrame, group]);
    if (group.detailed) wanted.set(group.id, [layers.boxes, drawHeader, group]);
  }
  const speck = k * unit() < SPECK && !printing && scene.leaves.length > 200;
  for (const box of scene.leaves) {
    if (!speck && box.parent.detailed && seen(box)) wanted.set(box.id, [layers.boxes, drawLeaf, box]);
  }
  for (const wire of scene.wires) {
    if (speck || (!wire.from.parent.detailed && !wire.to.parent.detailed)) continue;
    wire.bounds ??= boundsOf(wire.points);
    if (seen(wire.bounds)) wanted.set(wire.id, [layers.wires, drawWire, wire]);
  }
  for (const [id, { made }] of drawn) {
    if (wanted.has(id)) continue;
    made.remove();
    drawn.delete(id);
  }
  for (const [id, [layer, draw, thing]] of wanted) {
    if (drawn.has(id)) continue;
    const made = draw(thing);
    if (scene.fresh && (thing.group || thing.node) && !scene.fresh.has(thing)) made.classList.add("fresh");
    layer.append(made);
    drawn.set(id, { made, thing });
  }
  mark();
  drawMinimap();
}

function boundsOf(points) {
  const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, w: Math.max(...xs) - x + 1, h: Math.max(...ys) - y + 1 };
}

const depthOf = (group) => `depth${(groupsAround(group).length - 1) % 3}`;

function drawFrame(group) {
  return svg("rect", {
    class: `frame ${depthOf(group)} ${group.what}`,
    rx: 12,
    x: group.x,
    y: group.y,
    width: group.w,
    height: group.h,
    "data-frame": group.id,
  });
}

const sign = (box, x, y, opened) =>
  svg(
    "g",
    { class: "sign", "data-toggle": box.id, transform: `translate(${x} ${y}) scale(${unit()})` },
    svg("title", {}, opened ? "Fold" : "Open"),
    svg("circle", { r: 9.5 }),
    svg("path", { d: opened ? "M-4 0H4" : "M-4 0H4M0-4V4" }),
  );

function describe(box) {
  if (!box.group) return `${KINDS[box.node.kind]} ${visible(box.node.name)}, ${shapeText(box.node.shape)}`;
  const { name, type } = titleOf(box);
  return `${box.open ? "open" : "closed"} ${box.what} ${visible(name)} ${visible(type)}`;
}

const boxGroup = (box, kind) =>
  svg("g", {
    class: `box ${kind}`,
    "data-id": box.id,
    role: "button",
    "aria-label": describe(box),
    transform: `translate(${box.x} ${box.y})`,
  });

function drawHeader(group) {
  const scale = unit();
  const made = boxGroup(group, `header ${group.what} ${depthOf(group)}`);
  const { name, type } = group.heading;
  const wide = measured(name, font(13, 600));
  const y = 22 * scale;
  made.append(
    svg("path", {
      class: "band",
      d: `M1 ${spacing().header}V12a11 11 0 0 1 11-11H${group.w - 12}a11 11 0 0 1 11 11V${spacing().header}z`,
    }),
  );
  made.append(svg("text", { class: "name", x: 14 * scale, y, "font-size": 13 * scale }, name));
  made.append(svg("text", { class: "aside", x: 14 * scale + wide + 7 * scale, y, "font-size": 12 * scale }, type));
  if (group.times) {
    const wide = measured(badgeText(group), font(11, 700)) + 14 * scale;
    made.append(badge(group, group.w - wide - 36 * scale, 8.5 * scale));
  }
  made.append(sign(group, group.w - 19 * scale, 17.5 * scale, true));
  return made;
}

const badgeText = (group) => `× ${wholeText(group.times)}`;

function badge(group, x, y) {
  const scale = unit();
  const text = badgeText(group);
  const wide = measured(text, font(11, 700)) + 14 * scale;
  return svg(
    "g",
    { class: "badge", transform: `translate(${x} ${y})` },
    svg("rect", { width: wide, height: 18 * scale, rx: 9 * scale }),
    svg("text", { x: wide / 2, y: 13 * scale, "font-size": 11 * scale, "text-anchor": "middle" }, text),
  );
}

function kindOf(box) {
  if (!box.group) return `${box.node.kind}${box.node.error ? " failed" : ""}${box.node.trivial ? " trivial" : ""}`;
  return `closed ${box.what}${box.total.error ? " failed" : ""}`;
}

function drawLeaf(box) {
  const scale = unit();
  const made = boxGroup(box, kindOf(box));
  const radius = box.group ? 11 : box.node.kind === "op" ? 8 : Math.min(box.h / 2, 17);
  const card = (shift, kind) =>
    svg("rect", { class: kind, x: shift, y: shift, width: box.w, height: box.h, rx: radius });
  if (box.times) made.append(card(8, "card behind"), card(4, "card behind"));
  const front = card(0, "card");
  made.append(front);
  const fill = fillOf(box);
  if (fill) {
    front.style.fill = fill;
    made.classList.add("filled");
    made.style.setProperty("--ink", inkOn(fill));
    made.style.setProperty("--soft", inkOn(fill));
  }
  const right = box.group ? 30 * scale : 0;
  const high = 17 * scale;
  const lines = box.lines.filter((line) => line.role !== "grad" || gradText(box.node));
  const top = (box.h - lines.length * high) / 2 + 12.5 * scale;
  lines.forEach((line, k) => {
    const text = line.role === "grad" ? gradText(box.node) : line.text;
    const word = svg("text", { class: line.role, y: top + k * high, "font-size": /(\d[\d.]*)px/.exec(line.face)[1] });
    word.setAttribute("x", (box.w - right) / 2);
    word.append(text);
    if (line.aside) word.append(svg("tspan", { class: "aside", dx: 7 * scale, "font-size": 12 * scale }, line.aside));
    made.append(word);
  });
  if (box.group) made.append(sign(box, box.w - 20 * scale, box.h / 2, false));
  if (box.times) made.append(badge(box, box.w - 32 * scale, -9 * scale));
  return made;
}

/** The gradient of a node with one number, as far as it is known: while stepping, what has arrived so far. */
function gradText(node) {
  const value = stepper.on ? stepper.arrived(node) : alone(node.grad);
  return value === null || value === undefined ? "" : `∂ ${written(value)}`;
}

function wireClass(wire) {
  const kinds = ["wire"];
  if (wire.residual) kinds.push("residual");
  if (wire.shared) kinds.push("shared");
  if (wire.from.node && wire.from.node.kind !== "op") kinds.push("feed");
  return kinds.join(" ");
}

/** The tip of an arrow at a point, for what flows on or, `back`, for a gradient. */
function arrow(at, back) {
  const [along, across] = [back ? 7 : -7, 3.8];
  const corner = (side) => (view.direction === "down" ? [side * across, along] : [along, side * across]);
  const [first, second] = [corner(-1), corner(1)].map(
    ([dx, dy]) => `${(at.x + dx).toFixed(1)} ${(at.y + dy).toFixed(1)}`,
  );
  return `M${at.x.toFixed(1)} ${at.y.toFixed(1)}L${first}L${second}z`;
}

function drawWire(wire) {
  const path = curve(wire.points);
  const sent = wire.edges.filter(carriesGradient);
  const gone = stepper.on && sent.some((edge) => stepper.done(edge.target));
  const made = svg("g", { class: `${wireClass(wire)}${gone ? " sent" : ""}`, "data-wire": wire.id });
  const forward = view.flow !== "backward" || !sent.length;
  const told = wire.edges
    .slice(0, 8)
    .map((edge) => `${visible(edge.name) || "output"}: ${shapeText(edge.shape)} ${edge.dtype ?? ""}`);
  made.append(svg("title", {}, told.join("\n")));
  if (forward) {
    made.append(svg("path", { class: `line${view.flow === "backward" ? " unused" : ""}`, d: path }));
    if (view.flow !== "backward")
      made.append(svg("path", { class: "tip", d: arrow(wire.points.at(gone ? 0 : -1), gone) }));
  }
  if (view.flow !== "forward" && sent.length) {
    const shift = view.flow === "both" ? (view.direction === "down" ? "translate(6 0)" : "translate(0 6)") : null;
    made.append(
      svg(
        "g",
        { class: "back", transform: shift },
        svg("path", { class: "line", d: path }),
        svg("path", { class: "tip", d: arrow(wire.points[0], true) }),
      ),
    );
  }
  const [text, role] = wireText(wire, sent);
  if (text && wire.labelAt) {
    const size = 11 * unit();
    const wide = measured(text, font(11, 400, MONO)) + 8;
    const { x, y } = wire.labelAt;
    made.append(
      svg("rect", { class: "under", x: x - wide / 2, y: y - size * 0.72, width: wide, height: size * 1.35, rx: 4 }),
    );
    made.append(svg("text", { class: `label ${role}`, x, y: y + size * 0.34, "font-size": size }, text));
  }
  return made;
}

const carriesGradient = (edge) => {
  if (graph.backward) return graph.sends.has(`${edge.target}:${edge.slot}`);
  return Boolean(graph.nodes[edge.source].grad);
};

/** What stands beside a wire: the gradient that has gone along it, else its shape. */
function wireText(wire, sent) {
  const here = sent.filter((edge) => !stepper.on || stepper.done(edge.target));
  if ((stepper.on || view.flow !== "forward") && here.length && graph.backward) {
    const gradient = gradientOn(here[0])?.gradient;
    if (here.length > 1) return [`${here.length} gradients`, "gradient"];
    const single = alone(gradient);
    if (gradient) return [single === null ? `‖g‖ ${written(gradient.norm, 3)}` : written(single), "gradient"];
  }
  return [show.shapes ? wire.label : "", "shape"];
}
