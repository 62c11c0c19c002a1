import { computed, signal } from "@preact/signals";
import type { JSX } from "preact";
import { Icon } from "./icon.js";

type Theme = "light" | "dark";

const KEY = "tidings.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const systems = signal<Theme>(system.matches ? "dark" : "light");
const chosen = signal<Theme | undefined>(readChosen());
system.addEventListener("change", () => {
  systems.value = system.matches ? "dark" : "light";
});

/** What the page looks like. Follows the system until somebody says otherwise; what they said is remembered. */
export const theme = computed<Theme>(() => chosen.value ?? systems.value);

/** Puts the theme that was chosen on the page, and goes on doing so. Call it once. */
export function showTheme(): void {
  chosen.subscribe((value) => {
    if (value === undefined) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
  });
}

export function ThemeSwitch(): JSX.Element {
  const other = theme.value === "dark" ? "light" : "dark";
  return (
    <button type="button" class="round" aria-label={`Use ${other} colours`} onClick={() => choose(other)}>
      <Icon of={other === "dark" ? "moon" : "sun"} />
    </button>
  );
}

function choose(theme: Theme): void {
  chosen.value = theme === systems.value ? undefined : theme;
  try {
    if (chosen.value === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosen.value);
  } catch {
    // Where nothing may be kept, it holds as long as the page does.
  }
}

function readChosen(): Theme | undefined {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : undefined;
  } catch {
    return undefined;
  }
}
