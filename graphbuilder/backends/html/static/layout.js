// Where everything stands, given what is open. No layout is worked out here: each piece was placed with everything in
// it closed, and an opened one only adds room where its box stood. Knows no elements of the page.

const HEADER = 23, PANEL_HEADER = 34, PAD = 10, STACK = 4, GUTTER = 44, BETWEEN = 14, BAND = 12;
const STANDARD_BAR = 1, LARGE = 1.2, CAPTION = 7.5;

const FOLD_SIGNS = { stack: "*", lot: "+" }, CLOSED = ["composite", "lot"];

function foldKey(fold, path) {
  return path + (FOLD_SIGNS[fold.kind] ?? "");
}

function foldState(network, states, fold, path) {
  const state = states.get(foldKey(fold, path)) ?? network.states[foldKey(fold, path)];
  if (state && (state === "closed" || fold[state] !== undefined)) return state;
  return CLOSED.includes(fold.kind) ? "closed" : "one";
}

// Positions along one axis with room added: each [low, high, need] has at least `need` between its ends afterwards.
// The map never brings two places nearer to each other, so what did not overlap still does not.
function stretched(spans) {
  const places = [...new Set(spans.flatMap(([low, high]) => [low, high]))].sort((a, b) => a - b);
  const moved = new Map();
  let before = null;
  for (const place of places) {
    let at = before === null ? place : moved.get(before) + place - before;
    for (const [low, high, need] of spans) if (high === place) at = Math.max(at, moved.get(low) + need);
    moved.set(place, at);
    before = place;
  }
  return (value) => {
    let base = null;
    for (const place of places) {
      if (place > value + 1e-6) break;
      base = place;
    }
    if (base !== null) return moved.get(base) + value - base;
    return places.length ? moved.get(places[0]) + value - places[0] : value;
  };
}

function laidPiece(network, states, number, prefix, depth, copies = []) {
  const piece = network.pieces[number];
  const opened = new Map();
  piece.boxes.forEach((box, index) => {
    if (!box.fold) return;
    const path = prefix + box.path, state = foldState(network, states, box.fold, path);
    if (state !== "closed") opened.set(index, laidFold(network, states, box, path, prefix, state, depth, copies));
  });
  evened([...opened].filter(([index]) => Math.abs(piece.boxes[index].at[0]) < 1).map(([, inner]) => inner));
  // Edges are rounded: those of the whole are not to lie within those of its boxes.
  const edges = piece.boxes.map(({ at: [x, y, wide, high] }) => [wide / 2 - x, x + wide / 2, y + high / 2]);
  const [left, right, length] = piece.size.map((size, side) => Math.max(size, ...edges.map((edge) => edge[side])));
  const across = [[-left, 0, left], [0, right, right]], along = [[0, length, length]];
  for (const [index, inner] of opened) {
    const [x, y, wide, high] = piece.boxes[index].at;
    across.push([x - wide / 2, x, inner.left], [x, x + wide / 2, inner.right]);
    const top = piece.boxes[index].free ?? y - high / 2;
    if (inner.aside === null) along.push([top, y + high / 2, inner.height]);
    // What comes in from the left comes straight, so that what is above it and below each get their room.
    else along.push([top, y, inner.before + inner.aside], [y, y + high / 2, inner.height - inner.before - inner.aside]);
  }
  const unsettled = stretched(across), settled = unsettled(0);
  const atX = (x) => unsettled(x) - settled, atY = stretched(along);
  const ports = { in: {}, out: {} };
  for (const [, tail, , head, , points] of piece.wires) {
    if (typeof tail === "string") ports.in[tail.slice(3)] = atX(points[0]);
    if (typeof head === "string") ports.out[head.slice(4)] = atX(points[points.length - 2]);
  }
  const sides = Object.fromEntries(Object.entries(piece.sides ?? {}).map(([slot, y]) => [slot, atY(y)]));
  return { piece, number, prefix, depth, copies, opened, atX, atY, ports, sides,
    left: -atX(-left), right: atX(right), height: atY(length) };
}

// Makes frames that stand behind each other alike, unless one is far broader.
function evened(folds) {
  const alike = folds.filter((inner) => inner.fold.kind !== "composite");
  for (const side of ["Left", "Right"]) {
    const most = Math.max(0, ...alike.map((inner) => inner[`frame${side}`]));
    for (const inner of alike) {
      const added = most - inner[`frame${side}`];
      if (added > 160) continue;
      inner[`frame${side}`] += added;
      inner[side.toLowerCase()] += added;
    }
  }
}

