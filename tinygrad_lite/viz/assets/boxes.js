// The graph as a tree of boxes: modules hold operations and other modules, as they were called.

/** The data of the page, with the edges tied to their nodes. */
function readGraph() {
  const graph = JSON.parse(element("data").textContent);
  graph.nodes.forEach((node, id) => Object.assign(node, { id, inputs: [], outputs: [] }));
  graph.edges.forEach((edge, id) => {
    edge.id = id;
    graph.nodes[edge.target].inputs.push(edge);
    graph.nodes[edge.source].outputs.push(edge);
  });
  for (const node of graph.nodes) node.inputs.sort((a, b) => a.slot - b.slot);
  graph.moduleAt = new Map(graph.modules.map((module) => [module.path, module]));
  graph.ops = graph.nodes.filter((node) => node.kind === "op").sort((a, b) => a.number - b.number);
  graph.sends = new Map();
  for (const step of graph.backward ?? []) {
    for (const sent of step.sends) if (sent.to !== null) graph.sends.set(`${step.node}:${sent.slot}`, sent);
  }
  for (const node of graph.nodes) node.receivers = new Set(node.outputs.map((edge) => edge.target)).size;
  return graph;
}

const gradientOn = (edge) => graph.sends.get(`${edge.target}:${edge.slot}`);

/** `what`: "root", "module", "repeat" (equal parts folded into one) or "part" (some of a long row). */
function newGroup(what, id, fields = {}) {
  return { group: true, what, id, children: [], parent: null, open: false, order: 0, ...fields };
}

/** The paths of the modules around `path`, outermost first. */
function pathsTo(path, moduleAt) {
  const found = [];
  for (let at = path; at; at = moduleAt.get(at)?.parent) {
    if (found.includes(at)) break;
    found.push(at);
  }
  return found.reverse();
}

/**
 * The modules around each operation. Where only the names of the parameters told of modules, so that an
 * activation is known to lie in none, it is taken to lie in what the operations before and after share.
 */
function guessPlaces(graph) {
  const places = new Map(graph.ops.map((node) => [node, pathsTo(node.module, graph.moduleAt)]));
  if (graph.modules.some((module) => module.type)) return places;
  let before = [];
  let waiting = [];
  for (const node of graph.ops) {
    const after = places.get(node);
    if (!after.length) {
      waiting.push(node);
      continue;
    }
    const shared = after.filter((path, depth) => before[depth] === path);
    const inside = before.length === after.length && shared.length === after.length ? shared.slice(0, -1) : shared;
    for (const other of waiting) places.set(other, inside);
    [before, waiting] = [after, []];
  }
  return places;
}

/**
 * The tree. A module that is called again after other operations gets another box: what lies in one box
 * then ran in one go, so that no arrow between boxes ever leads back.
 */
function growTree(graph) {
  const root = newGroup("root", "root", { open: true });
  const calls = new Map();
  let stack = [root];
  const moduleGroup = (path, parent) => {
    const call = (calls.get(path) ?? 0) + 1;
    calls.set(path, call);
    const module = graph.moduleAt.get(path) ?? null;
    const found = newGroup("module", `m:${path}${call > 1 ? `@${call}` : ""}`, { path, module, call, parent });
    parent.children.push(found);
    return found;
  };
  const put = (node, parent, order) => {
    node.box = { id: `n:${node.id}`, node, parent, order };
    parent.children.push(node.box);
  };
  const places = guessPlaces(graph);
  for (const node of graph.ops) {
    const paths = places.get(node);
    let depth = 0;
    while (depth < paths.length && stack[depth + 1]?.path === paths[depth]) depth += 1;
    stack.length = depth + 1;
    for (; depth < paths.length; depth += 1) {
      const opened = moduleGroup(paths[depth], stack[depth]);
      opened.order = node.number;
      stack.push(opened);
    }
    put(node, stack.at(-1), node.number);
  }
  for (const node of graph.nodes) if (node.kind === "output") put(node, root, Infinity);
  for (const node of graph.nodes) if (!node.box) putSource(node, root, put);
  root.calls = calls;
  const groups = allGroups(root);
  for (const group of groups) group.children.sort((a, b) => a.order - b.order);
  return root;
}

