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
})();
