// The figure in its window: what is open, where one looks, what is chosen. Draws by `figure`, lays by `layout`.

const LEAST_ZOOM = 0.02, MOST_ZOOM = 6, HEAD = 120, MOST_DRAWN = 3000;
const HEATS = Array.from({ length: 6 }, (_, step) => `heat${step}`);

class View {
  constructor(svg, world, report) {
    Object.assign(this, { svg, world, report });
    this.states = new Map();
    this.breaks = null;
    this.chosen = null;
    this.about = false;
    this.heat = "";
    this.at = { x: 0, y: 0, zoom: 1 };
    this.broad = false;
  }

  // Shows other data; what is open, chosen and looked at stays as it is unless this is the first.
  show(data) {
    const before = this.entries ?? [], anchor = this.data ? this.anchor(this.chosen) : null;
    this.data = data;
    this.entries = data.entries = listed(data);
    this.places = data.places = new Map(this.entries.map(({ path }, place) => [path, place]));
    if (this.breaks && this.breaks.some((each) => each >= data.atoms)) this.breaks = null;
    // A network of which nothing was there before is looked at from its beginning.
    const first = !before.some(({ path }) => this.places.has(path));
    if (!first && data.atoms !== this.atoms) this.breaks = null;
    this.atoms = data.atoms;
    this.redraw(anchor);
    if (first) this.home();
  }

  // The window of the figure; in a broad sheet columns may be longer than that is high.
  get room() {
    const { clientWidth, clientHeight } = this.svg.parentElement;
    return { width: clientWidth, height: Math.max(120, clientHeight), broad: this.broad, first: !this.states.size };
  }

  get margin() {
    return this.room.width < 600 ? 14 : 30;
  }

  redraw(anchor) {
    this.scene = laidSheet(this.data, this.states, this.room, this.breaks);
    this.breaks = this.scene.breaks;
    this.near = neighbours(this.scene);
    drawScene(this.scene, this.world, (item) => this.describe(item));
    this.paint();
    this.mark();
    if (anchor) this.hold(anchor);
    this.place();
    this.report("drawn");
  }

  describe(item) {
    const call = callAt(this.data, item.path);
    const block = item.fold && item.fold.kind !== "composite";
    const title = block ? item.fold.title : item.lines.flat().map(([words]) => words).join(" ");
    const copies = item.fold?.count ? `, ${item.fold.count} copies` : "";
    return [title + copies, item.path !== title ? item.path : "", call ? `gives ${call.gives.join(", ")}` : ""].filter(Boolean).join(", ");
  }

  // looking

  place() {
    const { x, y, zoom } = this.at;
    this.world.setAttribute("transform", `translate(${x} ${y}) scale(${zoom})`);
    this.report("moved");
  }

  fit(broad = false) {
    this.breaks = null;
    this.broad = broad;
    this.redraw();
    const { width, height } = this.room, { wide, high } = this.scene, { margin } = this;
    const zoom = Math.min((width - 2 * margin) / wide, (height - 2 * margin) / high, 1.6);
    this.at = { zoom, x: (width - wide * zoom) / 2, y: Math.max(margin, (height - high * zoom) / 2) };
    this.place();
  }

  // All of the sheet, or where that would be too small to be read, its beginning.
  home() {
    this.fit();
    if (this.at.zoom >= LEAST_LEGIBLE) return;
    this.fit(true);
    const { width } = this.room, { wide, items } = this.scene, { margin } = this;
    const zoom = Math.min(LEGIBLE, Math.max(LEAST_LEGIBLE, (width - 2 * margin) / wide));
    const rest = width - wide * zoom, entry = items[0].x + items[0].wide / 2;
    const x = rest > 0 ? rest / 2 : Math.min(margin, Math.max(rest - margin, width / 2 - entry * zoom));
    this.at = { zoom, x, y: margin };
    this.place();
  }

