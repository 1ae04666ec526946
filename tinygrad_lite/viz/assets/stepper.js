// The backward pass, one operation after the other, in the order in which the engine ran it.

const SPEEDS = { "0.5×": 2400, "1×": 1200, "2×": 600, "4×": 300, "16×": 75 };

/** `at`: how many operations have run; `on`: whether the picture shows the pass at that point. */
const stepper = {
  on: false,
  at: 0,
  timer: 0,
  order: new Map(),

  get steps() {
    return graph.backward ?? [];
  },
  node() {
    return this.at ? this.steps[this.at - 1].node : null;
  },
  /** The box in which the operation that ran last can be seen. */
  box() {
    return this.at ? standIn(graph.nodes[this.node()].box) : null;
  },
  /** That box and those that it sends gradients to, as one rectangle. */
  reach() {
    const sends = this.steps[this.at - 1].sends.filter((sent) => sent.to !== null);
    const boxes = [this.box(), ...sends.map((sent) => standIn(graph.nodes[sent.to].box))].filter((box) =>
      scene.leaves.includes(box),
    );
    const [x, y] = [Math.min(...boxes.map((box) => box.x)), Math.min(...boxes.map((box) => box.y))];
    const right = Math.max(...boxes.map((box) => box.x + box.w));
    return { x, y, w: right - x, h: Math.max(...boxes.map((box) => box.y + box.h)) - y };
  },
  /** Whether the operation has run. */
  done(node) {
    return this.order.has(node) && this.order.get(node) < this.at;
  },
  /** The sum of the gradients that have arrived at a node, for nodes with one number; null for none. */
  arrived(node) {
    const first = this.order.get(node.id) !== undefined ? this.steps[this.order.get(node.id)] : null;
    if (first && this.done(node.id)) return alone(first.incoming);
    let sum = null;
    for (const edge of node.outputs) {
      if (!this.done(edge.target)) continue;
      const sent = gradientOn(edge);
      const value = sent ? alone(sent.gradient) : null;
      if (value !== null) sum = (sum ?? 0) + number(value);
    }
    return sum;
  },
};

function stepTo(at) {
  const entered = !stepper.on;
  stepper.at = Math.max(0, Math.min(stepper.steps.length, at));
  stepper.on = true;
  element("slider").value = stepper.at;
  element("progress").textContent = `${stepper.at} / ${stepper.steps.length}`;
  element("to-start").disabled = element("step-back").disabled = stepper.at === 0;
  element("to-end").disabled = element("step").disabled = stepper.at === stepper.steps.length;
  document.body.classList.add("stepping");
  showStep();
  redraw();
  if (entered) fit(true);
  if (stepper.at) keepInView(stepper.box(), stepper.reach());
}

function stopPlaying() {
  clearInterval(stepper.timer);
  stepper.timer = 0;
  showPlaying();
}

function showPlaying() {
  const button = element("play");
  button.classList.toggle("running", Boolean(stepper.timer));
  button.setAttribute("aria-label", stepper.timer ? "Pause" : "Play");
}

function play() {
  if (stepper.timer) return stopPlaying();
  if (stepper.at >= stepper.steps.length) stepTo(0);
  const next = () => {
    stepTo(stepper.at + 1);
    if (stepper.at >= stepper.steps.length) stopPlaying();
  };
  stepper.timer = setInterval(next, SPEEDS[element("speed").value]);
  next();
  showPlaying();
}

/** Leave the stepper: the picture shows the gradients as they are in the end. */
function leaveStepper() {
  stopPlaying();
  stepper.on = false;
  stepper.at = 0;
  element("slider").value = 0;
  element("progress").textContent = `0 / ${stepper.steps.length}`;
  element("step-card").hidden = true;
  document.body.classList.remove("stepping");
  redraw();
}

const gradientText = (summary) => {
  const single = alone(summary);
  if (single !== null) return written(single);
  return `${shapeText(summary.shape)}, norm ${written(summary.norm, 3)}`;
};

/** A gradient in the card: one number large, a small heat map, or its shape and norm. */
function gradientBit(summary) {
  if (alone(summary) !== null) return html("b", { class: "gradient" }, gradientText(summary));
  const rows = summary.heat ?? (summary.values === null ? null : rowsOf(summary.values));
  const made = html("span", { class: "gradient bit" });
  if (rows) made.append(heatMap(rows).firstChild);
  made.append(gradientText(summary));
  return made;
}

function showStep() {
  const card = element("step-card");
  card.hidden = false;
  if (!stepper.at) {
    card.replaceChildren(
      html(
        "p",
        { class: "lead" },
        `The backward pass runs ${counted(stepper.steps.length, "operation")}, from the output to the leaves.`,
      ),
    );
    return;
  }
  const step = stepper.steps[stepper.at - 1];
  const node = graph.nodes[step.node];
  const rules = graph.rows[node.name]?.rules ?? {};
  const names = Object.keys(rules);
  const title = html(
    "p",
    { class: "lead" },
    link(node.box, `${cut(node.name, 30)} #${node.number}`),
    html(
      "span",
      { class: "incoming" },
      "incoming g = ",
      step.equation ? html("b", { class: "equation" }, visible(step.equation)) : gradientBit(step.incoming),
    ),
  );
  const rows = step.sends.map((sent) => {
    const name = node.inputs.find((edge) => edge.slot === sent.slot)?.name || names[sent.slot] || `input ${sent.slot}`;
    const rule = rules[name] ?? rules[name.replace(/\[\d+\]$/, "")] ?? rules.backward ?? "";
    const target = sent.to === null ? "–" : nodeLink(graph.nodes[sent.to]);
    const sum = sent.equation
      ? html("span", { class: "equation" }, visible(sent.equation))
      : gradientBit(sent.gradient);
    return html(
      "tr",
      {},
      html("th", {}, "∂ ", visible(name)),
      html("td", {}, html("code", {}, visible(rule))),
      html("td", {}, sum),
      html("td", { class: "to" }, "→ ", target),
    );
  });
  card.replaceChildren(title, html("table", {}, rows));
}

function listenToStepper() {
  if (!graph.backward?.length) return;
  stepper.steps.forEach((step, k) => stepper.order.set(step.node, k));
  element("dock").hidden = false;
  const slider = element("slider");
  slider.max = stepper.steps.length;
  slider.value = 0;
  element("progress").textContent = `0 / ${stepper.steps.length}`;
  const pausing = (act) => () => {
    stopPlaying();
    act();
  };
  for (const name of Object.keys(SPEEDS))
    element("speed").append(html("option", { value: name, selected: name === "1×" }, name));
  element("play").onclick = play;
  element("step").onclick = pausing(() => stepTo(stepper.at + 1));
  element("step-back").onclick = pausing(() => stepTo(stepper.at - 1));
  element("to-start").onclick = pausing(() => stepTo(0));
  element("to-end").onclick = pausing(() => stepTo(stepper.steps.length));
  element("leave").onclick = leaveStepper;
  slider.oninput = pausing(() => stepTo(Number(slider.value)));
  element("speed").onchange = () => {
    if (!stepper.timer) return;
    stopPlaying();
    play();
  };
}
