import { AsyncResource } from "node:async_hooks";
import { randomFillSync } from "node:crypto";
import type { Clock } from "../base/clock.js";
import type { IdSource } from "../base/ids.js";

/** The computer's clock. Its timers don't keep a process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => Math.floor(performance.now()),
  after(ms, run) {
    const timer = setTimeout(() => NOBODYS.runInAsyncScope(run), ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/**
 * What is done at a time is done for many: not in the async context of whoever was the first to wait for it, which may be the
 * trace of a message of somebody else.
 */
const NOBODYS = new AsyncResource("tidings.timer");

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
