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

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input:not([type=checkbox]), select, textarea");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
