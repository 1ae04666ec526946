// The start of the page: read the graph, open what fits, draw, and listen.

const graph = readGraph();
const FLOWS = ["forward", "backward", "both"];
const THEME = "tinygrad-lite-theme";

/** Show the state of the settings on their switches. */
function readSettings() {
  for (const name of Object.keys(show)) element(`show-${name}`).setAttribute("aria-checked", String(show[name]));
  element("large-type").setAttribute("aria-checked", String(view.large));
  element("to-the-right").setAttribute("aria-checked", String(view.direction === "right"));
  for (const flow of FLOWS) element(`flow-${flow}`).setAttribute("aria-checked", String(view.flow === flow));
  element("colour").value = colours.mode;
}

function setting(name) {
  show[name] = !show[name];
  readSettings();
  if (selected?.node && isHidden(selected.node)) select(null);
  rebuild(selected ? standIn(selected) : null);
}

function setFlow(flow) {
  view.flow = flow;
  readSettings();
  redraw();
}

const nextFlow = () => setFlow(FLOWS[(FLOWS.indexOf(view.flow) + 1) % FLOWS.length]);

function turn() {
  view.direction = view.direction === "down" ? "right" : "down";
  readSettings();
  rebuild();
  fit(true);
}

function enlarge() {
  view.large = !view.large;
  document.body.classList.toggle("large", view.large);
  readSettings();
  rebuild();
  fit(true);
}

const isDark = () => {
  const set = document.documentElement.dataset.theme;
  return set ? set === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

function changeTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // A page opened from a file may keep nothing.
  }
  repaintMap();
}

function changeColours(mode) {
  colourBy(mode);
  drawLegend();
  paintMap();
  redraw();
}

function listenToClicks() {
  let last = { box: null, time: 0 };
  stage.addEventListener("click", (event) => {
    if (moved > 4) return;
    const opener = event.target.closest("[data-toggle]");
    if (opener) return toggle(boxAt(opener.dataset.toggle));
    const hit = event.target.closest("[data-id]");
    const frame = event.target.closest("[data-frame]");
    const box = hit ? boxAt(hit.dataset.id) : frame ? boxAt(frame.dataset.frame) : null;
    const again = box && box === last.box && event.timeStamp - last.time < 400;
    last = { box: again ? null : box, time: event.timeStamp };
    if (again && box.group) return toggle(box);
    select(frame && !hit && selected ? null : box);
  });
}

/** The box in the scene that has an id. */
const boxAt = (id) => scene.leaves.find((box) => box.id === id) ?? scene.open.find((group) => group.id === id);

function listenToBar() {
  for (const name of Object.keys(show)) element(`show-${name}`).onclick = () => setting(name);
  element("large-type").onclick = enlarge;
  element("to-the-right").onclick = turn;
  for (const flow of FLOWS) element(`flow-${flow}`).onclick = () => setFlow(flow);
  element("colour").onchange = (event) => changeColours(event.target.value);
  element("theme").onclick = changeTheme;
  element("open-help").onclick = openHelp;
  element("close-panel").onclick = () => select(null);
  const menu = element("menu");
  element("open-menu").onclick = () => (menu.hidden = !menu.hidden);
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest("#menu, #open-menu")) menu.hidden = true;
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaintMap);
}

function start() {
  try {
    const kept = localStorage.getItem(THEME);
    if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
  } catch {
    // As above.
  }
  graph.root = growTree(graph);
  foldTree(graph.root);
  addTotals(graph.root);
  openWhatFits(graph.root);
  view.direction = graph.direction === "right" ? "right" : "down";
  for (const mode of modesThere()) element("colour").append(html("option", { value: mode }, MODES[mode].name));
  const wanted = { time: "forward" }[graph.color_by] ?? graph.color_by ?? "none";
  colourBy(modesThere().includes(wanted) ? wanted : "none");
  const backwardKnown = Boolean(graph.backward) || graph.root.total.grads > 0;
  element("flow").hidden = !backwardKnown;
  listenToStepper();
  listenToPointers();
  listenToPrinter();
  listenToMinimap();
  listenToClicks();
  listenToSearch();
  listenToBar();
  listenToKeys();
  readSettings();
  drawLegend();
  rebuild();
  fit(true, false);
  document.body.dataset.ready = String(Math.round(performance.now()));
}

start();
