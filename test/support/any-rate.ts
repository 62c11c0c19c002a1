import type { AppLimits } from "tidings";

/** For tests that are about something else than how much somebody says. */
export const anyRate = { messages: "1000000/1s", control: "1000000/1s" } as const satisfies AppLimits;
