import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Icon } from "../shared/icon.js";

interface CopyProps {
  /** What it copies, in words. */
  readonly label: string;
  readonly text: () => string;
}

/** Copies, and says so. */
export function CopyButton({ label, text }: CopyProps): JSX.Element {
  const told = useSignal("");
  const copy = async () => {
    told.value = (await copyText(text())) ? "Copied" : "This browser does not let a page copy";
  };
  return (
    <>
      <button type="button" class="round small" aria-label={label} title={label} onClick={() => void copy()}>
        <Icon of={told.value === "Copied" ? "check" : "copy"} />
      </button>
      <span class="unseen" role="status">
        {told.value}
      </span>
    </>
  );
}

/** Did it go well? A page that did not come by https, nor from this computer, has no clipboard but for what is selected. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

function copySelected(text: string): boolean {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.className = "unseen";
  area.value = text;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return isCopied;
}
