// Runs before the first paint: the chosen colours, else the system's.
(() => {
  const root = document.documentElement;
  const chosen = () => {
    try { return localStorage.getItem("desk.theme") || "system"; } catch { return "system"; }
  };
  const show = () => {
    const theme = chosen();
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    for (const button of document.querySelectorAll("[data-theme-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeSet === theme));
    }
  };
  show();
  document.addEventListener("DOMContentLoaded", show);
  window.addEventListener("storage", show);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-set]");
    if (!button) return;
    try { localStorage.setItem("desk.theme", button.dataset.themeSet); } catch { /* private window */ }
    show();
  });
})();
