// Commands, each with its keys.

const COMMANDS = [
  [["/"], "Search by name, op or shape", () => byId("search").focus()],
  [["n", "N"], "Go to the next of what was found, or back", null],
  [["i"], "What the network is made of", () => about()],
  [["y"], "Copy the path of what is chosen", () => copy("path")],
  [["Y"], "Copy its lines of the TOML", () => copy("lines")],
  [["l"], "Copy a link to it as it is folded", () => copy("link")],
  [["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"], "Go to the next box", null],
  [["Enter"], "Choose the box and show its details", () => focused() && view.choose(focused().path)],
  [[" "], "Fold or unfold the box", () => turn("toggle")],
  [["x"], "Show every copy of a stack, or one", () => turn("toggleCopies")],
  [["b"], "Frame the blocks in a card, or not", () => turn("toggleParts")],
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

function turn(how) {
  const item = focused();
  if (!item) return;
  view[how](item);
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
  if (view.chosen) view.choose(to.path, true, "stepped");
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
