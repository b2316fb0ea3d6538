// The whole sheet: what the network's own body is cut into, in columns. Knows no elements of the page.

// What can be read at all, and well.
const LEAST_LEGIBLE = 0.55, LEGIBLE = 0.8;

// How wide a window is that has the columns of the figure, and how small these may be beside the best for it where what
// is open is not what the figure shows.
const WIDE = 900, NEARLY = 0.6;
const END = 20, END_GAP = 14, LEAST_END = 100;

// Which of the network's own atoms begin a column: those of the figure, or those that suit the room.
function chosenBreaks(network, blocks, room) {
  const best = bestBreaks(network, blocks, room), { columns } = network;
  if (!columns || room.width < WIDE) return best;
  return room.first || zoomOf(columnsOf(blocks, columns), room) >= NEARLY * zoomOf(columnsOf(blocks, best), room) ? columns : best;
}

// As few and even columns as show all as large as the room allows; in a broad sheet as many as can be read beside each
// other.
function bestBreaks(network, blocks, room) {
  // Where something is open a column begins with a block, else anywhere.
  const folds = network.pieces.slice(0, network.atoms).map((piece) => piece.boxes.some((box) => box.fold));
  const closed = !blocks.some((block) => block.opened.size);
  const may = blocks.map((_, i) => i > 1 && (closed || folds[i]));
  let best = null, broad = null;
  for (let count = 1; count <= Math.min(12, 1 + may.filter(Boolean).length); count++) {
    const breaks = evenBreaks(blocks, may, count);
    const columns = columnsOf(blocks, breaks);
    const zoom = zoomOf(columns, room);
    if (!best || zoom > best.zoom * 1.02) best = { zoom, breaks };
    if (!broad || room.width / (wideOf(columns) + 70) >= LEGIBLE) broad = { breaks };
  }
  return (room.broad ? broad : best).breaks;
}

function wideOf(columns) {
  return columns.reduce((sum, column) => sum + column.left + column.right, GUTTER * (columns.length - 1));
}

// How large all can be shown, a little less for every column.
function zoomOf(columns, room) {
  const high = Math.max(...columns.map((column) => column.height)) + (columns.length > 1 ? 2 * (END + END_GAP) : 0);
  return Math.min(room.width / (wideOf(columns) + 70), room.height / (high + 50), LARGE) * (1 - 0.02 * columns.length);
}

function evenBreaks(blocks, may, count) {
  const total = blocks.reduce((sum, block) => sum + block.height + BETWEEN, 0);
  let low = total / count * 0.5, high = total;
  for (let round = 0; round < 24; round++) {
    const middle = (low + high) / 2;
    if (filled(blocks, may, middle).length + 1 <= count) high = middle; else low = middle;
  }
  return filled(blocks, may, high);
}

function filled(blocks, may, limit) {
  const breaks = [];
  let used = 0, start = 0, last = 0;
  blocks.forEach((block, index) => {
    used += block.height + BETWEEN;
    if (may[index]) last = index;
    if (used > limit && last > start) {
      breaks.push(last);
      start = last;
      used = blocks.slice(last, index + 1).reduce((sum, each) => sum + each.height + BETWEEN, 0);
    }
  });
  return breaks;
}

function columnsOf(blocks, breaks) {
  return [0, ...breaks].map((start, number) => {
    const members = blocks.slice(start, breaks[number] ?? blocks.length);
    return { members,
      left: Math.max(LEAST_END / 2, ...members.map((block) => block.left)), right: Math.max(LEAST_END / 2, ...members.map((block) => block.right)),
      height: members.reduce((sum, block) => sum + block.height + BETWEEN, 0) };
  });
}

