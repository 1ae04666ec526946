// Moving over the picture: drag, wheel, pinch, buttons. A point of the picture shows at k * point + (x, y).

const camera = { x: 0, y: 0, k: 1 };
const [CLOSEST, FARTHEST] = [3, 0.004];
const READABLE = 0.88;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let printing = false;
let gliding = 0;
let waiting = false;

/** Draw the next frame, once, however many events ask for it. */
function lookSoon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    look();
  });
}

function zoomAt(x, y, factor) {
  const k = Math.max(FARTHEST, Math.min(CLOSEST, camera.k * factor));
  camera.x = x - ((x - camera.x) * k) / camera.k;
  camera.y = y - ((y - camera.y) * k) / camera.k;
  camera.k = k;
  lookSoon();
}

const zoom = (factor) => zoomAt(stage.clientWidth / 2, stage.clientHeight / 2, factor);

function pan(dx, dy) {
  camera.x += dx;
  camera.y += dy;
  lookSoon();
}

/** The part of the stage that no panel covers. */
function clearView() {
  const place = stage.getBoundingClientRect();
  const clear = { x: 0, y: 0, w: place.width, h: place.height };
  clear.y = element("legend").offsetHeight + 6;
  clear.h -= clear.y;
  const panel = element("panel");
  if (!panel.hidden) {
    if (narrow.matches) clear.h = panel.getBoundingClientRect().top - place.top - clear.y;
    else clear.w -= panel.offsetWidth;
  }
  const dock = element("dock");
  if (!dock.hidden && !(narrow.matches && !panel.hidden)) clear.h -= dock.offsetHeight + 12;
  return clear;
}

/** Move the camera there, smoothly where the reader likes that. */
function glide(goal) {
  gliding += 1;
  const mine = gliding;
  const start = { ...camera };
  const began = performance.now();
  if (calm.matches || document.hidden) return (Object.assign(camera, goal), look());
  const frame = (now) => {
    if (mine !== gliding) return;
    const share = Math.min(1, (now - began) / 260);
    const eased = 1 - (1 - share) ** 3;
    for (const name of ["x", "y", "k"]) camera[name] = start[name] + (goal[name] - start[name]) * eased;
    look();
    if (share < 1) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

/** Show all of it; `readable`: at a size that can be read, from its beginning on. */
function fit(readable = false, smooth = true) {
  const clear = clearView();
  const { w, h } = scene.size;
  const margin = 28;
  const all = Math.min((clear.w - 2 * margin) / w, (clear.h - 2 * margin) / h, 1.3);
  const k = readable ? Math.max(all, Math.min(READABLE, 1)) : Math.max(all, FARTHEST);
  const middle = (room, size) => (room - size * k) / 2;
  const goal = { k, x: clear.x + middle(clear.w, w), y: clear.y + middle(clear.h, h) };
  if (h * k > clear.h - margin) goal.y = clear.y + margin;
  if (w * k > clear.w && view.direction === "right") goal.x = margin;
  if (smooth) glide(goal);
  else (Object.assign(camera, goal), look());
}

/** Bring a box to the middle, at a size that can be read. */
function centre(box) {
  const clear = clearView();
  const k = Math.max(camera.k, READABLE);
  const room = Math.min(k, box.open ? Math.max(READABLE * 0.6, Math.min(clear.w / box.w, clear.h / box.h) * 0.9) : k);
  const goal = { k: room, x: clear.x + clear.w / 2 - (box.x + box.w / 2) * room };
  goal.y = clear.y + clear.h / 2 - (box.y + Math.min(box.h / 2, clear.h / room / 2 - 20)) * room;
  glide(goal);
}

/** Move only if the box is out of sight or too small to read; with what lies around it, if that has room. */
function keepInView(box, around = box) {
  const clear = clearView();
  const k = camera.k < 0.5 ? READABLE : camera.k;
  const roomy = around.w * k < clear.w - 40 && around.h * k < clear.h - 40 && around.w > 0;
  const part = roomy ? around : box;
  const [x, y] = [part.x * k + camera.x, part.y * k + camera.y];
  const across = x > clear.x + 12 && x + part.w * k < clear.x + clear.w - 12;
  if (k !== camera.k || !across || y < clear.y + 12 || y + part.h * k > clear.y + clear.h - 12) centre(part);
}

const pointers = new Map();
let moved = 0;

function listenToPointers() {
  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    gliding += 1;
    pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    if (pointers.size === 1) moved = 0;
  });
  stage.addEventListener("pointermove", (event) => {
    const last = pointers.get(event.pointerId);
    if (!last) return;
    const place = stage.getBoundingClientRect();
    const now = { x: event.clientX - place.left, y: event.clientY - place.top };
    const step = Math.hypot(now.x - last.x, now.y - last.y);
    moved += step;
    if (moved > 4 && !stage.hasPointerCapture(event.pointerId)) {
      stage.setPointerCapture(event.pointerId);
      stage.classList.add("dragging");
    }
    if (pointers.size === 1 && moved > 4) pan(now.x - last.x, now.y - last.y);
    if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
      const reach = Math.hypot(last.x - other.x, last.y - other.y);
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      pan((now.x - last.x) / 2, (now.y - last.y) / 2);
      if (reach > 1) zoomAt(middle.x, middle.y, Math.hypot(now.x - other.x, now.y - other.y) / reach);
    }
    if (moved > 4 || pointers.size > 1) pointers.set(event.pointerId, now);
  });
  const end = (event) => {
    pointers.delete(event.pointerId);
    if (!pointers.size) stage.classList.remove("dragging");
  };
  stage.addEventListener("pointerup", end);
  stage.addEventListener("pointercancel", end);
  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      gliding += 1;
      const pixels = event.deltaY * [1, 16, 400][event.deltaMode];
      const place = stage.getBoundingClientRect();
      // A pinch on a touchpad comes as a wheel with Ctrl held, in small steps.
      zoomAt(
        event.clientX - place.left,
        event.clientY - place.top,
        Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.0016)),
      );
    },
    { passive: false },
  );
  element("zoom-in").onclick = () => zoom(1.3);
  element("zoom-out").onclick = () => zoom(1 / 1.3);
  element("zoom-fit").onclick = () => fit();
  new ResizeObserver(() => lookSoon()).observe(stage);
}

/** On paper: the whole picture, and all of it drawn. */
function listenToPrinter() {
  addEventListener("beforeprint", () => {
    printing = true;
    const { w, h } = scene.size;
    look();
    stage.setAttribute("viewBox", `-8 -8 ${w + 16} ${h + 16}`);
  });
  addEventListener("afterprint", () => {
    printing = false;
    stage.removeAttribute("viewBox");
    look();
  });
}
