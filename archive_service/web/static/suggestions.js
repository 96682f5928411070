// Asks what the chosen files suggest without leaving the form, and takes into it what is accepted.
(() => {
  "use strict";

  const LARGEST = 200 * 1024 * 1024; // bytes that are sent to be read; more is left for the filing itself
  const FILES = 5;
  const say = (place, words) => {
    const note = document.createElement("p");
    note.className = "note warn";
    note.setAttribute("role", "alert");
    note.textContent = words;
    place.querySelector(".note[role=alert]")?.remove();
    place.append(note);
  };
  const chinese = document.documentElement.lang.startsWith("zh");
  const form = document.querySelector("[data-suggestions]")?.closest("form");
  if (!form) return;

  const ask = async (button) => {
    const place = button.closest("[data-suggestions]");
    const data = new FormData(form);
    const files = data.getAll("files").filter((file) => file instanceof File && file.name);
    data.delete("files");
    let bytes = 0;
    files.slice(0, FILES).forEach((file) => { bytes += file.size; if (bytes <= LARGEST) data.append("files", file); });
    button.disabled = true;
    place.setAttribute("aria-busy", "true");
    try {
      const reply = await fetch(button.formAction, { method: "POST", body: data, headers: { "X-In-Place": "1" }, credentials: "same-origin" });
      if (reply.ok) {
        const answer = document.createElement("template");
        answer.innerHTML = await reply.text();
        place.replaceWith(answer.content);
        form.querySelector("[data-suggestions] [data-accept], [data-suggestions] button")?.focus();
        return;
      }
      const answer = await reply.json();
      say(place, [answer.sentence, answer.what_to_do].filter(Boolean).join(" "));
    } catch {
      say(place, chinese ? "没有连上服务，请再试。" : "The service could not be reached; please try again.");
    }
    button.disabled = false;
    place.removeAttribute("aria-busy");
  };

  form.addEventListener("click", (event) => {
    const wanted = event.target.closest("[data-suggest]");
    const taken = event.target.closest("[data-accept]");
    if (wanted) { event.preventDefault(); ask(wanted); }
    if (!taken) return;
    event.preventDefault();
    const field = form.elements.namedItem(taken.dataset.accept);
    if (!field) return;
    field.value = taken.dataset.value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    form.querySelectorAll(`[data-accept="${taken.dataset.accept}"]`).forEach((one) => one.removeAttribute("aria-pressed"));
    taken.setAttribute("aria-pressed", "true");
  });
})();
