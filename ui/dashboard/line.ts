import { batch, signal } from "@preact/signals";
import { type ClientFor, connect, type Status, type Subscription, TidingsError } from "tidings/client";
import { wordsOf } from "tidings/protocol";
import type { Answer, DashboardContract, Question, SamplesContract } from "../../src/dashboard/contract.js";
import type { Closed } from "../../src/declare/closed.js";
import type { Carries } from "../../src/declare/contract.js";
import { type HeardAnswer, isStanding } from "./answers.js";
import { KEPT_SECONDS } from "./process-log.js";
import { SampleBook } from "./sample-book.js";

/** The endpoint, as `typeof dashboard` is on the server. */
interface DashboardEndpoint extends Carries<DashboardContract> {
  readonly path: DashboardContract["path"];
}

/** A question without its name. */
export type Asked = Question extends infer Each ? (Each extends unknown ? Omit<Each, "ask"> : never) : never;

/** What is asked at present, and what has come of it. */
export interface Inquiry {
  readonly asked: Asked;
  /** When it was asked, by this page's clock. */
  readonly askedAtMs: number;
  /** By process. */
  readonly answers: ReadonlyMap<string, HeardAnswer>;
  /** Are the answers those of the question before, which was of the same kind? */
  readonly isOld: boolean;
  /** Why it could not be asked. */
  readonly problem: string | undefined;
}

export interface LineState {
  readonly status: Status;
  readonly sinceMs: number;
  /** Why it was lost last. */
  readonly why: Closed | undefined;
}

/** More than a quarter of an hour of any number of processes can have. */
const MOST_PAGES = 20;

/** The page's connection: what it heard, and what it asks. */
export class Line {
  readonly book: SampleBook = new SampleBook();
  readonly state = signal<LineState>({ status: "connecting", sinceMs: Date.now(), why: undefined });
  readonly inquiry = signal<Inquiry>(inquiryOf({ about: "nothing" }));
  /** Counts what is to be seen at once, and not with the next second. */
  readonly news = signal(0);
  /** Why the past can't be shown. */
  readonly pastProblem = signal<string | undefined>(undefined);
  readonly #client: ClientFor<DashboardEndpoint>;
  #ask = 0;

  /** @param base the path before `/dashboard`; empty where there is none */
  constructor(base: string) {
    this.#client = connect<DashboardEndpoint>(`${base}/dashboard/live`);
    this.#client.onStatus((status, why) => this.#changed(status, why));
    this.#client.on("sample", (sample) => {
      const { process } = sample;
      const isNew = this.book.stateOf(process, Date.now()) !== "there";
      this.book.hear(sample, Date.now());
      if (isNew) this.news.value += 1;
    });
    this.#client.on("answered", (answer) => this.#answered(answer));
    const samples = this.#client.subscribe("$dashboard", { onGap: () => this.#recall(samples) });
    const stop = samples.onStatus((status) => {
      if (status !== "live") return;
      stop(); // from now on it comes back to where it stood, or there is a gap
      this.#recall(samples);
    });
  }

  /** When it dials again. */
  get retryAtMs(): number | undefined {
    return this.#client.retryAtMs;
  }

  reconnect(): void {
    this.#client.reconnect();
  }

  /** What is shown is of then: now, or when the connection was lost. */
  shownAtMs(nowMs: number): number {
    const { status, sinceMs } = this.state.value;
    return status === "open" ? nowMs : sinceMs;
  }

  /** In the place of what was asked before. */
  ask(asked: Asked): void {
    const { asked: former, answers } = this.inquiry.peek();
    const isAlike = listOf(asked) !== undefined && listOf(asked) === listOf(former);
    this.#ask += 1;
    this.inquiry.value = { ...inquiryOf(asked), ...(isAlike && { answers, isOld: true }) };
    if (this.state.peek().status === "open") void this.#put();
  }

  /** The same once more. */
  askAgain(): void {
    this.ask(this.inquiry.peek().asked);
  }

  /** Answers of processes that are there. */
  answers(nowMs: number): readonly HeardAnswer[] {
    const atMs = this.shownAtMs(nowMs);
    const answers = [...this.inquiry.value.answers.values()];
    return answers.filter((answer) => isStanding(answer, this.book.stateOf(answer.process, atMs), atMs));
  }

  /** Resolves when it is done. Rejects with why it is not. */
  async disconnect(user: string): Promise<void> {
    await this.#client.request("disconnect", { user });
  }

  #changed(status: Status, why: Closed | undefined): void {
    const former = this.state.peek();
    batch(() => {
      // What is shown stays of when the connection was lost, however often it is tried anew.
      const sinceMs = status === "open" || former.status === "open" ? Date.now() : former.sinceMs;
      this.state.value = { status, sinceMs, why: why ?? (status === "open" ? undefined : former.why) };
      if (status === "open") this.book.resume(Date.now());
    });
    if (status === "open" && this.inquiry.peek().asked.about !== "nothing") this.askAgain();
  }

  async #put(): Promise<void> {
    const { asked } = this.inquiry.peek();
    const ask = this.#id;
    try {
      // One question with its name.
      await this.#client.request("ask", { ...asked, ask } as Question);
    } catch (error) {
      // A lost connection is told of, and after it all is asked again.
      if (ask !== this.#id || codeOf(error) === "connection_lost") return;
      this.inquiry.value = { ...this.inquiry.peek(), problem: whyOf(error) };
    }
  }

  #answered(answer: Answer): void {
    if (answer.ask !== this.#id) return;
    const { answers, isOld, ...inquiry } = this.inquiry.peek();
    const heard = { ...answer, heardAtMs: Date.now() };
    this.inquiry.value = {
      ...inquiry,
      answers: new Map(isOld ? [] : answers).set(answer.process, heard),
      isOld: false,
    };
  }

  /** What was said before this page listened, or while it could not. */
  #recall(samples: Subscription<SamplesContract>): void {
    this.#readPast(samples).then(
      () => {
        this.pastProblem.value = undefined;
        this.news.value += 1;
      },
      (error: unknown) => {
        this.pastProblem.value = whyOf(error);
      },
    );
  }

  async #readPast(samples: Subscription<SamplesContract>): Promise<void> {
    const sinceMs = Date.now() - KEPT_SECONDS * 1_000;
    let before: number | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const events = await samples.history({ limit: 500, before });
      for (const { payload } of events) this.book.recall(payload, Date.now());
      const [first] = events;
      if (first === undefined || first.payload.atMs < sinceMs) return;
      before = first.offset;
    }
  }

  get #id(): string {
    return `q${this.#ask}`;
  }
}

/** Words for people. */
export function whyOf(error: unknown): string {
  return error instanceof TidingsError ? wordsOf(error) : String(error);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof TidingsError ? error.code : undefined;
}

function inquiryOf(asked: Asked): Inquiry {
  return { asked, askedAtMs: Date.now(), answers: new Map(), isOld: false, problem: undefined };
}

/** Which list it asks for, whatever the filter; undefined: none. */
function listOf(asked: Asked): string | undefined {
  if (asked.about === "connections") return `connections ${asked.which}`;
  return asked.about === "channels" ? "channels" : undefined;
}
