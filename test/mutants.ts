import { anywhereMutants } from "./anywhere-mutants.js";
import { redisMutants } from "./redis-mutants.js";
import { seeingMutants } from "./seeing-mutants.js";

// What must not go unnoticed: changes that break one rule each, and the tests that then fail. `npm run mutants` applies
// each to a copy and tells of those that nobody noticed. A promise that is kept has one here, and so has a fixed bug that
// could come back.

/** One change that breaks a rule. */
export interface Mutant {
  /** The promise of PROTOCOL.md that it breaks, or that document's chapter. */
  readonly guards: Guarded;
  /** What is so with it, and must not be. */
  readonly breaks: string;
  /** From the repository's root. */
  readonly file: string;
  /** Must be there exactly once. */
  readonly text: string;
  readonly replacement: string;
  /** Must fail. */
  readonly suite: Suite;
}

export type Guarded =
  | "promise 1, order"
  | "promise 2, resume"
  | "promise 3, no early talk"
  | "promise 4, one at a time"
  | "promise 5, bounded"
  | "promise 6, once"
  | "promise 7, stored"
  | "who it is"
  | "refusing and closing"
  | "what is seen"
  | "what is run anywhere";

export interface Suite {
  /** Of vitest.config.ts. */
  readonly project: "unit" | "integration";
  /** From the repository's root. */
  readonly files: readonly string[];
  /** Part of the names of the tests that are run. Default: all. */
  readonly test?: string | undefined;
}

/** Each of them needs a mutant at least. */
export const keptPromises: readonly Guarded[] = [
  "promise 1, order",
  "promise 2, resume",
  "promise 3, no early talk",
  "promise 4, one at a time",
  "promise 5, bounded",
  "promise 6, once",
  "promise 7, stored",
];

const unit = (file: string, test?: string): Suite => ({ project: "unit", files: [file], test });
const integration = (file: string, test?: string): Suite => ({ project: "integration", files: [file], test });

