// What can be seen at the moment: which boxes are open, what is hidden, and the wires between what is left.

const EASY = 60; // boxes that are shown at once before anyone has opened one
const SMALL = 30; // nodes of a graph that is shown without folding anything
const show = { parameters: true, constants: true, trivial: true, shapes: true };

function isHidden(node) {
  if (node.error) return false;
  if (node.kind === "op") return node.trivial && !show.trivial;
  if (node.kind === "parameter" || node.kind === "buffer") return !show.parameters;
  return node.kind === "constant" && !show.constants;
}

/**
 * Open the modules while few boxes show, the outer ones first, and those of one type together; repeats stay
 * folded in a large graph.
 */
function openWhatFits(root) {
  const all = root.total.nodes <= SMALL;
  let shown = root.children.length;
  let level = [root];
  while (level.length) {
    const kinds = new Map();
    for (const group of level.flatMap((parent) => parent.children).filter((child) => child.group)) {
      const kind = group.module?.type ?? group.id;
      if (!all && (group.what !== "module" || group.times)) continue;
      if (!kinds.has(kind)) kinds.set(kind, []);
      kinds.get(kind).push(group);
    }
    level = [];
    for (const groups of kinds.values()) {
      const grown = groups.reduce((sum, group) => sum + group.children.length - 1, shown);
      if (!all && grown > EASY) continue;
      for (const group of groups) group.open = true;
      shown = grown;
      level.push(...groups);
    }
  }
}

/** How many nodes in each group are not hidden, as `group.alive`. */
function countAlive(root) {
  for (const group of allGroups(root).reverse()) {
    group.alive = 0;
    for (const child of group.children) group.alive += child.group ? child.alive : isHidden(child.node) ? 0 : 1;
  }
}

/** The box that stands for a node: its own, or the closed one around it. */
function standIn(box) {
  let found = box;
  for (let at = box.parent; at; at = at.parent) if (!at.open) found = at;
  return found;
}

/** The node whose result an edge carries, past the operations that are hidden; null if nothing is left. */
function origin(edge) {
  let node = graph.nodes[edge.source];
  while (isHidden(node)) {
    if (node.kind !== "op" || !node.inputs.length) return null;
    node = graph.nodes[node.inputs[0].source];
  }
  return node;
}

/** `{open, leaves, wires}`: the open groups, a parent first; the boxes that are drawn whole; their wires. */
function makeScene(root) {
  countAlive(root);
  const open = [];
  const leaves = [];
  const waiting = [root];
  while (waiting.length) {
    const group = waiting.pop();
    open.push(group);
    group.shown = [];
    for (const child of group.children) {
      if (child.group ? !child.alive : isHidden(child.node)) continue;
      group.shown.push(child);
      if (child.group && child.open) waiting.push(child);
      else leaves.push(child);
    }
  }
  const wires = new Map();
  for (const edge of graph.edges) {
    const target = graph.nodes[edge.target];
    if (isHidden(target)) continue;
    const source = origin(edge);
    if (!source) continue;
    const from = standIn(source.box);
    const to = standIn(target.box);
    if (from === to) continue;
    const id = `${from.id}>${to.id}`;
    if (!wires.has(id)) wires.set(id, { id, from, to, edges: [] });
    wires.get(id).edges.push(edge);
  }
  return { open, leaves, wires: [...wires.values()] };
}

/** The text beside a wire going forward: the shape of what it carries. */
function wireShape(wire) {
  const shapes = new Set(wire.edges.map((edge) => shapeText(edge.shape)));
  if (shapes.size > 1) return `${wire.edges.length} tensors`;
  const [shape] = shapes;
  if (shape === "scalar") return "";
  const sources = new Set(wire.edges.map((edge) => edge.source)).size;
  return sources > 1 ? `${sources} · ${shape}` : shape;
}

/** Whether a wire brings a weight to another module than the one that owns it. */
function isShared(wire) {
  const node = wire.from.node;
  if (!node || (node.kind !== "parameter" && node.kind !== "buffer") || node.receivers < 2) return false;
  return !groupsAround(wire.to).includes(wire.from.parent);
}

/** Mark the wires of a level that go round others and meet them again in a sum: residual paths. */
function markResiduals(links) {
  const next = new Map();
  for (const link of links) {
    if (!next.has(link.from)) next.set(link.from, []);
    next.get(link.from).push(link.to);
  }
  for (const link of links) {
    const rivals = links.filter((other) => other !== link && other.to === link.to && other.from !== link.from);
    if (!link.joins || !rivals.length) continue;
    const goals = new Set(rivals.map((other) => other.from));
    const seen = new Set([link.to]);
    const waiting = [...(next.get(link.from) ?? [])].filter((box) => box !== link.to);
    while (waiting.length && !link.residual) {
      const box = waiting.pop();
      if (goals.has(box)) link.residual = true;
      if (seen.has(box)) continue;
      seen.add(box);
      waiting.push(...(next.get(box) ?? []));
    }
  }
}
