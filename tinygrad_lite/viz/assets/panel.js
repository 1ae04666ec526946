// What is known about the box that is selected.

let selected = null;
const narrow = matchMedia("(max-width: 720px)");

/** Select a box, or nothing; its details open beside the picture. */
function select(box) {
  selected = box;
  const panel = element("panel");
  panel.hidden = !box;
  document.body.classList.toggle("with-panel", Boolean(box));
  if (box) {
    element("details").replaceChildren(...(box.group ? groupDetails(box) : nodeDetails(box.node)));
    element("details").scrollTop = 0;
    element("status").textContent = `selected: ${describe(box)}`;
  }
  mark();
}

/** Open what lies around a node or a group, select it and bring it into view. */
function reveal(box) {
  let changed = false;
  for (const group of groupsAround(box)) {
    changed ||= !group.open;
    group.open = true;
  }
  if (box.node && isHidden(box.node)) {
    show[box.node.kind === "op" ? "trivial" : box.node.kind === "constant" ? "constants" : "parameters"] = true;
    readSettings();
    changed = true;
  }
  if (changed) rebuild();
  select(box);
  centre(box);
}

function toggle(group, open = !group.open) {
  group.open = open;
  rebuild(group);
  if (selected && (selected === group || standIn(selected) !== selected)) select(standIn(selected));
  element("status").textContent = describe(group);
}

/** Mark what is selected, what is next to it, and where the stepper is. */
function mark() {
  const current = stepper.on ? stepper.box() : null;
  for (const { made, thing } of drawn.values()) {
    if (thing.points) {
      made.classList.toggle("near", selected !== null && (thing.from === selected || thing.to === selected));
      made.classList.toggle(
        "running",
        current !== null && thing.edges.some((edge) => edge.target === stepper.node() && carriesGradient(edge)),
      );
      continue;
    }
    made.classList.toggle("selected", thing === selected);
    made.classList.toggle("current", thing === current);
  }
}

const section = (title, ...children) => html("section", {}, html("h3", {}, title), ...children);
const code = (text) => html("pre", {}, html("code", {}, visibleLines(text)));
const visibleLines = (text) => text.split("\n").map(visible).join("\n");

function facts(pairs) {
  const told = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return html(
    "dl",
    { class: "table" },
    told.map(([name, value]) => [html("dt", {}, name), html("dd", {}, value)]),
  );
}

function link(box, text) {
  return html("button", { class: "link", type: "button", onclick: () => reveal(box) }, text);
}

function nodeLink(node) {
  const name = node.kind === "op" ? `${node.name} #${node.number}` : node.name || node.kind;
  return link(node.box, cut(name, 44));
}

function moduleLink(box) {
  const group = groupsAround(box).find((at) => at.what === "module");
  return group ? link(group, cut(group.path, 44)) : null;
}

function heading(kind, name, note) {
  return html(
    "header",
    {},
    html("p", { class: "kind" }, kind),
    html("h2", {}, visible(name)),
    note ? html("p", { class: "note" }, note) : null,
  );
}

