// Choosing a time on the phone: in the form of a [data-slots] group every arrow key moves the choice, wherever the
// focus is (fields apart); the choice's data-sentence is written into [data-sentence] of that form, to be read aloud.
(() => {
  const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
  const scopeOf = (group) => group.closest("dialog, form") || document.body;
  const inField = (node) => node.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=submit], [type=button])");

  function say(group) {
    const chosen = group.querySelector("input:checked");
    const place = scopeOf(group).querySelector("output[data-sentence]");
    if (chosen?.dataset.sentence && place) place.textContent = chosen.dataset.sentence;
  }

  document.addEventListener("keydown", (event) => {
    const by = STEPS[event.key];
    if (!by || event.ctrlKey || event.altKey || event.metaKey || inField(event.target)) return;
    const groups = document.querySelectorAll("dialog[open] [data-slots]").length ? document.querySelectorAll("dialog[open] [data-slots]") : document.querySelectorAll("[data-slots]");
    const group = [...groups].find((each) => scopeOf(each).contains(event.target));
    if (!group || (event.target.type === "radio" && !group.contains(event.target))) return;
    const slots = [...group.querySelectorAll("input[type=radio]:not(:disabled)")];
    const next = slots[(slots.findIndex((slot) => slot.checked) + by + slots.length) % slots.length];
    if (!next) return;
    event.preventDefault();
    next.checked = true;
    next.dispatchEvent(new Event("change", { bubbles: true }));
    if (group.contains(event.target)) next.focus();
  });

  document.addEventListener("change", (event) => {
    const group = event.target.closest("[data-slots]");
    if (group) say(group);
  });
})();
