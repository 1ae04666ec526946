// Colour by gradient, time, memory, dtype, verdict or the origin of NaN, and the legend that explains it.

const MODES = {
  none: { name: "Kind" },
  gradient: { name: "Gradient norm", stops: "flow", of: gradientOf, text: written },
  forward: { name: "Time forward", stops: "heat", of: (total) => total.forward || null, text: secondsText },
  backward: { name: "Time backward", stops: "heat", of: (total) => total.backward || null, text: secondsText },
  memory: { name: "Memory saved", stops: "heat", of: (total) => total.saved || null, text: bytesText },
  dtype: { name: "Dtype", of: (total) => [...total.dtypes].sort().join(", ") || null },
  verdict: { name: "Gradient check", of: (total) => total.verdict },
  nan: { name: "First NaN", of: (total) => (total.nan ? "NaN begins here" : null) },
};
const STOPS = {
  flow: ["#3b5bdb", "#4dabf7", "#99e9f2", "#ebfbee", "#ffec99", "#ff922b", "#e03131"],
  heat: ["#fff4e6", "#ffd8a8", "#ffa94d", "#f76707", "#c92a2a"],
};
const NAMED = ["#74c0fc", "#ffd43b", "#8ce99a", "#e599f7", "#ffa8a8", "#96f2d7", "#bac8ff"];
const VERDICTS = { pass: "#8ce99a", kink: "#ffe066" };
const WRONG = "#ff8787";
const BROKEN = "#d6336c";
const colours = { mode: "none", scale: null, names: new Map() };

/** The norm of all gradients of the parameters in a box; without any, of the other gradients. */
function gradientOf(total) {
  if (total.paramGrads) return Math.sqrt(total.paramSquares);
  return total.grads ? Math.sqrt(total.squares) : null;
}

const totalOf = (box) => (box.group ? box.total : (box.total ??= nodeTotal(box.node)));

function modesThere() {
  const everything = graph.root.total;
  return Object.keys(MODES).filter((mode) => {
    if (mode === "none") return true;
    if (mode === "gradient") return everything.grads > 0;
    if (mode === "dtype") return everything.dtypes.size > 0;
    return Boolean(MODES[mode].of(everything));
  });
}

/** Choose what colours mean; the scale spans what single nodes have, so it stays when boxes open. */
function colourBy(mode) {
  colours.mode = mode;
  const { of, stops } = MODES[mode];
  colours.scale = null;
  colours.names = new Map();
  if (!of) return;
  const found = graph.nodes.map((node) => of(totalOf(node.box)));
  if (!stops) {
    const there = [...new Set(found.filter((value) => value !== null))].sort();
    there.forEach((value, k) => colours.names.set(value, namedColour(mode, value, k)));
    return;
  }
  const sizes = found.filter((value) => value !== null && Number.isFinite(value) && value > 0);
  if (!sizes.length) return;
  sizes.sort((a, b) => a - b);
  const [low, middle, high] = [sizes[0], sizes[sizes.length >> 1], sizes.at(-1)];
  // What lies within a factor of a thousand of the usual has neither vanished nor exploded.
  if (stops === "flow") colours.scale = { low: Math.min(low, middle / 1e3), high: Math.max(high, middle * 1e3) };
  else colours.scale = { low, high: high > low * 1.001 ? high : low * 10 };
}

function namedColour(mode, value, k) {
  if (mode === "nan") return BROKEN;
  if (mode === "verdict") return VERDICTS[value] ?? WRONG;
  return NAMED[k % NAMED.length];
}

function mixed(stops, share) {
  const at = Math.max(0, Math.min(1, share)) * (stops.length - 1);
  const k = Math.min(stops.length - 2, Math.floor(at));
  const part = (hex, j) => parseInt(hex.slice(1 + 2 * j, 3 + 2 * j), 16);
  const blend = [0, 1, 2].map((j) =>
    Math.round(part(stops[k], j) + (at - k) * (part(stops[k + 1], j) - part(stops[k], j))),
  );
  return `#${blend.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** The colour of a box, null for the one that its kind has. */
function fillOf(box) {
  const { of, stops } = MODES[colours.mode];
  if (!of) return null;
  const value = of(totalOf(box));
  if (value === null) return null;
  if (!stops) return colours.names.get(value) ?? NAMED.at(-1);
  if (!Number.isFinite(value)) return BROKEN;
  if (!colours.scale) return null;
  const { low, high } = colours.scale;
  return mixed(STOPS[stops], value <= 0 ? 0 : Math.log(value / low) / Math.log(high / low));
}

/** Dark or light ink, whichever can be read on `fill`. */
function inkOn(fill) {
  const [r, g, b] = [1, 3, 5].map((k) => parseInt(fill.slice(k, k + 2), 16));
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#1b1b1f" : "#ffffff";
}

const KINDS = {
  op: "operation",
  parameter: "parameter",
  buffer: "buffer",
  input: "input",
  leaf: "leaf",
  constant: "constant",
  output: "output",
};

function drawLegend() {
  const { name, stops, text } = MODES[colours.mode];
  const list = element("legend");
  list.replaceChildren();
  const swatch = (label, kind, colour) => {
    const sample = svg(
      "svg",
      { width: 14, height: 14, class: `box ${kind}` },
      svg("rect", { x: 1, y: 1, width: 12, height: 12, rx: 3.5, class: "card" }),
    );
    if (colour) sample.firstChild.style.fill = colour;
    return html("li", {}, sample, label);
  };
  if (colours.mode === "none") {
    const there = new Set(graph.nodes.map((node) => node.kind));
    if (graph.modules.length) list.append(swatch("module", "closed"));
    for (const [kind, label] of Object.entries(KINDS)) if (there.has(kind)) list.append(swatch(label, kind));
    if (graph.nodes.some((node) => node.error)) list.append(swatch("raised an error", "failed"));
    return;
  }
  list.append(html("li", { class: "what" }, name));
  if (stops && colours.scale) {
    const { low, high } = colours.scale;
    const bar = html("span", { class: "scale" });
    bar.style.background = `linear-gradient(90deg, ${STOPS[stops].join(", ")})`;
    const notes = stops === "flow" ? [" vanishing", "exploding "] : ["", ""];
    list.append(html("li", { title: "logarithmic" }, `${text(low, 2)}${notes[0]}`, bar, `${notes[1]}${text(high, 2)}`));
    list.append(swatch("nothing known", "op"));
    const broken = graph.nodes.some((node) => !Number.isFinite(MODES[colours.mode].of(totalOf(node.box)) ?? 0));
    if (broken) list.append(swatch("NaN or infinite", "op", BROKEN));
  }
  for (const [value, colour] of colours.names) list.append(swatch(cut(value, 30), "op", colour));
}
