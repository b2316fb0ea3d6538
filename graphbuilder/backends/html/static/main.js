// The one entry: takes the data in the page, and later data through `window.graphbuilder`.

const byId = (id) => document.getElementById(id);
const svg = byId("figure"), panel = byId("details"), status = byId("status");
const view = new View(svg, byId("world"), report, () => getComputedStyle(panel).position === "absolute" ? panel.offsetHeight : 0);
const search = new Search(view, byId("search"), byId("found"), (path) => go(path), say);
const dark = matchMedia("(prefers-color-scheme: dark)");

let silence = 0;

// Tells readers of screens, and everyone where nothing else shows it.
function say(words, seen = false) {
  status.textContent = words;
  status.classList.toggle("seen", seen);
  clearTimeout(silence);
  if (seen) silence = setTimeout(() => status.classList.remove("seen"), 8000);
}

function go(path) {
  const item = view.choose(path, true);
  item?.element.focus({ preventScroll: true });
}

go.find = (op) => search.find(`op:${op}`);

// What the network is made of, in place of what is chosen.
function about() {
  const open = !view.about;
  view.choose(null);
  view.about = open;
  report("chosen");
}

async function copy() {
  if (!view.chosen) return say("nothing is chosen", true);
  try {
    await navigator.clipboard.writeText(view.chosen);
    return say(`copied ${view.chosen}`, true);
  } catch {
    return say(`this browser does not let pages copy; it is ${view.chosen}`, true);
  }
}

function report(what) {
  if (!view.scene) return;
  if (what === "drawn" || what === "folded" || what === "chosen") {
    drawDetails(panel, view, go);
    document.body.classList.toggle("detailed", !panel.hidden);
  }
  if (what === "chosen") link();
  drawMinimap();
  byId("zoom").textContent = `${Math.round(view.at.zoom * 100)} %`;
  drawScale();
}

function link() {
  const hash = view.chosen ? `#${encodeURI(view.chosen)}` : " ";
  if (location.hash !== hash.trim()) history.replaceState(null, "", view.chosen ? hash : location.pathname + location.search);
}

function follow() {
  let path = location.hash.slice(1);
  try { path = decodeURI(path); } catch { return; }
  if (!path || path === view.chosen) return;
  if (callAt(view.data, path) || view.itemAt(path)) view.choose(path, true);
  else say(`There is no ${path.length > 80 ? `${path.slice(0, 80)}…` : path} in this network`, true);
}

// theme and heat

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  if (view.scene) { view.paint(); drawMinimap(); drawScale(); }
  byId("theme").setAttribute("aria-pressed", String(theme === "dark"));
}

function turnTheme() {
  setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  document.documentElement.dataset.fixed = "";
}

function setHeat(kind) {
  view.heat = kind;
  byId("heat").value = kind;
  view.paint();
  drawMinimap();
  drawScale();
  say(kind ? `coloured by ${COSTS[kind].title.toLowerCase()}` : "coloured by kind");
}

function drawScale() {
  const scale = byId("scale");
  scale.hidden = !view.heat;
  if (!view.heat) return;
  for (const [name, words] of Object.entries(view.scale)) scale.querySelector(`.${name}`).textContent = words;
}

// minimap

function drawMinimap() {
  const canvas = byId("minimap"), { scene, at, room } = view;
  if (!scene) return;
  const whole = at.x > -1 && at.y > -1 && at.x + scene.wide * at.zoom < room.width + 1 && at.y + scene.high * at.zoom < room.height + 1;
  canvas.hidden = view.plain || whole;
  if (canvas.hidden) return;
  const scale = Math.min(168 / scene.wide, 132 / scene.high), ratio = devicePixelRatio || 1;
  const wide = Math.max(24, scene.wide * scale + 12), high = Math.max(24, scene.high * scale + 12);
  canvas.width = wide * ratio;
  canvas.height = high * ratio;
  canvas.style.width = `${wide}px`;
  canvas.style.height = `${high}px`;
  const pen = canvas.getContext("2d"), style = getComputedStyle(canvas);
  pen.setTransform(ratio * scale, 0, 0, ratio * scale, 6 * ratio, 6 * ratio);
  for (const item of scene.items) {
    pen.fillStyle = item.open ? style.getPropertyValue("--minimap-frame") : view.colours.get(classOf(item)) ?? style.getPropertyValue("--minimap-box");
    pen.fillRect(item.x, item.y, item.wide, item.high);
  }
  pen.lineWidth = 1.5 / scale;
  pen.strokeStyle = style.getPropertyValue("--accent");
  pen.strokeRect(-at.x / at.zoom, -at.y / at.zoom, room.width / at.zoom, room.height / at.zoom);
  view.minimap = scale;
}