function laidFold(network, states, box, path, prefix, state, depth, around) {
  const { fold } = box, panel = fold.kind === "panel";
  const copies = state === "all";
  const within = fold.kind === "stack" && !copies ? [...around, copiesAt(path, fold)] : around;
  const inner = laidPiece(network, states, fold[state], prefix + (copies ? fold.around : fold.prefix), depth + 1, within);
  const header = panel ? PANEL_HEADER : HEADER, size = panel ? 15 : 10;
  const badge = (fold.count ? textWidth(`× ${fold.count}`, 9, true) + 20 : 0) + (fold.parts === undefined ? 0 : 20);
  const title = 28 + textWidth(fold.title, size, true) + badge + 12;
  const note = fold.note ? textWidth(fold.note, 9, false) + 24 : 14;
  const ins = Object.entries(inner.ports.in).filter(([slot]) => !(slot in inner.sides)).map(([, x]) => x);
  const outs = Object.values(inner.ports.out), [side = null] = Object.values(inner.sides);
  const bands = (ins.length > 1 ? BAND * ins.length : 0) + (outs.length > 1 ? BAND * outs.length : 0);
  const first = Math.min(0, ...ins, ...outs), last = Math.max(0, ...ins, ...outs);
  const stacked = fold.kind === "stack" && !copies;
  const frameLeft = Math.max(inner.left + PAD, title - first), frameRight = Math.max(inner.right + PAD, note + last);
  return { inner, header, state, stacked, path, fold, aside: side === null ? null : header + side,
    frameLeft, frameRight, frameHeight: header + inner.height + PAD / 2,
    left: frameLeft + 2, right: frameRight + 2 + (stacked ? 2 * STACK : 0),
    height: header + inner.height + PAD / 2 + (stacked ? 2 * STACK : 0) + bands,
    before: inner.piece.up ? (outs.length > 1 ? BAND * outs.length : 0) : (ins.length > 1 ? BAND * ins.length : 0) };
}

// Puts a laid piece at a place: frames, boxes, wires and words of the whole sheet, one list each.
function put(scene, laid, x, y) {
  const { piece, opened, atX, atY } = laid;
  const places = piece.boxes.map((box, index) => {
    const inner = opened.get(index);
    return inner ? putFold(scene, laid, box, inner, x, y) : putBox(scene, laid, box, x, y);
  });
  for (const [kind, tail, port, head, slot, points] of piece.wires) {
    putWire(scene, laid, { kind, tail, port, head, slot, points }, places, x, y);
  }
  // A shape stays with the line below it that comes in from the left.
  const low = [...opened.values()].some((inner) => inner.aside !== null) ? CAPTION : 0;
  for (const [across, along, text] of piece.words) {
    scene.words.push({ x: x + atX(across) + 8, y: y + atY(along + low) - low, text });
  }
}

// The path of the last that a box stands for, where it stands for several.
function lastPath(laid, box) {
  return box.until === undefined ? "" : laid.prefix + box.until;
}

function putBox(scene, laid, box, x, y) {
  const [centre, middle, wide, high] = box.at, { atX, atY } = laid;
  const bar = wide > scene.network.wide + STANDARD_BAR;
  const low = bar ? atX(centre - wide / 2) : atX(centre) - wide / 2;
  const width = bar ? atX(centre + wide / 2) - low : wide;
  const item = { ...box, id: scene.items.length, path: laid.prefix + box.path, depth: laid.depth, copies: laid.copies, open: false,
    until: lastPath(laid, box),
    x: x + low, y: y + atY(middle) - high / 2, wide: width, high, bar };
  item.key = box.fold ? foldKey(box.fold, item.path) : "";
  scene.items.push(item);
  return item;
}

function putFold(scene, laid, box, inner, x, y) {
  const [centre, middle, , high] = box.at, { atX, atY } = laid;
  const top = atY(box.free ?? middle - high / 2), room = atY(middle + high / 2) - top;
  const rest = (room - inner.height) * (box.free === undefined ? 0.5 : 1);
  const trunk = x + atX(centre), edge = inner.aside === null ? y + top + rest + inner.before : y + atY(middle) - inner.aside;
  const item = { ...box, id: scene.items.length, path: inner.path, key: foldKey(box.fold, inner.path), depth: laid.depth, copies: laid.copies,
    open: true, until: lastPath(laid, box), state: inner.state, stacked: inner.stacked, header: inner.header,
    x: trunk - inner.frameLeft, y: edge, wide: inner.frameLeft + inner.frameRight, high: inner.frameHeight };
  scene.items.push(item);
  item.ports = {};
  for (const side of ["in", "out"]) {
    for (const [slot, port] of Object.entries(inner.inner.ports[side])) item.ports[`${side} ${slot}`] = trunk + port;
  }
  item.up = inner.inner.piece.up;
  const start = scene.wires.length, base = edge + inner.header, { sides } = inner.inner;
  item.sides = Object.fromEntries(Object.entries(sides).map(([slot, height]) => [`in ${slot}`, base + height]));
  put(scene, inner.inner, trunk, base);
  // The wires at the edges of a piece go on through the header and the foot of its frame.
  const ends = [[base, edge], [base + inner.inner.height, edge + item.high]];
  const led = (point) => { for (const [from, to] of ends) if (Math.abs(point[1] - from) < 0.5) point[1] = to; };
  for (const wire of scene.wires.slice(start)) {
    if (wire.parent !== inner.inner) continue;
    if (atEdge(wire.tail)) {
      if (wire.tail in item.sides) wire.points[0][0] = item.x; else led(wire.points[0]);
      wire.tail = `${item.id} ${wire.tail}`;
    }
    if (atEdge(wire.head)) { led(wire.points.at(-1)); wire.head = `${item.id} ${wire.head}`; }
  }
  return item;
}

