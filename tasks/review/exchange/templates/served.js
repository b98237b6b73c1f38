"use strict";
// The page at a server: rows are handed out by it, answers are stored there. What isn't stored yet waits in this tab,
// over a reload too, and is sent in its order; what arrives twice is taken once.
(async () => {
  const queue = JSON.parse(document.getElementById("queue").textContent);
  const part = id => document.getElementById(id);
  const token = new URLSearchParams(location.search).get("token");
  const storage = window.sessionStorage, answers = new Map(), beside = new Map();
  const MOST = 20, FEW = 8, AGAIN = 2000, LATER = 10000;  // groups asked for, open rows, milliseconds
  const holder = storage.getItem("holder") ?? crypto.randomUUID();
  let waits = JSON.parse(storage.getItem("waits") ?? "[]");
  let sending = null, asking = null, troubled = false, far = {answered: 0, rows: 0}, review = null, later = 0;

  storage.setItem("holder", holder);
  queue.rows = [];
  document.querySelector(".who").hidden = document.querySelector(".file").hidden = true;
  part("state").hidden = part("figures").hidden = false;

  async function call(path, body, more = {}) {
    const answer = await fetch(path, {
      method: body ? "POST" : "GET",
      headers: {Authorization: `Bearer ${token}`, ...(body && {"Content-Type": "application/json"})},
      body: body && JSON.stringify({holder, ...body}),
      ...more,
    });
    if (answer.ok) return answer.json();
    const said = await answer.json().catch(() => ({}));
    throw Object.assign(new Error(said.error ?? `status ${answer.status}`), {refused: answer.status < 500});
  }

  function tell(progress) {
    if (progress) far = progress;
    const unsaved = waits.reduce((sum, each) => sum + (each.undo ?? each.answers).length, 0);
    part("state").textContent = `${queue.annotator}: ${unsaved ? `${unsaved} not saved yet` : "all answers saved"}`;
    part("state").classList.toggle("waits", troubled);
    const {changed, value, low, high} = far.removed ?? {};
    const one = number => number.toFixed(1).replace("-", "−");
    part("said").hidden = !far.answered;
    part("said").textContent = far.audit ? `Of all rows, ${far.audit}` : `Wrong labels put right: about ${one(value ?? 0)} (95 %: ${one(low ?? 0)} to ${one(high ?? 0)}), by ${changed ?? 0} change${changed === 1 ? "" : "s"}`;
    review?.draw();
  }

  // Answers go together, what was undone in its turn.
  async function send() {
    while (waits.length) {
      const undo = Boolean(waits[0].undo), end = waits.findIndex(each => Boolean(each.undo) !== undo);
      const some = waits.slice(0, end < 0 ? waits.length : end);
      try {
        const body = undo ? {undo: some.flatMap(each => each.undo)} : {answers: some.flatMap(each => each.answers)};
        const found = await call(undo ? "api/undo" : "api/answers", body);
        waits = waits.slice(some.length);
        if (troubled) review?.note("");
        troubled = false;
        for (const {id, reason} of found.aside ?? []) review?.note(`Row ${id} was not taken: ${reason}`, true);
        storage.setItem("waits", JSON.stringify(waits));
        tell(found.progress);
      } catch (error) {
        troubled = true;
        tell();
        review?.note(`Answers could not be saved: ${error.message}`, true);
        if (error.refused) return;
        await new Promise(resolve => setTimeout(resolve, AGAIN));
      }
    }
  }

  function put(what) {
    waits.push(what);
    storage.setItem("waits", JSON.stringify(waits));
    tell();
    sending ??= send().finally(() => { sending = null; });
  }

  const opened = () => queue.rows.filter((_, place) => !answers.has(place)).length;

  async function more() {
    clearTimeout(later);
    if (asking || opened() > FEW) return;
    try {
      asking = call("api/rows", {most: MOST});
      const found = await asking, known = new Set(queue.rows.map(row => row.id)), dry = !opened();
      queue.rows.push(...found.rows.filter(row => !known.has(row.id)));
      tell(found.progress);
      if (dry) review?.goOn();
    } catch (error) {
      review?.note(`No rows came: ${error.message}`, true);
    } finally {
      asking = null;
    }
    if (!opened() && far.answered < far.rows) later = setTimeout(more, LATER);  // others have what is left
  }

  const keeper = {
    all: () => answers,
    far: () => ({done: far.answered, all: far.rows}),
    keep(rows, answer, like) {
      const newest = Math.max(0, ...[...answers.values()].map(each => each.when));
      const when = Math.max(Date.now(), newest + 1), again = rows.filter(row => answers.has(row));
      if (again.length) this.forget(again);
      for (const row of rows) answers.set(row, {answer, when});
      put({answers: rows.map(row => ({id: queue.rows[row].id, answer, act: when, like}))});
      more();
    },
    forget(rows) {
      for (const row of rows) answers.delete(row);
      put({undo: rows.map(row => queue.rows[row].id)});
    },
    around(row) {
      if (!beside.has(row.id)) beside.set(row.id, call(`api/around?id=${encodeURIComponent(row.id)}`).catch(() => null));
      return beside.get(row.id);
    },
  };

  window.addEventListener("pagehide", () => {
    const left = waits.flatMap(each => each.answers ?? []);
    if (left.length && waits.every(each => each.answers)) call("api/answers", {answers: left}, {keepalive: true}).catch(() => null);
  });
  window.addEventListener("beforeunload", event => { if (troubled) event.preventDefault(); });
  sending = send().finally(() => { sending = null; });
  await sending;
  const before = await call("api/answered").catch(() => ({rows: []}));
  for (const {row, answer, when} of before.rows) {
    answers.set(queue.rows.length, {answer, when});
    queue.rows.push(row);
  }
  await more();
  review = startReview(queue, keeper, ["Run the config again: it hears these answers, and finds what is worth a look then."]);
  tell();
})();
