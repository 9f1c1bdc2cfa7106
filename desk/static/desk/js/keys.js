// The keyboard. An element says which keys act on it: data-key="p", "n, f2" (either), "g t" (one after the other).
// A field is focused, a dialog opened, anything else clicked. Inside an open dialog only its own keys act;
// in a list the focused row's keys come first. F-keys and Ctrl combinations act inside fields as well.
(() => {
  const WAIT = 900;
  let first = "";
  let firstAt = 0;

  const stored = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const singleKeys = () => stored("desk.keys") !== "off";
  const typing = (node) => node.matches?.("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=button], [type=submit])");
  const shown = (node) => node.tagName === "DIALOG" || node.offsetParent !== null || node.getClientRects().length > 0;
  const wants = (node, pressed) => node.dataset.key.split(",").some((each) => each.trim() === pressed);

  function scopes() {
    const open = [...document.querySelectorAll("dialog[open]")].pop();
    if (open) return [open];
    const row = document.activeElement?.closest("[data-row]");
    return row ? [row, document] : [document];
  }

  function listening(pressed) {
    for (const scope of scopes()) {
      const found = [...scope.querySelectorAll("[data-key]")].find((node) => wants(node, pressed) && shown(node));
      if (found) return found;
    }
    return null;
  }

  function starts(pressed) {
    return scopes().some((scope) => [...scope.querySelectorAll("[data-key]")].some((node) =>
      node.dataset.key.split(",").some((each) => each.trim().startsWith(`${pressed} `))));
  }

  function act(node) {
    if (node.tagName === "DIALOG") return node.showModal();
    if (typing(node)) { node.focus(); return node.select?.(); }
    node.click();
    if (node.type === "radio") node.focus();
  }

  function submit(event) {
    const form = document.activeElement?.form || document.activeElement?.closest("form") || document.querySelector("dialog[open] form[method=post], form[data-main], form[data-draft]");
    if (!form || form.method === "dialog") return;
    event.preventDefault();
    const button = form.querySelector("[data-save-next]:not(:disabled)") || form.querySelector("[data-primary]:not(:disabled), .btn-primary[type=submit]:not(:disabled)");
    form.requestSubmit(button || undefined);
  }

  function step(by) {
    const rows = [...document.querySelectorAll("[data-row]")].filter(shown);
    if (!rows.length) return false;
    const at = rows.indexOf(document.activeElement?.closest("[data-row]"));
    const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))];
    (next.querySelector(".row-title, a[href], button") || next).focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  }

  function sequence(pressed) {
    const both = Date.now() - firstAt < WAIT ? listening(`${first} ${pressed}`) : null;
    first = "";
    if (both) return both;
    if (!starts(pressed)) return null;
    first = pressed;
    firstAt = Date.now();
    return null;
  }

  function escape(event) {
    if (document.querySelector("dialog[open], :popover-open")) return;
    if (typing(event.target) && event.target.value && event.target.type === "search") return;
    const back = document.querySelector("[data-return]:not([hidden])");
    if (back) { event.preventDefault(); back.click(); } else if (typing(event.target)) event.target.blur();
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return submit(event);
    if (event.key === "Escape") return escape(event);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const pressed = event.key.toLowerCase();
    const always = /^f\d+$/.test(pressed);
    if (!always && (typing(event.target) || !singleKeys())) return;
    const waiting = first;
    const node = (waiting || starts(pressed) ? sequence(pressed) : null) || (first ? null : listening(pressed));
    if (node) { event.preventDefault(); return act(node); }
    if (document.querySelector("dialog[open]")) return;
    if ((pressed === "j" || pressed === "k") && step(pressed === "j" ? 1 : -1)) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      document.querySelector(":popover-open")?.hidePopover();
      return document.getElementById(opener.dataset.opens)?.showModal();
    }
    const closer = event.target.closest("[data-closes]");
    if (closer) return closer.closest("dialog")?.close();
    if (event.target.tagName === "DIALOG" && !event.target.querySelector("form[method=post]")) event.target.close();
  });

  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-single-keys]")) return;
    try { localStorage.setItem("desk.keys", event.target.checked ? "on" : "off"); } catch { /* private window */ }
  });
  document.addEventListener("DOMContentLoaded", () => {
    for (const box of document.querySelectorAll("[data-single-keys]")) box.checked = singleKeys();
  });
})();
