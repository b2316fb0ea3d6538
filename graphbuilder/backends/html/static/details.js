// The panel beside the figure: everything that is known of the chosen call.

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
  const path = view.chosen, call = path ? callAt(view.data, path) : null;
  panel.hidden = !path;
  if (!path) return;
  const item = view.shown;
  const body = panel.querySelector(".body");
  body.replaceChildren(...(call ? ofCall(view, path, call, item, go) : ofEnd(path, item)));
  body.scrollTop = 0;
  panel.querySelector("h2").textContent = titleOf(path, call, item);
  panel.querySelector(".trail").replaceChildren(...trail(path, go));
}

function titleOf(path, call, item) {
  const own = item?.path === path && item.fold && item.fold.kind !== "composite" ? item.fold.title : "";
  return own || call?.title || path.split(".").at(-1);
}

function ofEnd(path, item) {
  const words = item ? item.lines.flat().map(([text]) => text).join(" ") : path;
  return [made("p", { class: "chip-row" }, made("span", { class: "chip" }, "input or output")), made("p", {}, words)];
}

function trail(path, go) {
  const names = path.split(".");
  return names.flatMap((name, number) => {
    const to = names.slice(0, number + 1).join(".");
    const part = number === names.length - 1 ? made("span", { "aria-current": "true" }, name) : pressed(name, () => go(to), { class: "link" });
    return number ? [made("span", { class: "dot", "aria-hidden": "true" }, "."), part] : [part];
  });
}

function ofCall(view, path, call, item, go) {
  const { data } = view;
  return [
    chips(view, call, item),
    call.wrong ? section("Wrong", ...call.wrong.map((error) => made("p", { class: "wrong" }, error))) : null,
    section("Shapes", shapes(call)),
    section("Cost", costs(view, path, call, item)),
    fieldOf(data, path),
    call.args ? section("Arguments", argumentsOf(call.args)) : null,
    neighbourList("Reads from", item, view.near.read, go),
    neighbourList("Read by", item, view.near.readers, go),
    call.at ? specLines(data, call.at) : null,
  ].filter(Boolean);
}

function chips(view, call, item) {
  const row = made("div", { class: "chip-row" }, made("span", { class: `chip ${item?.style ?? ""}` }, call.is));
  if (call.shares) row.append(made("span", { class: "chip" }, `weights of ${call.shares}`));
  if (call.training) row.append(made("span", { class: "chip" }, "in training only"));
  if (item?.fold && item.path === view.chosen) {
    row.append(pressed(item.open ? "Fold" : "Unfold", () => view.toggle(item), { class: "small" }));
    if (item.fold.all !== undefined && item.open) {
      row.append(pressed(item.state === "all" ? "One copy" : `All ${item.fold.count} copies`, () => view.toggleCopies(item), { class: "small" }));
    }
  }
  return row;
}

function shapes(call) {
  return made("p", { class: "shapes" },
    made("span", {}, call.reads.join(", ") || "nothing"), made("span", { class: "arrow", "aria-label": "to" }, "→"),
    made("span", {}, call.gives.join(", ")));
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

function fieldOf(data, path) {
  const number = data.fields[path];
  if (number === undefined || !data.sizes[number]) return null;
  return section("Receptive field", made("p", { class: "shapes" }, data.sizes[number]));
}

function argumentsOf(args) {
  const table = made("table", { class: "args" });
  for (const [name, value, written] of args) {
    table.append(made("tr", {}, made("th", { scope: "row" }, name), made("td", {}, made("code", {}, value), written ? made("span", { class: "hint" }, ` = ${written}`) : null)));
  }
  return table;
}

function neighbourList(title, item, find, go) {
  if (!item) return null;
  const found = [...find(item).items];
  if (!found.length) return null;
  const list = made("ul", { class: "links" });
  for (const other of found.slice(0, 12)) list.append(made("li", {}, pressed(other.path, () => go(other.path), { class: "link" })));
  return section(title, list);
}

function specLines(data, [number, first, last]) {
  const source = data.sources[number], most = Math.min(last, first + 39);
  const list = made("ol", { class: "lines", start: String(first) });
  for (let line = first; line <= most; line++) {
    const row = made("li", {}, made("code", {}, source.lines[line - 1] ?? ""));
    row.dataset.line = String(line);
    list.append(row);
  }
  const lines = first === most ? `line ${first}` : `lines ${first}–${most}`;
  const scroll = made("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${source.name}, ${lines}` }, list);
  return section(`${source.name}, ${lines}`, scroll);
}

// Search: a field, and a list of what was found below it.
class Search {
  constructor(view, field, list, go) {
    Object.assign(this, { view, field, list, go, found: [], place: 0 });
    field.addEventListener("input", () => this.look());
    field.addEventListener("focus", () => this.look());
    field.addEventListener("keydown", (event) => this.key(event));
    field.addEventListener("blur", () => setTimeout(() => this.close(), 150));
  }

  look() {
    this.found = matches(this.view.entries, this.field.value, 40);
    this.place = 0;
    this.draw();
  }

  draw() {
    const open = this.field.value.trim() !== "" && document.activeElement === this.field;
    this.list.hidden = !open;
    this.field.setAttribute("aria-expanded", String(open));
    const rows = this.found.map(({ path, call }, number) => {
      const row = made("li", { role: "option", id: `found-${number}`, "aria-selected": String(number === this.place) },
        made("span", { class: "path" }, path), made("span", { class: "what" }, `${call.is} · ${call.gives.join(", ")}`));
      row.addEventListener("mousedown", (event) => { event.preventDefault(); this.take(number); });
      return row;
    });
    if (open && !rows.length) rows.push(made("li", { role: "option", class: "none", "aria-selected": "false" }, "nothing is called so"));
    this.list.replaceChildren(...rows);
    if (open && this.found.length) this.field.setAttribute("aria-activedescendant", `found-${this.place}`);
    else this.field.removeAttribute("aria-activedescendant");
    this.list.children[this.place]?.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.found.length) {
      event.preventDefault();
      this.place = (this.place + step + this.found.length) % this.found.length;
      this.draw();
    } else if (event.key === "Enter" && this.found.length) {
      event.preventDefault();
      this.take(this.place);
    } else if (event.key === "Escape") {
      this.field.value = "";
      this.close();
      this.field.blur();
      event.stopPropagation();
    }
  }

  take(number) {
    const { path } = this.found[number];
    this.close();
    this.field.blur();
    this.go(path);
  }

  close() {
    this.list.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }
}
