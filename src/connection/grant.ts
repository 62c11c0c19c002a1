import type { Eventually } from "../base/eventually.js";
import { awaited, type Steps } from "../base/steps.js";
import type { ChannelDefinition } from "../declare/channel.js";
import {
  type Authenticated,
  type CredentialDefinition,
  type CredentialWay,
  NoIdentityError,
  type StartupWarning,
  type TokenCheck,
} from "../declare/credential.js";
import type { DependencyDefinition } from "../declare/dependency.js";
import { type Identity, isIdentity } from "../declare/identity.js";
import { TidingsError, unauthorized } from "../protocol/tidings-error.js";
import { isNoCookie, type Step } from "./dependency-plan.js";
import type { Environment } from "./environment.js";
import { MadeValues } from "./made-values.js";
import type { HandshakeRequest } from "./request.js";
import type { Route } from "./route.js";

/** For whom something is made. */
export interface GrantHost {
  readonly route: Route;
  readonly environment: Environment;
  readonly request: HandshakeRequest;
  /** Made only where somebody looks at it. */
  readonly signal: AbortSignal;
  report(error: unknown, during: string): void;
}

/** By which credential somebody came in. */
export interface Paper extends Authenticated {
  readonly credential: CredentialDefinition;
  readonly way: CredentialWay;
}

/** What one connection was given: who it is, by which credentials, and the values that were made for it. */
export class Grant {
  readonly #host: GrantHost;
  #papers: readonly Paper[] = NO_PAPERS;
  readonly #values: MadeValues;
  #token: string | undefined;
  #before: Grant | undefined;
  #user: Identity | undefined;
  #making: string | undefined;
  /** So many revocations were known when it was begun: a later one of its user may concern what was looked up before. */
  readonly revocationsKnown: number;

  /**
   * @param token the one that came by message
   * @param before the grant that this one is to renew: what is not made anew is that one's
   */
  constructor(host: GrantHost, token: string | undefined, before: Grant | undefined) {
    this.#host = host;
    this.revocationsKnown = host.environment.hub.revocationCount;
    this.#values = new MadeValues(host);
    this.#token = token;
    this.#before = before;
  }

  get user(): Identity | undefined {
    return this.#user;
  }

  get papers(): readonly Paper[] {
    return this.#papers;
  }

  /** What is being made, for whoever asks why it takes so long. */
  get making(): string | undefined {
    return this.#making;
  }

  /** Makes each, in this order. */
  *make(steps: readonly Step[]): Steps<void> {
    for (const step of steps) {
      const { definition, name } = step;
      if (definition.scope === "app") continue;
      this.#making = name;
      if (definition.kind === "credential") yield* this.#authenticate(definition);
      else yield* awaited(this.#values.add(definition, yield* awaited(this.#create(step, definition))));
      this.#making = undefined;
    }
  }

  /** Takes over the papers that are not made anew. */
  keepPapers(papers: readonly Paper[]): void {
    this.#papers = this.#papers.concat(papers);
  }

  /** What `auth` gave is who it is. */
  identify(): void {
    const { auth } = this.#host.route.plan;
    this.#user = auth && identityOf(this.#valueOf(auth));
    // Who they are here may be somebody else than whom it was issued to.
    for (const paper of this.#papers) {
      if (paper.seenAtMs !== undefined) this.#host.environment.hub.saw(paper, this.#user);
    }
  }

  /** Name → value, as handlers see them. */
  get needs(): Readonly<Record<string, unknown>> {
    return this.#valuesOf(this.#host.route.plan.exposed);
  }

  /** The same, as the permissions and the presence of a channel see them. */
  needsOf(channel: ChannelDefinition): Readonly<Record<string, unknown>> {
    return this.#valuesOf(this.#host.route.plan.ofChannels.get(channel));
  }

  /** It takes the place of the one before. What that one made, and this one has anew, is given to whoever calls. */
  replace(before: Grant): MadeValues {
    const { definitions } = this.#values;
    const retired = before.#values.take((definition) => definitions.has(definition));
    // In the order they were made: what was kept is older.
    const fresh = this.#values.take(() => true);
    this.#values.put(before.#values);
    this.#values.put(fresh);
    this.settle();
    return retired;
  }

  /** Nothing more is made: neither the token nor the grant before is held on to. */
  settle(): void {
    this.#token = undefined;
    this.#before = undefined;
  }

  /** Never rejects. */
  dispose(): Eventually<void> {
    return this.#values.dispose();
  }

  *#authenticate(credential: CredentialDefinition): Steps<void> {
    const found = this.#findToken(credential);
    if (found === undefined) throw unauthorized("A token is needed.");
    const { way, token } = found;
    const { user, expiresAtMs, issuedAtMs, seenAtMs, tokenId } = yield* this.#verify(credential, way, token);
    // Who hung up meanwhile gets nothing made for them.
    this.#values.checkOpen();
    // Not by a spread, which leaves room for 16 more.
    const paper = { user, expiresAtMs, issuedAtMs, seenAtMs, tokenId, credential, way };
    if (seenAtMs !== undefined) this.#host.environment.hub.saw(paper);
    this.#papers = this.#papers.concat(paper);
  }

