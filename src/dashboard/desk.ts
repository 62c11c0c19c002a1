import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { App, AppHost } from "../declare/app.js";
import type { ChannelRef } from "../declare/channel.js";
import type { Connection } from "../declare/connection.js";
import type { ProcessFigures, ProcessView } from "../declare/process-view.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Answer, AnswersContract, DashboardContract, Question } from "./contract.js";
import { answers, samples } from "./dashboard-channels.js";
import type { Found } from "./listing.js";
import { type Asked, MAX_ASKING, NOTICE_TOPIC, type Notice, readNotice } from "./notice.js";
import { Rounds } from "./rounds.js";
import { sampleOf } from "./sample.js";
import { type Standing, StandingQuestions } from "./standing-questions.js";
import { type Sums, survey } from "./survey.js";

/** What a running app has for its dashboard. */
export type DashboardHost = Pick<AppHost, "clock" | "notify" | "onNotice" | "onClosing" | "report"> & {
  readonly view: ProcessView;
};

export interface DeskOptions {
  readonly app: Pick<App, "publish">;
  readonly host: DashboardHost;
  /** Lets the event loop go on. */
  readonly breathe?: (() => Promise<unknown>) | undefined;
}

/** A page's connection, as far as it matters here. */
export type PageConnection = Pick<
  Connection<undefined, DashboardContract["sends"], ChannelRef<AnswersContract>>,
  "id" | "join" | "send"
>;

/**
 * Where one process tells of itself, and answers what pages ask: those that are connected to it, and those of all others. It does
 * so as long as somebody looks anywhere.
 */
export class Desk {
  readonly #app: Pick<App, "publish">;
  readonly #host: DashboardHost;
  readonly #breathe: () => Promise<unknown>;
  readonly #rounds: Rounds;
  /** Those that are connected to this process, by their connections' ids. */
  readonly #pages = new Map<string, Page>();
  /** Of all processes, this one among them. */
  readonly #standing = new StandingQuestions();
  /** Others have not been told yet who looks, or what is asked. */
  #hasNews = false;
  /** Was the broker away in the last round? */
  #wasAway = false;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #sampledAtMs = Number.NEGATIVE_INFINITY;
  readonly #samples: Way = { isOnItsWay: false };

