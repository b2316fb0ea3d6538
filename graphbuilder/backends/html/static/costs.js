// What calls cost, of what is drawn in all the copies that it stands for, and in words. Knows no elements of the page.

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

// What an item costs in all copies that it stands for; a stack that is unfolded still stands for all of its own.
function costOf(data, item, kind) {
  if (item.until) return costOfLot(data, item, kind);
  const own = item.fold?.kind === "stack" ? [{ ...copiesAt(item.path, item.fold), turns: 1 }] : [];
  return costOfCopies(data, item.path, [...item.copies, ...own], kind);
}

// The sum over all ops from that of an item to the last that it stands for, and what is in this.
function costOfLot(data, { path, until }, kind) {
  const start = data.places.get(path) ?? -1;
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
