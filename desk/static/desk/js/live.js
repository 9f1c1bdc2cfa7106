// What moves on a page that stands still: toasts with their undo time, "12 min late", polling that rests in a hidden tab.
(() => {
  const LINGER = 7000;

  function leave(toast) {
    toast.classList.add("toast-leaving");
    setTimeout(() => toast.remove(), 300);
  }

  function countDown(toast) {
    const shown = toast.querySelector("[data-seconds]");
    const ends = Date.now() + Number(toast.dataset.undo) * 1000;
    const tick = setInterval(() => {
      const left = Math.ceil((ends - Date.now()) / 1000);
      if (left > 0) { shown.textContent = left; return; }
      clearInterval(tick);
      leave(toast);
    }, 250);
  }

  function linger(toast) {
    let timer = setTimeout(() => leave(toast), LINGER);
    for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(timer));
    for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, () => { timer = setTimeout(() => leave(toast), LINGER); });
  }

  function greet(toast) {
    if (toast.dataset.greeted) return;
    toast.dataset.greeted = "yes";
    if (toast.dataset.undo) countDown(toast);
    else if (!toast.matches(".toast-error, .toast-warning")) linger(toast);
  }

  const two = (seconds) => {
    const minutes = Math.floor(seconds / 60);
    const counts = [["d", Math.floor(minutes / 1440)], ["h", Math.floor(minutes / 60) % 24], ["min", minutes % 60]];
    const start = counts.findIndex(([, count]) => count);
    return counts.slice(start, start + 2).filter(([, count]) => count).map(([unit, count]) => `${count}\u00a0${unit}`).join(" ");
  };

  function refreshTimes() {
    for (const time of document.querySelectorAll("time[data-relative]")) {
      const gap = (Date.now() - new Date(time.dateTime)) / 1000;
      time.textContent = Math.abs(gap) < 60 ? "now" : gap > 0 ? `${two(gap)} late` : `in ${two(-gap)}`;
    }
  }

  function placeMenu(menu) {
    if (CSS.supports("position-area: block-end")) return;
    const opener = document.querySelector(`[popovertarget="${menu.id}"]`);
    if (!opener) return;
    const at = opener.getBoundingClientRect();
    const side = menu.classList.contains("menu-side");
    const left = side ? at.right + 6 : at.right - menu.offsetWidth;
    const top = side ? at.bottom - menu.offsetHeight : at.bottom + 4;
    menu.style.left = `${Math.max(8, Math.min(left, innerWidth - menu.offsetWidth - 8))}px`;
    menu.style.top = `${Math.max(8, Math.min(top, innerHeight - menu.offsetHeight - 8))}px`;
  }

  // An ended session answers with the sign-in page: never swap a whole page into a part of one.
  function guardSwap(event) {
    const { xhr, elt } = event.detail;
    if (!event.detail.shouldSwap || !/^\s*<!doctype/i.test(xhr.responseText) || event.detail.target === document.body) return;
    event.detail.shouldSwap = false;
    if (!polls(elt)) location.assign(xhr.responseURL || location.href);
  }

  function complain(event) {
    const home = document.getElementById("toasts");
    if (!home || polls(event.detail.elt)) return;
    const toast = document.createElement("div");
    toast.className = "toast toast-error";
    toast.dataset.toast = "";
    const text = document.createElement("div");
    text.className = "toast-text";
    const asking = event.detail.requestConfig?.verb === "get";
    text.textContent = asking ? "The desk did not answer. Try once more." : "Not saved: the desk did not answer. What you typed is still here; try once more.";
    const close = document.createElement("button");
    Object.assign(close, { type: "button", className: "btn btn-small", textContent: "Dismiss" });
    close.dataset.dismiss = "";
    toast.append(text, close);
    home.append(toast);
  }

  const polls = (node) => (node.getAttribute?.("hx-trigger") || "").includes("every");

  document.addEventListener("click", (event) => { if (event.target.closest("[data-dismiss]")) leave(event.target.closest("[data-toast]")); });
  document.addEventListener("toggle", (event) => { if (event.newState === "open" && event.target.matches?.(".menu")) placeMenu(event.target); }, true);
  document.addEventListener("htmx:beforeRequest", (event) => { if (document.hidden && polls(event.detail.elt)) event.preventDefault(); });
  document.addEventListener("htmx:beforeSwap", guardSwap);
  document.addEventListener("htmx:sendError", complain);
  document.addEventListener("htmx:responseError", complain);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    refreshTimes();
    for (const node of document.querySelectorAll("[hx-trigger*=wake]")) window.htmx?.trigger(node, "wake");
  });
  document.addEventListener("DOMContentLoaded", () => {
    for (const toast of document.querySelectorAll("[data-toast]")) greet(toast);
    const home = document.getElementById("toasts");
    if (home) new MutationObserver(() => home.querySelectorAll("[data-toast]").forEach(greet)).observe(home, { childList: true, subtree: true });
    refreshTimes();
    setInterval(refreshTimes, 30000);
  });
})();