  constructor({ app, host, breathe = setImmediate }: DeskOptions) {
    this.#app = app;
    this.#host = host;
    this.#breathe = breathe;
    const onError = (error: unknown) => this.#report(error);
    this.#rounds = new Rounds({ clock: host.clock, run: () => this.#round(), onError });
    host.onNotice(NOTICE_TOPIC, (said) => this.#heard(said));
    host.onClosing(async () => this.#rounds.stop());
  }

  /** A page has come. Resolves when it hears what it is answered. */
  enter(connection: PageConnection): Promise<void> {
    const page: Page = { connection, question: undefined, isJoined: false };
    this.#pages.set(connection.id, page);
    const joined = this.#join(page);
    this.#changed();
    return joined;
  }

  leave({ id }: Pick<PageConnection, "id">): void {
    if (this.#pages.delete(id)) this.#changed();
  }

  /** @throws TidingsError `too_many_questions` */
  ask({ id }: Pick<PageConnection, "id">, question: Question): void {
    const page = this.#pages.get(id);
    if (page === undefined) return;
    const isAsking = question.about !== "nothing";
    if (isAsking && page.question === undefined && this.#asking.length >= MAX_ASKING) throw tooManyQuestions();
    page.question = isAsking ? question : undefined;
    this.#changed();
  }

  get #asking(): Asked[] {
    return [...this.#pages].flatMap(([by, { question }]) => (question === undefined ? [] : [{ by, question }]));
  }

  #changed(): void {
    this.#hasNews = true;
    this.#rounds.want();
  }

  #heard(said: unknown): void {
    const notice = readNotice(said);
    // What is its own it knows already.
    if (notice === undefined || notice.process === this.#host.view.process) return;
    if (this.#standing.hear(notice, this.#host.clock.elapsed())) this.#rounds.want();
  }

  /** Says what is to be said now. False where nobody looks any more. */
  async #round(): Promise<boolean> {
    const { clock, view } = this.#host;
    const [nowMs, figures] = [clock.elapsed(), view.figures()];
    const isBack = this.#wasAway && !figures.isBrokerAway;
    this.#wasAway = figures.isBrokerAway;
    const isDue = isBack || nowMs - this.#toldAtMs >= TELL_EVERY_MS;
    if (this.#hasNews || (isDue && this.#pages.size > 0)) this.#tell(nowMs);
    this.#standing.forget(nowMs);
    if (!this.#standing.isLookedAt) return false;
    if (isBack) this.#standing.sayAgain();
    if (!figures.isBrokerAway) this.#joinAgain();
    const due = this.#standing.soughtBefore(nowMs - SOON_MS);
    const sought = due.slice(0, MAX_AT_ONCE);
    for (const standing of sought) standing.soughtAtMs = nowMs;
    const questions = sought.map(({ question }) => question);
    const { sums, found } = await survey(view, questions, this.#breathe);
    if (nowMs - this.#sampledAtMs >= SOON_MS) this.#saySample(figures, sums, nowMs);
    for (const [index, standing] of sought.entries()) this.#answer(standing, found[index], figures, nowMs);
    if (due.length > sought.length) this.#rounds.want();
    return true;
  }

  /** Tells all processes who looks here. This one knows it in any case. */
  #tell(nowMs: number): void {
    this.#hasNews = false;
    this.#toldAtMs = nowMs;
    const notice: Notice = { process: this.#host.view.process, looks: this.#pages.size > 0, asked: this.#asking };
    this.#standing.hear(notice, nowMs);
    // While the broker is away the others can say nothing either; it is told again soon.
    this.#host.notify(NOTICE_TOPIC, notice).catch((error: unknown) => this.#report(error));
  }

  /** Those that came while the broker was away. */
  #joinAgain(): void {
    for (const page of this.#pages.values()) {
      if (!page.isJoined) this.#join(page).catch((error: unknown) => this.#report(error));
    }
  }

  async #join(page: Page): Promise<void> {
    page.isJoined = true;
    try {
      await page.connection.join(answers({ connection: page.connection.id }));
    } catch (error) {
      page.isJoined = false;
      if (!isUnavailable(error)) throw error;
    }
  }

  #saySample(figures: ProcessFigures, sums: Sums, nowMs: number): void {
    this.#sampledAtMs = nowMs;
    const { clock, view } = this.#host;
    const sample = sampleOf({ view, figures, sums, atMs: clock.now() });
    this.#say(this.#samples, figures, {
      byBroker: () => this.#app.publish(samples(), "sample", sample),
      directly: () => {
        for (const { connection } of this.#pages.values()) connection.send("sample", sample);
      },
    });
  }

  #answer(standing: Standing, found: Found | undefined, figures: ProcessFigures, nowMs: number): void {
    if (found === undefined) return;
    const hash = createHash("sha1").update(JSON.stringify(found)).digest("base64");
    if (hash === standing.said && nowMs - standing.saidAtMs < SAY_AGAIN_MS) return;
    standing.said = hash;
    standing.saidAtMs = nowMs;
    const { by: connection, question } = standing;
    const { clock, view } = this.#host;
    const facts = { ask: question.ask, process: view.process };
    const answer: Answer =
      found.about === "connection" ? { ...facts, ...found, atMs: clock.now() } : { ...facts, ...found };
    this.#say(standing, figures, {
      byBroker: () => this.#app.publish(answers({ connection }), "answered", answer),
      directly: () => this.#pages.get(connection)?.connection.send("answered", answer),
    });
  }

  /** By the broker to all who are to hear it; where that is away, or has not taken the last one, to those of this process. */
  #say(way: Way, { isBrokerAway }: ProcessFigures, { byBroker, directly }: Ways): void {
    if (isBrokerAway || way.isOnItsWay) {
      directly();
      return;
    }
    way.isOnItsWay = true;
    byBroker()
      .catch((error: unknown) => {
        if (isUnavailable(error)) directly();
        else this.#report(error);
      })
      .finally(() => {
        way.isOnItsWay = false;
      });
  }

  #report(error: unknown): void {
    if (!isUnavailable(error)) this.#host.report(error, "dashboard");
  }
}

/** One that is connected to this process. */
interface Page {
  readonly connection: PageConnection;
  question: Question | undefined;
  /** Is it on its channel, or about to be? */
  isJoined: boolean;
}

/** What is said one after the other. */
type Way = Pick<Standing, "isOnItsWay">;
interface Ways {
  readonly byBroker: () => Promise<unknown>;
  readonly directly: () => unknown;
}

const TELL_EVERY_MS = 5_000;
/** An answer that has not changed is said again for who missed it. */
const SAY_AGAIN_MS = 5_000;
/** What was done so long ago is done again; rounds come each second, and sooner where there is something new. */
const SOON_MS = 500;
/** Of more questions each waits for its turn. */
const MAX_AT_ONCE = 20;

function isUnavailable(error: unknown): boolean {
  return error instanceof TidingsError && error.code === "unavailable";
}

function tooManyQuestions(): TidingsError {
  return new TidingsError(
    "too_many_questions",
    `${MAX_ASKING} dashboards ask this process already: close one, or look at the overview.`,
  );
}