export const mutants: readonly Mutant[] = [
  {
    guards: "promise 1, order",
    breaks: "who comes while events wait to be told hears those of before too",
    file: "src/broker/streams.ts",
    text: "if (serial <= since) continue;",
    replacement: "",
    suite: unit("src/broker/memory.test.ts", "who comes while events wait to be told"),
  },
  {
    guards: "promise 1, order",
    breaks: "what was sent before `close()` does not leave",
    file: "src/connection/live-connection.ts",
    text: '    this.#leave({ code, reason: closeReason(reason) }, "us");\n    this.outbox.end();\n',
    replacement: '    this.#leave({ code, reason: closeReason(reason) }, "us");\n    this.outbox.drop();\n',
    suite: unit("src/connection/live-connection.test.ts", "what is queued goes out before the close frame"),
  },
  {
    guards: "promise 1, order",
    breaks: "a publish that nobody waits for fails, and nobody is told",
    file: "src/base/owned-promise.ts",
    text: "if (!owned.isAsked) alone(error);",
    replacement: "",
    suite: unit("src/base/owned-promise.test.ts"),
  },
  {
    guards: "promise 1, order",
    breaks: "what is sent to one connection comes before the events of the same turn",
    file: "src/delivery/outbox.ts",
    text: "return entries.sort(bySequence);",
    replacement: "return entries;",
    suite: unit("src/delivery/delivery.test.ts"),
  },
  {
    guards: "promise 1, order",
    breaks: "who joins hears what was published before",
    file: "src/delivery/lane.ts",
    text: "if (this.#entries.length > 0) (this.#latecomers ??= new Map()).set(outbox, this.#turn.sequence);",
    replacement: "",
    suite: unit("src/delivery/lane.test.ts"),
  },
  {
    guards: "promise 1, order",
    breaks: "who leaves does not hear what was published before",
    file: "src/delivery/lane.ts",
    text: "if (this.#entries.length > 0) outbox.take(this.entriesFor(outbox));",
    replacement: "",
    suite: unit("src/delivery/lane.test.ts"),
  },

  {
    guards: "promise 2, resume",
    breaks: "a history that was cut is given as if nothing were missing",
    file: "src/broker/stream.ts",
    text: "return after >= end || after >= this.#missing;",
    replacement: "return true;",
    suite: integration("test/conformance/broker.test.ts", "says where the hole is"),
  },
  {
    guards: "promise 2, resume",
    breaks: "a stream that was lost goes on in the same epoch",
    file: "src/broker/stream.ts",
    text: "    this.#epoch = epoch;\n    this.#offset = 0;\n",
    replacement: "    this.#offset = 0;\n",
    suite: unit("src/broker/stream.test.ts", "after a restart it is another stream"),
  },
  {
    guards: "promise 2, resume",
    breaks: "an event that does not follow the last one is passed on in silence",
    file: "src/hub/audience.ts",
    text: "if (!isNext) this.skip({ epoch, offset: offset - 1 });",
    replacement: "",
    suite: unit("src/hub/catch-up.test.ts"),
  },
  {
    guards: "promise 2, resume",
    breaks: "a position of another epoch is taken for one of this",
    file: "src/hub/catch-up.ts",
    text: "if (page.epoch === since.epoch && since.offset",
    replacement: "if (since.offset",
    suite: integration("test/integration/resume.test.ts", "of another epoch nothing is replayed"),
  },
  {
    guards: "promise 2, resume",
    breaks: "a history that was cut counts as all that was missed",
    file: "src/hub/catch-up.ts",
    text: " && page.isComplete) {\n      counters.resumes",
    replacement: ") {\n      counters.resumes",
    suite: integration("test/integration/resume.test.ts", "was cut by its size"),
  },
  {
    guards: "promise 2, resume",
    breaks: "a replay leaves out every other event",
    file: "src/hub/catch-up.ts",
    text: "    this.#next += 1;\n",
    replacement: "    this.#next += 2;\n",
    suite: integration("test/integration/resume.test.ts", "who comes back with `since` gets every event"),
  },
  {
    guards: "promise 2, resume",
    breaks: "who comes back goes live one event before it is where the channel is",
    file: "src/hub/catch-up.ts",
    text: "} else if (this.#offset < position.offset) {",
    replacement: "} else if (this.#offset < position.offset - 1) {",
    suite: unit("src/hub/catch-up.test.ts"),
  },
  {
    guards: "promise 2, resume",
    breaks: "what was cut while it was read is passed over in silence",
    file: "src/hub/catch-up.ts",
    text: "      else this.#sayGap(place);\n",
    replacement: "      else this.#offset = place.offset;\n",
    suite: unit("src/hub/catch-up.test.ts"),
  },
  {
    guards: "promise 2, resume",
    breaks: "after a gap what was read before it is sent on",
    file: "src/hub/catch-up.ts",
    text: "    // What was read is of before the gap, and may be of another epoch.\n    this.#page = NOTHING;\n    this.#next = 0;\n",
    replacement: "",
    suite: unit("src/hub/snapshots.test.ts"),
  },
  {
    guards: "promise 1, order",
    breaks: "who asked for compression is sent everything as it is",
    file: "src/delivery/lane.ts",
    text: "outbox.isCompressing ? entries.map((entry) => entry.compressed) : entries",
    replacement: "entries",
    suite: integration("test/integration/compression.test.ts", "who asked for it hears events compressed"),
  },
  {
    guards: "refusing and closing",
    breaks: "who publishes and closes at once has not published",
    file: "src/connection/channel-desk.ts",
    text: "if (host.isStopped) return;",
    replacement: "if (host.isClosing) return;",
    suite: integration("test/integration/client-publish.test.ts", "closes at once"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "keys that are over are counted for ever",
    file: "src/broker/stream.ts",
    text: "      this.#keyBytes -= bytesOfKey(oldest.key);\n",
    replacement: "",
    suite: unit("src/broker/memory.test.ts", "keys that are over"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "what is said while somebody arrives is held without a bound",
    file: "src/hub/catch-up.ts",
    text: "if (this.#heldBytes > this.#outbox.limit) this.#loseHeld();",
    replacement: "",
    suite: unit("src/hub/snapshots.test.ts"),
  },
  {
    guards: "promise 1, order",
    breaks: "who comes in the middle of a turn hears what was said before",
    file: "src/delivery/lane.ts",
    text: "entry.sequence > after && entry.except !== outbox",
    replacement: "entry.except !== outbox",
    suite: unit("src/delivery/lane.test.ts"),
  },
  {
    guards: "promise 7, stored",
    breaks: "a repeat with the same key is delivered again",
    file: "src/broker/streams.ts",
    text: "if (repeat !== undefined) {",
    replacement: "if (repeat?.offset === -1) {",
    suite: integration("test/integration/client-publish.test.ts", "a repeat with the same key is answered"),
  },

  {
    guards: "promise 3, no early talk",
    breaks: "a message is handled before `open` is over",
    file: "src/connection/one-at-a-time.ts",
    text: '#state: "held" | "free" | "busy" | "stopped" = "held";',
    replacement: '#state: "held" | "free" | "busy" | "stopped" = "free";',
    suite: integration("test/integration/lifecycle.test.ts", "no handler runs before `open` is done"),
  },
  {
    guards: "promise 3, no early talk",
    breaks: "an `open` that takes its time is not waited for",
    file: "src/connection/live-connection.ts",
    text: 'yield* awaited(this.watch("open", () => open(this.context)));',
    replacement: 'void this.watch("open", () => open(this.context));',
    suite: integration("test/integration/lifecycle.test.ts", "no handler runs before `open` is done"),
  },
  {
    guards: "promise 3, no early talk",
    breaks: "what comes before the credential waits to be handled, and is not refused",
    file: "src/connection/reception.ts",
    text: 'return { do: phase === "credential" ? "refuse" : "wait", message };',
    replacement: 'return { do: "wait", message };',
    suite: unit("src/connection/reception.test.ts"),
  },
  {
    guards: "promise 3, no early talk",
    breaks: "a dependency that takes its time is not waited for",
    file: "src/connection/admission.ts",
    text: "yield* grant.make(plan.otherSteps);",
    replacement: "void runSteps(() => grant.make(plan.otherSteps));",
    suite: unit("src/connection/admission.test.ts"),
  },

  {
    guards: "promise 4, one at a time",
    breaks: "a message is handled while the one before it still is",
    file: "src/connection/one-at-a-time.ts",
    text: 'this.#state = "busy";',
    replacement: "",
    suite: integration("test/integration/lifecycle.test.ts", "messages are handled one at a time"),
  },
  {
    guards: "promise 4, one at a time",
    breaks: "of what waits the newest is handled first",
    file: "src/connection/one-at-a-time.ts",
    text: "const next = this.#items?.shift();",
    replacement: "const next = this.#items?.pop();",
    suite: unit("src/connection/one-at-a-time.test.ts", "released"),
  },
  {
    guards: "promise 4, one at a time",
    breaks: "a client whom we do not read is taken for dead",
    file: "src/connection/heartbeat.ts",
    text: "if (this.#peer.isPaused) this.#lookLater();",
    replacement: "if (this.#isStopped) this.#lookLater();",
    suite: unit("src/connection/heartbeat.test.ts", "silence while we do not read is ours"),
  },

  {
    guards: "promise 5, bounded",
    breaks: "messages wait without bound, as the socket is read on",
    file: "src/connection/one-at-a-time.ts",
    text: "    this.#options.pause();\n",
    replacement: "",
    suite: unit("src/connection/one-at-a-time.test.ts", "pauses"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "the bytes that wait are not counted",
    file: "src/connection/one-at-a-time.ts",
    text: "return this.#length >= this.#options.maxItems || this.#bytes >= this.#options.maxBytes;",
    replacement: "return this.#length >= this.#options.maxItems;",
    suite: unit("src/connection/one-at-a-time.test.ts", "it pauses when as many bytes wait as may"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "any number of bytes may wait for a socket",
    file: "src/delivery/backlog.ts",
    text: "return waiting === 0 || waiting + frame.length <= limit;",
    replacement: "return limit > 0;",
    suite: unit("src/delivery/outbox.test.ts", "one byte too many overflows"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "a turn that does not end fills the lanes",
    file: "src/delivery/turn.ts",
    text: "    if (this.#laneBytes > this.#maxLaneBytes) this.flush();\n",
    replacement: "",
    suite: unit("src/delivery/turn.test.ts"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "a channel keeps more events than its `size`",
    file: "src/broker/stream.ts",
    text: "while (this.#kept.length > size) this.#drop(this.#kept.nextToGo);",
    replacement: "",
    suite: unit("src/broker/stream.test.ts", "a page is what a list of everything would give"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "a publish's key is remembered for ever",
    file: "src/broker/stream.ts",
    text: "if (oldest.atMs + PUBLISH_KEY_TTL_MS > nowMs) return;",
    replacement: "if (oldest.atMs <= nowMs) return;",
    suite: unit("src/broker/stream.test.ts", "a key is remembered for 5 minutes"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "windows of users who have gone are kept",
    file: "src/broker/shared-windows.ts",
    text: "if (usedAtMs > sinceMs) return;",
    replacement: "if (usedAtMs >= 0) return;",
    suite: unit("src/broker/shared-windows.test.ts", "only those of the last window are kept"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "any number may wait at the door",
    file: "src/app/places.ts",
    text: "    if (this.#pending >= this.#limits.pending) return undefined;\n",
    replacement: "",
    suite: unit("src/app/places.test.ts", "as many are at the door as the limit says"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "a rate limit lets one more pass at the turn of its window",
    file: "src/base/rate-window.ts",
    text: "return freeAtMs <= seenMs ? 0 : freeAtMs - nowMs;",
    replacement: "return freeAtMs - 1 <= seenMs ? 0 : freeAtMs - nowMs;",
    suite: unit("src/base/rate-window.test.ts", "counting all of them says"),
  },

  {
    guards: "promise 6, once",
    breaks: "`close` runs again when the socket has gone after it",
    file: "src/connection/live-connection.ts",
    text: "    this.#isSocketGone = true;\n    if (!this.isClosing) {\n",
    replacement: "    this.#isSocketGone = true;\n    if (!this.#isSettled) {\n",
    suite: unit("src/connection/live-connection.test.ts", "`close` runs once"),
  },
  {
    guards: "promise 6, once",
    breaks: "`close` runs where `open` did not begin",
    file: "src/connection/live-connection.ts",
    text: "    this.#stopHandling();\n    if (this.#hasOpenBegun) {\n",
    replacement: "    this.#stopHandling();\n    if (this.#isStopped) {\n",
    suite: unit("src/connection/live-connection.test.ts", "no `close` for a connection whose `open` did not begin"),
  },
  {
    guards: "promise 6, once",
    breaks: "`close` runs while a handler still does",
    file: "src/connection/live-connection.ts",
    text: "    if (!this.#isIdle) await this.#inTime(this.#finish());\n",
    replacement: "",
    suite: unit("src/connection/live-connection.test.ts", "`close` runs when the handler that closed"),
  },
  {
    guards: "promise 6, once",
    breaks: "`close` waits for a handler that never ends",
    file: "src/connection/live-connection.ts",
    text: "await this.#inTime(this.#finish());",
    replacement: "await this.#finish();",
    suite: unit("src/connection/live-connection.test.ts", "and for no longer than it may"),
  },
  {
    guards: "promise 6, once",
    breaks: "`close` runs while the connection is still on its channels",
    file: "src/connection/live-connection.ts",
    text: "    this.environment.hub.exit(this);\n",
    replacement: "",
    suite: unit("src/connection/live-connection.test.ts", "`close` runs once, after the connection left its channels"),
  },
  {
    guards: "promise 6, once",
    breaks: "what a peer said before it closed is dropped",
    file: "src/connection/live-connection.ts",
    text: 'if (endedBy === "us") this.#stopHandling();',
    replacement: "this.#stopHandling();",
    suite: unit("src/connection/live-connection.test.ts", "what a peer said before it closed is handled"),
  },

  {
    guards: "promise 7, stored",
    breaks: "`publish` resolves before the broker has taken the event",
    file: "src/hub/channels.ts",
    text: "return this.publishJson(ref, { type, payload: value }, payloadJson, details);",
    replacement:
      'void this.publishJson(ref, { type, payload: value }, payloadJson, details); return { epoch: "", offset: 0 };',
    suite: integration("test/integration/far-broker.test.ts", "what is awaited comes before what follows it"),
  },
  {
    guards: "promise 7, stored",
    breaks: "what a channel with history is told is not stored",
    file: "src/hub/channels.ts",
    text: "payloadJson, except, keep, key, latestOf",
    replacement: "payloadJson, except, keep: undefined, key, latestOf",
    suite: integration("test/integration/subscribe.test.ts", "`epoch` and `offset` are told with history"),
  },
  {
    guards: "promise 7, stored",
    breaks: "the key of a client's publish does not reach the broker",
    file: "src/hub/channels.ts",
    text: "payloadJson, except, keep, key, latestOf",
    replacement: "payloadJson, except, keep, key: undefined, latestOf",
    suite: integration(
      "test/integration/client-publish.test.ts",
      "a repeat with the same key is answered like the first",
    ),
  },
  {
    guards: "promise 7, stored",
    breaks: "a publish that is repeated with its key is another event",
    file: "src/broker/stream.ts",
    text: "return repeated && { epoch: this.#epoch, offset: repeated.offset };",
    replacement: "return undefined;",
    suite: integration("test/conformance/broker.test.ts", "a key makes a repeat of a publish"),
  },

  {
    guards: "who it is",
    breaks: "a token is good with any algorithm that its key can do",
    file: "src/auth/shared-secret.ts",
    text: "this.#algorithms.find((name) => name === alg);",
    replacement: "alg as JwtAlgorithm;",
    suite: unit("src/auth/shared-secret.test.ts", "where it is pinned, and nowhere else"),
  },
  {
    guards: "who it is",
    breaks: "a token that is signed with anything is good",
    file: "src/auth/shared-secret.ts",
    text: "!timingSafeEqual(given, expected)",
    replacement: "false",
    suite: unit("src/auth/shared-secret.test.ts"),
  },
  {
    guards: "who it is",
    breaks: "a token of a public key is good with any algorithm that the key can do",
    file: "src/auth/verification-key.ts",
    text: "algorithms: [...algorithms]",
    replacement: "",
    suite: { project: "unit", files: ["src/auth/jwt.test.ts", "src/auth/verification-key.test.ts"] },
  },
  {
    guards: "who it is",
    breaks: "an expired token lets in",
    file: "src/auth/jwt.ts",
    text: "if (expiry !== undefined) throw",
    replacement: "if (expiry === null) throw",
    suite: unit("src/auth/jwt.test.ts", "a token that has expired"),
  },
  {
    guards: "who it is",
    breaks: "nobody, as app code finds, is somebody",
    file: "src/auth/lookup.ts",
    text: 'if (user === undefined || user === null) throw unauthorized("The token is not valid.");',
    replacement: "",
    suite: unit("src/auth/session.test.ts"),
  },
  {
    guards: "who it is",
    breaks: "a page of any origin acts for whoever's browser it is in",
    file: "src/connection/admission.ts",
    text: "if (this.#mustCheckOrigin) this.request.checkOrigin();",
    replacement: "if (this.environment.origins.isGiven) this.request.checkOrigin();",
    suite: unit("src/connection/admission.test.ts", "the Origin is checked where a cookie may be the credential"),
  },
  {
    guards: "who it is",
    breaks: "https://*.example.com lists evil-example.com too",
    file: "src/connection/origins.ts",
    text: "&& origin.host.endsWith(host) &&",
    replacement: "&& origin.host.endsWith(host.slice(1)) &&",
    suite: unit("src/connection/origins.test.ts"),
  },
  {
    guards: "who it is",
    breaks: "what `allow` gives lets in if it is only something",
    file: "src/connection/admission.ts",
    text: "if ((yield* awaited(allow(entry))) !== true)",
    replacement: "if (!(yield* awaited(allow(entry))))",
    suite: unit("src/connection/admission.test.ts", "only `true` lets in"),
  },
  {
    guards: "who it is",
    breaks: "a refresh makes somebody else of a connection",
    file: "src/connection/admission.ts",
    text: "if (grant.user?.id !== before.user?.id)",
    replacement: "if (grant.user === undefined)",
    suite: unit("src/connection/admission.test.ts", "of another user"),
  },
  {
    guards: "who it is",
    breaks: "what was revoked while the rest was made still lets in",
    file: "src/connection/admission.ts",
    text: "      // What was revoked while the rest was made counts too, and so does whoever gave up waiting.\n      this.#checkRevoked(grant);\n",
    replacement: "",
    suite: unit("src/connection/admission.test.ts", "also when it is revoked while the rest is made"),
  },
  {
    guards: "who it is",
    breaks: "a token in the query reaches handlers and log lines",
    file: "src/connection/request.ts",
    text: '  parameters.delete("token");\n',
    replacement: "",
    suite: unit("src/connection/request.test.ts", "no token is in anything else that it tells"),
  },

  {
    guards: "refusing and closing",
    breaks: "who is refused keeps the place of a connection",
    file: "src/app/doorman.ts",
    text: "    place?.refuse();\n",
    replacement: "",
    suite: unit("src/app/doorman.test.ts", "who is refused by a close is no connection"),
  },
  {
    guards: "refusing and closing",
    breaks: "an app that is closing lets in whoever it was still looking at",
    file: "src/app/doorman.ts",
    text: "    this.#isDraining = true;\n    for (const refuse of this.#waiting) refuse();\n",
    replacement: "",
    suite: unit("src/app/doorman.test.ts", "a check that outlasts the app is refused as draining"),
  },
  {
    guards: "refusing and closing",
    breaks: "a server closes with a code that only a peer may report",
    file: "src/connection/live-connection.ts",
    text: "if (!isSendableCloseCode(code)) throw",
    replacement: "if (code < 1000) throw",
    suite: unit("src/connection/live-connection.test.ts", "a code that a server may not send is a RangeError"),
  },
  {
    guards: "promise 2, resume",
    breaks: "a client hears again what it has had",
    file: "src/client/heard-channel.ts",
    text: "if (offset <= position.offset) return;",
    replacement: "",
    suite: unit("src/client/heard-channel.test.ts", "passes over what it has had"),
  },
  {
    guards: "promise 2, resume",
    breaks: "a client that comes back asks for what it has had",
    file: "src/client/heard-channel.ts",
    text: "position.offset = offset;",
    replacement: "",
    suite: unit("src/client/heard-channel.test.ts", "asks again from where it stood"),
  },
  {
    guards: "promise 2, resume",
    breaks: "a place that the server does not know any more is no gap to the client",
    file: "src/client/heard-channel.ts",
    text: "isBack && payload.recovered !== true",
    replacement: "isBack && payload.recovered === false",
    suite: unit("src/client/heard-channel.test.ts", "that was not recovered"),
  },
  {
    guards: "promise 2, resume",
    breaks: "what comes before a channel is live is heard",
    file: "src/client/heard-channel.ts",
    text: '} else if (this.status !== "live") return;\n    else if',
    replacement: "} else if",
    suite: unit("src/client/heard-channel.test.ts", "is live when it is answered"),
  },
  {
    guards: "promise 7, stored",
    breaks: "a publish of which the answer was lost is not said again",
    file: "src/client/exchange.ts",
    text: "if (!isRepeatable) settle?.(lost())",
    replacement: "settle?.(lost())",
    suite: integration("test/integration/client-resume.test.ts", "a publish of which the answer was lost"),
  },
  {
    guards: "promise 7, stored",
    breaks: "two publishes of a client have one key, and the second is swallowed",
    file: "src/client/exchange.ts",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a text of the code.
    text: "return `${this.#secret} ${this.lastId}`;",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: so is this.
    replacement: "return `${this.#secret}`;",
    suite: unit("src/client/heard-channel.test.ts", "has a key that no other publish has"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "more waits in a client than may",
    file: "src/client/exchange.ts",
    text: "this.#entries.size < this.#limit",
    replacement: "true",
    suite: unit("src/client/exchange.test.ts", "no more of it waits than may"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "a server that lets in and closes at once, for ever, is dialled once a second",
    file: "src/client/redial.ts",
    text: "this.#openSinceMs !== undefined && nowMs - this.#openSinceMs >= this.#ceilingMs",
    replacement: "this.#openSinceMs !== undefined",
    suite: unit("src/client/redial.test.ts", "closes at once, for ever"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "a drain of no time is believed again and again",
    file: "src/client/redial.ts",
    text: "this.#failures === 0 && then",
    replacement: "then",
    suite: unit("src/client/redial.test.ts", "counts once"),
  },
  {
    guards: "refusing and closing",
    breaks: "a client that is closed as it tells of a lost connection dials again",
    file: "src/client/line.ts",
    text: "if (attempt !== this.#attempt) return;\n    if (delayMs",
    replacement: "if (delayMs",
    suite: unit("src/client/line.test.ts", "as a subscription's status changes"),
  },
  {
    guards: "refusing and closing",
    breaks: "a client that is closed as it begins to dial dials all the same",
    file: "src/client/line.ts",
    text: "void this.#dialOnce(attempt);",
    replacement: "void this.#dialOnce(this.#attempt);",
    suite: unit("src/client/line.test.ts", "has closed it for good: connecting"),
  },
  {
    guards: "who it is",
    breaks: "tokens that have expired are asked for for ever",
    file: "src/client/redial.ts",
    text: "this.#expired > 1",
    replacement: "this.#expired > 1_000_000",
    suite: unit("src/client/redial.test.ts", "is fetched anew once"),
  },
  {
    guards: "who it is",
    breaks: "a token that comes when its connection is lost is said on the next",
    file: "src/client/line.ts",
    text: 'if (attempt === this.#attempt) this.say(messageText("auth"',
    replacement: 'this.say(messageText("auth"',
    suite: unit("src/client/line-tokens.test.ts", "is not said on the next"),
  },
  {
    guards: "refusing and closing",
    breaks: "an error's code that is none is thrown at whoever reads the answer",
    file: "src/client/message.ts",
    text: 'isCode ? code : "internal"',
    replacement: "code as string",
    suite: unit("src/client/exchange.test.ts", "is `internal`"),
  },

  {
    guards: "promise 3, no early talk",
    breaks: "`open` is over before the joins that it began",
    file: "src/connection/live-connection.ts",
    text: "yield* awaited(this.joined());",
    replacement: "void this.joined();",
    suite: integration("test/integration/far-broker.test.ts", "no handler runs before"),
  },
  {
    guards: "promise 4, one at a time",
    breaks: "a ping waits for its turn",
    file: "src/connection/reception.ts",
    text: 'if (message.type === "ping") return { do: "pong", bare: false, id: message.id };',
    replacement: 'if (message.type === "ping" && phase !== "open") return { do: "pong", bare: false, id: message.id };',
    suite: unit("src/connection/reception.test.ts"),
  },
  {
    guards: "promise 4, one at a time",
    breaks: "whom we do not read does not expire",
    file: "src/connection/live-connection.ts",
    text: "    if (this.#isExpiryNext) this.#closeFor",
    replacement: "    if (this.isPaused) return;\n    if (this.#isExpiryNext) this.#closeFor",
    suite: unit("src/connection/live-connection.test.ts", "a credential expires all the same"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "any number of fresh credentials may wait to be looked at",
    file: "src/connection/message-connection.ts",
    text: "this.#refreshes >= this.route.limits.refreshes",
    replacement: "this.#refreshes > 1e9",
    suite: integration("test/integration/limits.test.ts", "P20: refreshes"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "a compressed message may be of any number of streams",
    file: "src/transport/inflation.ts",
    text: "this.#opened < MOST_STREAMS",
    replacement: "this.#opened > 0",
    suite: integration("test/integration/compression.test.ts", "than a message may have"),
  },
  {
    guards: "promise 5, bounded",
    breaks: "a zlib stream that is closed is kept for as long as its connection",
    file: "src/transport/inflation.ts",
    text: "this.#stream = undefined;",
    replacement: "",
    suite: integration("test/conformance/transport-ws.test.ts", "is kept by nobody"),
  },
  {
    guards: "refusing and closing",
    breaks: "what follows the first stream of a compressed message is dropped",
    file: "src/transport/inflation.ts",
    text: "error ? NOTHING : this.#notTaken(data, isFinal)",
    replacement: "NOTHING",
    suite: integration("test/integration/compression.test.ts", "is a part of its message"),
  },
  {
    guards: "refusing and closing",
    breaks: "an upgrade of HTTP/1.0 is a handshake",
    file: "src/connection/upgrade-check.ts",
    text: "Number(upgrade.httpVersion) < 1.1",
    replacement: "Number(upgrade.httpVersion) < 1",
    suite: unit("src/connection/upgrade-check.test.ts"),
  },
  {
    guards: "refusing and closing",
    breaks: "a request to two hosts is a handshake",
    file: "src/connection/upgrade-check.ts",
    text: "hostsOf(upgrade) !== 1",
    replacement: "hostsOf(upgrade) < 1",
    suite: unit("src/connection/upgrade-check.test.ts"),
  },
  {
    guards: "who it is",
    breaks: "a forwarded address with a zone is none",
    file: "src/app/proxies.ts",
    text: 'const [address] = text.split("%", 1);',
    replacement: "const address = text;",
    suite: unit("src/app/proxies.test.ts"),
  },
  {
    guards: "what is run anywhere",
    breaks: "a param is called `__proto__`, and is not among the params",
    file: "src/declare/path-pattern.ts",
    text: ' || param === "__proto__"',
    replacement: "",
    suite: unit("src/declare/path-pattern.test.ts"),
  },
  ...redisMutants,
  ...seeingMutants,
  ...anywhereMutants,
];
