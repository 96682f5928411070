// What a script adds: everything on the pages works without it.
// "/" jumps to the search box, j k x Enter walk a table, ? shows the keys, files can be dropped,
// a form is sent once, and a running job shows how far it is.
(() => {
  "use strict";

  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const typing = (element) => element.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;

  // ---- Keys ----
  const rowsOfTable = () => all("table[data-keys] tbody tr");
  const open = (row) => {
    const link = row.querySelector("a[data-open]") || row.querySelector("a[href]");
    if (link) link.click();
  };
  const step = (by) => {
    const rows = rowsOfTable();
    if (rows.length === 0) return;
    const here = rows.indexOf(document.activeElement.closest("tr"));
    const next = here < 0 ? 0 : Math.min(Math.max(here + by, 0), rows.length - 1);
    rows[next].tabIndex = -1;
    rows[next].focus();
    rows[next].scrollIntoView({ block: "nearest" });
  };
  const keys = {
    "/": () => { const box = document.getElementById("find"); if (box) { box.focus(); box.select(); } },
    "?": () => { const help = document.getElementById("keys"); if (help && help.showModal) help.showModal(); },
    j: () => step(1),
    k: () => step(-1),
    x: () => { const tick = document.activeElement.closest("tr")?.querySelector("input[type=checkbox]"); if (tick) tick.click(); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") all("details.person[open], details.columns[open]").forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "Enter" && event.target.matches("table[data-keys] tr")) { event.preventDefault(); open(event.target); return; }
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  document.addEventListener("click", (event) => {
    all("details.person[open], details.columns[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });

  // ---- Chosen rows ----
  const count = (form) => {
    const ticks = all("tbody .tick input[type=checkbox]", form);
    const chosen = ticks.filter((tick) => tick.checked).length;
    all("[data-picked]", form).forEach((place) => { place.textContent = String(chosen); });
    const whole = form.querySelector("thead .tick input");
    if (whole) { whole.checked = chosen > 0 && chosen === ticks.length; whole.indeterminate = chosen > 0 && chosen < ticks.length; }
  };
  all("form[data-pick]").forEach((form) => {
    const whole = form.querySelector("thead .tick input");
    if (whole) whole.closest("label").hidden = false;
    form.addEventListener("change", (event) => {
      if (event.target === whole) all("tbody .tick input[type=checkbox]", form).forEach((tick) => { tick.checked = whole.checked; });
      count(form);
    });
    count(form);
  });

  // ---- Files dropped or chosen ----
  const size = (bytes) => {
    const units = ["B", "KB", "MB", "GB", "TB"];
    let value = bytes;
    let unit = 0;
    while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit += 1; }
    return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
  };
  // A folder is read piece by piece: readEntries gives at most 100 at a time and ends with an empty answer.
  const filesIn = async (entry) => {
    if (entry.isFile) return [await new Promise((done, fail) => entry.file(done, fail))];
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const some = await new Promise((done, fail) => reader.readEntries(done, fail));
      if (some.length === 0) return found;
      for (const inner of some) found.push(...await filesIn(inner));
    }
  };
  all("[data-drop]").forEach((zone) => {
    const inputs = all("input[type=file]", zone);
    const list = zone.parentElement.querySelector(".chosen");
    const show = () => {
      list.replaceChildren();
      inputs.flatMap((input) => Array.from(input.files)).forEach((file) => {
        const row = document.createElement("li");
        const name = document.createElement("span");
        const bytes = document.createElement("span");
        name.textContent = file.webkitRelativePath || file.name;
        bytes.textContent = size(file.size);
        row.append(name, bytes);
        list.append(row);
      });
    };
    inputs.forEach((input) => input.addEventListener("change", show));
    ["dragenter", "dragover"].forEach((kind) => zone.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("over"); }));
    ["dragleave", "drop"].forEach((kind) => zone.addEventListener(kind, () => zone.classList.remove("over")));
    zone.addEventListener("drop", async (event) => {
      event.preventDefault();
      const plain = Array.from(event.dataTransfer.files);
      const entries = Array.from(event.dataTransfer.items).map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
      const files = entries.some((entry) => entry.isDirectory) ? (await Promise.all(entries.map(filesIn))).flat() : plain;
      const basket = new DataTransfer();
      (inputs[0].multiple ? files : files.slice(0, 1)).forEach((file) => basket.items.add(file));
      inputs[0].files = basket.files;
      show();
    });
  });

  // ---- What a choice leads to is shown while the form is being filled in ----
  all("[data-details]").forEach((place) => {
    const form = place.closest("form");
    let asked = 0;
    const look = async () => {
      const mine = (asked += 1);
      const said = new URLSearchParams();
      new FormData(form).forEach((value, name) => { if (typeof value === "string" && value !== "" && name !== "csrf_token") said.append(name, value); });
      try {
        const reply = await fetch(`${place.dataset.details}?${said}`, { credentials: "same-origin" });
        if (!reply.ok || mine !== asked) return;
        const had = place.contains(document.activeElement) ? document.activeElement.id : "";
        place.innerHTML = await reply.text();
        if (had) document.getElementById(had)?.focus();
      } catch { /* the form works without it */ }
    };
    form.addEventListener("change", (event) => { if (event.target.type !== "file") look(); });
  });

  // ---- Sent once, and a fault is said beside the form, so that nothing typed is lost ----
  const busy = (form, is) => {
    if (is) form.setAttribute("aria-busy", "true"); else form.removeAttribute("aria-busy");
    all("button", form).forEach((button) => { button.disabled = is; });
  };
  const tell = (form, answer) => {
    const place = form.querySelector(".note.error[data-fault]") || document.createElement("p");
    place.className = "note error";
    place.dataset.fault = "";
    place.setAttribute("role", "alert");
    place.tabIndex = -1;
    const head = document.createElement("b");
    head.textContent = document.documentElement.lang.startsWith("zh") ? "未办成" : "Not done";
    const words = document.createElement("span");
    words.textContent = [answer.sentence, answer.what_to_do, answer.reference].filter(Boolean).join(" ");
    place.replaceChildren(head, words);
    form.prepend(place);
    place.focus();
  };
  // How much of an upload has gone: only where files are sent, and only when it takes longer than a moment.
  const showSent = (form, sent, total) => {
    let bar = form.querySelector("progress[data-sent]");
    if (!bar) {
      bar = document.createElement("progress");
      bar.dataset.sent = "";
      bar.setAttribute("aria-label", form.dataset.sending || "");
      form.append(bar);
    }
    bar.max = total;
    bar.value = sent;
  };
  const send = (form, submitter) => {
    const data = new FormData(form, submitter);
    const lost = document.documentElement.lang.startsWith("zh")
      ? { sentence: "没有连上服务，尚未提交；所填内容仍在，请再试。" }
      : { sentence: "The service could not be reached; nothing was sent. What you typed is still here: please try again." };
    const ask = new XMLHttpRequest();
    ask.open("POST", submitter?.hasAttribute("formaction") ? submitter.formAction : form.action);
    ask.setRequestHeader("X-In-Place", "1");
    if (form.enctype === "multipart/form-data") ask.upload.addEventListener("progress", (event) => { if (event.lengthComputable) showSent(form, event.loaded, event.total); });
    ask.addEventListener("error", () => { busy(form, false); tell(form, lost); });
    ask.addEventListener("load", () => {
      const plain = (ask.getResponseHeader("Content-Type") || "").startsWith("application/json");
      if (!plain) { document.open(); document.write(ask.responseText); document.close(); return; }
      const answer = JSON.parse(ask.responseText);
      if (answer.to) {
        const onward = new URL(answer.to, location.href);
        const same = onward.pathname === location.pathname && onward.search === location.search;
        location.assign(onward);
        if (same && onward.hash) location.reload();
        return;
      }
      form.querySelector("progress[data-sent]")?.remove();
      busy(form, false);
      tell(form, answer);
    });
    ask.send(data);
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.getAttribute("aria-busy") === "true") { event.preventDefault(); return; }
    if ("inPlace" in form.dataset) {
      event.preventDefault();
      send(form, event.submitter);
      busy(form, true);
      return;
    }
    // Later, because a disabled button would not be sent with the form.
    setTimeout(() => busy(form, true), 0);
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) all("form[aria-busy]").forEach((form) => busy(form, false));
  });

  // ---- How far a job is: {"done": 37, "total": 200, "sentence": "...", "finished": false, ...} ----
  const fill = (place, answer) => {
    all("[data-fill]", place).forEach((slot) => {
      const value = answer[slot.dataset.fill];
      if (value !== undefined && value !== null) slot.textContent = String(value);
    });
    all("progress", place).forEach((bar) => {
      if (answer.total > 0) { bar.max = answer.total; bar.value = answer.done; }
    });
    if (answer.finished) all("[data-when-finished]", place).forEach((part) => { part.hidden = false; });
  };
  const watch = (place) => {
    const pause = Math.max(1, Number(place.dataset.seconds) || 2) * 1000;
    let missed = 0;
    const ask = async () => {
      if (document.hidden) { setTimeout(ask, pause); return; }
      try {
        const reply = await fetch(place.dataset.poll, { headers: { Accept: "application/json" }, credentials: "same-origin" });
        if (!reply.ok) throw new Error(String(reply.status));
        const answer = await reply.json();
        missed = 0;
        fill(place, answer);
        if (answer.finished) return;
      } catch {
        missed += 1;
      }
      if (missed < 6) setTimeout(ask, pause * (missed + 1));
      else all("[data-when-lost]", place).forEach((part) => { part.hidden = false; });
    };
    setTimeout(ask, pause);
  };
  all("[data-poll]").forEach(watch);
})();
