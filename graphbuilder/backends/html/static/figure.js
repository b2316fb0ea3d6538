// Draws a scene as SVG elements. Decides colours by class alone; text is only ever text.

const SVG = "http://www.w3.org/2000/svg";
const MARKED = 19, CORNER = 8, ARROW = 5, ARROW_HALF = 2.2;
const measuring = document.createElement("canvas").getContext("2d");
const measured = new Map();

function textWidth(text, size, bold) {
  const key = `${bold ? 1 : 0}${text}`;
  if (!measured.has(key)) {
    measuring.font = `${bold ? "bold " : ""}100px Arial, Arimo, "Liberation Sans", Helvetica, sans-serif`;
    measured.set(key, measuring.measureText(text).width / 100);
  }
  return measured.get(key) * size;
}

function element(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (parent) parent.append(made);
  return made;
}

function near(number) {
  return Math.round(number * 100) / 100;
}

function written(text, x, y, size, parent, extra = {}) {
  const made = element("text", { x: near(x), y: near(y + size * 0.355), "font-size": size, ...extra }, parent);
  made.textContent = text;
  return made;
}

function wirePath(points) {
  let path = `M${near(points[0][0])} ${near(points[0][1])}`;
  for (let i = 1; i < points.length - 1; i++) {
    const [before, corner, after] = [points[i - 1], points[i], points[i + 1]];
    const radius = Math.min(CORNER, far(before, corner) / 2, far(corner, after) / 2);
    const start = towards(corner, before, radius), end = towards(corner, after, radius);
    path += `L${near(start[0])} ${near(start[1])}Q${near(corner[0])} ${near(corner[1])} ${near(end[0])} ${near(end[1])}`;
  }
  const last = points.at(-1);
  return `${path}L${near(last[0])} ${near(last[1])}`;
}

function far(one, other) {
  return Math.abs(one[0] - other[0]) + Math.abs(one[1] - other[1]);
}

function towards(start, end, distance) {
  const whole = Math.hypot(end[0] - start[0], end[1] - start[1]) || 1;
  return [start[0] + (end[0] - start[0]) * distance / whole, start[1] + (end[1] - start[1]) * distance / whole];
}

function drawScene(scene, world, describe) {
  world.replaceChildren();
  const layers = Object.fromEntries(["frames", "wires", "boxes", "words"].map((name) => [name, element("g", { class: name }, world)]));
  if (scene.network.names) for (const item of scene.items) if (!item.open) item.lines = named(item);
  scene.items.filter((item) => item.open).sort((a, b) => a.depth - b.depth).forEach((item) => drawFrame(item, layers.frames, describe));
  for (const wire of scene.wires) drawWire(scene, wire, layers.wires);
  for (const item of scene.items) if (!item.open) drawBox(item, layers.boxes, describe);
  for (const end of scene.ends) drawEnd(end, layers.words);
  for (const { x, y, text } of scene.words) written(text, x, y, 9, layers.words, { class: "caption" });
}

function drawWire(scene, wire, layer) {
  const group = element("g", { class: `wire ${wire.kind}` }, layer), points = wire.points.map((point) => [...point]);
  const arrow = (typeof wire.head === "number" || wire.enters) && points.length > 1;
  const [x, y] = points.at(-1);
  if (arrow) {
    const back = towards([x, y], points.at(-2), Math.min(ARROW, far([x, y], points.at(-2))));
    points[points.length - 1] = back;
  }
  element("path", { d: wirePath(points) }, group);
  if (arrow) {
    const [bx, by] = points.at(-1), nx = (by - y) / ARROW * ARROW_HALF, ny = (x - bx) / ARROW * ARROW_HALF;
    const corners = [[x, y], [bx + nx, by + ny], [bx - nx, by - ny]].map((point) => point.map(near).join(" "));
    element("path", { class: "arrow", d: `M${corners.join("L")}Z` }, group);
  }
  wire.element = group;
}

