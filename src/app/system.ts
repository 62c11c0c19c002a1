import { randomFillSync } from "node:crypto";
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
export const randomId: IdSource = () => {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const id = pool.toString("base64url", used, used + ID_BYTES);
  used += ID_BYTES;
  return id;
};

const ID_BYTES = 16;
// To ask for random bytes one id at a time costs a twentieth of a handshake.
const pool = Buffer.alloc(256 * ID_BYTES);
let used = pool.length;
