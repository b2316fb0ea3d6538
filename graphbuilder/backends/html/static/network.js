// What the data says of a network: its calls by path. Knows no elements of the page.

const MOST_COPIES = 64, MOST_LISTED = 20000;

// Data as the page has them, which say once what several say.
function unpacked(data) {
  const { keys, tables } = data, said = (key, value) => tables[key]?.[value] ?? value;
  for (const [holder, rows] of [["bodies", "calls"], ["pieces", "boxes"]]) {
    const known = keys[rows], own = rows === "boxes" ? said : (_, value) => value;
    for (const each of data[holder]) {
      each[rows] = each[rows].map((row) => Object.fromEntries(
        row.map((value, i) => [known[i], own(known[i], value)]).filter(([, value]) => value !== null)));
    }
  }
  for (const piece of data.pieces) piece.wires = tables.wires[piece.wires];
  data.fields = byPath(data.fields);
  return data;
}

// Numbers by path, of a tree in which every name is within the one before it.
function byPath(tree, prefix = "", found = {}) {
  for (const [name, value] of Object.entries(tree)) {
    if (typeof value === "object") byPath(value, `${prefix}${name}.`, found);
    else found[name ? prefix + name : prefix.slice(0, -1)] = value;
  }
  return found;
}

// Data as they came, with what they say by number said in words.
function resolved(data) {
  for (const call of data.bodies.flatMap((body) => body.calls)) {
    call.reads = call.reads.map((number) => data.shapes[number]);
    call.gives = call.gives.map((number) => data.shapes[number]);
    if (call.args !== undefined) call.args = data.arguments[call.args];
  }
  return data;
}

// The calls of a body; copies that are not written out are like the last that is.
function callsOf(data, number) {
  const body = data.bodies[number];
  if (!body.count) return body.calls;
  const last = body.calls.at(-1), start = Number(last.name) + 1;
  const more = Math.min(body.count, MOST_COPIES) - body.calls.length;
  return body.calls.concat(Array.from({ length: Math.max(0, more) }, (_, i) => ({ ...last, name: String(start + i) })));
}

// The call of a body by its name; each body is gone through once.
const calledSo = new WeakMap();
function callNamed(data, number, name) {
  const body = data.bodies[number];
  if (!calledSo.has(body)) calledSo.set(body, new Map(callsOf(data, number).map((call) => [call.name, call])));
  return calledSo.get(body).get(name) ?? null;
}

// Every call with its path, a block before what is in it; what is in a composite is marked `part`.
function listed(data) {
  const found = [];
  const walk = (number, prefix, part) => {
    for (const call of callsOf(data, number)) {
      if (found.length >= MOST_LISTED) return;
      const path = prefix + call.name;
      found.push({ path, call, part });
      if (call.body !== undefined) walk(call.body, `${path}.`, part || Boolean(call.op));
    }
  };
  walk(0, "", false);
  return found;
}

// The call at a path. Where it or what it is in runs weights of others, `shares` is the path of whose, and it has none of its own.
function callAt(data, path) {
  let number = 0, call = null, lent = false;
  const owner = [];
  for (const name of path.split(".")) {
    if (number === undefined) return null;
    call = callNamed(data, number, name);
    if (!call) return null;
    lent ||= call.shares !== undefined;
    owner.push(call.shares ?? name);
    number = call.body;
  }
  if (!lent || (call.shares === undefined && !call.params)) return call;
  return { ...call, params: 0, shares: owner.join(".") };
}

// The copies on a stack at a path, as the paths of what is in them tell them apart.
function copiesAt(path, fold) {
  const cut = path.lastIndexOf(".") + 1;
  return { base: path.slice(0, cut), start: Number(path.slice(cut)), end: Number(path.slice(cut)) + fold.count, turns: fold.turns ?? 1,
    beside: Boolean(fold.beside) };
}

// The last copy of what is at a path: in each of these stacks the last, where the path is of the first.
function lastOf(path, copies) {
  return copies.toReversed().reduce((found, { base, end, turns }) => {
    const [name, ...rest] = found.slice(base.length).split("."), first = Number(name);
    return base + [first + turns * Math.floor((end - 1 - first) / turns), ...rest].join(".");
  }, path);
}

// Whether an item stands for all copies of a stack at once.
function isStack(item) {
  return item?.fold?.kind === "stack" && item.state !== "all";
}

// The path of a stack's last copy, and of all of it.
function lastOfStack({ path, fold }) {
  return lastOf(path, [{ ...copiesAt(path, fold), turns: 1 }]);
}

function rangeOfStack(item) {
  return `${item.path} – ${lastOfStack(item).split(".").at(-1)}`;
}