  zoomBy(factor, x = this.room.width / 2, y = this.room.height / 2) {
    const zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, this.at.zoom * factor)), by = zoom / this.at.zoom;
    this.at = { zoom, x: x - (x - this.at.x) * by, y: y - (y - this.at.y) * by };
    this.place();
  }

  panBy(x, y) {
    this.at.x += x;
    this.at.y += y;
    this.place();
  }

  // Brings a place of the sheet to the middle of the window.
  centre(x, y, zoom = this.at.zoom) {
    const { width, height } = this.room;
    this.at = { zoom, x: width / 2 - x * zoom, y: height / 2 - y * zoom };
    this.place();
  }

  // Where the header of a path is on the screen, so that it can be held there while other things move.
  anchor(path) {
    const item = path && this.itemAt(path);
    return item ? { path, x: item.x * this.at.zoom + this.at.x, y: item.y * this.at.zoom + this.at.y } : null;
  }

  hold(anchor) {
    const item = this.itemAt(anchor.path);
    if (!item) return;
    this.at.x = anchor.x - item.x * this.at.zoom;
    this.at.y = anchor.y - item.y * this.at.zoom;
  }

  // folding

  itemAt(path) {
    return this.scene.items.find((item) => item.path === path && !(item.fold?.kind in FOLD_SIGNS))
      ?? this.scene.items.find((item) => item.path === path);
  }

  setFold(item, state) {
    const anchor = { path: item.path, x: item.x * this.at.zoom + this.at.x, y: item.y * this.at.zoom + this.at.y };
    this.states.set(item.key, state);
    this.redraw(anchor);
    this.report("folded");
  }

  toggle(item) {
    if (!item?.fold) return;
    this.setFold(item, item.open ? "closed" : "one");
  }

  toggleCopies(item) {
    if (item?.fold?.all === undefined) return;
    this.setFold(item, item.state === "all" ? "one" : "all");
  }

  // Shows the blocks in a card as boxes that fold for themselves, or all in place.
  toggleParts(item) {
    if (item?.fold?.parts === undefined || !item.open) return;
    this.setFold(item, item.state === "parts" ? "one" : "parts");
  }

  // Opens or closes everything that is drawn, again and again until nothing changes.
  foldAll(open) {
    const states = new Map(this.states);
    for (let round = 0; round < 12; round++) {
      const { items } = laidSheet(this.data, states, this.room, this.breaks);
      const turned = items.filter((item) => item.fold && item.open !== open);
      if (!turned.length || items.length > MOST_DRAWN) break;
      for (const item of turned) states.set(item.key, open ? "one" : "closed");
    }
    this.refold(states);
  }

  // One level of blocks more, or one less.
  level(more) {
    const folds = this.scene.items.filter((item) => item.fold && item.fold.kind !== "composite");
    const turned = more ? folds.filter((item) => !item.open) : folds.filter((item) => item.open);
    if (!turned.length) return;
    const depth = more ? Math.min(...turned.map((item) => item.depth)) : Math.max(...turned.map((item) => item.depth));
    const states = new Map(this.states);
    for (const item of turned) if (item.depth === depth) states.set(item.key, more ? "one" : "closed");
    this.refold(states);
  }

  // Folds otherwise, unless so much would be drawn that the page stood still.
  refold(states) {
    const { length } = laidSheet(this.data, states, this.room, this.breaks).items;
    if (length > MOST_DRAWN && length > this.scene.items.length) return this.report("much");
    this.states = states;
    this.home();
  }

  reset() {
    this.refold(new Map());
  }

  // choosing

  // Makes the call at a path visible: opens what it is in. Gives the item that shows it, or what it is in.
  reveal(path) {
    const item = this.opened(path);
    if (!this.scene.items[0]?.element) this.redraw();
    // What was drawn since is another item for the same.
    return item && (this.scene.items[item.id] ?? null);
  }

  // The same, of which nothing new is drawn yet.
  opened(path) {
    for (let round = 0; round < 40; round++) {
      const shown = this.scene.items.find((item) => item.path === path && !item.fold?.turns && item.fold?.kind !== "lot");
      if (shown) return shown;
      const around = this.scene.items.filter((item) => item.fold && this.covers(item, path)).at(-1);
      const wanted = around && wantedState(around, path);
      if (!wanted || (around.open && around.state === wanted)) break;
      this.states.set(around.key, wanted);
      this.scene = laidSheet(this.data, this.states, this.room, this.breaks);
    }
    const within = this.scene.items.find((item) => item.path.startsWith(`${path}.`));
    return within ?? this.nearest(path);
  }

  // Whether a call is in what an item opens.
  covers(item, path) {
    if (item.fold.kind !== "lot") return path.startsWith(`${item.path}.`) || isOfStack(item, path);
    const place = (each) => this.places.get(each) ?? Infinity;
    return path.startsWith(`${item.until}.`) || (place(path) >= place(item.path) && place(path) <= place(item.until));
  }

  // What stands for a call that has no box of its own: the one before it, or what it is in.
  nearest(path) {
    const number = this.places.get(path) ?? -1;
    const parent = path.includes(".") ? path.slice(0, path.lastIndexOf(".")) : "";
    for (let i = number - 1; i >= 0 && this.entries[i].path.startsWith(parent); i--) {
      const item = this.scene.items.find((each) => each.path === this.entries[i].path);
      if (item && this.entries[i].path !== parent) return item;
    }
    return parent ? this.itemAt(parent) ?? this.nearest(parent) : null;
  }

  // `how` it came to be chosen: "chosen" is a place to come back to, "stepped" is none.
  choose(path, look = false, how = "chosen") {
    this.chosen = path;
    this.about = false;
    if (path) this.reveal(path);
    this.mark();
    this.report(how);
    const item = path ? this.shown : null;
    if (item) look ? this.look(item) : this.bring(item);
    return item;
  }

  // Moves the figure, no more than it takes, where too little is seen of an item, as beside a panel that just opened.
  bring(item) {
    const { width, height } = this.room, { x, y, zoom } = this.at;
    const short = (low, size, most) => {
      const seen = Math.min(low + size, most) - Math.max(low, 0);
      if (seen > Math.min(size, HEAD) - 1) return 0;
      return low < 0 ? 16 - low : Math.max(most - size - 16 - low, 16 - low);
    };
    const [dx, dy] = [short(item.x * zoom + x, item.wide * zoom, width), short(item.y * zoom + y, Math.min(item.high, HEAD) * zoom, height)];
    if (dx || dy) this.panBy(dx, dy);
  }

  look(item) {
    const high = Math.min(item.high, HEAD), { width, height } = this.room;
    const zoom = Math.max(this.at.zoom, LEAST_LEGIBLE);
    const x = (item.x + item.wide / 2) * zoom, y = (item.y + high / 2) * zoom;
    const seenX = (item.x + item.wide / 2) * this.at.zoom + this.at.x, seenY = (item.y + high / 2) * this.at.zoom + this.at.y;
    const inside = zoom === this.at.zoom && seenX > 60 && seenX < width - 60 && seenY > 60 && seenY < height - 60;
    if (!inside) this.centre(x / zoom, y / zoom, zoom);
  }

  // Shows what is chosen, and makes it the one place of the figure that the tab key reaches.
  mark() {
    this.world.querySelectorAll(".chosen").forEach((each) => each.classList.remove("chosen"));
    this.world.querySelectorAll('[tabindex="0"]').forEach((each) => each.setAttribute("tabindex", "-1"));
    this.world.querySelector(".halo")?.remove();
    const item = this.shown;
    if (item) {
      item.element.classList.add("chosen");
      ring(item);
    }
    (item ?? this.scene.items.find((each) => each.element))?.element.setAttribute("tabindex", "0");
  }

  get shown() {
    if (!this.chosen) return null;
    return this.itemAt(this.chosen) ?? this.scene.items.find((item) => item.path.startsWith(`${this.chosen}.`)) ?? this.nearest(this.chosen);
  }

  light(item) {
    this.world.classList.toggle("lit", Boolean(item));
    this.world.querySelectorAll(".on").forEach((each) => each.classList.remove("on"));
    if (!item) return;
    item.element.classList.add("on");
    for (const { wires, items } of [this.near.readers(item), this.near.read(item)]) {
      wires.forEach((wire) => wire.element.classList.add("on"));
      items.forEach((each) => each.element.classList.add("on"));
    }
    if (item.open) for (const inner of this.scene.items) if (inner.path.startsWith(`${item.path}.`)) inner.element.classList.add("on");
  }

  // The next item in a direction, as the eye would find it.
  beside(item, dx, dy) {
    const middle = (each) => [each.x + each.wide / 2, each.open ? each.y + 8 : each.y + each.high / 2];
    const [x, y] = middle(item);
    let best = null;
    for (const other of this.scene.items) {
      if (other === item) continue;
      const [ox, oy] = middle(other), along = (ox - x) * dx + (oy - y) * dy, across = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
      if (along < 4) continue;
      const cost = along + 2.5 * across;
      if (!best || cost < best.cost) best = { cost, other };
    }
    return best?.other ?? null;
  }

  // colours

  // Colours boxes by the share of the whole that all their copies cost, as the figure does.
  paint() {
    const { heat, scene, data } = this;
    const closed = scene.items.filter((item) => !item.open && item.element);
    for (const { element: each } of closed) each.classList.remove(...HEATS);
    this.note();
    if (!heat) return;
    const values = new Map(closed.map((item) => [item, costOf(data, item, heat)]));
    const whole = totalOf(data, heat) || 1, most = Math.max(0, ...values.values()) / whole;
    const first = data.steps.findIndex((step) => step <= most), last = data.steps.length - (HEATS.length - 1);
    this.bounds = data.steps.slice(Math.min(first < 0 ? last : first, last)).slice(0, HEATS.length - 1);
    for (const [item, value] of values) {
      if (item.style === "terminal") continue;
      const reached = this.bounds.findIndex((bound) => value / whole >= bound);
      item.heat = HEATS[reached < 0 ? 0 : HEATS.length - 1 - reached];
      item.element.classList.add(item.heat);
    }
  }

  // Writes on blocks what they cost of what is coloured by, in all copies, and its share.
  note() {
    const { heat, scene, data } = this;
    for (const item of scene.items) {
      const note = item.element?.querySelector(".cost");
      if (!note) continue;
      const value = heat ? costOf(data, item, heat) : 0, part = share(value, totalOf(data, heat));
      note.textContent = heat ? value ? `${COSTS[heat].text(value)} · ${part}` : "" : item.fold.note;
    }
  }

  // What the colours stand for: the least and the most of them, in words.
  get scale() {
    const percent = (bound) => `${Number((100 * bound).toPrecision(2))} %`;
    return { title: COSTS[this.heat].title, least: `< ${percent(this.bounds.at(-1))}`, most: `≥ ${percent(this.bounds[0])} of all ${COSTS[this.heat].whole}` };
  }
}

// Whether a call is in one of the copies on a stack.
function isOfStack(item, path) {
  if (item.fold.kind !== "stack") return false;
  const cut = item.path.lastIndexOf(".") + 1, rest = path.slice(cut).split(".")[0];
  const number = Number(rest) - Number(item.path.slice(cut));
  return path.startsWith(item.path.slice(0, cut)) && number >= 0 && number < item.fold.count;
}

function wantedState(item, path) {
  const own = path === item.path || path.startsWith(`${item.path}.`);
  if (item.fold.kind !== "stack") return "one";
  return own && item.state !== "all" ? "one" : item.fold.all === undefined ? null : "all";
}
