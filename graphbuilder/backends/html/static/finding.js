// Finds calls by name, op and shape.

// Words as they are compared: sizes in either order and with any sign between them.
function plain(text) {
  return text.toLowerCase().replaceAll("×", "x");
}

function turnedShape(shape) {
  const sizes = shape.split("×");
  return sizes.length > 1 ? `${sizes.at(-1)}x${sizes.slice(0, -1).join("x")}` : shape;
}

const SHAPES = 5, NONE = 9;

function matches(entries, query) {
  const words = plain(query).split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const scored = [];
  for (const entry of entries) {
    const { path, call } = entry;
    const name = plain(path), op = plain(`${call.is} ${call.title ?? ""}`);
    const holds = (shapes, word) => shapes.some((shape) => [shape, turnedShape(shape)].some((each) => plain(each).includes(word)));
    // Who looks for a shape looks for what gives it, and rather for an op than for what it is in.
    const made = call.body === undefined || call.op ? SHAPES : SHAPES + 1;
    const one = (word) => word.startsWith("op:") ? (word.slice(3) === plain(call.is) && !entry.part ? 0 : NONE) : name === word ? 0 : name.endsWith(`.${word}`) ? 1 : op.startsWith(word) ? 2 : name.includes(word) ? 3 : op.includes(word) ? 4
      : holds(call.gives, word) ? made : holds(call.reads, word) ? made + 2 : NONE;
    const worst = Math.max(...words.map(one));
    if (worst < NONE) scored.push({ ...entry, score: worst });
  }
  scored.sort((a, b) => a.score - b.score || (a.score < SHAPES ? a.path.length - b.path.length : 0));
  return scored;
}

const MOST_ROWS = 40;

// A field, and a list of what was found below it.
class Search {
  constructor(view, field, list, go, say) {
    Object.assign(this, { view, field, list, go, say, found: [], place: 0 });
    field.addEventListener("input", () => this.look());
    field.addEventListener("focus", () => this.look());
    field.addEventListener("keydown", (event) => this.key(event));
    field.addEventListener("blur", () => setTimeout(() => this.close(), 150));
  }

  look() {
    this.found = matches(this.view.entries, this.field.value);
    this.place = 0;
    this.draw();
  }

  draw() {
    const open = this.field.value.trim() !== "" && document.activeElement === this.field;
    this.list.hidden = !open;
    this.field.setAttribute("aria-expanded", String(open));
    const rows = this.found.slice(0, MOST_ROWS).map(({ path, call }, number) => {
      const row = made("li", { role: "option", id: `found-${number}`, "aria-selected": String(number === this.place) },
        made("span", { class: "path" }, path), made("span", { class: "what" }, `${call.is} · ${call.gives.join(", ")}`));
      row.addEventListener("mousedown", (event) => { event.preventDefault(); this.take(number); });
      return row;
    });
    if (open && !rows.length) rows.push(made("li", { role: "option", class: "none", "aria-selected": "false" }, "nothing is called so"));
    else if (open) rows.push(made("li", { role: "presentation", class: "count" }, this.counted));
    this.list.replaceChildren(...rows);
    if (open && this.found.length) this.field.setAttribute("aria-activedescendant", `found-${this.place}`);
    else this.field.removeAttribute("aria-activedescendant");
    this.list.children[this.place]?.scrollIntoView({ block: "nearest" });
  }

  get counted() {
    const shown = this.found.length > MOST_ROWS ? `, the first ${MOST_ROWS} shown` : "";
    return `${this.found.length} found${shown}; n and N go on and back`;
  }

  // The next of what was found last, or the one before.
  step(by) {
    if (!this.found.length) return this.say("nothing was searched for; / searches", true);
    this.take((this.place + by + this.found.length) % this.found.length);
    return this.say(`${this.place + 1} of ${this.found.length} for ${this.field.value.trim()}`, true);
  }

  // Looks for words as if they had been typed.
  find(words) {
    this.field.value = words;
    this.field.focus();
    this.look();
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.found.length) {
      event.preventDefault();
      const rows = Math.min(MOST_ROWS, this.found.length);
      this.place = (this.place + step + rows) % rows;
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
    this.place = number;
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
