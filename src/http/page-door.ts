import type { Clock, Timer } from "../base/clock.js";
import { describeGiven } from "../base/quantity.js";
import { ownRejection } from "../base/thenable.js";
import type { Guard } from "../declare/http-options.js";
import type { Limits } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { type Asked, type Forwarded, valuesOf } from "./asked.js";
import type { PageAccess, PageName } from "./page-access.js";
import { Refusals, type Refused } from "./refusals.js";
import { isThisComputer } from "./this-computer.js";
import { createVisit, isOwnPage } from "./visit.js";

export interface PageDoorOptions {
  readonly access: PageAccess;
  readonly clock: Pick<Clock, "after" | "elapsed">;
  limits(): Pick<Limits, "needs" | "pending">;
  /** Undefined where the peer is no proxy that is trusted, or says nothing. */
  forwarded(asked: Asked): Forwarded | undefined;
  onError(error: unknown): void;
  onPageRefused(what: Refused): void;
}

/** Who may see the pages of one port. A guard is asked `limits.pending` times at once at the most, for `limits.needs` each. */
export class PageDoor {
  readonly #options: PageDoorOptions;
  readonly #refusals: Refusals;
  #asking = 0;
  #hasToldOfNoAnswer = false;

  constructor(options: PageDoorOptions) {
    this.#options = options;
    this.#refusals = new Refusals(options.clock, (what) => options.onPageRefused(what));
  }

  /** Is there such a page for anybody? */
  mayBeThere(page: PageName): boolean {
    return this.#options.access[page] !== "nobody";
  }

  /** Is there such a page for whoever asks? One behind a guard is there. */
  isThere(page: PageName, asked: Asked): boolean {
    return this.#options.access[page] === "this computer" ? isThisComputer(asked) : this.mayBeThere(page);
  }

  /** What a refusal asks for (RFC 9110 §11.6.1). */
  challengeOf(page: PageName): string {
    const access = this.#options.access[page];
    return (typeof access === "function" ? access.challenge : undefined) ?? "Bearer";
  }

  /** Resolves where they may see it. Rejects with a `TidingsError`, which is the answer. */
  async enter(page: PageName, asked: Asked): Promise<void> {
    if (!this.isThere(page, asked)) throw new TidingsError("not_found");
    const access = this.#options.access[page];
    if (typeof access === "function") await this.#ask(access, asked);
  }

  /** The header by which a guard knows whom it has let in again; undefined where it has no need of one. */
  remember(page: PageName, asked: Asked): string | undefined {
    const access = this.#options.access[page];
    const cookie: unknown =
      typeof access === "function" ? access.remember?.(createVisit(asked, this.#options.forwarded(asked))) : undefined;
    if (cookie === undefined || (typeof cookie === "string" && /^[\x20-\x7e]+$/.test(cookie))) return cookie;
    ownRejection(cookie);
    throw new TypeError("A guard's `remember` gives the value of one Set-Cookie header, or undefined.");
  }

  /** As `enter`, for a WebSocket of that page. Any site's page can open one: it has to be of this server. */
  async enterSocket(page: PageName, asked: Asked): Promise<void> {
    // First: nobody is to tell by another refusal that it is there.
    if (!this.isThere(page, asked)) throw new TidingsError("not_found");
    if (!isOwnPage(asked, this.#options.forwarded(asked))) throw new TidingsError("origin_not_allowed");
    await this.enter(page, asked);
  }

  async #ask(guard: Guard, asked: Asked): Promise<void> {
    const { limits, forwarded } = this.#options;
    if (this.#asking >= limits().pending) throw new TidingsError("overloaded");
    this.#asking += 1;
    try {
      const visit = createVisit(asked, forwarded(asked));
      const isAllowed: unknown = await this.#inTime(async () => guard(visit));
      // Somebody's user, or a forgotten `return`, is no yes.
      if (isAllowed !== true) {
        this.#tellOfNoAnswer(isAllowed);
        throw new TidingsError("unauthorized");
      }
    } catch (error) {
      if (error instanceof TidingsError) {
        this.#noteRefused(error, asked);
        throw error;
      }
      this.#options.onError(error);
      throw new TidingsError("internal");
    } finally {
      this.#asking -= 1;
    }
  }

  /** Who shows nothing has tried nothing. */
  #noteRefused({ code }: TidingsError, asked: Asked): void {
    const isRefused = code === "unauthorized" || code === "forbidden";
    if (!isRefused || valuesOf(asked, "authorization").length === 0) return;
    this.#refusals.add(this.#options.forwarded(asked)?.address ?? asked.address);
  }

  /** Once: whoever wrote the guard would wonder why it lets nobody in. */
  #tellOfNoAnswer(given: unknown): void {
    if (given === false || this.#hasToldOfNoAnswer) return;
    this.#hasToldOfNoAnswer = true;
    this.#options.onError(new TypeError(`A guard of the pages gave ${describeGiven(given)}: only \`true\` lets in.`));
  }

  async #inTime<Value>(work: () => Promise<Value>): Promise<Value> {
    const { clock, limits, onError } = this.#options;
    let late: Timer | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      late = clock.after(limits().needs, () => {
        onError(new Error("A guard of the pages took longer than limits.needs."));
        reject(new TidingsError("unavailable"));
      });
    });
    try {
      return await Promise.race([work(), tooLate]);
    } finally {
      late?.cancel();
    }
  }
}
