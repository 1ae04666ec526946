// The way of each wire through the picture, from border to border, and the curve it is drawn as.

const shifted = (group, point) => ({ x: group.x + group.shift + point.x, y: group.y + point.y });

/** Give the first and the last bend of a long wire more of the space between the rows. */
function widenBends(points) {
  const along = view.direction === "down" ? "y" : "x";
  const more = 10 * unit();
  const [first, last] = [points[1], points.at(-2)];
  if (points[2][along] - first[along] > 2 * more) first[along] += more;
  if (last[along] - points.at(-3)[along] > 2 * more) last[along] -= more;
}

/** The points of a wire in the whole picture, from border to border. */
function pointsOf(wire) {
  const down = view.direction === "down";
  const points = [];
  wire.labelAt = null;
  const gate = (group, name, far) => {
    const at = shifted(group, group.plan.ports.get(group.local.get(name)));
    return down ? { x: at.x, y: group.y + (far ? group.h : 0) } : { x: group.x + (far ? group.w : 0), y: at.y };
  };
  for (const { group, side, link } of wire.path) {
    const route = group.plan.routes.get(link.plain.key);
    const moved = route.points.map((point) => shifted(group, point));
    const near = moved.length === 3; // from one row to the next: dagre's point between them only makes a kink
    if (near) moved.splice(1, 1);
    else widenBends(moved);
    if (side === "in") moved[0] = shifted(group, group.plan.ports.get(group.local.get(link.from)));
    // Where a route of this level ends on the border of a group, the gate of that group takes its place.
    if (points.length && side !== "in") moved.shift();
    if (side !== "out" && wire.path.at(-1).group !== group) moved.pop();
    if (side === "in") points.push(gate(group, link.from, false));
    if (side === "") wire.span = points.length - 1 + (points.length ? 0 : 1);
    points.push(...moved);
    if (side === "out") points.push(gate(group, link.to, true));
    if (route.label && !near) wire.labelAt = shifted(group, route.label);
  }
  wire.residual = wire.path.some(({ link }) => link.residual);
  return points;
}

/** Let wires leave a box at the middle of its side and arrive side by side. */
function spreadEnds(scene) {
  const down = view.direction === "down";
  const arriving = new Map();
  for (const wire of scene.wires) {
    const { from, points } = wire;
    points[0] = down ? { x: from.x + from.w / 2, y: from.y + from.h } : { x: from.x + from.w, y: from.y + from.h / 2 };
    if (!arriving.has(wire.to)) arriving.set(wire.to, []);
    arriving.get(wire.to).push(wire);
  }
  const across = down ? "x" : "y";
  for (const [box, wires] of arriving) {
    const before = (wire) => wire.points.at(-2)[across];
    wires.sort((a, b) => before(a) - before(b));
    const room = (down ? box.w : box.h) - 20;
    const step = wires.length > 1 ? Math.min(16 * unit(), room / (wires.length - 1)) : 0;
    wires.forEach((wire, k) => {
      const offset = (k - (wires.length - 1) / 2) * step;
      const at = down ? { x: box.x + box.w / 2 + offset, y: box.y } : { x: box.x, y: box.y + box.h / 2 + offset };
      wire.points[wire.points.length - 1] = at;
    });
  }
  const leaving = new Map();
  for (const { from } of scene.wires) leaving.set(from, (leaving.get(from) ?? 0) + 1);
  for (const wire of scene.wires) wire.labelAt ??= besideEnd(wire, leaving.get(wire.from) > 1 ? 0.64 : 0.36);
}

/** A point on the way between two rows: near the end at which fewer wires meet. */
function besideEnd({ points, span }, share) {
  const [from, to] = [points[span], points[span + 1]];
  const bent = share * share * (3 - 2 * share); // as far as the curve has turned by then
  const [dx, dy] = view.direction === "down" ? [bent, share] : [share, bent];
  return { x: from.x + dx * (to.x - from.x), y: from.y + dy * (to.y - from.y) };
}

/** A smooth curve through points, monotone along the flow so that it never loops (Steffen's slopes). */
function curve(points) {
  const down = view.direction === "down";
  const t = points.map((point) => (down ? point.y : point.x));
  const s = points.map((point) => (down ? point.x : point.y));
  const at = (along, across) => {
    const pair = down ? [across, along] : [along, across];
    return `${pair[0].toFixed(1)} ${pair[1].toFixed(1)}`;
  };
  let path = `M${at(t[0], s[0])}`;
  const steps = t.slice(1).map((value, k) => value - t[k]);
  if (steps.some((step) => step < 0.5))
    return (
      path +
      points
        .slice(1)
        .map((_, k) => `L${at(t[k + 1], s[k + 1])}`)
        .join("")
    );
  const slopes = steps.map((step, k) => (s[k + 1] - s[k]) / step);
  const tangents = [0];
  for (let k = 1; k < t.length - 1; k += 1) {
    const mean = (slopes[k - 1] * steps[k] + slopes[k] * steps[k - 1]) / (steps[k - 1] + steps[k]);
    const same = Math.sign(slopes[k - 1]) + Math.sign(slopes[k]);
    tangents.push(same * Math.min(Math.abs(slopes[k - 1]), Math.abs(slopes[k]), Math.abs(mean) / 2));
  }
  tangents.push(0); // leave and arrive straight
  steps.forEach((step, k) => {
    const third = step / 3;
    const first = at(t[k] + third, s[k] + tangents[k] * third);
    const second = at(t[k + 1] - third, s[k + 1] - tangents[k + 1] * third);
    path += `C${first} ${second} ${at(t[k + 1], s[k + 1])}`;
  });
  return path;
}
