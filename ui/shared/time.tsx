import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { durationText } from "./quantity.js";

/** Now, by the second: what shows a time that passes reads it, and is shown anew with it. */
export const nowMs = signal(Date.now());
setInterval(() => {
  nowMs.value = Date.now();
}, 1_000);

/** How long ago, or since when: `14 s`. On touching it one sees the whole time. */
export function Since({ ms, untilMs }: { readonly ms: number; readonly untilMs?: number | undefined }): JSX.Element {
  const passed = Math.max(0, (untilMs ?? nowMs.value) - ms);
  return (
    <time class="number" dateTime={new Date(ms).toISOString()} title={new Date(ms).toLocaleString()}>
      {passed < 1_000 ? "0 s" : durationText(passed)}
    </time>
  );
}

/** A time of day, in the reader's way of writing it, by the second. */
export function ClockTime({ ms }: { readonly ms: number }): JSX.Element {
  return (
    <time class="number" dateTime={new Date(ms).toISOString()} title={new Date(ms).toLocaleString()}>
      {new Date(ms).toLocaleTimeString()}
    </time>
  );
}