// Whether an end of a wire is at the edge of its piece, and not at a box or a frame in it.
function atEdge(end) {
  return typeof end === "string" && /^(in|out) /.test(end);
}

function putWire(scene, laid, wire, places, x, y) {
  const { atX, atY, piece } = laid, flat = wire.points, points = [], raw = [];
  for (let i = 0; i < flat.length; i += 2) {
    raw.push([flat[i], flat[i + 1]]);
    points.push([x + atX(flat[i]), y + atY(flat[i + 1])]);
  }
  const tail = places[wire.tail], head = places[wire.head];
  if (tail) settle(points, raw, tail, piece.boxes[wire.tail].at, `out ${wire.port}`, BAND * (wire.port + 1));
  if (head) {
    points.reverse(); raw.reverse();
    settle(points, raw, head, piece.boxes[wire.head].at, `in ${wire.slot}`, BAND * (wire.slot + 1));
    points.reverse(); raw.reverse();
  }
  scene.wires.push({ kind: wire.kind, points: squared(points), parent: laid,
    tail: tail ? (tail.open ? `${tail.id} out ${wire.port}` : tail.id) : wire.tail,
    head: head ? (head.open ? `${head.id} in ${wire.slot}` : head.id) : wire.head });
}

// Lets the beginning of a wire keep to the box that it begins at, which may have moved or opened.
function settle(points, raw, item, [centre, middle, wide, high], port, band) {
  const [startX, startY] = raw[0];
  const sideways = raw.length > 1 && Math.abs(raw[0][1] - raw[1][1]) < 0.01 && Math.abs(startX - centre) > wide / 2 - 1;
  const upper = startY < middle, onEdge = Math.abs(Math.abs(startY - middle) - high / 2) < 1;
  if (item.open) {
    const place = item.ports[port] ?? item.x + item.wide / 2;
    const lower = port.startsWith("in") === Boolean(item.up);
    const edge = lower ? item.y + item.high : item.y, out = lower ? 1 : -1;
    if (sideways && port in item.sides) {
      points.splice(0, 2, [item.x, item.sides[port]], [points[1][0], item.sides[port]]);
      return;
    }
    if (sideways) {
      const lane = points[1][0], level = edge + out * band;
      points.splice(0, 2, [place, edge], [place, level], [lane, level]);
      return;
    }
    const several = Object.keys(item.ports).filter((name) => name.slice(0, 2) === port.slice(0, 2)).length > 1;
    const run = sameX(raw);
    if (several && run === raw.length && Math.abs(points[0][0] - place) > 0.5) {
      points.splice(0, 1, [place, edge], [place, edge + out * band], [points[0][0], edge + out * band]);
      return;
    }
    if (run < raw.length || raw.length === 2) for (let i = 0; i < run; i++) points[i][0] = place;
    // A wire that branches off another begins there, unless that leaves by another port.
    if (onEdge) points[0][1] = edge;
    else if (several) points.unshift([points[0][0], edge]);
    return;
  }
  if (sideways) {
    points[0] = [startX < centre ? item.x : item.x + item.wide, item.y + item.high / 2];
    points[1][1] = points[0][1];
    return;
  }
  if (!item.bar) {
    const place = item.x + item.wide / 2 + startX - centre;
    const run = sameX(raw);
    for (let i = 0; i < (run < raw.length ? run : 1); i++) points[i][0] = place;
  }
  if (onEdge) points[0][1] = upper ? item.y : item.y + item.high;
}

function sameX(raw) {
  let run = 1;
  while (run < raw.length && Math.abs(raw[run][0] - raw[0][0]) < 0.01) run++;
  return run;
}

// Corners where two ends of a wire moved apart, and none where they are needless.
function squared(points) {
  const kept = [points[0]];
  for (const [x, y] of points.slice(1)) {
    const [lastX, lastY] = kept.at(-1);
    if (Math.abs(x - lastX) > 0.05 && Math.abs(y - lastY) > 0.05) {
      const half = (lastY + y) / 2;
      kept.push([lastX, half], [x, half]);
    }
    if (Math.abs(x - kept.at(-1)[0]) > 0.05 || Math.abs(y - kept.at(-1)[1]) > 0.05 || kept.length === 1) kept.push([x, y]);
  }
  for (let i = kept.length - 2; i > 0; i--) {
    const same = (axis) => Math.abs(kept[i - 1][axis] - kept[i][axis]) < 0.05 && Math.abs(kept[i][axis] - kept[i + 1][axis]) < 0.05;
    if (same(0) || same(1)) kept.splice(i, 1);
  }
  return kept;
}
