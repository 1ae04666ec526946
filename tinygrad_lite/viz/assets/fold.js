// Keeping every box small enough to read: equal neighbours become one box, long rows are cut into parts.

const ROOM = 40; // boxes side by side, above which a row is cut
const PART = 20; // boxes in a part of a row
const LONGEST_UNIT = 32; // operations in a repeated pattern

const fixed = new Set();

/** Fold and cut every group of the tree, from the inside out. */
function foldTree(root) {
  for (const [kind, most] of [
    ["input", ROOM],
    ["output", ROOM],
    ["leaf", 8],
  ]) {
    if (graph.nodes.filter((node) => node.kind === kind).length <= most) fixed.add(kind);
  }
  for (const group of allGroups(root).reverse()) {
    foldRepeats(group);
    splitRow(group);
  }
}

/** The children of a group with what only feeds them: [[weight, bias, matmul], [add], ...]. */
function unitsOf(children) {
  const units = [];
  let waiting = [];
  for (const child of children) {
    waiting.push(child);
    if (!child.group && child.node.kind !== "op") continue;
    units.push(waiting);
    waiting = [];
  }
  if (waiting.length && units.length) units.at(-1).push(...waiting);
  else if (waiting.length) units.push(waiting);
  return units;
}

/** What goes in and what comes out stays in sight, where it is not too much. */
const stays = (box) => !box.group && fixed.has(box.node.kind);

/** The children of a group with those that stay around them. */
function between(group, children) {
  const [outs, ins] = [[], []];
  for (const box of group.children.filter(stays)) (box.node.kind === "output" ? outs : ins).push(box);
  return [...ins, ...children, ...outs];
}

const main = (unit) => unit.find((box) => box.group || box.node.kind === "op") ?? unit[0];

function keyOf(unit) {
  const box = main(unit);
  if (!box.group) return `op ${box.node.name} ${box.node.shape}`;
  return box.path === undefined ? box.id : `module ${box.module?.same_as ?? box.path}`;
}

/** Where a row repeats itself: `{from, period, times}`, found from the left, the longest stretch first. */
function findRepeats(keys, isModule) {
  const numbers = new Map();
  const row = keys.map((key) => numbers.get(key) ?? (numbers.set(key, numbers.size), numbers.size - 1));
  const most = Math.min(LONGEST_UNIT, Math.floor(row.length / 2));
  const equal = []; // equal[p][i]: how many in a row, from i on, equal what comes p later
  for (let period = 1; period <= most; period += 1) {
    const run = new Int32Array(row.length + 1);
    for (let i = row.length - period - 1; i >= 0; i -= 1) run[i] = row[i] === row[i + period] ? run[i + 1] + 1 : 0;
    equal[period] = run;
  }
  const found = [];
  for (let from = 0; from < row.length;) {
    let best = null;
    for (let period = 1; period <= most; period += 1) {
      const times = 1 + Math.floor(equal[period][from] / period);
      if (times < 3 || (best && times * period <= best.times * best.period)) continue;
      const modules = isModule.slice(from, from + period).some(Boolean);
      if (modules || (times >= 4 && times * period >= 24)) best = { from, period, times };
    }
    if (best) found.push(best);
    from += best ? best.period * best.times : 1;
  }
  return found;
}

function adopt(group, children) {
  group.children = children;
  for (const child of children) child.parent = group;
  group.order = children[0].order;
  return group;
}

function foldRepeats(group) {
  const units = unitsOf(group.children.filter((child) => !stays(child)));
  const runs = findRepeats(
    units.map(keyOf),
    units.map((unit) => main(unit).what === "module"),
  );
  if (!runs.length || (runs[0].times * runs[0].period === units.length && group.what === "repeat")) return;
  const children = [];
  let at = 0;
  for (const { from, period, times } of runs) {
    children.push(...units.slice(at, from).flat());
    const parts = [];
    for (let k = 0; k < times; k += 1) {
      const part = units.slice(from + k * period, from + (k + 1) * period);
      const alone = period === 1 && part[0].length === 1;
      parts.push(alone ? part[0][0] : adopt(newGroup("part", `p:${part[0][0].id}`, { nth: k + 1 }), part.flat()));
    }
    if (group.what === "module" && !group.children.some(stays) && period * times === units.length) {
      Object.assign(adopt(group, parts), { times, unit: units.slice(from, from + period).map(main) });
      return;
    }
    const whole = newGroup("repeat", `r:${parts[0].id}`, { times, parent: group });
    whole.unit = units.slice(from, from + period).map(main);
    children.push(adopt(whole, parts));
    whole.parent = group;
    splitRow(whole);
    at = from + period * times;
  }
  children.push(...units.slice(at).flat());
  group.children = between(group, children);
}

/** Cut a row that is too long into parts, and those into parts again, until each is short. */
function splitRow(group) {
  let units = unitsOf(group.children.filter((child) => !stays(child)));
  if (units.length <= ROOM) return;
  while (units.length > ROOM) {
    const parts = Math.ceil(units.length / PART);
    const next = [];
    for (let k = 0; k < parts; k += 1) {
      const from = Math.round((k * units.length) / parts);
      const to = Math.round(((k + 1) * units.length) / parts);
      const row = units.slice(from, to).flat();
      next.push([adopt(newGroup("part", `s:${row[0].id}`), row)]);
    }
    units = next;
  }
  const children = units.flat();
  for (const child of children) child.parent = group;
  group.children = between(group, children);
}

/** The first and the last operation in a group. */
function endsOf(group) {
  const edge = (children, side) => {
    for (const child of side < 0 ? children : [...children].reverse()) {
      if (child.group) return edge(child.children, side);
      if (child.node.kind === "op") return child.node;
    }
    return null;
  };
  return [edge(group.children, -1), edge(group.children, 1)];
}

/** What a group is called: `{name, type}`. */
function titleOf(group) {
  if (group.what === "module") {
    const called = graph.root.calls.get(group.path) > 1 ? ` · call ${group.call}` : "";
    const type = group.times ? `of ${group.unit.map(titleWord).slice(0, 3).join(" → ")}` : (group.module?.type ?? "");
    return { name: group.module?.name || group.path, type: type + called };
  }
  if (group.what === "repeat") {
    const named = group.unit.filter((box) => box.group);
    if (named.length === 1 && !named[0].module?.type) return { name: namesFrom(group.children), type: "" };
    const words = [...new Set((named.length ? named : group.unit).map(titleWord))];
    return { name: words.slice(0, 3).join(" → ") + (words.length > 3 ? " …" : ""), type: "" };
  }
  const [first, last] = endsOf(group);
  if (group.nth) return { name: `${group.nth}.`, type: group.children.map(titleWord).slice(-3).join(" → ") };
  return { name: first === last ? `#${first?.number}` : `#${first?.number} – #${last?.number}`, type: "part" };
}

/** The names of equal modules without a type: `0 – 4`. */
function namesFrom(parts) {
  const names = [parts[0], parts.at(-1)].map((part) => {
    return titleOf(part.what === "module" ? part : part.children.find((box) => box.group)).name;
  });
  return names.join(" – ");
}

function titleWord(box) {
  if (!box.group) return box.node.name;
  return box.module?.type || titleOf(box).name;
}
