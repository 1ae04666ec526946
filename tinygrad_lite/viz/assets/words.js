// Numbers, sizes and names as short text, and the making of elements. All files of the page share one scope.

/** The number that stands in the data: JSON has no NaN and no infinity, so these come as strings. */
function number(value) {
  if (typeof value !== "string") return value;
  return { nan: NaN, inf: Infinity, "-inf": -Infinity }[value];
}

/** A number in as few digits as tell it apart: `0.25`, `−1.3e-7`, `∞`. */
function written(value, digits = 4) {
  const x = number(value);
  if (x === null || x === undefined) return "–";
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const size = Math.abs(x);
  const far = size !== 0 && (size >= 1e5 || size < 1e-3);
  const text = far ? x.toExponential(Math.min(2, digits - 1)) : String(Number(x.toPrecision(digits)));
  return text
    .replace(/\.?0+e/, "e")
    .replace("e+", "e")
    .replace(/-/g, "−");
}

function inUnits(value, step, units) {
  let unit = 0;
  while (unit < units.length - 1 && value >= step * 0.9995) {
    value /= step;
    unit += 1;
  }
  return `${unit || !Number.isInteger(value) ? Number(value.toPrecision(3)) : value} ${units[unit]}`.trim();
}

const bytesText = (bytes) => inUnits(bytes, 1000, ["B", "kB", "MB", "GB", "TB"]);
const countText = (count) => inUnits(count, 1000, ["", "K", "M", "B", "T"]).replace(" ", "\u202f");
const secondsText = (seconds) => inUnits(seconds * 1e9, 1000, ["ns", "µs", "ms", "s"]);
const wholeText = (count) => count.toLocaleString("en");
const shapeText = (shape) => (shape.length ? shape.join("×") : "scalar");
const counted = (count, word) => `${wholeText(count)} ${word}${count === 1 ? "" : "s"}`;

/** Text in which what does not print shows as an escape: it could turn the line around or hide in it. */
function visible(text) {
  return String(text).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (letter) => {
    return `\\u${letter.codePointAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** `visible(text)` with its middle left out where it is long: names differ at their ends. */
function cut(text, most) {
  const letters = [...visible(text)];
  if (letters.length <= most) return letters.join("");
  const half = Math.floor(most / 2);
  return `${letters.slice(0, half - 1).join("")}…${letters.slice(letters.length - (most - half)).join("")}`;
}

const element = (id) => document.getElementById(id);

function fill(made, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

const html = (tag, properties = {}, ...children) => fill(document.createElement(tag), properties, children);
const svg = (tag, properties = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);

const ruler = document.createElement("canvas").getContext("2d");
const widths = new Map();

/** How wide a line of text is, in pixels. */
function measured(text, font) {
  const key = `${font}|${text}`;
  if (!widths.has(key)) {
    ruler.font = font;
    widths.set(key, ruler.measureText(text).width);
  }
  return widths.get(key);
}
