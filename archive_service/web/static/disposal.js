// The desk of a list: its item is in view in the list beside it, and the list can be worked through by keys.
// j k the next and previous item, o the document, h l its pages, 1 to 5 an opinion, r the reason, s or Ctrl+Enter saves.
(() => {
  "use strict";
  const current = document.querySelector(".on-list a[aria-current]");
  const list = current?.closest("ol");
  if (list) list.scrollTop = current.offsetTop - list.offsetTop - list.clientHeight / 3;

  const desk = document.querySelector(".desk");
  if (!desk) return;
  const form = desk.querySelector("[data-appraise] form");
  const reason = form?.querySelector("textarea[name=reason]");
  const typing = (element) => element.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;

  const choose = (place) => {
    const opinion = form.querySelectorAll("input[name=opinion]")[place];
    if (!opinion) return;
    opinion.click();
    opinion.focus();
    // An opinion that asks for years is not whole without them.
    if (opinion.value === "EXTEND") form.querySelector("input[name=years]").focus();
  };
  // On the way to another page keys wait for it: what is meant for the next item must not fall on this one.
  let left = -Infinity;
  addEventListener("pageshow", () => { left = -Infinity; });
  const leaving = () => performance.now() - left < 3000;
  const act = (key) => {
    const link = desk.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (link) { left = performance.now(); link.click(); return true; }
    if (!form) return false;
    if (/^[1-9]$/.test(key)) { choose(Number(key) - 1); return true; }
    if (key === "r") { reason.focus(); return true; }
    if (key === "s") { form.requestSubmit(); return true; }
    return false;
  };
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.repeat || document.querySelector("dialog[open]")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form?.contains(event.target)) { event.preventDefault(); form.requestSubmit(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && form?.contains(event.target) && typing(event.target)) { event.target.blur(); return; }
    if (typing(event.target)) return;
    if (leaving()) { event.preventDefault(); return; }
    if (act(event.key)) event.preventDefault();
  });
})();
