import type { AnswerRequest, RequestAnswer } from "../broker/broker.js";
import { RequestReader, requestIn, type WaitingRequest } from "./request-reader.js";
import { finish, hold, leave, reply, takeOver } from "./scripts/requests.js";
import { isAway, type Servers } from "./servers.js";
import type { Settings } from "./settings.js";
import { after } from "./timer.js";

export interface RequestsOptions {
  readonly servers: Servers;
  readonly settings: Settings;
  readonly patienceMs: number;
  readonly answer: AnswerRequest;
  /** How many are answered at a time. */
  readonly atOnce: number;
}

/**
 * What programs that know only Redis ask of the app. They put it into a stream that all processes read as one group, so that each
 * is one's; what waits for a process that has died another takes over when its lease is over. What is answered goes to a list
 * that whoever asked looks at.
 */
export class Requests {
  readonly #options: RequestsOptions;
  readonly #stream: string;
  /** Those that this process has: they run, or could not be said to be done. */
  readonly #held = new Map<string, Promise<void>>();
  readonly #undone = new Map<string, RequestAnswer>();
  readonly #reading: Promise<void>;
  #reader: RequestReader | undefined;
  #isClosed = false;
  /** Ends what is waited for: a pause, or a place. */
  #wake: (() => void) | undefined;

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#stream = options.settings.names.requests;
    this.#reading = this.#read();
  }

  /** Holds what it has, says again what could not be said, and takes over what is nobody's. */
  async keepUp(): Promise<void> {
    const { servers, settings } = this.#options;
    const held = [...this.#held.keys(), ...this.#undone.keys()];
    if (held.length > 0) await servers.run(hold, [this.#stream], [GROUP, settings.process, ...held]);
    for (const [id, answer] of this.#undone) await this.#say(id, answer);
    const free = this.#isClosed ? 0 : Math.max(0, this.#free);
    const args = [GROUP, settings.process, settings.leaseMs, free, MOST_WAITING];
    const [found, gone] = (await servers.run(takeOver, [this.#stream], args)) as TakenOver; // as the script gives them
    for (const [id, fields, tries] of found) this.#take(requestIn(id, fields), tries);
    if (gone > 0)
      settings.onError(new Error(`${gone} requests are lost: more than ${MOST_WAITING} waited.`), "requests");
  }

  /** Takes no more, and waits for those that run, for as long as Redis may be silent. */
  async close(): Promise<void> {
    const { servers, settings, patienceMs } = this.#options;
    this.#isClosed = true;
    this.#reader?.end();
    this.#wake?.();
    let late: { cancel(): void } | undefined;
    const tooLate = new Promise<void>((resolve) => {
      late = after(patienceMs, resolve);
    });
    await Promise.race([Promise.all([this.#reading, ...this.#held.values()]), tooLate]);
    late?.cancel();
    await servers.run(leave, [this.#stream], [GROUP, settings.process]).catch(nothing);
  }

  /** What can't be said to be done is in the way too: where Redis takes no answers, nothing more is begun. */
  get #free(): number {
    return this.#options.atOnce - this.#held.size - this.#undone.size;
  }

  async #read(): Promise<void> {
    for (let failures = 0; !this.#isClosed; ) {
      const free = this.#free;
      if (free <= 0) {
        await this.#pause(LONGEST_PAUSE_MS);
        continue;
      }
      try {
        const reader = await this.#dialled();
        for (const request of await reader.read(Math.min(free, MOST_READ))) this.#take(request, 1);
        failures = 0;
      } catch (error) {
        this.#reader?.end();
        this.#reader = undefined;
        if (this.#isClosed) return;
        // Where Redis is away that is told already; a server that refuses this alone is not.
        if (failures === TOLD_AFTER && this.#options.servers.missing === undefined) {
          this.#options.settings.onError(error, "requests");
        }
        await this.#pause(Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS));
        failures += 1;
      }
    }
  }

  async #dialled(): Promise<RequestReader> {
    if (this.#reader !== undefined) return this.#reader;
    const { servers, settings, patienceMs } = this.#options;
    const line = servers.lineOf(this.#stream);
    if (line === undefined) throw servers.missing?.reason ?? new Error("Redis is away.");
    const { process } = settings;
    const client = line.clientOptions;
    this.#reader = await RequestReader.dial({ client, patienceMs, stream: this.#stream, group: GROUP, process });
    // It was closed while it was dialled.
    if (this.#isClosed) this.#reader.end();
    return this.#reader;
  }

  #take({ id, text }: WaitingRequest, tries: number): void {
    if (this.#held.has(id) || this.#undone.has(id)) return;
    const doing = this.#answer(id, text ?? "", tries).finally(() => {
      this.#held.delete(id);
      this.#wake?.();
    });
    this.#held.set(id, doing);
  }

  /** Never rejects. */
  async #answer(id: string, text: string, tries: number): Promise<void> {
    const { answer, settings } = this.#options;
    const answered = await answer(text, tries);
    if (answered.replyTo === undefined && answered.problem !== undefined) {
      settings.onError(
        new Error(`A request that says not where its answer goes failed: ${answered.problem}`),
        "requests",
      );
    }
    try {
      await this.#say(id, answered);
    } catch (error) {
      this.#undone.set(id, answered);
      if (!isAway(error)) settings.onError(error, "requests");
    }
  }

  /** First to who asked: a process that dies in between has it asked again, and not lost. */
  async #say(id: string, answer: RequestAnswer): Promise<void> {
    const { servers, settings } = this.#options;
    const { replyTo, json } = answer;
    if (replyTo !== undefined) {
      await servers.run(reply, [settings.names.reply(replyTo)], [json, MOST_REPLIES, REPLY_TTL_MS]);
    }
    await servers.run(finish, [this.#stream], [GROUP, id]);
    this.#undone.delete(id);
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = after(ms, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

type TakenOver = readonly [
  found: readonly (readonly [id: string, fields: readonly string[], tries: number])[],
  gone: number,
];

/** All processes of the app are one. */
const GROUP = "tidings";

/** So many may wait; past it the oldest are lost, and that is told. */
const MOST_WAITING = 100_000;
/** So many are read at a time: others may be free too. */
const MOST_READ = 16;
/** So many answers may wait in one list; past it the oldest are lost. */
const MOST_REPLIES = 1_000;
const REPLY_TTL_MS = 60_000;

const TOLD_AFTER = 3;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

function nothing(): void {}