  #findToken(credential: CredentialDefinition): FoundToken | undefined {
    const token = this.#token;
    const before = this.#before;
    if (before === undefined) return findToken(credential.ways, this.#host.request, token);
    const last = before.papers.find((paper) => paper.credential === credential)?.way;
    // A fresh one is of the kind of the last; a cookie can't be sent again.
    const way = last === undefined || last.place === "cookie" ? credential.ways.find(isNoCookie) : last;
    return way === undefined || token === undefined ? undefined : { way, token };
  }

  *#verify(credential: CredentialDefinition, way: CredentialWay, token: string): Steps<Authenticated> {
    const host = this.#host;
    const { environment } = host;
    const { overrides } = environment;
    const override = overrides.get(credential) ?? overrides.get(way.owner?.() ?? credential);
    // What a test put there is a user, as its type says.
    if (override !== undefined)
      return { user: (yield* awaited(override({ request: host.request, token }))) as Identity };
    try {
      return yield* awaited(way.verifier.verify(new Asked(host, token, environment.clock.now())));
    } catch (cause) {
      // Whoever refuses for it reports it.
      if (cause instanceof NoIdentityError) throw cause;
      const isRefusal = cause instanceof TidingsError && (cause.code !== "unavailable" || cause.cause === undefined);
      // Who is refused is told; that somebody whom we ask is away is our affair. What has no cause was told by who throws it.
      if (!isRefusal) host.report(cause instanceof TidingsError ? (cause.cause ?? cause) : cause, "credential");
      throw cause instanceof TidingsError ? cause : new TidingsError("unavailable", undefined, { cause });
    }
  }

  #create(step: Step, definition: Exclude<DependencyDefinition, CredentialDefinition>): Eventually<unknown> {
    const host = this.#host;
    const { environment, request, route } = host;
    const override = environment.overrides.get(definition);
    if (override !== undefined) {
      const token = this.#anyToken();
      if (token === "" && step === route.plan.auth) throw unauthorized("A token is needed.");
      return override({ request, token });
    }
    return definition.create({
      ...Object.fromEntries([...step.needs].map(([name, need]) => [name, this.#valueOf(need)])),
      app: environment.app,
      request,
      get signal() {
        return host.signal;
      },
    });
  }

  #valuesOf(steps: ReadonlyMap<string, Step> = new Map()): Readonly<Record<string, unknown>> {
    return Object.fromEntries([...steps].map(([name, step]) => [name, this.#valueOf(step)]));
  }

  #valueOf({ definition }: Step): unknown {
    if (definition.scope === "app") return this.#host.environment.appValues.get(definition);
    // Whom a credential tells of is on its paper.
    if (definition.kind === "credential") return this.#papers.find(({ credential }) => credential === definition)?.user;
    const before = this.#before;
    if (this.#values.has(definition) || before === undefined) return this.#values.get(definition);
    return before.#values.get(definition);
  }

  /** For what a test put in the place of something that itself looks for no token. */
  #anyToken(): string {
    const { request } = this.#host;
    return this.#token ?? PLACES.map((place) => request.tokenAt({ place })).find((each) => each !== undefined) ?? "";
  }
}

/** What is known when a token is looked at. */
class Asked implements TokenCheck {
  readonly token: string;
  readonly nowMs: number;
  readonly #host: GrantHost;

  constructor(host: GrantHost, token: string, nowMs: number) {
    this.token = token;
    this.nowMs = nowMs;
    this.#host = host;
  }

  /** Not there any more for a verifier that says it does not look at it. */
  get request(): HandshakeRequest {
    return this.#host.request;
  }

  get signal(): AbortSignal {
    return this.#host.signal;
  }

  warn(warning: StartupWarning): void {
    this.#host.environment.observer.happened({ event: "warning", ...warning });
  }
}

const NO_PAPERS: readonly Paper[] = [];

export interface FoundToken {
  readonly way: CredentialWay;
  readonly token: string;
}

/** The first way whose token is there decides. */
export function findToken(
  ways: readonly CredentialWay[],
  request: HandshakeRequest,
  byMessage: string | undefined,
): FoundToken | undefined {
  for (const way of ways) {
    const token = way.place === "message" ? byMessage : request.tokenAt(way);
    if (token !== undefined) return { way, token };
  }
  return undefined;
}

const PLACES = ["header", "subprotocol", "query"] as const;

function identityOf(value: unknown): Identity {
  if (isIdentity(value)) return value;
  throw new TypeError("What `auth` gives must be an object with an `id`, a string that is not empty.");
}
