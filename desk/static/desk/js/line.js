// A choice made by its key that needs nothing more (data-then) puts the focus on the button that saves: Enter is the next
// stroke, and the arrows choose a slot. Choices made by arrows or mouse keep the focus where it is.
// Inside a dialog that belongs to a longer form, Enter presses the dialog's own button (data-agrees), never the form's.
(() => {
  document.addEventListener("keydown", (event) => {
    const agrees = event.key === "Enter" && document.querySelector("dialog[open] [data-agrees]");
    if (!agrees || event.isComposing || event.target.matches("textarea, button, a")) return;
    event.preventDefault();
    agrees.click();
  }, true);

  document.addEventListener("keydown", (event) => {
    const chosen = document.activeElement;
    if (!chosen?.matches("input[type=radio][data-then]") || !chosen.checked) return;
    if (!(chosen.dataset.key || "").split(",").some((each) => each.trim() === event.key.toLowerCase())) return;
    chosen.form?.querySelector("[data-primary], [data-save-next]")?.focus();
  });

  // Enter in the caller's field goes on to the next one (data-enter); what turns out to be an open ticket needs no draft.
  document.addEventListener("keydown", (event) => {
    const next = event.key === "Enter" && !event.ctrlKey && event.target.dataset?.enter;
    if (!next || event.isComposing) return;
    event.preventDefault();
    document.getElementById(next)?.focus();
  });

  // A draft brought back is looked up anew; a lookup that arrives while the sentence is read leaves the focus on it.
  document.addEventListener("DOMContentLoaded", () => {
    const caller = document.querySelector("[data-looks]");
    if (caller?.value && !document.querySelector("#caller-found > *")) window.htmx?.trigger(caller, "look");
  });
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    event.detail.target.closest?.("dialog[open]")?.querySelector("[data-agrees]")?.focus();
  });

  document.addEventListener("click", (event) => {
    const draft = event.target.closest("[data-forgets]")?.dataset.forgets;
    if (draft) try { sessionStorage.removeItem(`desk.draft.${draft}`); } catch { /* forbidden */ }
    const copies = event.target.closest("[data-copies]");
    const field = copies && document.getElementById(copies.dataset.copies);
    if (!field) return;
    field.select();
    navigator.clipboard?.writeText(field.value).then(() => { copies.querySelector("[data-copied]").hidden = false; });
  });
})();
