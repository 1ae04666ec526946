// The small map in the corner: where in the whole picture the screen is.

const minimap = element("minimap");
const MAP = { w: 168, h: 132 };

function mapScale() {
  return Math.min((MAP.w - 8) / scene.size.w, (MAP.h - 8) / scene.size.h);
}

const painted = document.createElement("canvas");
let sharp = 1;

/** The boxes of the map, kept until the scene or the colours change. */
function paintMap() {
  const { w, h } = scene.size;
  sharp = devicePixelRatio || 1;
  painted.width = MAP.w * sharp;
  painted.height = MAP.h * sharp;
  const pen = painted.getContext("2d");
  const k = mapScale();
  const look = getComputedStyle(document.documentElement);
  const colour = (name) => look.getPropertyValue(name).trim();
  pen.scale(sharp, sharp);
  pen.translate((MAP.w - w * k) / 2, (MAP.h - h * k) / 2);
  const block = (box) => pen.fillRect(box.x * k, box.y * k, Math.max(1, box.w * k), Math.max(1, box.h * k));
  pen.fillStyle = colour("--frame");
  for (const group of scene.open) if (group.what !== "root" && group.w * k > 1.5) block(group);
  const paint = {
    parameter: colour("--parameter-line"),
    input: colour("--input-line"),
    output: colour("--output-line"),
  };
  const usual = colour("--map");
  for (const box of scene.leaves) {
    pen.fillStyle = fillOf(box) ?? paint[box.node?.kind] ?? usual;
    block(box);
  }
  painted.line = colour("--accent");
}

function drawMinimap() {
  const { w, h } = scene.size;
  const all = w * camera.k <= stage.clientWidth && h * camera.k <= stage.clientHeight;
  minimap.hidden = all || !w || narrow.matches;
  if (minimap.hidden) return;
  minimap.width = painted.width;
  minimap.height = painted.height;
  const pen = minimap.getContext("2d");
  pen.drawImage(painted, 0, 0);
  pen.scale(sharp, sharp);
  const k = mapScale();
  const edge = { x: (MAP.w - w * k) / 2, y: (MAP.h - h * k) / 2 };
  const place = (value, start, size) => Math.max(1, Math.min(size - 1, start + value * k));
  const [left, top] = [place(-camera.x / camera.k, edge.x, MAP.w), place(-camera.y / camera.k, edge.y, MAP.h)];
  const right = place((stage.clientWidth - camera.x) / camera.k, edge.x, MAP.w);
  const bottom = place((stage.clientHeight - camera.y) / camera.k, edge.y, MAP.h);
  pen.strokeStyle = painted.line;
  pen.lineWidth = 1.5;
  pen.strokeRect(left, top, right - left, bottom - top);
}

/** The colours have changed. */
function repaintMap() {
  paintMap();
  drawMinimap();
}

function listenToMinimap() {
  const go = (event) => {
    if (event.type === "pointermove" && !event.buttons) return;
    const k = mapScale();
    const point = {
      x: (event.offsetX - (MAP.w - scene.size.w * k) / 2) / k,
      y: (event.offsetY - (MAP.h - scene.size.h * k) / 2) / k,
    };
    camera.x = stage.clientWidth / 2 - point.x * camera.k;
    camera.y = stage.clientHeight / 2 - point.y * camera.k;
    gliding += 1;
    lookSoon();
  };
  minimap.addEventListener("pointerdown", (event) => {
    minimap.setPointerCapture(event.pointerId);
    go(event);
  });
  minimap.addEventListener("pointermove", go);
}
