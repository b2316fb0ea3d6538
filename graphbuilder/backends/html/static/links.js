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
  const [path, folds] = readable(location.hash.slice(1)).split(";");
  const lost = folds ? refold(folds) : [];
  const known = !path || callAt(view.data, path) || view.itemAt(path);
  if (known && path !== (view.chosen ?? "")) view.choose(path || null, true, "stepped");
  if (!known || lost.length) say(`There is no ${shortened(known ? lost[0] : path)} in this network`, true);
}

// What an address says; as it stands where it is no text.
function readable(words) {
  try { return decodeURI(words); } catch { return words; }
}

function shortened(words) {
  return words.length > 80 ? `${words.slice(0, 80)}…` : words;
}

// Opens and closes what a link says; gives what of that there is nothing of.
function refold(folds) {
  const signs = new Map(Object.entries(SIGNS).map(([state, sign]) => [sign, state]));
  const wanted = folds.split(",").slice(0, MOST_FOLDS);
  const lost = wanted.filter((each) => !signs.has(each[0]) || !isFold(each.slice(1)));
  const known = wanted.filter((each) => !lost.includes(each));
  view.refold(new Map(known.map((each) => [each.slice(1), signs.get(each[0])])));
  return lost;
}

// Whether something can be open or closed by that key; what neighbours are gathered is not known before they are drawn.
function isFold(key) {
  return key.endsWith(FOLD_SIGNS.lot) || callAt(view.data, key.replace(/\*$/, "")) !== null;
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
