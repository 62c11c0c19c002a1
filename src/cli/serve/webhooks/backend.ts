import { randomUUID } from "node:crypto";
import type { Clock } from "../../../base/clock.js";
import { TidingsError } from "../../../index.js";
import { type Answer, BadAnswerError, type Hook, hooks, type RawAnswer, readAnswer } from "./answer.js";
import { Circuit, type Passage } from "./circuit.js";
import { Deadline } from "./deadline.js";
import { Gate } from "./gate.js";
import { sign, signatureHeader } from "./signature.js";
import { Tally } from "./tally.js";

export interface BackendOptions {
  /** Where it is asked, by POST. */
  readonly url: string;
  /** Both sides know it: 32 bytes or more. */
  readonly secret: string;
  /** For the whole of one question: its turn, the connection and the answer. */
  readonly timeoutMs: number;
  /** Questions of one hook that are under way at once. */
  readonly atOnce: number;
  /** Questions of one hook that wait for their turn; one more fails. */
  readonly waiting: number;
  /** So often in a row it must be away to open the circuit of a hook. */
  readonly failures: number;
  /** For so long it is open. */
  readonly restMs: number;
  readonly clock: Pick<Clock, "elapsed">;
  /** What is to be known of it: it fails, it is given peace, it is back. */
  readonly notice: (what: BackendNotice) => void;
}

export interface BackendNotice {
  readonly event: "webhook_failed" | "webhook_circuit_opened" | "webhook_circuit_closed";
  readonly hook: Hook;
  readonly reason?: string | undefined;
  /** For so many failures it stands: they are told once a second. */
  readonly times?: number | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** Bytes of an answer. */
const ANSWER_BYTES = 65_536;

/** A team's own server, which is asked over HTTP. Nothing is ever asked twice. */
export class Backend {
  readonly #options: BackendOptions;
  /** One of each for each hook: a crowd at the door must not hold up messages, nor messages that fail keep others out. */
  readonly #ways: ReadonlyMap<Hook, Way>;

  constructor(options: BackendOptions) {
    this.#options = options;
    this.#ways = new Map(
      hooks.map((hook) => [hook, { gate: new Gate(options), circuit: new Circuit(options), tally: new Tally() }]),
    );
  }

  /**
   * What it answers.
   *
   * Rejects with the `TidingsError` with which it refuses; with `unavailable`, and when to try again, where it is away, slow,
   * or answers nonsense; and with `invalid_payload` for what can't be told it.
   *
   * @param signal nobody waits for the answer any more
   * @param check throws a `BadAnswerError` for an answer that can't be here
   */
  async ask(hook: Hook, about: object, signal?: AbortSignal, check?: (answer: Answer) => void): Promise<Answer> {
    // Before anything counts: what somebody says must not look like a failure of the backend.
    const question = writeQuestion(hook, about);
    const way = this.#wayOf(hook);
    const passage = way.circuit.enter(this.#options.clock.elapsed());
    if (passage.retryAfterMs !== undefined) {
      throw unavailable("The backend is left in peace for a while.", passage.retryAfterMs);
    }
    const { timeoutMs, restMs } = this.#options;
    const deadline = new Deadline(timeoutMs, signal);
    try {
      const raw = await this.#inTurn(way.gate, deadline, () => this.#post(question, deadline.signal));
      return this.#read(hook, raw, check);
    } catch (cause) {
      if (cause instanceof TidingsError) throw cause;
      // That too many ask at once is no fault of the backend's.
      if (deadline.isGivenUp || cause instanceof NoTurnError) way.circuit.gaveUp(passage);
      if (!deadline.isGivenUp) this.#failed(hook, passage, deadline.isLate ? lateAfter(timeoutMs, cause) : cause);
      // Without its cause: of that the log was told.
      throw unavailable("The backend can't be asked at the moment.", restMs);
    } finally {
      deadline.end();
    }
  }

  #wayOf(hook: Hook): Way {
    const way = this.#ways.get(hook);
    if (way === undefined) throw new TypeError(`No hook: ${hook}`);
    return way;
  }