function classOf(item) {
  return `${document.documentElement.dataset.theme} ${view.heat ? item.heat : item.style}`;
}

function minimapTo(event) {
  const { left, top } = byId("minimap").getBoundingClientRect();
  view.centre((event.clientX - left - 6) / view.minimap, (event.clientY - top - 6) / view.minimap);
}

// commands, each with its keys

const COMMANDS = [
  [["/"], "Search by name, op or shape", () => byId("search").focus()],
  [["n", "N"], "Go to the next of what was found, or back", null],
  [["i"], "What the network is made of", () => about()],
  [["y"], "Copy the path of what is chosen", () => copy()],
  [["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"], "Go to the next box", null],
  [["Enter"], "Choose the box and show its details", () => focused() && view.choose(focused().path)],
  [[" "], "Fold or unfold the box", () => fold()],
  [["x"], "Show every copy of a stack, or one", () => copies()],
  [["["], "Fold one level", () => view.level(false)],
  [["]"], "Unfold one level", () => view.level(true)],
  [["e"], "Unfold everything", () => view.foldAll(true)],
  [["c"], "Fold everything", () => view.foldAll(false)],
  [["r"], "Fold as it was at first", () => view.reset()],
  [["0", "f"], "Fit the figure to the window", () => view.fit()],
  [["1"], "Actual size", () => view.zoomBy(1 / view.at.zoom)],
  [["+", "="], "Zoom in", () => view.zoomBy(1.25)],
  [["-"], "Zoom out", () => view.zoomBy(0.8)],
  [["h"], "Colour by kind, parameters, MACs, memory", () => nextHeat()],
  [["t"], "Light or dark", () => turnTheme()],
  [["m"], "Show or hide the overview", () => turnMinimap()],
  [["s"], "Save as SVG", () => saveSvg(view)],
  [["p"], "Save as PNG", () => savePng(view)],
  [["Escape"], "Close what is open, choose nothing", () => escape()],
  [["?"], "These keys", () => help()],
];
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

function focused() {
  const number = document.activeElement?.dataset?.item;
  return number === undefined ? view.shown : view.scene.items[Number(number)];
}

function refocus(path) {
  (path && view.itemAt(path))?.element.focus({ preventScroll: true });
}

function fold() {
  const item = focused();
  if (!item) return;
  view.toggle(item);
  refocus(item.path);
}

function copies() {
  const item = focused();
  if (!item) return;
  view.toggleCopies(item);
  refocus(item.path);
}

function nextHeat() {
  const kinds = ["", ...costsOf(view.data).map(([kind]) => kind)];
  setHeat(kinds[(kinds.indexOf(view.heat) + 1) % kinds.length]);
}

function turnMinimap() {
  view.plain = !view.plain;
  drawMinimap();
  say(view.plain ? "no overview" : "an overview where not all is seen");
}

function escape() {
  if (!byId("menu").hidden) return turnMenu(false);
  view.choose(null);
}

function arrow(event) {
  const [dx, dy] = ARROWS[event.key];
  if (event.shiftKey || !view.scene.items.length) return view.panBy(-80 * dx, -80 * dy);
  const from = focused(), to = from ? view.beside(from, dx, dy) : view.scene.items[0];
  if (!to) return;
  if (view.chosen) view.choose(to.path, true);
  else view.look(to);
  to.element.focus({ preventScroll: true });
}

function typed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  const inField = event.target.closest?.("input, select, textarea");
  const onButton = event.target.closest?.("button, [tabindex='0'].scroll");
  if (inField || (onButton && [" ", "Enter"].includes(event.key))) return;
  const command = COMMANDS.find(([keys]) => keys.includes(event.key));
  if (!command) return;
  event.preventDefault();
  if (command[2]) command[2]();
  else if (event.key in ARROWS) arrow(event);
  else search.step(event.key === "n" ? 1 : -1);
}

const FAMILIES = Object.entries({
  separable: "depthwise, separable", convolution: "convolution", attention: "attention", learned: "learnt values", pooling: "pooling", head: "fully connected",
  activation: "activation", normalisation: "normalisation", regularisation: "in training only", shape: "shape only", join: "join",
});

