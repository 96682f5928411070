// Sends files piece by piece, so that a broken connection loses nothing that has arrived. Without this script the
// same form sends them whole.
(() => {
  "use strict";
  const place = document.querySelector("[data-upload]");
  if (!place) return;
  const PIECE = 4 * 1024 * 1024;
  const form = place.querySelector("form");
  const inputs = Array.from(form.querySelectorAll("input[type=file]"));
  const token = form.querySelector("[name=csrf_token]").value;
  const going = place.querySelector("[data-going]");
  const bar = going.querySelector("progress");
  const said = going.querySelector("[data-said]");
  const figures = going.querySelector("[data-figures]");
  const pause = place.querySelector("[data-pause]");
  const resume = place.querySelector("[data-resume]");
  let paused = false;
  let sending = null;
  let wake = null;

  class Refused extends Error {}

  const ask = async (url, options) => {
    sending = new AbortController();
    const reply = await fetch(url, { ...options, credentials: "same-origin", signal: sending.signal, headers: { "X-CSRFToken": token, "X-In-Place": "1", Accept: "application/json", ...(options.headers || {}) } });
    if (reply.ok) return reply.json();
    const plain = (reply.headers.get("Content-Type") || "").startsWith("application/json");
    const answer = plain ? await reply.json() : {};
    if (reply.status >= 500 || reply.status === 409) throw new Error(String(reply.status));
    throw new Refused([answer.sentence, answer.what_to_do].filter(Boolean).join(" ") || String(reply.status));
  };
  const moment = (ms) => new Promise((done) => { wake = done; setTimeout(done, ms); });
  const unpaused = async () => { while (paused) await moment(60000); };
  const show = (sent, total) => {
    bar.max = total || 1;
    bar.value = sent;
    figures.textContent = `${Math.floor((sent / (total || 1)) * 100)} %`;
  };
  // Tries until it succeeds; only a refusal that trying again cannot change ends it.
  const patiently = async (act) => {
    for (let tries = 0; ; tries += 1) {
      await unpaused();
      try {
        const answer = await act();
        said.textContent = "";
        return answer;
      } catch (fault) {
        if (fault instanceof Refused) throw fault;
        if (!paused) {
          said.textContent = said.dataset.lost;
          await moment(Math.min(1000 * 2 ** tries, 30000));
        }
      }
    }
  };
  // What was dropped keeps its path inside the folder only here: a file in a field has forgotten it.
  let dropped = [];
  const filesIn = async (entry) => {
    if (entry.isFile) return [{ file: await new Promise((done, fail) => entry.file(done, fail)), path: entry.fullPath.replace(/^\//, "") }];
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const some = await new Promise((done, fail) => reader.readEntries(done, fail));
      if (some.length === 0) return found;
      for (const inner of some) found.push(...await filesIn(inner));
    }
  };
  form.querySelector("[data-drop]").addEventListener("drop", (event) => {
    const entries = Array.from(event.dataTransfer.items).map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
    dropped = Promise.all(entries.map(filesIn)).then((lists) => lists.flat());
  });
  inputs[0].addEventListener("change", () => { dropped = []; });
  const chosen = async () => {
    const fromDrop = await dropped;
    const fields = fromDrop.length ? inputs.slice(1) : inputs;
    return [...fromDrop, ...fields.flatMap((input) => Array.from(input.files)).map((file) => ({ file, path: file.webkitRelativePath || file.name }))];
  };
  const sendOne = async ({ file, path }, before, total) => {
    const announce = new URLSearchParams({ path, size: String(file.size), modified: String(file.lastModified) });
    let there = await patiently(() => ask(place.dataset.upload, { method: "POST", body: announce }));
    while (!there.complete) {
      show(before + there.offset, total);
      const piece = file.slice(there.offset, there.offset + PIECE);
      there = await patiently(async () => {
        try {
          return await ask(`${there.url}?offset=${there.offset}`, { method: "POST", body: piece, headers: { "Content-Type": "application/octet-stream" } });
        } catch (fault) {
          if (fault instanceof Refused) throw fault;
          const now = await ask(there.url, { method: "GET" });
          if (now.offset !== there.offset) return now;
          throw fault;
        }
      });
    }
    show(before + file.size, total);
  };
  const sendAll = async (files) => {
    const total = files.reduce((sum, one) => sum + one.file.size, 0);
    const faults = [];
    let before = 0;
    going.hidden = false;
    pause.hidden = false;
    for (const one of files) {
      try {
        await sendOne(one, before, total);
      } catch (fault) {
        faults.push(`${one.path}: ${fault.message}`);
      }
      before += one.file.size;
    }
    pause.hidden = true;
    return faults;
  };
  pause.addEventListener("click", () => {
    paused = true;
    if (sending) sending.abort();
    said.textContent = said.dataset.paused;
    pause.hidden = true;
    resume.hidden = false;
    resume.focus();
  });
  resume.addEventListener("click", () => {
    paused = false;
    said.textContent = "";
    resume.hidden = true;
    pause.hidden = false;
    if (wake) wake();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const files = await chosen();
    if (files.length === 0) { inputs[0].focus(); return; }
    const faults = await sendAll(files);
    if (faults.length === 0) { location.assign(place.dataset.page); return; }
    const note = document.createElement("p");
    note.className = "note error";
    note.setAttribute("role", "alert");
    note.textContent = faults.join(" ");
    form.prepend(note);
    const link = document.createElement("a");
    link.className = "button";
    link.href = place.dataset.page;
    link.textContent = "→";
    form.append(link);
  });
})();
