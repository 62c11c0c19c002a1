import { performance } from "node:perf_hooks";
import type { Logger } from "../base/logger.js";
import type { Tracing, TracingSource } from "./observe.js";

/**
 * Tells at `debug` of each step that the core takes: a message that was handled, an event that was published, with how long
 * it took. It stands where a tracer stands, so that without it nothing of this is looked at. Never a payload, a token or a
 * channel's params.
 */
export function logSteps(logger: Logger, next: TracingSource | undefined): TracingSource {
  return { start: (failed) => new StepLog(logger, next?.start(failed)) };
}

class StepLog implements Tracing {
  readonly #logger: Logger;
  readonly #next: Tracing | undefined;

  constructor(logger: Logger, next: Tracing | undefined) {
    this.#logger = logger;
    this.#next = next;
  }

  handshake: Tracing["handshake"] = (what, answer) => {
    // How it ended is told as `connected` or `refused`.
    this.#tell("handshake", { endpoint: what.endpoint, address: what.address });
    return this.#next === undefined ? answer() : this.#next.handshake(what, answer);
  };

  message: Tracing["message"] = (what, handle) => {
    const { endpoint, type, connection } = what;
    const next = this.#next;
    return this.#timed("message", { type, endpoint, connection }, () =>
      next === undefined ? handle() : next.message(what, handle),
    );
  };

  publish: Tracing["publish"] = (what, publish) => {
    const { channel, type } = what;
    const next = this.#next;
    return this.#timed("publish", { type, channel }, () =>
      next === undefined ? publish(undefined) : next.publish(what, publish),
    );
  };

  delivery: Tracing["delivery"] = (what, deliver) => {
    if (this.#next === undefined) deliver();
    else this.#next.delivery(what, deliver);
  };

  #timed<Result>(step: string, fields: object, take: () => Result): Result {
    const beganMs = performance.now();
    const end = (error?: unknown) => {
      const failed = error === undefined ? undefined : codeOf(error);
      this.#tell(step, { ...fields, durationMs: performance.now() - beganMs, failed });
    };
    let result: Result;
    try {
      result = take();
    } catch (error) {
      end(error ?? "unknown");
      throw error;
    }
    // It is given on as it is: this only looks.
    if (result instanceof Promise)
      result.then(
        () => end(),
        (error: unknown) => end(error ?? "unknown"),
      );
    else end();
    return result;
  }

  /** A logger that throws must not end what is being done. */
  #tell(step: string, fields: object): void {
    try {
      this.#logger.debug({ event: step, ...fields }, step);
    } catch {}
  }
}

/** What it is answered with; what it says may hold what nobody should read. */
function codeOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "internal";
}
