"use strict";
// Light or dark: as the system says until the reader chooses; paper is always light.
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const key = "specframe-theme";
  const stored = () => {
    try {
      return window.localStorage.getItem(key);
    } catch {
      return null; // some browsers keep nothing for files
    }
  };
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const tell = () => {
    button.textContent = isDark() ? "Light colours" : "Dark colours";
  };
  const chosen = stored();
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      window.localStorage.setItem(key, root.dataset.theme);
    } catch {
      // then it holds for this view only
    }
    tell();
  });
  system.addEventListener("change", tell);
  tell();
  for (const element of document.querySelectorAll(".needs-script")) element.hidden = false;
  // what is folded on the screen stands open on paper
  const folded = [];
  window.addEventListener("beforeprint", () => {
    for (const element of document.querySelectorAll("details[data-print]:not([open])")) {
      element.open = true;
      folded.push(element);
    }
  });
  window.addEventListener("afterprint", () => {
    for (const element of folded.splice(0)) element.open = false;
  });
})();
