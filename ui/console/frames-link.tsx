import type { JSX } from "preact";
import type { Session } from "./session.js";

/** Leads to a connection's frames, where those are far below what one has just done. */
export function FramesLink({ session }: { readonly session: Session }): JSX.Element {
  const show = () => {
    const frames = document.getElementById(framesAnchor(session));
    frames?.focus();
    frames?.scrollIntoView({ block: "center" });
  };
  return (
    <button type="button" class="plain far" onClick={show}>
      See its frames
    </button>
  );
}

/** Where on the page they are. */
export function framesAnchor({ number }: Session): string {
  return `frames-${number}`;
}