// The whole sheet.
function laidSheet(network, states, room, breaks) {
  const blocks = Array.from({ length: network.atoms }, (_, number) => laidPiece(network, states, number, "", 0));
  const chosen = breaks ?? chosenBreaks(network, blocks, room);
  for (const column of columnsOf(blocks, chosen)) {
    const alone = column.members.filter((block) => block.opened.size === 1 && block.piece.boxes.length === 1);
    evened(alone.map((block) => block.opened.get(0)));
    for (const block of alone) {
      const inner = block.opened.get(0);
      block.left = Math.max(block.left, inner.left);
      block.right = Math.max(block.right, inner.right);
    }
  }
  const scene = { network, items: [], wires: [], words: [], ends: [], breaks: chosen, wide: 0, high: 0 };
  let edge = 0, before = null, number = 0;
  for (const column of columnsOf(blocks, chosen)) {
    const trunk = edge + column.left;
    let y = before ? gapAt(network, number - 1) : 0;
    for (const block of column.members) {
      const start = scene.wires.length;
      put(scene, block, trunk, y);
      for (const wire of scene.wires.slice(start)) {
        if (wire.parent !== block) continue;
        if (atEdge(wire.tail)) wire.tail = `between ${number - 1}`;
        if (atEdge(wire.head)) wire.head = `between ${number}`;
      }
      const entry = [trunk + (block.ports.in[0] ?? 0), y];
      if (before && block.ports.in[0] !== undefined) lead(scene, before, entry, number - 1, before.column === column, block.opened.size > 0);
      y += block.height;
      const rightEdge = edge + column.left + column.right;
      before = block.ports.out[0] === undefined ? null : { at: [trunk + block.ports.out[0], y], gutter: rightEdge + GUTTER / 2, column };
      y += gapBehind(network, number);
      number++;
    }
    scene.high = Math.max(scene.high, y - gapBehind(network, number - 1));
    edge += column.left + column.right + GUTTER;
  }
  scene.wide = edge - GUTTER;
  return scene;
}

// What the value that goes on to the next column asks for, at the end of one and at the beginning of the other.
function gapAt(network, number) {
  return network.between[number] ? END + END_GAP : 0;
}

// Shapes, and blocks, ask for room.
function gapBehind(network, number) {
  const blocks = [number, number + 1].some((each) => network.pieces[each]?.boxes.some((box) => box.fold));
  return network.between[number] || blocks ? BETWEEN : 0;
}

// Leads the value between two atoms on: straight to the next, or round to the next column, where an arrow stands before
// what is open, whose first box may be far.
function lead(scene, before, entry, number, same, open) {
  const [x, y] = before.at, words = scene.network.between[number];
  if (!same && words) return pass(scene, before, entry, number);
  const down = y + 10, up = entry[1] - 12;
  const points = same ? squared([[x, y], entry])
    : [[x, y], [x, down], [before.gutter, down], [before.gutter, up], [entry[0], up], entry];
  scene.wires.push({ kind: same ? flowOf(words) : "passage", points, tail: `between ${number}`, head: `between ${number}`, parent: null,
    enters: open && !same });
  if (!same) scene.high = Math.max(scene.high, down);
  if (words) scene.words.push({ x: x + 8, y: (y + entry[1]) / 2, text: words });
}

// Of what stands behind what is wrong no shape is known, and its lines are dotted.
function flowOf(shape) {
  return shape === "?" ? "unknown" : "flow";
}

// Says where a column ends, and again where the next begins, what goes on.
function pass(scene, { at: [x, y], gutter }, [toX, toY], number) {
  const text = scene.network.between[number], wide = Math.max(LEAST_END, textWidth(text, 10, true) + 24);
  const down = y + END_GAP + END / 2, up = toY - END_GAP - END / 2, name = `between ${number}`;
  const go = (kind, points, enters) => scene.wires.push({ kind, points, tail: name, head: name, parent: null, enters });
  go(flowOf(text), [[x, y], [x, y + END_GAP]], false);
  go("passage", [[x + wide / 2, down], [gutter, down], [gutter, up], [toX - wide / 2, up]], true);
  go(flowOf(text), [[toX, toY - END_GAP], [toX, toY]], false);
  for (const [left, middle] of [[x, down], [toX, up]]) scene.ends.push({ text, x: left - wide / 2, y: middle - END / 2, wide, high: END });
  scene.high = Math.max(scene.high, down + END / 2);
}
