// Forms: half-filled ones are kept in this tab (form[data-draft="name"]), a second press of a submit button does nothing,
// [data-toggle-all="name"] ticks every box of that name, [data-bulk] shows itself while a box is ticked.
(() => {
  const KEEP = "desk.draft.";
  const BACK = "desk.back";
  const box = {
    get(name) { try { return sessionStorage.getItem(name); } catch { return null; } },
    set(name, value) { try { sessionStorage.setItem(name, value); } catch { /* full or forbidden */ } },
    drop(name) { try { sessionStorage.removeItem(name); } catch { /* forbidden */ } },
  };

  const kept = (field) => field.name && field.name !== "csrfmiddlewaretoken" && !["password", "file", "submit", "button"].includes(field.type) && !field.matches("[data-not-kept]");
  const fields = (form) => [...form.elements].filter(kept);
  const ticks = (field) => field.type === "checkbox" || field.type === "radio";

  function changed(field) {
    if (field.type === "hidden") return false;
    if (ticks(field)) return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") return [...field.options].some((option) => option.selected !== option.defaultSelected) && field.value !== (field.options[0]?.value ?? "");
    return field.value !== field.defaultValue;
  }

  function save(form) {
    const name = KEEP + form.dataset.draft;
    if (!fields(form).some(changed)) return box.drop(name);
    box.set(name, JSON.stringify(fields(form).map((field) => [field.name, field.value, ticks(field) ? field.checked : null])));
  }

  function put(form, [name, value, checked]) {
    for (const field of fields(form).filter((each) => each.name === name)) {
      if (checked === null) { if (field.value !== value) { field.value = value; field.dispatchEvent(new Event("change", { bubbles: true })); } }
      else if (field.value === value && field.checked !== checked) { field.checked = checked; field.dispatchEvent(new Event("change", { bubbles: true })); }
    }
  }

  function restore(form) {
    const text = box.get(KEEP + form.dataset.draft);
    if (!text || form.dataset.restored || form.querySelector("[aria-invalid=true], .errorlist")) return;
    form.dataset.restored = "yes";
    for (const entry of JSON.parse(text)) put(form, entry);
    form.querySelector("[data-draft-note]")?.removeAttribute("hidden");
  }

  const wentBack = () => performance.getEntriesByType("navigation")[0]?.type === "back_forward";

  // A draft that was sent is dropped by the page that follows, so that a failed request loses nothing.
  function settle() {
    for (const name of JSON.parse(box.get("desk.sent") || "[]")) {
      const form = document.querySelector(`form[data-draft="${CSS.escape(name)}"]`);
      const refused = form?.querySelector("[aria-invalid=true], .errorlist");
      if (!refused && !(form && wentBack())) box.drop(KEEP + name);
    }
    box.drop("desk.sent");
  }

  function offerReturn() {
    const back = JSON.parse(box.get(BACK) || "null");
    if (!back) return;
    if (back.url === location.pathname + location.search || !box.get(KEEP + back.name)) return box.drop(BACK);
    for (const link of document.querySelectorAll("[data-return]")) { link.href = back.url; link.hidden = false; }
  }

  function rememberForm() {
    const form = [...document.querySelectorAll("form[data-draft]")].find((each) => box.get(KEEP + each.dataset.draft));
    if (form && !box.get(BACK)) box.set(BACK, JSON.stringify({ url: location.pathname + location.search, name: form.dataset.draft }));
  }

  function dress(root) {
    for (const form of root.querySelectorAll?.("form[data-draft]") || []) restore(form);
    for (const note of document.querySelectorAll("[data-bulk]")) countTicked(note);
  }

  function countTicked(bar) {
    const ticked = document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(bar.dataset.bulk)}"]:checked`).length;
    bar.hidden = ticked === 0;
    for (const slot of bar.querySelectorAll("[data-count]")) slot.textContent = ticked;
  }

  document.addEventListener("input", (event) => { const form = event.target.form; if (form?.dataset.draft) save(form); });
  document.addEventListener("change", (event) => {
    const { target } = event;
    if (target.form?.dataset.draft) save(target.form);
    if (target.dataset.toggleAll) {
      for (const each of document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(target.dataset.toggleAll)}"]`)) each.checked = target.checked;
    }
    for (const bar of document.querySelectorAll("[data-bulk]")) countTicked(bar);
    if (target.matches("[data-submits]")) target.form?.requestSubmit();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-leaves]")) rememberForm();
    const clear = event.target.closest("[data-drop-draft]");
    if (clear) { box.drop(KEEP + clear.dataset.dropDraft); location.reload(); }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog" || form.method === "get" || event.defaultPrevented) return;
    if (form.dataset.sending) return event.preventDefault();
    form.dataset.sending = "yes";
    setTimeout(() => delete form.dataset.sending, 4000);
    if (form.dataset.draft) box.set("desk.sent", JSON.stringify([form.dataset.draft]));
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt.closest?.("form");
    if (form) delete form.dataset.sending;
    if (form?.dataset.draft && event.detail.successful && event.detail.requestConfig.verb !== "get" && event.detail.elt === form) box.drop(KEEP + form.dataset.draft);
  });
  document.addEventListener("htmx:load", (event) => dress(event.detail.elt));
  window.addEventListener("pageshow", (event) => { if (event.persisted) for (const form of document.forms) delete form.dataset.sending; });
  document.addEventListener("DOMContentLoaded", () => { settle(); dress(document); offerReturn(); });
})();
