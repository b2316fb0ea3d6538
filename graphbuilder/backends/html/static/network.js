// What the data says of a network: its calls by path. Knows no elements of the page.

const MOST_COPIES = 64, MOST_LISTED = 20000;

// The calls of a body; copies that are not written out are like the last that is.
function callsOf(data, number) {
  const body = data.bodies[number];
  if (!body.count) return body.calls;
  const last = body.calls.at(-1), start = Number(last.name) + 1;
  const more = Math.min(body.count, MOST_COPIES) - body.calls.length;
  return body.calls.concat(Array.from({ length: Math.max(0, more) }, (_, i) => ({ ...last, name: String(start + i) })));
}

// Every call with its path, a block before what is in it.
function listed(data) {
  const found = [];
  const walk = (number, prefix) => {
    for (const call of callsOf(data, number)) {
      if (found.length >= MOST_LISTED) return;
      const path = prefix + call.name;
      found.push({ path, call });
      if (call.body !== undefined) walk(call.body, `${path}.`);
    }
  };
  walk(0, "");
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

// What an item costs, of a stack all its copies together.
function costOf(data, item, kind) {
  const call = callAt(data, item.path);
  if (!call) return 0;
  const stacked = item.fold?.kind === "stack" && !(item.open && item.state === "all");
  if (!stacked) return costOfCall(data, item.path, call, kind);
  const cut = item.path.lastIndexOf(".") + 1, start = Number(item.path.slice(cut));
  let sum = 0, copy = call;
  for (let number = start; number < start + item.fold.count; number++) {
    const path = item.path.slice(0, cut) + number;
    if (number < MOST_COPIES) copy = callAt(data, path) ?? copy;
    sum += costOfCall(data, path, copy, kind);
  }
  return sum;
}

function totalOf(data, kind) {
  return kind === "time" ? data.seconds[""] ?? 0 : data.totals[kind];
}

function costsOf(data) {
  return Object.entries(COSTS).filter(([kind]) => totalOf(data, kind) > 0);
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
  params: { title: "Parameters", text: (number) => short(number) },
  macs: { title: "MACs", text: (number) => short(number) },
  memory: { title: "Memory", text: (number) => bytes(4 * number) },
  time: { title: "Time", text: (seconds) => seconds < 1e-3 ? `${(1e6 * seconds).toFixed(0)} µs` : `${(1e3 * seconds).toFixed(seconds < 0.1 ? 2 : 0)} ms` },
};

// Words as they are compared: sizes in either order and with any sign between them.
function plain(text) {
  return text.toLowerCase().replaceAll("×", "x");
}

function turnedShape(shape) {
  const sizes = shape.split("×");
  return sizes.length > 1 ? `${sizes.at(-1)}x${sizes.slice(0, -1).join("x")}` : shape;
}

function matches(entries, query, most) {
  const words = plain(query).split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const scored = [];
  for (const entry of entries) {
    const { path, call } = entry;
    const name = plain(path), op = plain(`${call.is} ${call.title ?? ""}`);
    const shapes = plain([...call.reads, ...call.gives].flatMap((shape) => [shape, turnedShape(shape)]).join(" "));
    const one = (word) => name === word ? 0 : name.endsWith(`.${word}`) ? 1 : op.startsWith(word) ? 2 : name.includes(word) ? 3 : op.includes(word) ? 4 : shapes.includes(word) ? 5 : 9;
    const worst = Math.max(...words.map(one));
    if (worst < 9) scored.push({ ...entry, score: worst });
  }
  scored.sort((a, b) => a.score - b.score || a.path.length - b.path.length);
  return scored.slice(0, most);
}
