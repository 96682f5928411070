"use strict";
// Offers what may be about to be typed into a search box; without it the box is the same.
(() => {
  const boxes = document.querySelectorAll("[data-complete]");
  boxes.forEach((box, number) => {
    const list = document.createElement("datalist");
    list.id = `completions-${number}`;
    box.after(list);
    box.setAttribute("list", list.id);
    let waiting = 0, asked = "";
    box.addEventListener("input", () => {
      clearTimeout(waiting);
      const typed = box.value.trim();
      if (typed.length < 2 || typed === asked) return;
      waiting = setTimeout(async () => {
        asked = typed;
        try {
          const answer = await fetch(`${box.dataset.complete}?q=${encodeURIComponent(typed)}`, { headers: { Accept: "application/json" } });
          if (!answer.ok || asked !== typed) return;
          list.replaceChildren(...(await answer.json()).map((words) => Object.assign(document.createElement("option"), { value: words })));
        } catch { /* what cannot be offered is typed */ }
      }, 200);
    });
  });
})();
