"use strict";
// Marks places on a page by dragging: each becomes a line of the field, which stays the one thing that is sent.
(() => {
  const figure = document.querySelector("[data-redact]");
  const field = document.querySelector("textarea[name=areas]");
  if (!figure || !field) return;
  const sheet = figure.querySelector(".redact-sheet");
  const picture = sheet.querySelector("img");
  const where = figure.querySelector("[data-where]");
  const pages = Number(figure.dataset.pages);
  let page = 1, begun = null, drawn = null;

  const box = (left, top, right, bottom) => {
    const one = document.createElement("div");
    one.className = "redact-area";
    Object.assign(one.style, { left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%` });
    sheet.append(one);
    return one;
  };

  const show = () => {
    sheet.querySelectorAll(".redact-area").forEach((one) => one.remove());
    for (const line of field.value.split("\n")) {
      const told = line.match(/^\s*(\d+)\s*[:：]\s*([\d.]+)[\s,，]+([\d.]+)[\s,，]+([\d.]+)[\s,，]+([\d.]+)\s*$/);
      if (told && Number(told[1]) === page) box(...told.slice(2).map(Number));
    }
    where.textContent = where.dataset.words.replace("%s", page).replace("%s", pages);
  };

  const place = (event) => {
    const around = picture.getBoundingClientRect();
    const within = (value) => Math.min(100, Math.max(0, value));
    return [within(100 * (event.clientX - around.left) / around.width), within(100 * (event.clientY - around.top) / around.height)];
  };

  const corners = (from, to) => [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])];

  sheet.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    sheet.setPointerCapture(event.pointerId);
    begun = place(event);
  });
  sheet.addEventListener("pointermove", (event) => {
    if (!begun) return;
    if (drawn) drawn.remove();
    drawn = box(...corners(begun, place(event)));
  });
  sheet.addEventListener("pointerup", (event) => {
    if (!begun) return;
    const [left, top, right, bottom] = corners(begun, place(event));
    begun = drawn = null;
    if (right - left > 0.3 && bottom - top > 0.3) {
      // Outwards, so that nothing at the edge is left by rounding.
      const down = (value) => Math.floor(value * 10) / 10, up = (value) => Math.min(100, Math.ceil(value * 10) / 10);
      field.value = `${field.value.trimEnd()}\n${page}: ${down(left)}, ${down(top)}, ${up(right)}, ${up(bottom)}\n`.trimStart();
    }
    show();
  });
  figure.addEventListener("click", (event) => {
    const turn = event.target.closest("[data-turn]");
    if (!turn) return;
    page = Math.min(pages, Math.max(1, page + Number(turn.dataset.turn)));
    picture.src = figure.dataset.sheet.replace(/1\.png$/, `${page}.png`);
    show();
  });
  field.addEventListener("input", show);
  show();
})();
