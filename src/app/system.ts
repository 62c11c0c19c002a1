import { randomBytes } from "node:crypto";
import type { Clock } from "../base/clock.js";
import type { IdSource } from "../base/ids.js";

/** The computer's clock. Its timers don't keep a process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => Math.floor(performance.now()),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** 128 random bits in base64url (22 characters). */
export const randomId: IdSource = () => randomBytes(16).toString("base64url");
