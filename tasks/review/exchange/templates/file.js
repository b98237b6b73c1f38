"use strict";
// The page as a file: answers are kept by the browser, one entry a row, and saved as a file of decisions.
(() => {
  const queue = JSON.parse(document.getElementById("queue").textContent);
  const mine = `labelworks-review:${queue.print}:`, name = "labelworks-review-name";
  const who = document.getElementById("who"), answers = new Map();
  let storage = null, saved = true;

  try {
    storage = window.localStorage;
    storage.setItem(mine, "");
    storage.removeItem(mine);
  } catch {
    storage = null;
  }

  function load() {
    answers.clear();
    for (const key of storage ? Object.keys(storage) : []) {
      if (!key.startsWith(mine)) continue;
      const place = Number(key.slice(mine.length));
      if (Number.isInteger(place) && place < queue.rows.length) answers.set(place, JSON.parse(storage.getItem(key)));
    }
  }

  const keeper = {
    all: () => answers,
    keep(rows, answer, like) {
      const newest = Math.max(0, ...[...answers.values()].map(each => each.when));
      const made = {answer, when: Math.max(Date.now(), newest + 1), annotator: who.value.trim(), ...(like && {like})};
      for (const row of rows) {
        storage?.setItem(mine + row, JSON.stringify(made));
        answers.set(row, made);
      }
      saved = false;
    },
    forget(rows) {
      for (const row of rows) {
        storage?.removeItem(mine + row);
        answers.delete(row);
      }
      saved = false;
    },
  };

  function save() {
    const {dataset, run} = queue;
    const rows = [...answers].sort(([a], [b]) => a - b).map(([place, {answer, when, annotator, like}]) => {
      const {shown, picture, tiny, probabilities, marks, ...behind} = queue.rows[place];
      return {...behind, ...(like && {why: "like"}), answer, annotator, when: new Date(when).toISOString()};
    });
    const text = JSON.stringify({labelworks: "decisions", dataset, run, answers: rows}, null, 1);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], {type: "application/json"}));
    link.download = `${dataset.replace(/[^A-Za-z0-9._-]+/g, "-")}-decisions.json`;
    link.click();
    saved = true;
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);  // a download may begin later
    review.note(`${answers.size.toLocaleString("en")} answers saved: labelworks review import ${link.download}`);
  }

  load();
  who.value = storage?.getItem(name) ?? "";
  who.addEventListener("change", () => { try { storage?.setItem(name, who.value.trim()); } catch { /* asked again */ } });
  const command = document.createElement("code");
  command.textContent = "labelworks review import FILE";
  const review = startReview(queue, keeper, ["Save the answers, and give the file to ", command, "."]);
  document.getElementById("save").addEventListener("click", save);
  window.addEventListener("storage", () => { load(); review.draw(); });
  window.addEventListener("beforeunload", event => { if (!saved && !storage) event.preventDefault(); });
  if (!storage) review.note("This browser keeps nothing for a page from disk: save your answers before you close it.", true);
})();
