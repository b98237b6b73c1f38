"use strict";
// One row at a time: what is in it, its labels, and the answers, by keys or by buttons. Texts are set as texts.
// keeper: `all()` gives a Map of answers {answer, when, annotator} by the number of the row; `keep(rows, answer,
// like)` and `forget(rows)` change it, like: nobody looked at them; each may give a promise. `changed`: called back when somebody else changed it.
// Where it has them, `around(row)` promises what is seen beside it, and `far()` says how many rows of how many are
// answered; rows may be added to the queue later.
const WORDS = {keep: "(keep)", unsure: "(unsure)", none: "(none)"};
const SHOWN_MATCHES = 8;
const WHY = {
  queue: "Shown because a look here is expected to remove most error.",
  audit: "Drawn by chance, for figures about all rows.",
  gold: "Asked again, to see how far answers are to be believed.",
};

// A text of the dataset, in which marks that would turn it around are seen.
function openMarks(text) {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, mark => `⟨U+${mark.charCodeAt(0).toString(16).toUpperCase()}⟩`);
}

// In a hierarchy of classes: how far a label is expected to be off.
function far(row) {
  const away = row.distance;
  return away == null ? "" : ` If this label is wrong, the right class is expected ${away.toFixed(2)} away (1: as far as two classes can be).`;
}

