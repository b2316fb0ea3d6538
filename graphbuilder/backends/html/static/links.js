// What of the page is in its address: the chosen step, a place to go back to; in links that are copied also what is open.

const MOST_FOLDS = 200, SIGNS = { closed: "-", one: "+", all: "*", parts: "=" };

// Lets the address name what is chosen, as a new place or in place of the last.
function link(anew) {
  const hash = view.chosen ? `#${encodeURI(view.chosen)}` : "";
  if (location.hash === hash) return;
  history[anew && hash ? "pushState" : "replaceState"](null, "", hash || location.pathname + location.search);
}

// The address of what is chosen with what was opened and closed.
function fullLink() {
  const folds = [...view.states].slice(-MOST_FOLDS).map(([key, state]) => SIGNS[state] + key).join(",");
  return `${location.href.split("#")[0]}#${encodeURI(view.chosen ?? "")}${folds ? `;${encodeURI(folds)}` : ""}`;
}

function follow() {
  let words = location.hash.slice(1);
  try { words = decodeURI(words); } catch { return; }
  const [path, folds] = words.split(";");
  if (folds) refold(folds);
  if (path === (view.chosen ?? "")) return;
  if (!path || callAt(view.data, path) || view.itemAt(path)) view.choose(path || null, true, "stepped");
  else say(`There is no ${path.length > 80 ? `${path.slice(0, 80)}…` : path} in this network`, true);
}

function refold(folds) {
  const states = Object.entries(SIGNS).map(([state, sign]) => [sign, state]);
  const known = folds.split(",").slice(0, MOST_FOLDS).map((each) => [each.slice(1), new Map(states).get(each[0])]);
  view.refold(new Map(known.filter(([key, state]) => key && state)));
}

async function copyText(words, said) {
  try {
    await navigator.clipboard.writeText(words);
    return say(`copied ${said}`, true);
  } catch {
    return say(`this browser does not let pages copy; it is ${words}`, true);
  }
}

const COPIED = {
  path: () => [view.chosen, view.chosen],
  link: () => [fullLink(), "a link to this view"],
  lines: () => linesOf(view),
};

function copy(what) {
  const [words, said] = view.chosen || what === "link" ? COPIED[what]() : [];
  return words ? copyText(words, said) : say(view.chosen ? "no lines of the spec are known of it" : "nothing is chosen", true);
}
