// The one entry: takes the data in the page, and later data through `window.graphbuilder`.

const byId = (id) => document.getElementById(id);
const svg = byId("figure"), panel = byId("details"), status = byId("status");
const view = new View(svg, byId("world"), report);
const search = new Search(view, byId("search"), byId("found"), (path) => go(path), say);
const dark = matchMedia("(prefers-color-scheme: dark)");

let silence = 0;

// Tells readers of screens, and everyone where nothing else shows it, for as long as it takes to be read.
function say(words, seen = false) {
  status.textContent = words;
  status.classList.toggle("seen", seen);
  clearTimeout(silence);
  if (seen) silence = setTimeout(hush, Math.min(8000, 1500 + 40 * words.length));
}

function hush() {
  status.classList.remove("seen");
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

function report(what) {
  if (!view.scene) return;
  if (what === "much") return say("that is more than a page can show at once; unfold a part of it", true);
  if (what !== "moved") {
    drawDetails(panel, view, go);
    document.body.classList.toggle("detailed", !panel.hidden);
  }
  if (what === "chosen" || what === "stepped") link(what === "chosen");
  drawMinimap();
  byId("zoom").textContent = `${Math.round(view.at.zoom * 100)} %`;
  drawScale();
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
  const words = mistakes.length === 1 ? "One mistake in the spec" : `${mistakes.length} mistakes in the spec`;
  const read = mistakes.some(({ line }) => line);  // One without a line is of the file.
  banner.querySelector("h2").textContent = `${read ? words : "The spec cannot be read"}; ${view.data.broken ? "this is what can be drawn of it" : "this is the last figure without"}`;
  banner.hidden = !mistakes.length;
  document.body.classList.toggle("faulty", mistakes.length > 0 && !view.data.broken);
}

function gone(is) {
  byId("gone").textContent = is ? "The server is gone. This is its last figure, which goes on as soon as the spec is watched again." : "";
  document.body.classList.toggle("gone", is);
}

// What buttons do; those of the menu close it.
const BUTTONS = {
  title: about, less: () => view.level(false), deeper: () => view.level(true), theme: turnTheme, question: help, shut: () => byId("help").close(),
  fit: () => view.fit(), closer: () => view.zoomBy(1.25), farther: () => view.zoomBy(0.8), close: () => view.choose(null),
  copy: () => copy("path"), hush: () => { byId("fault").hidden = true; }, more: () => turnMenu(byId("menu").hidden),
};
const MENU = {
  "save-svg": () => saveSvg(view), "save-png": () => savePng(view), "copy-link": () => copy("link"), print: () => window.print(),
  "open-all": () => view.foldAll(true), "fold-all": () => view.foldAll(false), "as-first": () => view.reset(),
};

function listen() {
  for (const [id, action] of Object.entries(BUTTONS)) byId(id).addEventListener("click", action);
  for (const [id, action] of Object.entries(MENU)) byId(id).addEventListener("click", () => { turnMenu(false); action(); });
  byId("heat").addEventListener("change", (event) => setHeat(event.target.value));
  document.addEventListener("keydown", typed);
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest("#menu, #more")) turnMenu(false); });
  byId("minimap").addEventListener("pointerdown", minimapTo);
  byId("minimap").addEventListener("pointermove", (event) => { if (event.buttons) minimapTo(event); });
  svg.addEventListener("pointerdown", hush);
  svg.addEventListener("focusin", ({ target }) => { if (target.dataset.item && target.matches(":focus-visible")) view.light(view.scene.items[Number(target.dataset.item)]); });
  svg.addEventListener("focusout", () => view.light(null));
  addEventListener("hashchange", follow);
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; view.home(); } else view.place(); });
  listenToPrinter(view);
  new Pointers(view);
}

function start() {
  const data = unpacked(JSON.parse(byId("data").textContent));
  view.colours = new Map(Object.entries(data.colours));
  setTheme(data.theme === "auto" ? (dark.matches ? "dark" : "light") : data.theme);
  dark.addEventListener("change", () => {
    if (data.theme === "auto" && !("fixed" in document.documentElement.dataset)) setTheme(dark.matches ? "dark" : "light");
  });
  listen();
  update(data);
  follow();
  if (!view.chosen) return;
  view.home();
  view.look(view.shown);
}

window.graphbuilder = { update, fault, gone };
start();