function startReview(queue, keeper, after) {
  const part = id => document.getElementById(id);
  const several = ["classes", "tags"].includes(queue.label), number = queue.label === "number";
  const folded = queue.classes.map(name => name.toLowerCase());
  let at = 0, chosen = -1, matches = [];

  const answers = () => keeper.all();
  const open = row => !answers().has(row);
  const count = (many, what) => `${many.toLocaleString("en")} ${what}${many === 1 ? "" : "s"}`;

  function note(text, bad = false) {
    part("note").textContent = text;
    part("note").classList.toggle("bad", bad);
  }

  function draw() {
    const row = queue.rows[at], {done, all} = keeper.far?.() ?? {done: answers().size, all: queue.rows.length};
    part("progress").max = Math.max(all, 1);
    part("progress").value = done;
    part("count").textContent = `${done.toLocaleString("en")} of ${all.toLocaleString("en")} answered`;
    part("end").hidden = queue.rows.some((_, place) => open(place));
    part("row").hidden = !row;
    if (!row) return;
    part("place").textContent = `row ${(at + 1).toLocaleString("en")} · ${openMarks(row.id)}`;
    part("back").disabled = at === 0;
    part("next").disabled = at + 1 >= queue.rows.length;
    part("why").textContent = (WHY[row.why] ?? row.why) + far(row);
    drawContent(row);
    drawLabel("given", row.given, row.marks?.[0]);
    part("doubted").hidden = row.suggestion === null;
    drawLabel("suggestion", number && row.suggestion ? figure(row.suggestion) : row.suggestion, row.marks?.[1]);
    const answer = answers().get(at);
    part("answered").hidden = !answer;
    part("answer").textContent = answer ? answer.answer : "";
    part("accept").disabled = row.suggestion === null;
    part("undo").disabled = !answers().size;
    drawLikely(row);
    drawAlike();
    drawAround(row);
  }

  // A label as a text; of a sentence its pieces, those of a span as marks.
  function drawLabel(id, label, pieces) {
    if (pieces?.length) part(id).replaceChildren(...drawnPieces(pieces));
    else part(id).textContent = openMarks(label || "(none)");
  }

  // What can be read of a number that was worked out.
  const figure = label => Number.isFinite(Number(label)) ? String(Number(Number(label).toPrecision(6))) : label;

  function drawnPieces(pieces) {
    return pieces.flatMap(([text, type]) => {
      const piece = document.createElement(type === null ? "span" : "mark");
      piece.textContent = openMarks(text);
      if (type !== null) piece.append(" ", Object.assign(document.createElement("small"), {textContent: openMarks(type)}));
      return [piece, " "];
    });
  }

  function drawContent(row) {
    const image = part("picture").querySelector("img");
    part("picture").hidden = !row.picture;
    if (row.picture) image.src = row.picture; else image.removeAttribute("src");
    image.classList.toggle("tiny", Boolean(row.tiny));
    part("shown").textContent = openMarks(row.shown || "(empty)");
    part("shown").classList.toggle("small", queue.kind !== "mixed" && Boolean(row.picture) || queue.kind === "vector");
    part("shown").scrollTop = 0;
  }

  function drawLikely(row) {
    part("likely").replaceChildren(...row.probabilities.map(([name, p], place) => {
      const line = document.createElement(several || number ? "div" : "button");
      const [key, label, share, bar, full] = ["kbd", "bdi", "span", "span", "span"].map(tag => document.createElement(tag));
      key.textContent = several || number ? "" : place + 1;
      key.hidden = several || number;
      label.textContent = several || number ? "the given label is right" : name || "(none)";
      share.textContent = p > .995 ? "> 99 %" : p < .005 ? "< 1 %" : `${Math.round(100 * p)} %`;
      share.className = "p";
      bar.className = "bar";
      full.style.width = `${100 * p}%`;
      bar.append(full);
      line.append(key, label, share, bar);
      if (several || number) line.className = "line";
      else line.addEventListener("click", () => decide(name));
      const item = document.createElement("li");
      item.append(line);
      return item;
    }));
  }

  // What is seen of a row beside its text: its picture, and the rows that are nearest to it.
  async function drawAround(row) {
    part("near").hidden = true;
    const found = await keeper.around?.(row);
    if (!found || queue.rows[at] !== row) return;
    if (found.picture && !row.picture) {
      Object.assign(row, {picture: found.picture, tiny: found.tiny});
      drawContent(row);
    }
    part("near").hidden = !found.near.length;
    part("near").querySelector("h2").textContent = `Nearest of ${count(found.among, "row")} beside it`;
    part("near").querySelector("ul").replaceChildren(...found.near.map(other => nearRow(other, row)));
  }

  function nearRow(other, row) {
    const [item, label, share, text] = ["li", "bdi", "span", "q"].map(tag => document.createElement(tag));
    label.textContent = number ? figure(other.given) : openMarks(other.given || "(none)");
    label.className = other.given === row.given ? "same" : "differs";
    share.textContent = other.alike.toFixed(2);
    share.title = "cosine of the two vectors";
    text.textContent = openMarks(other.text || (other.picture ? "" : other.id));
    text.dir = "auto";
    if (other.marks?.length) {
      label.textContent = "";
      text.replaceChildren(...drawnPieces(other.marks));
    }
    item.append(label, share, text);
    if (!other.picture) return item;
    const image = Object.assign(document.createElement("img"), {src: other.picture, alt: `the image of row ${other.id}`});
    image.classList.toggle("tiny", other.tiny);
    item.prepend(image);
    return item;
  }

  // Rows that are listed with this one and wait: what was said here may be said of all of them at once.
  function alike() {
    const row = queue.rows[at], head = row && (row.like ?? row.id);
    if (!answers().has(at)) return [];
    return queue.rows.flatMap((other, place) => place !== at && open(place) && (other.like ?? other.id) === head ? [place] : []);
  }

  function drawAlike() {
    const rows = alike();
    part("alike").hidden = !rows.length;
    part("alike").textContent = `Apply “${answers().get(at)?.answer}” to ${rows.length.toLocaleString("en")} like it (L)`;
  }

  async function decide(answer, rows = [at], like = false) {
    try {
      await keeper.keep(rows, answer, like);
    } catch (error) {
      return note(`Not kept: ${error.message}`, true);
    }
    const others = like ? 0 : alike().length;
    const more = others ? `. L: the same for ${count(others, "row")} like it; →: the next row` : "";
    note((like ? `“${answer}” for ${count(rows.length, "row")}` : `Row ${at + 1}: “${answer}”`) + more);
    return show(others ? at : following(at));
  }

  function following(from) {
    for (let step = 1; step <= queue.rows.length; step++) {
      const place = (from + step) % queue.rows.length;
      if (open(place)) return place;
    }
    return from;
  }

  function show(place) {
    at = Math.min(Math.max(place, 0), Math.max(queue.rows.length - 1, 0));
    part("other").value = "";
    closeMatches();
    draw();
    part("row").focus({preventScroll: true});
  }

  // The newest answers go, those of one moment together: also after a reload.
  async function undo() {
    const newest = Math.max(...[...answers().values()].map(each => each.when));
    const rows = [...answers()].filter(([, each]) => each.when === newest).map(([place]) => place);
    if (!rows.length) return;
    try {
      await keeper.forget(rows);
    } catch (error) {
      note(`Not undone: ${error.message}`, true);
      return;
    }
    note(`Undone: ${rows.length > 1 ? count(rows.length, "row") : `row ${rows[0] + 1}`}`);
    show(Math.min(...rows));
  }

  const acts = {
    accept: () => queue.rows[at].suggestion !== null && decide(queue.rows[at].suggestion || WORDS.none),
    keep: () => decide(WORDS.keep),
    unsure: () => decide(WORDS.unsure),
    none: () => decide(WORDS.none),
    undo,
    back: () => show(at - 1),
    next: () => show(at + 1),
    alike: () => { const rows = alike(); if (rows.length) decide(answers().get(at).answer, rows, true); },
  };
  const keys = {Enter: "accept", k: "keep", u: "unsure", n: "none", z: "undo", l: "alike", ArrowLeft: "back", ArrowRight: "next"};

  // Another class: typed as far as it is told from the others; of several labels the last one that is typed.
  function typed() {
    const text = part("other").value;
    return several ? text.slice(text.lastIndexOf(";") + 1).trim() : text.trim();
  }

  function find() {
    const text = typed().toLowerCase();
    const first = [], later = [];
    for (let place = 0; text && place < folded.length && first.length < SHOWN_MATCHES; place++) {
      if (folded[place].startsWith(text)) first.push(queue.classes[place]);
      else if (later.length < SHOWN_MATCHES && folded[place].includes(text)) later.push(queue.classes[place]);
    }
    matches = number ? [] : [...first, ...later].slice(0, SHOWN_MATCHES);
    const exact = matches.indexOf(typed());
    choose(exact >= 0 ? exact : matches.length ? 0 : -1);
  }

  function choose(place) {
    chosen = place;
    part("matches").replaceChildren(...matches.map((name, index) => {
      const item = document.createElement("li"), label = document.createElement("bdi");
      item.id = `match-${index}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(index === chosen));
      label.textContent = name;
      item.append(label);
      item.addEventListener("mousedown", event => { event.preventDefault(); take(name); });
      return item;
    }));
    part("matches").hidden = !matches.length;
    part("other").setAttribute("aria-expanded", String(matches.length > 0));
    if (chosen >= 0) part("other").setAttribute("aria-activedescendant", `match-${chosen}`);
    else part("other").removeAttribute("aria-activedescendant");
  }

  function closeMatches() {
    matches = [];
    choose(-1);
  }

  function take(name) {
    if (!several) return decide(name);
    const before = part("other").value.split(";").slice(0, -1).map(each => each.trim());
    part("other").value = `${[...before, name].join("; ")}; `;
    part("other").focus();
    return closeMatches();
  }

  function enter() {
    const text = typed();
    if (number) {
      if (text && Number.isFinite(Number(text))) decide(text);
      else note(`“${text}” is no number`, true);
    } else if (text && chosen < 0) note(`“${text}” is no class`, true);
    else if (text) take(matches[chosen]);
    else if (several) {
      const names = part("other").value.split(";").map(each => each.trim()).filter(Boolean);
      if (names.length) decide(names.join("; "));
    }
  }

  for (const [name, act] of Object.entries(acts)) part(name).addEventListener("click", act);
  part("other").addEventListener("input", find);
  part("other").addEventListener("blur", closeMatches);
  part("other").addEventListener("keydown", event => {
    if (event.key === "Enter") enter();
    else if (event.key === "Escape") show(at);
    else if (event.key === "ArrowDown" && matches.length) choose((chosen + 1) % matches.length);
    else if (event.key === "ArrowUp" && matches.length) choose((chosen + matches.length - 1) % matches.length);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "INPUT" || !queue.rows.length) return;
    const on = event.target.tagName === "BUTTON" && (event.key === "Enter" || event.key === " ");
    const likely = !several && !number && queue.rows[at].probabilities[Number(event.key) - 1];
    const act = acts[keys[event.key.length > 1 ? event.key : event.key.toLowerCase()]];
    if (on) return;
    if (event.key === "/") part("other").focus();
    else if (likely) decide(likely[0]);
    else if (act) act();
    else return;
    event.preventDefault();
  });
  if (number) part("other-name").textContent = "Another number";
  if (queue.label === "tags") part("other-name").textContent = "Other tags, one a token, with a semicolon between";
  else if (several) part("other-name").textContent = "Other classes, with a semicolon between";
  part("after").append(...after);
  keeper.changed = draw;
  show(open(0) ? 0 : following(0));
  return {note, draw, goOn: () => open(at) || show(following(at))};
}