function nodeDetails(node) {
  const op = node.kind === "op";
  const row = op ? graph.rows[node.name] : null;
  const parts = [
    heading(
      op ? `operation #${node.number}` : KINDS[node.kind],
      node.name || "no name",
      row?.doc ? visible(row.doc) : null,
    ),
  ];
  if (node.error) parts.push(html("p", { class: "failure" }, visible(node.error)));
  const count = node.shape.reduce((a, b) => a * b, 1);
  const shape = node.shape.length ? `${shapeText(node.shape)}  =  ${wholeText(count)}` : "scalar";
  parts.push(
    facts([
      ["shape", shape],
      ["dtype", node.dtype],
      ...Object.entries(node.params).map(([name, value]) => [visible(name), visible(value)]),
      ["module", moduleLink(node.box)],
      ["multiply-adds", node.macs === null ? null : wholeText(node.macs)],
      ["saved for backward", !op ? null : node.saved === null ? "freed" : bytesText(node.saved)],
      ["time forward", node.forward_s === null ? null : secondsText(node.forward_s)],
      ["time backward", node.backward_s === null ? null : secondsText(node.backward_s)],
      ["gradient check", node.verdict],
      ["NaN", node.nan_origin ? "appears here first" : null],
      ["used by", node.receivers > 1 && !op ? `${node.receivers} operations: shared` : null],
    ]),
  );
  if (row) parts.push(section("Formula", code(row.formula)), rulesOf(row.rules));
  if (node.value) parts.push(section("Value", ...summaryOf(node.value)));
  if (node.grad) parts.push(section("Gradient", ...summaryOf(node.grad)));
  if (node.inputs.length) parts.push(section("Inputs", links(node.inputs, "source")));
  if (node.outputs.length) parts.push(section("Goes to", links(node.outputs, "target")));
  if (node.line) parts.push(section("Source", code(node.line)));
  return parts;
}

function rulesOf(rules) {
  const told = Object.entries(rules);
  if (!told.length) return null;
  const pairs = told.map(([name, rule]) => [
    html("dt", {}, `∂ ${name}`),
    html("dd", {}, code(rule ?? "no derivative")),
  ]);
  return section("Derivative rules", html("dl", { class: "rules" }, pairs));
}

function links(edges, end) {
  const few = edges.slice(0, 40);
  const rows = few.map((edge) =>
    html(
      "li",
      {},
      edge.name && end === "source" ? html("span", { class: "slot" }, visible(edge.name)) : null,
      nodeLink(graph.nodes[edge[end]]),
      html("span", { class: "shape" }, shapeText(edge.shape)),
    ),
  );
  if (edges.length > few.length) rows.push(html("li", {}, `and ${edges.length - few.length} more`));
  return html("ul", { class: "links" }, rows);
}

function groupDetails(group) {
  const { total, module } = group;
  const { name, type } = titleOf(group);
  const kind = { module: "module", repeat: `${group.times} equal parts`, part: "part of the graph" }[group.what];
  const parts = [heading(kind, group.what === "module" ? group.path : name, type)];
  if (module?.detail) parts.push(code(module.detail));
  parts.push(
    html(
      "p",
      { class: "buttons" },
      html("button", { type: "button", class: "solid", onclick: () => toggle(group) }, group.open ? "Fold" : "Open"),
    ),
  );
  const norm = gradientOf(total);
  parts.push(
    section(
      "Totals",
      facts([
        ["operations", wholeText(total.ops)],
        ["parameters", total.params ? wholeText(total.params) : null],
        ["trainable", module && module.trainable !== module.params ? wholeText(module.trainable) : null],
        ["multiply-adds", total.macs || module?.macs ? wholeText(total.macs || module.macs) : null],
        ["saved for backward", total.freed ? "freed" : bytesText(total.saved)],
        ["time forward", total.forward ? secondsText(total.forward) : null],
        ["time backward", total.backward ? secondsText(total.backward) : null],
        ["gradient norm", norm === null ? null : written(norm)],
        ["dtype", [...total.dtypes].sort().join(", ")],
        ["gradient check", total.verdict],
        ["NaN", total.nan ? "appears in here first" : null],
        ["error", total.error ? visible(total.error) : null],
        ["like", module?.same_as ?? null],
        ["in", moduleLink(group)],
      ]),
    ),
  );
  const inside = group.children.slice(0, 60).map((child) => {
    const label = child.group ? titleOf(child).name : null;
    return html(
      "li",
      {},
      child.group ? link(child, cut(label, 40)) : nodeLink(child.node),
      child.group ? html("span", { class: "shape" }, cut(titleOf(child).type, 24)) : null,
    );
  });
  if (group.children.length > 60) inside.push(html("li", {}, `and ${group.children.length - 60} more`));
  parts.push(section("Inside", html("ul", { class: "links" }, inside)));
  return parts;
}
