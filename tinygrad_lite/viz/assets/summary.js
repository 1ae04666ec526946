// What is inside a tensor: its numbers where there are few, else a heat map or a histogram, and its extremes.

const COLD = [
  [33, 102, 172],
  [247, 247, 247],
  [178, 24, 43],
];

/** Blue below zero, red above, white at zero: the colour of `value` where the largest size is `reach`. */
function signedColour(value, reach) {
  if (Number.isNaN(value)) return [214, 51, 108];
  const share = reach > 0 ? Math.max(-1, Math.min(1, value / reach)) : 0;
  const [end, middle] = [share < 0 ? COLD[0] : COLD[2], COLD[1]];
  return middle.map((part, j) => Math.round(part + Math.sqrt(Math.abs(share)) * (end[j] - part)));
}

function reachOf(rows) {
  const sizes = rows
    .flat()
    .map((value) => Math.abs(number(value)))
    .filter(Number.isFinite);
  return sizes.reduce((a, b) => Math.max(a, b), 0);
}

/** Nested lists of numbers as the rows of a table: one, two or more dimensions flattened to two. */
function rowsOf(values) {
  if (!Array.isArray(values)) return [[values]];
  if (!values.some(Array.isArray)) return [values];
  if (!values.some((row) => Array.isArray(row) && row.some(Array.isArray))) return values;
  return values.flatMap(rowsOf);
}

function numberTable(values) {
  const rows = rowsOf(values);
  const reach = reachOf(rows);
  const cell = (value) => {
    const made = html("td", { title: String(value) }, written(value, 3));
    const colour = signedColour(number(value), reach);
    made.style.background = `rgb(${colour})`;
    made.style.color = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] > 130 ? "#1b1b1f" : "#fff";
    return made;
  };
  return html(
    "div",
    { class: "numbers" },
    html(
      "table",
      {},
      rows.map((row) => html("tr", {}, row.map(cell))),
    ),
  );
}

function heatMap(heat) {
  const [rows, columns] = [heat.length, Math.max(...heat.map((row) => row.length))];
  const reach = reachOf(heat);
  const canvas = html("canvas", { class: "heat", width: columns, height: rows, role: "img", "aria-label": "heat map" });
  const pen = canvas.getContext("2d");
  heat.forEach((row, y) =>
    row.forEach((value, x) => {
      pen.fillStyle = `rgb(${signedColour(number(value), reach)})`;
      pen.fillRect(x, y, 1, 1);
    }),
  );
  canvas.style.aspectRatio = `${columns} / ${Math.max(rows, columns / 12)}`;
  const key = html(
    "p",
    { class: "key" },
    html("span", {}, `−${written(reach, 3)}`),
    html("i", {}),
    html("span", {}, written(reach, 3)),
  );
  return html("figure", {}, canvas, key);
}

function histogramOf(histogram) {
  const { counts } = histogram;
  const [w, h] = [300, 72];
  const most = Math.max(1, ...counts);
  const wide = w / counts.length;
  const [from, to] = [number(histogram.from), number(histogram.to)];
  const bars = counts.map((count, k) => {
    const high = count ? Math.max(1, (count / most) * h) : 0;
    const middle = from + ((k + 0.5) / counts.length) * (to - from);
    const bar = svg("rect", { x: k * wide, y: h - high, width: Math.max(0.5, wide - 1), height: high, rx: 1 });
    bar.append(svg("title", {}, `${wholeText(count)} around ${written(middle, 3)}`));
    return bar;
  });
  const zero = from < 0 && to > 0 ? (w * -from) / (to - from) : null;
  const line = zero === null ? null : svg("path", { class: "zero", d: `M${zero} 0V${h}` });
  const drawing = svg(
    "svg",
    {
      class: "histogram",
      viewBox: `0 0 ${w} ${h}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": "histogram",
    },
    bars,
    line,
  );
  const ends = html("p", { class: "ends" }, html("span", {}, written(from, 3)), html("span", {}, written(to, 3)));
  return html("figure", {}, drawing, ends);
}

const shareText = (share) => `${written(100 * number(share), 3)}\u202f%`;

function summaryOf(summary) {
  const parts = [];
  const single = alone(summary);
  if (single !== null) return [html("p", { class: "single" }, written(single, 7))];
  if (summary.values !== null) parts.push(numberTable(summary.values));
  else if (summary.heat) parts.push(heatMap(summary.heat));
  if (summary.histogram && summary.values === null) parts.push(histogramOf(summary.histogram));
  const facts = [
    ["min", written(summary.min)],
    ["mean", written(summary.mean)],
    ["max", written(summary.max)],
    ["norm", written(summary.norm)],
  ];
  for (const name of ["zeros", "nans", "infs"])
    if (number(summary[name]) > 0) facts.push([name, shareText(summary[name])]);
  parts.push(
    html(
      "dl",
      { class: "facts" },
      facts.map(([name, value]) =>
        html(
          "div",
          { class: name === "nans" || name === "infs" ? "alarm" : null },
          html("dt", {}, name),
          html("dd", {}, value),
        ),
      ),
    ),
  );
  return parts;
}
