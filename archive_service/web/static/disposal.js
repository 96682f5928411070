// The item on the desk is in view in the list beside it, however long the list.
(() => {
  "use strict";
  const current = document.querySelector(".on-list a[aria-current]");
  const list = current?.closest("ol");
  if (list) list.scrollTop = current.offsetTop - list.offsetTop - list.clientHeight / 3;
})();