  async #inTurn(gate: Gate, deadline: Deadline, run: () => Promise<RawAnswer>): Promise<RawAnswer> {
    if (!(await gate.enter(deadline.signal))) {
      throw new NoTurnError(
        deadline.isLate ? "its turn did not come in time" : "too many questions wait for their turn (webhooks.waiting)",
      );
    }
    try {
      return await run();
    } finally {
      gate.leave();
    }
  }

  async #post({ body, atMs }: Question, signal: AbortSignal): Promise<RawAnswer> {
    const { url, secret } = this.#options;
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        "user-agent": "tidings",
        [signatureHeader]: sign(body, { secret, atMs }),
      },
      body,
      redirect: "manual",
      signal,
    });
    return { status: response.status, body: await readText(response) };
  }

  /** A refusal is an answer. */
  #read(hook: Hook, raw: RawAnswer, check?: (answer: Answer) => void): Answer {
    try {
      const answer = readAnswer(hook, raw);
      check?.(answer);
      this.#isThere(hook);
      return answer;
    } catch (refusal) {
      if (refusal instanceof TidingsError) this.#isThere(hook);
      throw refusal;
    }
  }

  #isThere(hook: Hook): void {
    if (this.#wayOf(hook).circuit.succeeded()) this.#options.notice({ event: "webhook_circuit_closed", hook });
  }

  #failed(hook: Hook, passage: Passage, cause: unknown): void {
    const { clock, notice, restMs } = this.#options;
    const { circuit, tally } = this.#wayOf(hook);
    const nowMs = clock.elapsed();
    const reason = reasonOf(cause);
    const times = tally.count(nowMs);
    if (times !== undefined) notice({ event: "webhook_failed", hook, reason, times });
    if (cause instanceof NoTurnError) return;
    // Whoever can make it answer nonsense, by what they say, must not keep others from asking.
    if (cause instanceof BadAnswerError && !cause.isAway) this.#isThere(hook);
    else if (circuit.failed(passage, nowMs)) {
      notice({ event: "webhook_circuit_opened", hook, reason, retryAfterMs: restMs });
    }
  }
}

interface Way {
  readonly gate: Gate;
  readonly circuit: Circuit;
  readonly tally: Tally;
}

interface Question {
  readonly body: string;
  readonly atMs: number;
}

/** Of what came as JSON there is one thing that can't be JSON again: what is nested deeper than the stack. */
function writeQuestion(hook: Hook, about: object): Question {
  const atMs = Date.now();
  try {
    return { body: JSON.stringify({ hook, id: randomUUID(), at: new Date(atMs).toISOString(), ...about }), atMs };
  } catch (cause) {
    throw new TidingsError("invalid_payload", "It is nested too deeply.", { cause });
  }
}

/** It was not asked at all. */
class NoTurnError extends Error {
  override readonly name: string = "NoTurnError";
}

function lateAfter(timeoutMs: number, cause: unknown): unknown {
  return cause instanceof NoTurnError ? cause : new Error(`no answer within ${timeoutMs} ms`, { cause });
}

/** No more of it than may be, however it was packed. */
async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Left early, it is cancelled, and the connection with it.
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_BYTES) throw new BadAnswerError(`a body of more than ${ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function unavailable(message: string, retryAfterMs: number): TidingsError {
  return new TidingsError("unavailable", message, { retryAfterMs: Math.ceil(retryAfterMs) });
}

/** What `fetch` says of a failed connection stands in its cause. */
function reasonOf(error: unknown): string {
  if (error instanceof BadAnswerError) return `it answered ${error.message}`;
  const isOfFetch = error instanceof TypeError && error.cause instanceof Error;
  const cause = isOfFetch ? error.cause : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
