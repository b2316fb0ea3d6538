// The panel beside the figure: everything that is known of the chosen call.

const MOST_LINES = 40, MOST_SIGNS = 2000;

function made(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

function pressed(words, action, attributes = {}) {
  const node = made("button", { type: "button", ...attributes }, words);
  node.addEventListener("click", action);
  return node;
}

function section(title, ...children) {
  return made("section", {}, made("h3", {}, title), ...children);
}

function drawDetails(panel, view, go) {
  const path = view.chosen, call = path ? callAt(view.data, path) : null, body = panel.querySelector(".body");
  panel.hidden = !path && !view.about;
  byId("copy").hidden = !path;
  body.scrollTop = 0;
  if (panel.hidden) return;
  if (!path) {
    head(panel, "The network", []);
    body.replaceChildren(...ofNetwork(view.data, go.find));
    return;
  }
  const item = view.shown;
  body.replaceChildren(...(call ? ofCall(view, path, call, item, go) : ofEnd(path, item)));
  head(panel, titleOf(path, call, item), trail(path, item?.path === path && isStack(item) ? rangeOfStack(item) : path, go));
}

// A title with the path below it; what has no title is headed by its path.
function head(panel, title, crumbs) {
  panel.querySelector("h2").replaceChildren(...(title ? [title] : crumbs));
  panel.querySelector(".trail").replaceChildren(...(title ? crumbs : []));
}

function titleOf(path, call, item) {
  const own = item?.path === path && item.fold && item.fold.kind !== "composite" ? item.fold.title : "";
  const title = own || call?.title || "";
  return title === path.split(".").at(-1) ? "" : title;
}

// What the network is made of: its ends, its totals, and how many there are of each op.
function ofNetwork(data, find) {
  const ends = data.pieces.slice(0, data.atoms).flatMap(({ boxes }) => boxes).filter(({ style }) => style === "terminal");
  const table = made("table", { class: "ops" }, made("tr", {}, ...["Op", "Count", "Parameters", "MACs"].map((words) => made("th", { scope: "col" }, words))));
  for (const [op, { count, params, macs }] of countedOps(data)) {
    const numbers = [String(count), params ? COSTS.params.text(params) : "–", macs ? COSTS.macs.text(macs) : "–"];
    table.append(made("tr", {}, made("td", {}, pressed(op, () => find(op), { class: "link" })), ...numbers.map((words) => made("td", { class: "number" }, words))));
  }
  return [
    made("p", { class: "facts" }, data.facts.join("  ·  ")),
    section("Ends", made("p", { class: "shapes" }, ends.map(({ lines }) => lines.flat().map(([words]) => words).join(" ")).join(", "))),
    section("Made of", table),
  ];
}

function ofEnd(path, item) {
  const words = item ? item.lines.flat().map(([text]) => text).join(" ") : path;
  return [made("p", { class: "chip-row" }, made("span", { class: "chip" }, "input or output")), made("p", {}, words)];
}

function trail(path, said, go) {
  const names = path.split("."), last = said.split(".").at(-1);
  return names.flatMap((name, number) => {
    const to = names.slice(0, number + 1).join(".");
    const part = number === names.length - 1 ? made("span", { "aria-current": "true" }, last) : pressed(name, () => go(to), { class: "link" });
    return number ? [made("span", { class: "dot", "aria-hidden": "true" }, "."), part] : [part];
  });
}

function ofCall(view, path, call, item, go) {
  const { data } = view, last = item?.path === path && isStack(item) ? lastOfStack(item) : path;
  return [
    chips(view, call, item),
    call.wrong ? section("Wrong", ...call.wrong.flatMap(mistaken)) : null,
    neighbourList("Wrong in it", wrongIn(data, path), go),
    section("Shapes", shapes(call, callAt(data, last) ?? call)),
    section("Cost", costs(view, path, call, item)),
    fieldOf(data, path, last),
    call.args ? section("Arguments", argumentsOf(call.args)) : null,
    neighbourList("Reads from", readFrom(view, item), go),
    neighbourList("Read by", readBy(view, item), go),
    call.at ? specLines(view) : null,
  ].filter(Boolean);
}

function chips(view, call, item) {
  const row = made("div", { class: "chip-row" }, made("span", { class: `chip ${item?.style ?? ""}` }, call.is));
  if (call.shares) row.append(made("span", { class: "chip" }, `weights of ${call.shares}`));
  if (call.training) row.append(made("span", { class: "chip" }, "in training only"));
  if (item?.fold && item.path === view.chosen) {
    row.append(pressed(item.open ? "Fold" : "Unfold", () => view.toggle(item), { class: "small" }));
    if (item.fold.parts !== undefined && item.open) {
      row.append(pressed(item.state === "parts" ? "Without its blocks" : "Its blocks", () => view.toggleParts(item), { class: "small" }));
    }
    if (item.fold.all !== undefined && item.open) {
      row.append(pressed(item.state === "all" ? "One copy" : `All ${item.fold.count} copies`, () => view.toggleCopies(item), { class: "small" }));
    }
  }
  return row;
}

function mistaken([error, remedy]) {
  return [made("p", { class: "wrong" }, error), remedy ? made("p", { class: "hint remedy" }, remedy) : null].filter(Boolean);
}

function wrongIn(data, path) {
  const inside = data.entries.filter((entry) => entry.path.startsWith(`${path}.`) && entry.call.wrong);
  return inside.map((entry) => ({ words: entry.path.slice(path.length + 1), path: entry.path, note: ` ${entry.call.wrong[0][0]}` }));
}

function shapes(call, last) {
  return made("p", { class: "shapes" },
    made("span", {}, call.reads.join(", ") || "nothing"), made("span", { class: "arrow", "aria-label": "to" }, "→"),
    made("span", {}, last.gives.join(", ")));
}

function costs(view, path, call, item) {
  const table = made("table", { class: "costs" });
  const own = item?.fold?.kind === "stack" && item.path === view.chosen ? item.fold.count : 1;
  const copies = (item?.copies ?? []).reduce((count, { start, end, turns }) => count * Math.ceil((end - start) / turns), own);
  for (const [kind, { title, text }] of costsOf(view.data)) {
    const value = costOfCall(view.data, path, call, kind), whole = totalOf(view.data, kind);
    const bar = made("div", { class: "bar" }, made("div"));
    bar.firstChild.style.width = `${whole ? Math.min(100, 100 * value / whole) : 0}%`;
    table.append(made("tr", {}, made("th", { scope: "row" }, title), made("td", { class: "number", title: String(value) }, value ? text(value) : "–"),
      made("td", { class: "number share" }, share(value, whole)), made("td", { class: "wide" }, bar)));
  }
  const words = copies > 1 ? [`of one of ${copies} copies`, ...(own > 1 ? item.fold.words : [])].join("; ") : "";
  const note = words ? made("p", { class: "hint" }, words) : null;
  return made("div", {}, table, note);
}

// Of a stack that of the first copy and that of the last.
function fieldOf(data, path, last) {
  const [first, final] = [path, last].map((each) => data.sizes[data.fields[each]]);
  if (!first) return null;
  const differ = last !== path && final && final !== first;
  return section("Receptive field", made("p", { class: "shapes" }, differ ? `${first} to ${final}` : first),
    differ ? made("p", { class: "hint" }, `of ${path} and ${last}`) : null);
}

function argumentsOf(args) {
  const table = made("table", { class: "args" });
  for (const [name, value, written] of args) {
    table.append(made("tr", {}, made("th", { scope: "row" }, name), made("td", {}, made("code", {}, value), written ? made("span", { class: "hint" }, ` = ${written}`) : null)));
  }
  return table;
}

// What an item reads; of what stands for copies of a stack that the item is not in, the last gives the value.
function readFrom(view, item) {
  if (!item) return [];
  return [...view.near.read(item).items].map((other) => {
    if (isStack(other)) return { words: rangeOfStack(other), path: other.path };
    const last = lastOf(other.path, apart(other, item));
    return { words: last, path: callAt(view.data, last) ? last : other.path };
  });
}

// What reads an item; of copies of a stack the last is read from outside.
function readBy(view, item) {
  if (!item) return [];
  return [...view.near.readers(item).items].map((other) => {
    const last = lastOf(item.path, apart(item, other));
    return { words: isStack(other) ? rangeOfStack(other) : other.path, path: other.path, note: last === item.path ? "" : ` reads ${last}` };
  });
}

// The stacks that an item is in and another is not, but for those whose copies all stand side by side.
function apart(item, other) {
  return item.copies.filter(({ base, start, beside }) => !beside && !other.copies.some((each) => each.base === base && each.start === start));
}

function neighbourList(title, found, go) {
  if (!found.length) return null;
  const list = made("ul", { class: "links" });
  for (const { words, path, note } of found.slice(0, 12)) {
    list.append(made("li", {}, pressed(words, () => go(path), { class: "link" }), note ? made("span", { class: "hint" }, note) : null));
  }
  return section(title, list);
}

// The lines of the spec that wrote the chosen call, as they are copied, and what they are.
function linesOf({ data, chosen }) {
  const [number, first, last] = callAt(data, chosen)?.at ?? [];
  if (number === undefined) return [];
  const { name, lines } = data.sources[number];
  return [lines.slice(first - 1, last).join("\n"), `${name}, ${first === last ? `line ${first}` : `lines ${first}–${last}`}`];
}

function specLines(view) {
  const [words, title] = linesOf(view), first = callAt(view.data, view.chosen).at[1];
  const list = made("ol", { class: "lines", start: String(first) });
  words.split("\n").slice(0, MOST_LINES).forEach((line, number) => {
    const row = made("li", {}, made("code", {}, line.length > MOST_SIGNS ? `${line.slice(0, MOST_SIGNS)}…` : line));
    row.dataset.line = String(first + number);
    list.append(row);
  });
  const button = pressed("Copy", () => copy("lines"), { class: "small", title: "Copy these lines  Y", "aria-label": "Copy these lines" });
  const scroll = made("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, list);
  return made("section", {}, made("div", { class: "titled" }, made("h3", {}, title), button), scroll);
}
