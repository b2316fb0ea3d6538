// The figure as it is folded and coloured now, as a file of its own or on paper.

const KEPT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-family", "font-weight", "letter-spacing"];
const EDGE = 24, MOST_PIXELS = 1e8, TITLE_ROOM = 56, SCALE_ROOM = 22, STEP = 19;

function exported(view) {
  const { scene, data, world } = view, room = TITLE_ROOM + (view.heat ? SCALE_ROOM : 0);
  const wide = Math.max(scene.wide, view.heat ? 440 : 320) + 2 * EDGE, high = scene.high + 2 * EDGE + room;
  const sheet = element("svg", { xmlns: SVG, viewBox: `0 0 ${near(wide)} ${near(high)}`, width: near(wide), height: near(high) });
  const colours = getComputedStyle(view.svg), ink = getComputedStyle(document.body).color;
  element("rect", { width: near(wide), height: near(high), fill: colours.backgroundColor }, sheet);
  const family = "Arial, Arimo, Liberation Sans, Helvetica, sans-serif";
  written(data.title, EDGE, EDGE + 8, 18, sheet, { fill: ink, "font-family": family, "font-weight": "bold" });
  written(data.facts.join("  ·  "), EDGE, EDGE + 30, 10, sheet, { fill: ink, opacity: 0.75, "font-family": family });
  if (view.heat) scaleOf(view, sheet, { fill: ink, "font-family": family });
  const copy = styled(world, world.cloneNode(true));
  copy.setAttribute("transform", `translate(${EDGE} ${EDGE + room})`);
  sheet.append(copy);
  return { text: new XMLSerializer().serializeToString(sheet), wide, high };
}

// The colours of costs, and what they stand for.
function scaleOf(view, sheet, looks) {
  const { title, least, most } = view.scale, y = EDGE + TITLE_ROOM - 4, before = `Coloured by ${title}:  ${least}`;
  const start = EDGE + textWidth(before, 10, false) + 12;
  written(before, EDGE, y, 10, sheet, looks);
  HEATS.forEach((heat, number) => {
    const fill = view.colours.get(`${document.documentElement.dataset.theme} ${heat}`);
    element("rect", { x: near(start + number * STEP), y: y - 5.5, width: STEP - 2, height: 11, rx: 3, fill, stroke: looks.fill, "stroke-width": 0.4 }, sheet);
  });
  written(most, start + HEATS.length * STEP + 8, y, 10, sheet, looks);
}

// Gives every element of a copy the looks of its original, and nothing that means something to this page alone.
function styled(original, copy) {
  if (copy instanceof SVGElement && !(copy instanceof SVGTSpanElement)) {
    const looks = getComputedStyle(original);
    const shape = !(copy instanceof SVGGElement), text = copy instanceof SVGTextElement;
    for (const name of shape ? KEPT : ["opacity"]) {
      if (!text && /^(font|letter)/.test(name)) continue;
      const value = looks.getPropertyValue(name);
      if (value && value !== "normal" && !(name === "opacity" && value === "1")) copy.setAttribute(name, value);
    }
  }
  for (const { name } of [...copy.attributes]) {
    if (/^(data-|aria-|role$|tabindex$|class$|style$)/.test(name)) copy.removeAttribute(name);
  }
  [...copy.children].forEach((child, number) => {
    if (child.classList.contains("mark")) child.remove();
    else styled(original.children[number], child);
  });
  return copy;
}

function save(blob, name) {
  const link = made("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function saveSvg(view) {
  plainly(view, () => save(new Blob([exported(view).text], { type: "image/svg+xml" }), `${view.data.name}.svg`));
}

function savePng(view) {
  return plainly(view, async () => {
    const { text, wide, high } = exported(view), scale = Math.min(3, Math.sqrt(MOST_PIXELS / (wide * high)), 16000 / Math.max(wide, high));
    const picture = new Image(), source = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    picture.src = source;
    await picture.decode();
    const canvas = made("canvas", { width: String(Math.round(wide * scale)), height: String(Math.round(high * scale)) });
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(source);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    save(blob, `${view.data.name}.png`);
  });
}

// What is lit, chosen, under the mouse or faded is not of the figure, nor is what fades out on its way.
function plainly(view, action) {
  view.world.classList.add("still");
  view.light(null);
  view.world.querySelectorAll(".chosen").forEach((each) => each.classList.remove("chosen"));
  view.world.querySelector(".halo")?.remove();
  const done = action();
  view.world.classList.remove("still");
  view.mark();
  return done;
}

// On paper the whole figure is drawn in the colours of the light, as large as a sheet takes it.
function listenToPrinter(view) {
  const { svg, world } = view;
  let before = "";
  addEventListener("beforeprint", () => {
    before = document.documentElement.dataset.theme;
    setTheme("light");
    view.light(null);
    world.removeAttribute("transform");
    svg.setAttribute("viewBox", `-16 -16 ${near(view.scene.wide + 32)} ${near(view.scene.high + 32)}`);
  });
  addEventListener("afterprint", () => {
    svg.removeAttribute("viewBox");
    setTheme(before);
    view.place();
  });
}
