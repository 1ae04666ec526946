// Search: by the name of an operation, a parameter or a module, by type, or by number, as in `#12`.

const MOST = 12;
let index = null;
let hits = [];
let chosen = 0;

function makeIndex() {
  const found = [];
  for (const group of allGroups(graph.root)) {
    if (group.what !== "module") continue;
    const { type } = titleOf(group);
    found.push({ box: group, name: group.path, note: type, text: `${group.path} ${type}`.toLowerCase() });
  }
  for (const node of graph.nodes) {
    const op = node.kind === "op";
    const name = op ? `${node.name} #${node.number}` : node.name || node.kind;
    const note = op ? node.module : KINDS[node.kind];
    found.push({ box: node.box, name, note, text: `${name} ${note} ${op ? "" : node.kind}`.toLowerCase() });
  }
  return found;
}

/** The entries that hold every word, those whose name begins with the text first. */
function matching(text) {
  index ??= makeIndex();
  const wanted = text.toLowerCase().trim();
  const words = wanted.split(/\s+/);
  const rank = (entry) => {
    const name = entry.name.toLowerCase();
    if (name === wanted || name.split(" ")[0] === wanted) return 0;
    if (name.startsWith(wanted)) return 1;
    return name.includes(wanted) ? 2 : 3;
  };
  const found = index.filter((entry) => words.every((word) => entry.text.includes(word)));
  const ranked = found.map((entry, k) => [rank(entry), k, entry]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return { count: found.length, entries: ranked.slice(0, MOST).map(([, , entry]) => entry) };
}

function suggest() {
  const list = element("hits");
  const text = element("search").value;
  const { count, entries } = text.trim() ? matching(text) : { count: 0, entries: [] };
  hits = entries;
  chosen = 0;
  list.replaceChildren(
    ...entries.map((entry, k) =>
      html(
        "li",
        {
          role: "option",
          id: `hit-${k}`,
          "aria-selected": String(k === 0),
          onpointerdown: (event) => {
            event.preventDefault();
            go(k);
          },
        },
        html("span", { class: "name" }, cut(entry.name, 46)),
        html("span", { class: "note" }, cut(entry.note, 34)),
      ),
    ),
  );
  if (text.trim() && !entries.length) list.append(html("li", { class: "none" }, "nothing found"));
  if (count > entries.length) list.append(html("li", { class: "none" }, `${wholeText(count - entries.length)} more`));
  list.hidden = !text.trim();
  element("search").setAttribute("aria-expanded", String(!list.hidden));
}

function choose(k) {
  if (!hits.length) return;
  chosen = (k + hits.length) % hits.length;
  [...element("hits").children].forEach(
    (item, j) => item.id && item.setAttribute("aria-selected", String(j === chosen)),
  );
  element("search").setAttribute("aria-activedescendant", `hit-${chosen}`);
}

function closeSearch() {
  element("hits").hidden = true;
  element("search").setAttribute("aria-expanded", "false");
  element("search").blur();
}

function go(k) {
  if (!hits[k]) return;
  closeSearch();
  reveal(hits[k].box);
}

function listenToSearch() {
  const field = element("search");
  field.addEventListener("input", suggest);
  field.addEventListener("focus", suggest);
  field.addEventListener("blur", () => (element("hits").hidden = true));
  field.addEventListener("keydown", (event) => {
    const acts = {
      ArrowDown: () => choose(chosen + 1),
      ArrowUp: () => choose(chosen - 1),
      Enter: () => go(chosen),
      Escape: closeSearch,
    };
    event.stopPropagation();
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });
}
