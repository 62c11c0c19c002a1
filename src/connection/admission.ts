import { type Eventually, isPending } from "../base/eventually.js";
import { awaited, runSteps, type Steps } from "../base/steps.js";
import type { ChannelDefinition } from "../declare/channel.js";
import type { AnyContext, Entry } from "../declare/context.js";
import type { CredentialWay } from "../declare/credential.js";
import type { Identity } from "../declare/identity.js";
import { TidingsError, unauthorized } from "../protocol/tidings-error.js";
import type { Schema } from "../schema/standard.js";
import { validate } from "../schema/validate.js";
import type { Upgrade } from "../transport/transport.js";
import type { Step } from "./dependency-plan.js";
import { type Environment, report } from "./environment.js";
import { findToken, Grant, type GrantHost, type Paper } from "./grant.js";
import type { MadeValues } from "./made-values.js";
import { HandshakeRequest } from "./request.js";
import type { Route } from "./route.js";

export interface AdmissionOptions {
  readonly upgrade: Upgrade;
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
  /** The subprotocols it offers. */
  readonly offered: readonly string[];
  readonly environment: Environment;
}

/**
 * One connection's right to be here.
 *
 *     check ─┬───────────────────────────→ admitted ─┬→ end
 *            └→ awaits its token ─ present ───↑   ↑──┘ refresh
 *
 * The order of the checks is PROTOCOL.md's (Refusing and closing): Origin, path and query schema, credential, connections
 * of the user, dependencies, `allow`. Each throws, or rejects with, a `TidingsError`, whose code refuses, or anything else,
 * which is `internal`. Where nothing has to be waited for they are done when the call returns; otherwise they take
 * `limits.needs` at most.
 */
export class Admission implements GrantHost {
  /** The connection's. */
  readonly id: string;
  readonly address: string;
  readonly route: Route;
  readonly environment: Environment;
  #request: HandshakeRequest | undefined;
  #params: unknown;
  #query: unknown;
  #grant: Grant | undefined;
  /** What is just being made. */
  #pending: Grant | undefined;
  /** Whose connections it counts among. */
  #reservedFor: string | undefined;
  #isOver = false;
  #abort: AbortController | undefined;

  constructor({ upgrade, route, params, offered, environment }: AdmissionOptions) {
    this.id = environment.createId();
    this.address = upgrade.address;
    this.route = route;
    this.environment = environment;
    this.#request = new HandshakeRequest({ upgrade, params, offered, origins: environment.origins });
    this.#params = params;
    this.#query = this.request.query;
  }

