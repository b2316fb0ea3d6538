// What the data says of a network: its calls by path. Knows no elements of the page.

const MOST_COPIES = 64, MOST_LISTED = 20000;

// Data as the page has them, each row with its keys, which are written once.
function unpacked(data) {
  for (const [holder, rows] of [["bodies", "calls"], ["pieces", "boxes"]]) {
    const keys = data.keys[rows];
    for (const each of data[holder]) {
      each[rows] = each[rows].map((row) => Object.fromEntries(row.map((value, i) => [keys[i], value]).filter(([, value]) => value !== null)));
    }
  }
  return data;
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
    call = callsOf(data, number).find((each) => each.name === name) ?? null;
    if (!call) return null;
    lent ||= call.shares !== undefined;
    owner.push(call.shares ?? name);
    number = call.body;
  }
  if (!lent || (call.shares === undefined && !call.params)) return call;
  return { ...call, params: 0, shares: owner.join(".") };
}

// What a call costs; the time of one is known where it was measured.
function costOfCall(data, path, call, kind) {
  return kind === "time" ? data.seconds[path] ?? 0 : call[kind];
}

// What a call costs with what stands behind it and is not drawn.
function costOfDrawn(data, path, kind) {
  const call = callAt(data, path);
  if (!call) return 0;
  const around = path.slice(0, path.lastIndexOf(".") + 1);
  return [path, ...(call.behind ?? []).map((name) => around + name)]
    .reduce((sum, each) => sum + costOfCall(data, each, callAt(data, each), kind), 0);
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

// What an item costs in all copies that it stands for; a stack that is unfolded still stands for all of its own.
function costOf(data, item, kind) {
  if (item.until) return costOfLot(data, item, kind);
  const own = item.fold?.kind === "stack" ? [{ ...copiesAt(item.path, item.fold), turns: 1 }] : [];
  return costOfCopies(data, item.path, [...item.copies, ...own], kind);
}

// The sum over all ops from that of an item to the last that it stands for, and what is in this.
function costOfLot(data, { path, until }, kind) {
  const start = data.entries.findIndex((entry) => entry.path === path);
  let sum = 0, ended = false;
  for (const entry of start < 0 ? [] : data.entries.slice(start)) {
    const last = entry.path === until || entry.path.startsWith(`${until}.`);
    if (ended && !last) break;
    ended ||= last;
    if (entry.call.body === undefined) sum += costOfCall(data, entry.path, entry.call, kind);
  }
  return sum;
}

// The sum over copies of copies, those of one body and one cost being looked at once where their times need not be told apart.
function costOfCopies(data, path, copies, kind) {
  if (!copies.length) return costOfDrawn(data, path, kind);
  const [{ base, end, turns }, ...rest] = copies, inner = path.slice(base.length), name = inner.split(".")[0];
  const known = new Map();
  let sum = 0, last = 0;
  for (let number = Number(name); number < end; number += turns) {
    if (number >= MOST_COPIES && kind !== "time") return sum + last * Math.ceil((end - number) / turns);
    const call = callAt(data, base + number), key = kind === "time" || !call ? number : `${call.body} ${call[kind]} ${call.shares}`;
    if (!known.has(key)) known.set(key, costOfCopies(data, base + number + inner.slice(name.length), rest, kind));
    last = known.get(key);
    sum += last;
  }
  return sum;
}

function totalOf(data, kind) {
  return kind === "time" ? data.seconds[""] ?? 0 : data.totals[kind];
}

function costsOf(data) {
  return Object.entries(COSTS).filter(([kind]) => totalOf(data, kind) > 0);
}

// How many calls of each op there are, composites as one, and what they cost together; the most costly first.
function countedOps(data) {
  const known = new Map();
  const add = (sum, op, { count, params, macs }, times, lent) => {
    const found = sum.get(op) ?? sum.set(op, { count: 0, params: 0, macs: 0 }).get(op);
    found.count += times * count;
    found.params += lent ? 0 : times * params;
    found.macs += times * macs;
  };
  const within = (number) => {
    if (known.has(number)) return known.get(number);
    const sum = new Map(), { calls, count } = data.bodies[number];
    calls.forEach((call, index) => {
      const times = index === calls.length - 1 ? 1 + Math.max(0, (count ?? 0) - calls.length) : 1;
      if (call.op || call.body === undefined) add(sum, call.is, { ...call, count: 1 }, times, false);
      else for (const [op, each] of within(call.body)) add(sum, op, each, times, call.shares !== undefined);
    });
    known.set(number, sum);
    return sum;
  };
  return [...within(0)].sort(([, a], [, b]) => b.macs - a.macs || b.params - a.params || b.count - a.count);
}

const UNITS = [["T", 1e12], ["G", 1e9], ["M", 1e6], ["k", 1e3]];

function short(number) {
  const [unit, scale] = UNITS.find(([, each]) => number >= 0.9995 * each) ?? ["", 1];
  if (scale === 1) return String(number);
  const value = number / scale;
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
}

function bytes(number) {
  const [unit, scale] = [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]].find(([, each]) => number >= each) ?? ["B", 1];
  const value = number / scale;
  return `${scale === 1 ? value : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
}

function share(part, whole) {
  if (!whole || !part) return "";
  const percent = 100 * part / whole;
  return percent >= 10 ? `${Math.round(percent)} %` : percent >= 0.1 ? `${percent.toFixed(1)} %` : "< 0.1 %";
}

const COSTS = {
  params: { title: "Parameters", whole: "parameters", text: (number) => short(number) },
  macs: { title: "MACs", whole: "MACs", text: (number) => short(number) },
  memory: { title: "Memory", whole: "results", text: (number) => bytes(4 * number) },
  time: { title: "Time", whole: "time", text: (seconds) => seconds < 1e-3 ? `${(1e6 * seconds).toFixed(0)} µs` : `${(1e3 * seconds).toFixed(seconds < 0.1 ? 2 : 0)} ms` },
};

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