function help() {
  const list = byId("keys"), names = { " ": "Space", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };
  list.replaceChildren(...COMMANDS.flatMap(([keys, words]) => [
    made("dt", {}, ...keys.map((key) => made("kbd", {}, names[key] ?? key))), made("dd", {}, words)]));
  const shown = FAMILIES.filter(([style]) => view.scene.items.some((item) => item.style === style));
  byId("families").replaceChildren(...shown.map(([style, words]) => made("span", { class: `chip ${style}` }, words)));
  byId("help").showModal();
}

function turnMenu(open) {
  byId("menu").hidden = !open;
  byId("more").setAttribute("aria-expanded", String(open));
  if (open) byId("menu").querySelector("button").focus();
}

// from outside

function update(data) {
  byId("fault").hidden = true;
  document.body.classList.remove("faulty");
  document.title = data.title;
  byId("title").textContent = data.title;
  byId("facts").textContent = data.facts.join("  ·  ");
  const known = view.data;
  const kinds = [["", "Kind"], ...costsOf(data).map(([kind, { title }]) => [kind, title])];
  byId("heat").replaceChildren(...kinds.map(([value, words]) => made("option", { value }, words)));
  view.heat = [known ? view.heat : data.heat, ""].find((heat) => kinds.some(([value]) => value === heat));
  byId("heat").value = view.heat;
  view.show(resolved(data));
  if (known && view.chosen && !callAt(data, view.chosen) && !view.itemAt(view.chosen)) view.choose(null);
  if (known) say("the figure is up to date");
}

function fault(mistakes) {
  const banner = byId("fault"), list = banner.querySelector("ul");
  list.replaceChildren(...mistakes.slice(0, 20).map(({ code, title, line, text, help }) => made("li", {},
    made("strong", {}, code), ` ${title}`, line ? made("span", { class: "hint" }, ` line ${line}`) : "", text ? made("code", {}, text) : "",
    help ? made("span", { class: "hint remedy" }, help) : "")));
  const words = mistakes.length === 1 ? "One mistake" : `${mistakes.length} mistakes`;
  banner.querySelector("h2").textContent = `${words} in the spec; ${view.data.broken ? "this is what can be drawn of it" : "this is the last figure without"}`;
  banner.hidden = !mistakes.length;
  document.body.classList.toggle("faulty", mistakes.length > 0 && !view.data.broken);
}

function gone(is) {
  byId("gone").textContent = is ? "The server is gone. This is its last figure, which goes on as soon as the spec is watched again." : "";
  document.body.classList.toggle("gone", is);
}

function start() {
  const data = unpacked(JSON.parse(byId("data").textContent));
  view.colours = new Map(Object.entries(data.colours));
  setTheme(data.theme === "auto" ? (dark.matches ? "dark" : "light") : data.theme);
  dark.addEventListener("change", () => {
    if (data.theme === "auto" && !("fixed" in document.documentElement.dataset)) setTheme(dark.matches ? "dark" : "light");
  });
  const click = (id, action) => byId(id).addEventListener("click", action);
  const commands = { fit: () => view.fit(), closer: () => view.zoomBy(1.25), farther: () => view.zoomBy(0.8), less: () => view.level(false),
    deeper: () => view.level(true), theme: turnTheme, close: () => view.choose(null), help: help, copy: copy, title: about, more: () => turnMenu(byId("menu").hidden) };
  for (const [id, action] of Object.entries(commands)) click(id === "help" ? "question" : id, action);
  const menu = { "save-svg": () => saveSvg(view), "save-png": () => savePng(view), "open-all": () => view.foldAll(true),
    "fold-all": () => view.foldAll(false), "as-first": () => view.reset() };
  for (const [id, action] of Object.entries(menu)) click(id, () => { turnMenu(false); action(); });
  click("hush", () => { byId("fault").hidden = true; });
  click("shut", () => byId("help").close());
  byId("heat").addEventListener("change", (event) => setHeat(event.target.value));
  document.addEventListener("keydown", typed);
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest("#menu, #more")) turnMenu(false); });
  byId("minimap").addEventListener("pointerdown", minimapTo);
  byId("minimap").addEventListener("pointermove", (event) => { if (event.buttons) minimapTo(event); });
  addEventListener("hashchange", follow);
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; view.fit(); } else view.place(); });
  svg.addEventListener("focusin", ({ target }) => { if (target.dataset.item && target.matches(":focus-visible")) view.light(view.scene.items[Number(target.dataset.item)]); });
  svg.addEventListener("focusout", () => view.light(null));
  update(data);
  follow();
  if (view.chosen) {
    view.fit();
    view.look(view.shown);
  }
}

window.graphbuilder = { update, fault, gone };
start();