// A value that goes on in another column, which is no box of its own.
function drawEnd({ x, y, wide, high, text }, layer) {
  const group = element("g", { class: `end ${text === "?" ? "unknown" : "terminal"}` }, layer);
  element("rect", { class: "shape", x: near(x), y: near(y), width: near(wide), height: near(high), rx: 6 }, group);
  written(text, x + wide / 2, y + high / 2, 10, group, { "text-anchor": "middle", "font-weight": "bold" });
}

function button(item, classes, layer, describe) {
  const group = element("g", { class: classes, role: "button", tabindex: -1, "data-item": item.id }, layer);
  group.setAttribute("aria-label", describe(item));
  if (item.fold) group.setAttribute("aria-expanded", String(item.open));
  item.element = group;
  return group;
}

function drawBox(item, layer, describe) {
  const style = item.fold && item.fold.kind !== "composite" && item.style === "block" ? "block folds" : item.style;
  const classes = ["box", style, item.dashed && "dashed", item.faded && "faded"].filter(Boolean).join(" ");
  const group = button(item, classes, layer, describe);
  const { x, y, wide, high } = item;
  if (item.fold?.kind === "stack") {
    for (const shift of [2 * 3, 3]) {
      element("rect", { class: "stacked", x: near(x + shift), y: near(y + shift), width: near(wide), height: near(high), rx: 6 }, group);
    }
  }
  element("rect", { class: "shape", x: near(x), y: near(y), width: near(wide), height: near(high), rx: item.round ? high / 2 : 6 }, group);
  drawLines(item, group);
  if (item.fold) drawMark(item, group, x + 11, y + high / 2);
}

function drawLines(item, group) {
  const { x, y, wide, high, lines } = item;
  const heights = lines.map((line) => Math.max(...line.map(([, size]) => size), 1) * 1.2);
  let top = y + (high - heights.reduce((sum, each) => sum + each, 0)) / 2;
  lines.forEach((line, number) => {
    const size = heights[number] / 1.2, row = top + heights[number] / 2;
    const text = element("text", { x: near(x + wide / 2 + aside(item, line)), y: near(row + size * 0.355), "text-anchor": "middle" }, group);
    line.forEach(([words, each, bold], index) => {
      const run = element("tspan", { "font-size": each, ...(bold ? { "font-weight": "bold" } : {}), ...(bold ? {} : noted(item)) }, text);
      if (index) run.setAttribute("dx", 6);
      run.textContent = words;
    });
    top += heights[number];
  });
}

// How far a line that is too long beside the triangle makes way for that.
function aside(item, line) {
  if (!item.fold) return 0;
  const long = line.reduce((sum, [words, size, bold], index) => sum + textWidth(words, size, bold) + (index ? 6 : 0), 0);
  return Math.min(Math.max(0, MARKED - (item.wide - long) / 2), Math.max(0, (item.wide - long) / 2 - 3));
}

// Marks what of a block is its cost, which colours by another cost write anew.
function noted(item) {
  return item.fold?.note && item.fold.kind !== "composite" ? { class: "cost" } : {};
}

// A ring around what is chosen.
function ring(item) {
  const { x, y, wide, high } = item, radius = Math.min(high / 2 + 4, item.open ? 12 : 10);
  element("rect", { class: "halo", x: near(x - 4), y: near(y - 4), width: near(wide + 8), height: near(high + 8), rx: radius }, item.element);
}

const PILL = 15, NAME = 7.5;

// The lines of a box with the name of its call, as much of its end as there is room for.
function named(item) {
  if (item.round || item.style === "terminal") return item.lines;
  const pill = item.high < PILL, first = item.lines[0].map(([words, size, bold]) => textWidth(words, size, bold));
  const size = pill ? item.lines[0][0][1] : NAME, used = pill ? first.reduce((sum, each) => sum + each, 0) + 12 : 0;
  let name = item.path;
  while (name.length > 1 && textWidth(name, size, false) > item.wide - 10 - used) name = `…${name.slice(2)}`;
  if (name.length < 3) return item.lines;
  return pill ? [[...item.lines[0], [`· ${name}`, size, false]]] : [...item.lines, [[name, size, false]]];
}