  /** What was asked for; it is there until nothing more can be made. */
  get request(): HandshakeRequest {
    if (this.#request === undefined) throw new Error("Nothing is made any more.");
    return this.#request;
  }

  /** Everything that can be checked before there is a connection. A promise where it has to wait, or refuses. */
  check(): Eventually<void> {
    return this.#inTime(() => runSteps(() => this.#check()));
  }

  /** Must a token come by message before it is admitted? */
  get awaitsToken(): boolean {
    const { plan, endpoint } = this.route;
    if (this.#grant !== undefined || !plan.places.has("message") || endpoint.speaks.kind === "frames") return false;
    return plan.credentials.some(
      ({ ways }) => ways.some(isByMessage) && findToken(ways, this.request, undefined) === undefined,
    );
  }

  /** Milliseconds that a token by message may take. */
  get tokenDeadlineMs(): number {
    return this.route.plan.ways.find(isByMessage)?.deadlineMs ?? this.route.limits.auth;
  }

  /** The token that came by message. */
  async present(token: string): Promise<void> {
    await this.#inTime(() => runSteps(() => this.#admit(token)));
  }

  /**
   * A fresh token of the same user: what depends on who it is is made anew. What was made before belongs to whoever is
   * given it here, to be disposed of when nobody uses it any more.
   */
  async refresh(token: string): Promise<MadeValues> {
    return this.#inTime((isLate) => runSteps(() => this.#readmit(token, isLate)));
  }

  get user(): Identity | undefined {
    return this.#grant?.user;
  }

  get papers(): readonly Paper[] {
    return this.#grant?.papers ?? [];
  }

  /** Was it revoked since it was admitted? Only asked where the hub does not know it yet. */
  get isRevoked(): boolean {
    return this.#grant !== undefined && this.#isRevoked(this.#grant);
  }

  /** When the first of its credentials expires. */
  get expiresAtMs(): number | undefined {
    let first: number | undefined;
    for (const { expiresAtMs } of this.papers) {
      if (expiresAtMs !== undefined) first = Math.min(expiresAtMs, first ?? expiresAtMs);
    }
    return first;
  }

  /** What handlers see, but for the connection. */
  get context(): Omit<AnyContext, "connection"> {
    return { ...this.#factsFor(this.user), ...this.#grant?.needs };
  }

  /** Another one after each refresh. */
  get grant(): object | undefined {
    return this.#grant;
  }

  /** What the permissions and the presence of a channel see. */
  needsOf(channel: ChannelDefinition): Readonly<Record<string, unknown>> {
    return this.#grant?.needsOf(channel) ?? {};
  }

  /** The hub knows the connection from now on, and gives its place back when it exits. */
  handOver(): void {
    this.#reservedFor = undefined;
  }

  /** Aborted when it ends, or was refused. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#isOver) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  /** The connection closes, or was refused: nothing of it is worth going on with. */
  abort(): void {
    this.#isOver = true;
    this.#abort?.abort();
  }

  /** Nobody uses what was made any more. Never rejects. */
  end(): Eventually<void> {
    this.abort();
    if (this.#reservedFor !== undefined) this.environment.hub.release(this.#reservedFor, this.id);
    this.#reservedFor = undefined;
    return this.#grant?.dispose();
  }

  *#check(): Steps<void> {
    const { endpoint, plan } = this.route;
    if (this.#mustCheckOrigin) this.request.checkOrigin();
    this.request.checkTokens(plan.ways);
    if (endpoint.params !== undefined) this.#params = yield* fitTo(endpoint.params, this.#params, "path");
    if (endpoint.query !== undefined) this.#query = yield* fitTo(endpoint.query, this.#query, "query");
    if (!this.awaitsToken) yield* this.#admit(undefined);
  }

  get #mustCheckOrigin(): boolean {
    return this.environment.origins.isGiven || this.route.plan.places.has("cookie");
  }

  /** May anything that a fresh token makes anew look at the request? */
  get #mayLookAgain(): boolean {
    const { plan, endpoint } = this.route;
    if (plan.refreshable.size === 0) return false;
    return endpoint.allow !== undefined || this.environment.overrides.size > 0 || plan.steps.some(looksAtRequest);
  }

  *#admit(token: string | undefined): Steps<void> {
    const { plan, limits } = this.route;
    this.#checkNotOver();
    const grant = this.#createGrant(token);
    this.#grant = grant;
    try {
      yield* grant.make(plan.authSteps);
      grant.identify();
      this.#checkRevoked(grant);
      this.#checkNotOver();
      if (grant.user !== undefined) yield* awaited(this.#reserve(grant.user.id, limits.connectionsPerUser));
      yield* grant.make(plan.otherSteps);
      yield* this.#checkAllowed(grant);
      // What was revoked while the rest was made counts too, and so does whoever gave up waiting.
      this.#checkRevoked(grant);
      this.#checkNotOver();
      grant.settle();
      if (this.#mayLookAgain) this.#request?.compact();
      else this.#request = undefined;
    } catch (error) {
      // Whoever asked hears of it at once. Their own call of `end` is what waits for it.
      void this.end();
      throw error;
    }
  }

  *#readmit(token: string, isLate: () => boolean): Steps<MadeValues> {
    const { plan } = this.route;
    const before = this.#grant;
    if (before === undefined || plan.auth === undefined) throw new TidingsError("unknown_type");
    const refreshed = plan.refreshable;
    if (refreshed.size === 0) throw new TidingsError("forbidden", "This credential can't be refreshed by a message.");
    const grant = this.#createGrant(token, before);
    try {
      grant.keepPapers(before.papers.filter(({ credential }) => !refreshed.has(credential)));
      const isAnew = plan.steps.filter(({ definition, isOfUser }) => {
        return definition.kind === "credential" ? refreshed.has(definition) : isOfUser;
      });
      yield* grant.make(isAnew);
      grant.identify();
      if (grant.user?.id !== before.user?.id)
        throw new TidingsError("forbidden", "A refresh must be of the same user.");
      yield* this.#checkAllowed(grant);
      this.#checkRevoked(grant);
      this.#checkNotOver();
      // Whoever asked was told that it failed.
      if (isLate()) throw new TidingsError("unavailable");
    } catch (error) {
      yield* awaited(grant.dispose());
      throw error;
    }
    this.#grant = grant;
    return grant.replace(before);
  }

  #reserve(user: string, limit: number): Eventually<void> {
    this.#reservedFor = user;
    return this.environment.hub.reserve(user, this.id, limit);
  }

  #checkRevoked(grant: Grant): void {
    if (this.#isRevoked(grant)) throw unauthorized("This credential was revoked.");
  }

  #isRevoked({ papers, user, revocationsKnown }: Grant): boolean {
    const { hub, clock } = this.environment;
    if (hub.revocationCount === 0) return false;
    const nowMs = clock.now();
    const users = [...papers.map((paper) => paper.user), ...(user === undefined ? [] : [user])];
    return (
      papers.some((paper) => hub.isRevoked(paper, user, nowMs)) ||
      users.some(({ id }) => hub.wasRevokedSince(revocationsKnown, id))
    );
  }

