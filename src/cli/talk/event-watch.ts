import type { Closed } from "../../client/node.js";
import { TidingsError } from "../../index.js";
import { wordsOf } from "../../protocol/index.js";
import type { Terminal } from "../terminal.js";
import { visibleText } from "../visible-text.js";
import type { AnySubscription, Caller, Heard } from "./caller.js";
import { heardJson, heardLine } from "./heard-line.js";
import { Rewind } from "./rewind.js";
import { Trouble } from "./trouble.js";

export interface WatchOptions {
  readonly channels: readonly string[];
  readonly rewind: number | undefined;
  /** Ends after so many events. */
  readonly count: number | undefined;
  /** Dials until there is a server. */
  readonly isPatient: boolean;
  /** Lines for people, whoever reads them. */
  readonly isText: boolean;
}

/** Prints what a caller hears, and tells on stderr how the line is, until it is disposed of. */
export class EventWatch implements Disposable {
  /** Resolves when all that was asked for was heard, or the server has closed well. Rejects with a `Trouble`. */
  readonly over: Promise<void>;
  readonly #terminal: Terminal;
  readonly #caller: Caller;
  readonly #options: WatchOptions;
  readonly #forget: () => void;
  /** Of channels that the server has put it on. */
  readonly #rewinds = new Map<string, Rewind>();
  #left: number;
  #wasOpen = false;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(terminal: Terminal, caller: Caller, options: WatchOptions) {
    this.#terminal = terminal;
    this.#caller = caller;
    this.#options = options;
    this.#left = options.count ?? Number.POSITIVE_INFINITY;
    this.over = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    caller.hear((heard) => this.#hear(heard));
    this.#forget = caller.client.onStatus((status, why) => this.#tell(status, why));
    for (const channel of options.channels) this.#subscribe(channel);
  }

  [Symbol.dispose](): void {
    this.#left = 0;
    this.#forget();
  }

  #subscribe(channel: string): void {
    if (channel.includes("*")) this.#terminal.note(`${visibleText(channel)} ${NO_PATTERN}`);
    const { rewind } = this.#options;
    const onState = (state: unknown) => {
      this.#print({ type: "subscribed", channel, offset: undefined, payload: { state } });
    };
    const subscription = this.#caller.subscribe(channel, { rewind, onState });
    subscription.onStatus((status, error) => {
      if (status === "live") this.#live(channel);
      else if (status === "lost" && this.#caller.client.status !== "closed") this.#reject(refused(subscription, error));
    });
  }

  #live(channel: string): void {
    this.#terminal.note(`On ${visibleText(channel)}.`);
    const { rewind } = this.#options;
    // Who was put there by the server has not said where to begin.
    const isToAsk = rewind !== undefined && !this.#rewinds.has(channel) && this.#caller.isJoined(channel);
    if (isToAsk) void this.#rewind(channel, rewind);
  }

  /** Never rejects. */
  async #rewind(channel: string, limit: number): Promise<void> {
    const rewind = new Rewind((heard) => this.#print(heard));
    this.#rewinds.set(channel, rewind);
    try {
      const answer = await this.#caller.client.request("history", { channel, limit }, {});
      const { events } = answer as { readonly events: readonly Heard[] }; // PROTOCOL.md, What a client may send
      rewind.fill(events.map(({ type, offset, payload }) => ({ type, channel, offset, payload })));
    } catch (error) {
      const why = error instanceof TidingsError ? wordsOf(error) : String(error);
      this.#terminal.note(`Nothing of what ${visibleText(channel)} keeps: ${visibleText(why)}`);
      rewind.end();
    }
  }

  #hear(heard: Heard): void {
    const rewind = heard.channel === undefined ? undefined : this.#rewinds.get(heard.channel);
    if (rewind === undefined) this.#print(heard);
    else rewind.hear(heard);
  }

  #print(heard: Heard): void {
    if (this.#left === 0) return;
    const at = new Date();
    const { isReadByPeople } = this.#terminal;
    const json = heardJson(at, heard);
    const text =
      isReadByPeople || this.#options.isText ? heardLine(this.#terminal, at, heard) : visibleText(JSON.stringify(json));
    const isTaken = this.#terminal.result(json, text);
    // Whoever reads it is slow: what comes waits with the server, which has a limit for it.
    if (!isTaken) {
      this.#caller.dialler.pause();
      void this.#terminal.drained().then(() => this.#caller.dialler.resume());
    }
    if (!NO_EVENTS.includes(heard.type)) this.#left -= 1;
    if (this.#left === 0) this.#resolve();
  }

  #tell(status: Caller["client"]["status"], why: Closed | undefined): void {
    const { user, retryAtMs } = this.#caller.client;
    if (status === "open") {
      const who = user === undefined ? "" : ` as ${visibleText(user.id)}`;
      this.#terminal.note(`Connected${this.#wasOpen ? " again" : ""}${who}.`);
      this.#wasOpen = true;
    }
    if (why === undefined) return;
    const trouble = this.#caller.troubleOf(why);
    const isFinal = status === "closed" || !(this.#wasOpen || this.#options.isPatient);
    if (!isFinal) this.#terminal.note(`${trouble.message} Dialling again ${soon(retryAtMs)}.`);
    else if (why.code === 1000) this.#end(why);
    else this.#reject(trouble);
  }

  #end({ reason }: Closed): void {
    this.#terminal.note(`The server has closed${reason === "" ? "" : `: ${visibleText(reason)}`}.`);
    this.#resolve();
  }
}

/** What is told in its place among the events, and is none: words of the protocol, which no event has. */
const NO_EVENTS: readonly string[] = ["gap", "error", "subscribed"];

/** Elsewhere it would be one. */
const NO_PATTERN = "is one channel of that name: a * stands for no others. Name each with a --subscribe of its own.";

function soon(atMs: number | undefined): string {
  const seconds = ((atMs ?? 0) - Date.now()) / 1_000;
  return seconds < 1 ? "at once" : `in ${Math.round(seconds)} s`;
}

function refused({ name }: AnySubscription, error: TidingsError | undefined): Trouble {
  const { code, message } = error ?? new TidingsError("forbidden");
  return new Trouble(
    code,
    `Not on ${visibleText(name)}: ${visibleText(wordsOf({ code, message }))}`,
    Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined,
  );
}

const ADVICE: Readonly<Record<string, string>> = {
  not_found: "The endpoint lists no channel of this name; the server's /docs has those that it does.",
  forbidden: "Another user may: --as, or --token.",
};