// The small triangle that opens and closes.
function drawMark(item, group, x, y) {
  const mark = element("g", { class: "mark", "data-fold": item.id }, group);
  element("rect", { class: "target", x: near(x - 11), y: near(y - 11), width: 22, height: 22 }, mark);
  const d = item.open ? "M-3.5 -1.8L0 1.8L3.5 -1.8" : "M-1.8 -3.5L1.8 0L-1.8 3.5";
  element("path", { d, transform: `translate(${near(x)} ${near(y)})` }, mark);
}

function drawFrame(item, layer, describe) {
  const { x, y, wide, high, fold } = item, panel = fold.kind === "panel";
  const group = button(item, `frame ${fold.kind} ${item.depth % 2 ? "odd" : "even"}${item.dashed ? " dashed" : ""}`, layer, describe);
  const radius = panel ? 12 : 9;
  if (item.stacked) {
    for (const shift of [2 * STACK, STACK]) {
      element("rect", { class: "stacked", x: near(x + shift), y: near(y + shift), width: near(wide), height: near(high), rx: radius }, group);
    }
  }
  element("rect", { class: "shape", x: near(x), y: near(y), width: near(wide), height: near(high), rx: radius }, group);
  const row = y + (panel ? 19 : 13.5), size = panel ? 15 : 10;
  drawMark(item, group, x + 14, row);
  written(fold.title, x + 25, row, size, group, { class: "title", "font-weight": "bold" });
  const end = x + 25 + textWidth(fold.title, size, true) + 8;
  const counted = fold.count ? drawCount(item, group, end, row) : 0;
  if (fold.parts !== undefined) drawParts(item, group, end + counted + 5, row);
  if (fold.note) written(fold.note, x + wide - 10, row, 9, group, { class: fold.kind === "composite" ? "note" : "note cost", "text-anchor": "end" });
}

function drawCount(item, group, x, y) {
  const words = `× ${item.fold.count}`, wide = textWidth(words, 9, true) + 12;
  const badge = element("g", { class: "badge", "data-copies": item.id }, group);
  element("rect", { x: near(x), y: near(y - 7.5), width: near(wide), height: 15, rx: 7.5 }, badge);
  written(words, x + wide / 2, y, 9, badge, { "text-anchor": "middle", "font-weight": "bold" });
  return wide + 8;
}

// Two small frames, which frame the blocks in a card or draw them in place.
function drawParts(item, group, x, y) {
  const mark = element("g", { class: `mark parts${item.state === "parts" ? " set" : ""}`, "data-parts": item.id }, group);
  element("title", {}, mark).textContent = item.state === "parts" ? "Draw its blocks in place  b" : "Frame its blocks  b";
  element("rect", { class: "target", x: near(x - 10), y: near(y - 11), width: 20, height: 22 }, mark);
  element("path", { d: "M-4 -5h8v4h-8zM-4 1h8v4h-8z", transform: `translate(${near(x)} ${near(y)})` }, mark);
}

// What each item reads and what reads it, through the frames between them.
function neighbours(scene) {
  const from = new Map(), into = new Map();
  const note = (map, key, wire) => (map.get(key) ?? map.set(key, []).get(key)).push(wire);
  for (const wire of scene.wires) {
    note(from, wire.tail, wire);
    note(into, wire.head, wire);
  }
  const walk = (start, map, end) => {
    const wires = new Set(), items = new Set(), seen = new Set(start), waiting = [...start];
    while (waiting.length) {
      for (const wire of map.get(waiting.pop()) ?? []) {
        wires.add(wire);
        const next = wire[end];
        if (typeof next === "number") items.add(scene.items[next]);
        else if (!seen.has(next)) { seen.add(next); waiting.push(next); }
      }
    }
    return { wires, items };
  };
  const ends = (item, side) => item.open ? Object.keys(item.ports).filter((name) => name.startsWith(side)).map((name) => `${item.id} ${name}`) : [item.id];
  return {
    readers: (item) => walk(ends(item, "out"), from, "head"),
    read: (item) => walk(ends(item, "in"), into, "tail"),
  };
}
