// Keyboard of the lists: j and k move, o opens, x chooses, / searches. Without it everything works by Tab and Enter.
(() => {
  "use strict";
  const rows = () => Array.from(document.querySelectorAll("table[data-keys] tbody tr"));
  const here = () => document.querySelector("table[data-keys] tr[data-here]");

  function go(step) {
    const all = rows();
    if (!all.length) return;
    const now = all.indexOf(here());
    const next = all[Math.min(all.length - 1, Math.max(0, now < 0 ? 0 : now + step))];
    all.forEach((row) => row.removeAttribute("data-here"));
    next.setAttribute("data-here", "");
    const link = next.querySelector("td.first a") || next.querySelector("a");
    if (link) link.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  const keys = {
    j: () => go(1),
    k: () => go(-1),
    o: () => here()?.querySelector("td.first a")?.click(),
    x: () => here()?.querySelector("input[type=checkbox]")?.click(),
    "/": () => document.querySelector("[data-search]")?.focus(),
  };

  // One box chooses all that are shown; the bar says how many are chosen.
  const all = document.querySelector("input[data-all]");
  const said = document.querySelector("option[data-chosen]");
  const boxes = () => Array.from(document.querySelectorAll("input[name=finding]"));

  function count() {
    const chosen = boxes().filter((box) => box.checked).length;
    all.checked = chosen > 0 && chosen === boxes().length;
    all.indeterminate = chosen > 0 && !all.checked;
    if (said) said.textContent = said.dataset.chosen.replace("%s", chosen);
  }

  if (all) {
    all.hidden = false;
    all.addEventListener("change", () => {
      boxes().forEach((box) => { box.checked = all.checked; });
      count();
    });
    boxes().forEach((box) => box.addEventListener("change", count));
    count();
  }

  // A menu closes by Escape, and when something else is pressed or reached.
  const closeMenus = (but) => document.querySelectorAll("details.menu[open]").forEach((menu) => menu.contains(but) || (menu.open = false));
  document.addEventListener("click", (event) => closeMenus(event.target));
  document.addEventListener("focusin", (event) => closeMenus(event.target));

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = event.target.closest?.("details.menu[open]");
      closeMenus(null);
      menu?.querySelector("summary").focus();
      return;
    }
    const typing = event.target.closest?.("input:not([type=checkbox]), select, textarea");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
