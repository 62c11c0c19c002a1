import { useSyncExternalStore } from "react";
import { Icon } from "./icon.js";

type Theme = "light" | "dark";

/** Follows the system until somebody says otherwise; what they said is remembered. */
export function ThemeSwitch() {
  const theme = useTheme();
  const other = theme === "dark" ? "light" : "dark";
  return (
    <button type="button" className="round" aria-label={`Use ${other} colours`} onClick={() => chooseTheme(other)}>
      <Icon of={other === "dark" ? "moon" : "sun"} />
    </button>
  );
}

export function useTheme(): Theme {
  return useSyncExternalStore(onThemeChange, readTheme);
}

/** Puts the theme that was chosen on the page. */
export function showTheme(): void {
  const chosen = localStorage.getItem("theme");
  if (chosen === null) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function readTheme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return system.matches ? "dark" : "light";
}

function chooseTheme(theme: Theme): void {
  const isSystems = theme === (system.matches ? "dark" : "light");
  if (isSystems) localStorage.removeItem("theme");
  else localStorage.setItem("theme", theme);
  showTheme();
  for (const listener of listeners) listener();
}

function onThemeChange(listener: () => void): () => void {
  listeners.add(listener);
  system.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    system.removeEventListener("change", listener);
  };
}
