// The keyboard, and the card that tells what each key does.

const KEYS = [
  [
    "Look around",
    [
      ["/", "search", () => element("search").focus()],
      ["0", "see all of it", () => fit()],
      ["+", "zoom in", () => zoom(1.25)],
      ["−", "zoom out", () => zoom(0.8)],
      ["← ↑ → ↓", "move", null],
      ["j", "next box, as the computation ran", () => selectNext(1)],
      ["k", "previous box", () => selectNext(-1)],
    ],
  ],
  [
    "Open and fold",
    [
      ["Enter", "open or fold what is selected", () => selected?.group && toggle(selected)],
      ["u", "select the box around it", () => selectAround()],
      ["e", "open one level more, everywhere", () => openLevel()],
      ["c", "fold everything", () => foldAll()],
      ["r", "back to how the page opened", () => startAgain()],
    ],
  ],
  [
    "Backward pass",
    [
      ["Space", "play or pause", () => graph.backward && play()],
      [".", "one step on", () => graph.backward && (stopPlaying(), stepTo(stepper.at + 1))],
      [",", "one step back", () => graph.backward && (stopPlaying(), stepTo(stepper.at - 1))],
      ["Home", "to the start", () => graph.backward && (stopPlaying(), stepTo(0))],
      ["End", "to the end", () => graph.backward && (stopPlaying(), stepTo(stepper.steps.length))],
    ],
  ],
  [
    "The page",
    [
      ["v", "forward, backward, both", () => nextFlow()],
      ["s", "shapes on and off", () => setting("shapes")],
      ["d", "downwards or to the right", () => turn()],
      ["l", "large type", () => enlarge()],
      ["t", "light or dark", () => changeTheme()],
      ["?", "this card", () => openHelp()],
      ["Esc", "close", () => closeAll()],
    ],
  ],
];
const SAME = { " ": "Space", "=": "+", "-": "−", _: "−" };
const MOVES = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Select the box `step` places on, in the order of running, among those in sight. */
function selectNext(step) {
  const row = [...scene.leaves].sort((a, b) => a.y - b.y || a.x - b.x);
  if (view.direction === "right") row.sort((a, b) => a.x - b.x || a.y - b.y);
  if (!row.length) return;
  const at = row.indexOf(selected);
  const next = row[at < 0 ? (step > 0 ? 0 : row.length - 1) : Math.max(0, Math.min(row.length - 1, at + step))];
  select(next);
  keepInView(next);
}

function selectAround() {
  const around = selected?.parent;
  if (!around || around.what === "root") return;
  select(around);
  keepInView(around);
}

const MANY = 1500; // boxes, above which opening more would take longer than anyone waits

function openLevel() {
  let shown = scene.leaves.length;
  const closed = scene.leaves.filter((box) => box.group);
  for (const group of closed) {
    shown += group.children.length;
    if (shown <= MANY) group.open = true;
  }
  rebuild();
  fit(true);
  tell(shown > MANY ? "Too many boxes to open all at once: open single ones" : "");
}

/** A short notice at the foot of the picture. */
function tell(text) {
  const notice = element("notice");
  notice.textContent = text;
  notice.hidden = !text;
  clearTimeout(notice.timer);
  notice.timer = setTimeout(() => (notice.hidden = true), 4000);
}

function foldAll() {
  for (const group of allGroups(graph.root)) group.open = group === graph.root;
  rebuild();
  if (selected) select(standIn(selected));
  fit(true);
}

function startAgain() {
  for (const group of allGroups(graph.root)) group.open = group === graph.root;
  openWhatFits(graph.root);
  select(null);
  rebuild();
  fit(true);
}

function openHelp() {
  element("help").showModal();
}

function closeAll() {
  element("menu").hidden = true;
  if (selected) select(null);
  else if (stepper.on) leaveStepper();
}

function listenToKeys() {
  const acts = new Map(KEYS.flatMap(([, rows]) => rows.map(([key, , act]) => [key, act])));
  document.addEventListener("keydown", (event) => {
    if (element("help").open) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      event.preventDefault();
      element("search").focus();
      return;
    }
    const typing = event.target.closest?.("input, select, button, textarea");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing && (event.key === "Enter" || event.key === " " || typing.matches("input, select"))) return;
    const move = MOVES[event.key];
    const act = acts.get(SAME[event.key] ?? (event.key === "Escape" ? "Esc" : event.key));
    if (!move && !act) return;
    event.preventDefault();
    if (move) pan(...move.map((way) => way * (event.shiftKey ? 240 : 80)));
    else act();
  });
  const rows = KEYS.map(([title, keys]) =>
    html(
      "section",
      {},
      html("h3", {}, title),
      html(
        "dl",
        {},
        keys.map(([key, text]) => [html("dt", {}, html("kbd", {}, key)), html("dd", {}, text)]),
      ),
    ),
  );
  element("keys").replaceChildren(...rows);
}