  *#checkAllowed(grant: Grant): Steps<void> {
    const { allow } = this.route.endpoint;
    if (allow === undefined) return;
    const entry: Entry<AnyContext> = { ...this.#factsFor(grant.user), ...grant.needs, request: this.request };
    if ((yield* awaited(allow(entry))) !== true) throw new TidingsError("forbidden");
  }

  #checkNotOver(): void {
    if (this.#isOver) throw new DOMException("Nobody waits for it any more.", "AbortError");
  }

  #factsFor(user: Identity | undefined): Omit<AnyContext, "connection"> {
    return { app: this.environment.app, params: this.#params, query: this.#query, user };
  }

  #createGrant(token: string | undefined, before?: Grant): Grant {
    this.#pending = new Grant(this, token, before);
    return this.#pending;
  }

  /**
   * A promise where there is something to wait for, or to refuse. Rejects with `unavailable` where it takes too long. Before there is a connection, what comes then is disposed of, as
   * `end` was called; a refresh leaves all as it was.
   */
  #inTime<Value>(work: (isLate: () => boolean) => Eventually<Value>): Eventually<Value> {
    let isLate = false;
    try {
      const value = work(() => isLate);
      if (isPending(value)) return this.#awaitInTime(value, () => (isLate = true));
      this.#pending = undefined;
      return value;
    } catch (error) {
      this.#pending = undefined;
      return Promise.reject(error);
    }
  }

  #awaitInTime<Value>(value: Promise<Value>, isLate: () => void): Promise<Value> {
    return new Promise((resolve, reject) => {
      const late = this.environment.agenda.after(this.route.limits.needs, () => {
        isLate();
        const what = this.#pending?.making ?? "a check";
        this.report(new Error(`\`${what}\` took longer than limits.needs.`), "admission");
        reject(new TidingsError("unavailable"));
      });
      value.then(resolve, reject).finally(() => {
        late.cancel();
        this.#pending = undefined;
      });
    });
  }

  report(error: unknown, during: string): void {
    const endpoint = this.route.endpoint.pattern.source;
    report(this.environment.observer, error, { during, connection: this.id, endpoint });
  }
}

function looksAtRequest({ definition }: Step): boolean {
  if (definition.kind === "made") return definition.scope === "connection";
  return definition.ways.some(({ verifier }) => verifier.looksAtRequest !== false);
}

function isByMessage({ place }: CredentialWay): boolean {
  return place === "message";
}

function* fitTo(schema: Schema, value: unknown, where: string): Steps<unknown> {
  const validated = yield* awaited(validate(schema, value));
  if ("value" in validated) return validated.value;
  const [first] = validated.issues;
  const misfit = `${first?.path.join(".") ?? ""} ${first?.message ?? ""}`.trim();
  throw new TidingsError("bad_request", `The ${where} does not fit: ${misfit}`, { issues: validated.issues });
}