/** Put what goes into the computation where it is used first; a parameter into the module that owns it. */
function putSource(node, root, put) {
  const users = node.outputs.map((edge) => graph.nodes[edge.target].box).filter((box) => box && !box.group);
  users.sort((a, b) => a.order - b.order);
  if (!users.length) return put(node, root, 0);
  let place = root;
  if (node.kind === "parameter" || node.kind === "buffer") {
    for (let at = users[0].parent; at && node.module; at = at.parent) {
      if (at.path === node.module) {
        place = at;
        break;
      }
    }
    if (place === root && node.module) place = commonGroup(users);
  } else if (node.kind !== "input") place = commonGroup(users);
  let child = users[0];
  while (child.parent !== place) child = child.parent;
  put(node, place, child.order === Infinity ? Infinity : child.order - 0.5);
}

function groupsAround(box) {
  const found = [];
  for (let at = box.parent; at; at = at.parent) found.push(at);
  return found;
}

function commonGroup(boxes) {
  let around = groupsAround(boxes[0]);
  for (const box of boxes.slice(1)) {
    const others = new Set(groupsAround(box));
    around = around.filter((group) => others.has(group));
  }
  return around[0];
}

/** Every group of the tree, a parent before what lies in it. */
function allGroups(root) {
  const found = [root];
  for (let at = 0; at < found.length; at += 1) {
    for (const child of found[at].children) if (child.group) found.push(child);
  }
  return found;
}

/** What the nodes in each group add up to, as `group.total`. */
function addTotals(root) {
  const groups = allGroups(root);
  for (const group of groups.reverse()) {
    const total = {
      nodes: 0,
      ops: 0,
      params: 0,
      macs: 0,
      saved: 0,
      freed: 0,
      forward: 0,
      backward: 0,
      squares: 0,
      paramSquares: 0,
      paramGrads: 0,
      grads: 0,
      nan: false,
      error: null,
      verdict: null,
      dtypes: new Set(),
    };
    const owned = new Set();
    for (const child of group.children) addChild(total, child, owned);
    if (group.module && group.call === 1) total.params = group.module.params;
    group.total = total;
  }
}

const GRAVITY = { pass: 1, kink: 2 }; // every other verdict is graver

function worse(a, b) {
  const weight = (verdict) => (verdict === null ? 0 : (GRAVITY[verdict] ?? 3));
  return weight(b) > weight(a) ? b : a;
}

function addChild(total, child, owned) {
  const part = child.group ? child.total : nodeTotal(child.node);
  if (!child.path || !owned.has(child.path)) total.params += part.params;
  if (child.path) owned.add(child.path);
  const names = [
    "nodes",
    "ops",
    "macs",
    "saved",
    "freed",
    "forward",
    "backward",
    "squares",
    "grads",
    "paramSquares",
    "paramGrads",
  ];
  for (const name of names) total[name] += part[name];
  total.nan ||= part.nan;
  total.error ??= part.error;
  total.verdict = worse(total.verdict, part.verdict);
  for (const dtype of part.dtypes) total.dtypes.add(dtype);
}

function nodeTotal(node) {
  const op = node.kind === "op";
  const parameter = node.kind === "parameter";
  const norm = node.grad ? number(node.grad.norm) : null;
  const square = norm === null ? 0 : norm * norm;
  return {
    nodes: 1,
    ops: op ? 1 : 0,
    params: parameter ? node.shape.reduce((a, b) => a * b, 1) : 0,
    macs: node.macs ?? 0,
    saved: node.saved ?? 0,
    freed: op && node.saved === null ? 1 : 0,
    forward: node.forward_s ?? 0,
    backward: node.backward_s ?? 0,
    squares: square,
    grads: norm === null ? 0 : 1,
    paramSquares: parameter ? square : 0,
    paramGrads: parameter && norm !== null ? 1 : 0,
    nan: node.nan_origin,
    error: node.error,
    verdict: node.verdict,
    dtypes: node.dtype ? [node.dtype] : [],
  };
}
