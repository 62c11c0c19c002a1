// The client of tidings 0.8.0, as scripts/keep-client.mjs made it: not to be changed by hand.

// src/client/browser.ts
var page = globalThis;
var LONGEST_MS = 2 ** 31 - 1;
var clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, LONGEST_MS));
    return { cancel: () => clearTimeout(timer) };
  }
};
var browser = {
  clock,
  random: Math.random,
  base: page.location?.href,
  open: (url, protocols) => new page.WebSocket(url, protocols),
  onNetwork(listener) {
    const ended = new AbortController();
    page.addEventListener?.("online", () => listener(true), ended);
    page.addEventListener?.("offline", () => listener(false), ended);
    return () => ended.abort();
  }
};

// src/client/channel-subscription.ts
var REPEATABLE_MS = 24e4;
var ChannelSubscription = class {
  name;
  presence;
  #channel;
  #exchange;
  /** What ends each of its listeners. */
  #stops = /* @__PURE__ */ new Set();
  constructor(channel, exchange, { rewind, presence, onGap, onState } = {}) {
    this.#channel = channel;
    this.name = channel.name;
    this.#exchange = exchange;
    this.presence = {
      get members() {
        return channel.members;
      },
      get count() {
        return channel.count;
      },
      on: (_, listener) => {
        channel.watch();
        return this.#keep(channel.changes.on("members", listener));
      }
    };
    if (onGap) this.#keep(channel.changes.on("gap", onGap));
    if (onState) this.#keep(channel.changes.on("state", onState));
    if (presence) channel.watch();
    channel.add(this, rewind);
  }
  get status() {
    return this.#channel.status;
  }
  get error() {
    return this.#channel.error;
  }
  get state() {
    return this.#channel.state;
  }
  onStatus(listener) {
    return this.#keep(this.#channel.changes.on("status", listener));
  }
  on(type, listener) {
    return this.#keep(this.#channel.events.on(type, listener));
  }
  publish(type, payload, options) {
    const event = { channel: this.name, type, payload, key: this.#exchange.createKey() };
    const how = { ...options, timeoutMs: REPEATABLE_MS, isRepeatable: true };
    return this.#exchange.ask("publish", event, how);
  }
  async history(range) {
    const answer = this.#exchange.ask("history", { ...range, channel: this.name });
    return (await answer).events;
  }
  async unsubscribe() {
    for (const stop of this.#stops) stop();
    await this.#channel.remove(this);
  }
  [Symbol.dispose]() {
    void this.unsubscribe();
  }
  #keep(stop) {
    const end = () => {
      this.#stops.delete(end);
      stop();
    };
    this.#stops.add(end);
    return end;
  }
};

// src/base/duration.ts
var durationUnits = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };

// src/protocol/error-codes.ts
function hasCodeForm(code) {
  return /^[a-z][a-z0-9_]{0,63}$/.test(code);
}

// src/protocol/tidings-error.ts
var TidingsError = class extends Error {
  name = "TidingsError";
  /** One of the protocol's, or an app's own. */
  code;
  /**
   * `message` is the code itself, where none is given; the other side is then told what the code means.
   *
   * @throws {TypeError} for a `code` that is not 1–64 of `a–z 0–9 _` with a letter first.
   */
  constructor(code, message, options = {}) {
    if (!hasCodeForm(code)) {
      throw new TypeError(`No error code: ${code}`);
    }
    const { issues, retryAfterMs, cause } = options;
    super(message ?? code, cause === void 0 ? void 0 : { cause });
    this.code = code;
    if (issues !== void 0) this.issues = issues;
    if (retryAfterMs !== void 0) this.retryAfterMs = retryAfterMs;
  }
};

// src/client/message.ts
function messageText(type, payload, id) {
  return JSON.stringify({ type, payload, id });
}
function errorOf({ payload }) {
  const { code, message, issues, retryAfterMs } = payload ?? {};
  return new TidingsError(hasCodeForm(String(code)) ? String(code) : "internal", message, {
    issues,
    // as the protocol has them
    retryAfterMs: countOf(retryAfterMs)
  });
}
function countOf(value) {
  return typeof value === "number" && value >= 0 ? value : void 0;
}
function lost(why) {
  return new TidingsError("connection_lost", why);
}
function asError(code, cause) {
  return cause instanceof TidingsError ? cause : new TidingsError(code, cause?.message, { cause });
}

// src/client/exchange.ts
var Exchange = class {
  /** The id of the question that was put last. */
  lastId = 0;
  #host;
  #limit;
  #timeoutMs;
  #secret;
  /** While it is open, what has no answer yet; otherwise what waits. */
  #entries = /* @__PURE__ */ new Map();
  #isOpen = false;
  /** Why nothing is said any more. */
  #ending;
  /**
   * @param limit how many messages may wait
   * @param secret such as no other client has
   */
  constructor(host, limit, timeoutMs, secret) {
    this.#host = host;
    this.#limit = limit;
    this.#timeoutMs = timeoutMs;
    this.#secret = secret;
  }
  /** For what is said next: such as no other publish has, of whichever client. */
  createKey() {
    return `${this.#secret} ${this.lastId}`;
  }
  /** At most once, and without an answer. False where it can't wait. */
  tell(type, payload) {
    return this.#add({ text: messageText(type, payload) });
  }
  /** Rejects with the error that came, or with why nothing did. */
  ask(type, payload, options = {}) {
    const { signal, timeout, timeoutMs = this.#timeoutMs, isRepeatable } = options;
    const id = this.lastId + 1;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const ms = timeout === void 0 ? timeoutMs : msOf(timeout);
      const text = messageText(type, payload, id);
      const giveUp = () => settle(signal?.reason);
      const settle = (error, answer) => {
        this.#entries.delete(id);
        timer.cancel();
        signal?.removeEventListener("abort", giveUp);
        if (error === void 0) resolve(answer);
        else reject(error);
      };
      const untilMs = this.#host.clock.now() + ms;
      if (!this.#add({ text, settle, isRepeatable, untilMs })) throw this.#ending ?? new TidingsError("queue_full");
      const why = isRepeatable ? lost() : new TidingsError("timeout");
      const timer = this.#host.clock.after(ms, () => settle(why));
      signal?.addEventListener("abort", giveUp);
    });
  }
  /** Was somebody waiting for it? */
  answer(message) {
    const entry = this.#entries.get(message.id);
    const error = message.type === "error" ? errorOf(message) : void 0;
    if (entry?.isRepeatable && error?.retryAfterMs) {
      this.#host.clock.after(error.retryAfterMs, () => this.#isOpen && this.#host.say(entry.text));
    } else entry?.settle?.(error, message.payload);
    return entry !== void 0;
  }
  /** The server is there: `first` asks for what has to be there before what waits is said. */
  opened(first) {
    const waiting = [...this.#entries];
    this.#isOpen = true;
    first();
    const nowMs = this.#host.clock.now();
    for (const [id, entry] of waiting) if (!(entry.untilMs < nowMs)) this.#say(id, entry);
  }
  /** What was said and has no answer will have none, but for what may be said again. */
  lost() {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const { isRepeatable, settle } of this.#entries.values()) if (!isRepeatable) settle?.(lost());
  }
  close(why) {
    this.#ending = why;
    for (const { settle } of this.#entries.values()) settle?.(why);
  }
  /** False where there is no room for it. */
  #add(entry) {
    const mayWait = this.#entries.size < this.#limit;
    if (this.#ending !== void 0 || !(this.#isOpen || mayWait)) return false;
    this.lastId += 1;
    this.#entries.set(this.lastId, entry);
    if (this.#isOpen) this.#say(this.lastId, entry);
    return true;
  }
  #say(id, { text, settle }) {
    if (settle === void 0) this.#entries.delete(id);
    this.#host.say(text);
  }
};
function msOf(duration) {
  const ms = Number.parseFloat(duration) * durationUnits[duration.replace(/[\d.]+/, "")];
  if (ms >= 0) return ms;
  throw new TypeError(`No duration: ${duration}`);
}

// src/client/listeners.ts
var Listeners = class {
  // A page has few of them, and forgets them as it likes.
  #all = /* @__PURE__ */ new Set();
  /** Gives what ends it. The same function may listen twice. */
  on(type, call) {
    const listener = { type, call };
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }
  /**
   * Without a type, to all of them. What one of them throws is the page's to hear of, and keeps it from none of the others.
   */
  emit(type, ...args) {
    for (const listener of [...this.#all]) {
      if (type !== void 0 && type !== listener.type || !this.#all.has(listener)) continue;
      try {
        listener.call(...args);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
};

// src/client/heard-channel.ts
var HeardChannel = class {
  name;
  status = "subscribing";
  error;
  /** Has the server put us there, as far as we were told? */
  isJoined = false;
  /** On so many connections since then it has not, or not yet. */
  missed = 0;
  position;
  state;
  members = [];
  count = 0;
  events = new Listeners();
  changes = new Listeners();
  #host;
  #exchange;
  /** The page's subscriptions to it. */
  #hearers = /* @__PURE__ */ new Set();
  #rewind = 0;
  #isWatching = false;
  /** Was it live before? Then what is not told anew is lost. */
  #wasLive = false;
  /** The id of the `subscribe` that has no answer yet. */
  #asked;
  constructor(name, host, exchange) {
    this.name = name;
    this.#host = host;
    this.#exchange = exchange;
  }
  add(hearer, rewind = 0) {
    this.#hearers.add(hearer);
    this.#rewind ||= rewind;
    if (this.status === "lost") this.#become("subscribing");
    queueMicrotask(() => this.#subscribe());
  }
  /** Resolves when nothing more of it comes. What the server put us on is its own affair. */
  async remove(hearer) {
    if (!this.#hearers.delete(hearer)) return;
    await void 0;
    if (this.#hearers.size > 0) return;
    const isThere = this.#asked ?? (!this.isJoined && this.status === "live");
    this.#asked = void 0;
    this.#isWatching = false;
    if (!this.isJoined) {
      this.#host.forget(this.name);
      this.#become("lost");
    }
    if (isThere) await this.#ask("unsubscribe");
  }
  /** From now on it knows who is there. */
  watch() {
    if (!this.#isWatching && this.status === "live") void this.#ask("presence", true);
    this.#isWatching = true;
  }
  /** There is a connection. */
  opened() {
    this.missed += 1;
    this.#subscribe();
  }
  /** There is none any more. */
  lost() {
    this.#asked = void 0;
    if (!this.isJoined && this.#hearers.size === 0) this.#host.forget(this.name);
    else this.#become("subscribing");
  }
  close(why) {
    this.#become("lost", why);
  }
  hear(message) {
    const { type, id, payload, offset } = message;
    if (type === "subscribed") {
      if (id === this.#asked) this.arrived(message);
    } else if (this.status !== "live") return;
    else if (type === "gap") this.#learn(payload, true);
    else if (type === "presence" || type === "reply" && "count" in payload) this.#meet(payload);
    else if (id !== void 0) return;
    else if (type === "unsubscribed") this.#takenOff(errorOf(message));
    else {
      const { position } = this;
      if (position !== void 0 && offset !== void 0) {
        if (offset <= position.offset) return;
        position.offset = offset;
      }
      const origin = { channel: this.name, offset };
      this.events.emit(type, payload, origin);
      this.#host.tell(type, payload, origin);
    }
  }
  /** The server has said `subscribed`: to our question, or because it put us there. */
  arrived({ id, payload }) {
    const isBack = this.#wasLive;
    this.isJoined = id === void 0;
    this.#asked = void 0;
    this.#rewind = 0;
    this.missed = 0;
    this.#wasLive = true;
    this.#become("live");
    this.#learn(payload, isBack && payload.recovered !== true);
    if ("members" in payload || "count" in payload) this.#meet(payload);
    else if (this.#isWatching) void this.#ask("presence", true);
  }
  /** Where that is to be done. */
  #subscribe() {
    const { status } = this.#host;
    if (status !== "open" || this.#hearers.size === 0 || this.status === "live" || this.#asked !== void 0) return;
    const since = this.position;
    const rewind = since === void 0 && this.#rewind || void 0;
    const question = { channel: this.name, since, rewind, presence: this.#isWatching };
    const answer = this.#exchange.ask("subscribe", question, { timeoutMs: Number.POSITIVE_INFINITY });
    const id = this.#exchange.lastId;
    this.#asked = id;
    answer.catch((error) => {
      if (this.#asked !== id) return;
      this.#asked = void 0;
      const again = () => this.#subscribe();
      const later = ({ retryAfterMs }) => retryAfterMs && this.#host.clock.after(retryAfterMs, again);
      if (later(error)) return;
      if (error.code !== "already_subscribed") this.#become("lost", error);
      else this.#exchange.ask("unsubscribe", { channel: this.name }).then(again, later);
    });
  }
  /** Where it stands now, and how things stand there. */
  #learn(payload, isGap) {
    const { epoch } = payload;
    const offset = payload.offset;
    if (epoch !== void 0) this.position = { epoch, offset };
    if (isGap) {
      const gap = { offset };
      this.changes.emit("gap", gap);
      this.#host.tell("gap", gap, { channel: this.name });
    }
    if (!("state" in payload)) return;
    this.state = payload.state;
    this.#host.tellState(this.name, this.state);
    this.changes.emit("state", this.state);
  }
  #takenOff(error) {
    this.isJoined = false;
    this.#wasLive = false;
    this.position = void 0;
    if (this.#hearers.size === 0) this.#host.forget(this.name);
    else this.#become("lost", error);
  }
  /** All members, or who joined and who left; of very many only how many they are. */
  #meet({ members, joined, left, count }) {
    const isChange = members === void 0 && count === void 0;
    const known = new Map(isChange ? this.members.map((each) => [each.id, each]) : []);
    for (const { id } of listOf(left)) known.delete(id);
    for (const member of [...listOf(members), ...listOf(joined)]) known.set(member.id, member);
    this.members = [...known.values()];
    this.count = countOf(count) ?? known.size;
    this.changes.emit("members", this.members, this.count);
  }
  /** What it is answered is heard; whether it was refused, or the connection lost, matters to nobody. */
  async #ask(type, watch) {
    await this.#exchange.ask(type, { channel: this.name, watch }).catch(() => {
    });
  }
  #become(status, error) {
    if (status === this.status) return;
    this.status = status;
    this.error = error;
    this.changes.emit("status", status, error);
  }
};
function listOf(members) {
  return Array.isArray(members) ? members : [];
}

// src/protocol/subprotocol.ts
var tidingsV1 = "tidings.v1";

// src/protocol/after-close.ts
function thenAfterClose(code, reason) {
  if (reason === "token_expired") return "refresh-and-retry";
  if (reason === "auth_timeout" || reason === "rate_limited") return "retry";
  if (code === 1001 || code === 1012) return "retry-after-drain";
  return FINAL.includes(code) || code >= 3e3 && code < 5e3 ? "stay-closed" : "retry";
}
var FINAL = [1e3, 1002, 1003, 1007, 1008, 1009, 1010];

// src/client/redial.ts
var FIRST_CEILING_MS = 1e3;
var LAST_CEILING_MS = 3e4;
var Redial = class {
  #random;
  #retryOn;
  #failures = 0;
  /** Tokens that had expired, since the last time that it was let in. */
  #expired = 0;
  #ceilingMs = 0;
  #openSinceMs;
  #drainMs;
  /** @param retryOn an app's own close codes after which it dials again */
  constructor(random, retryOn) {
    this.#random = random;
    this.#retryOn = retryOn;
  }
  /** The server has said `connected`. */
  opened(nowMs) {
    this.#openSinceMs = nowMs;
    this.#drainMs = void 0;
    this.#expired = 0;
  }
  /**
   * The server has said when to come back, once it has closed. Who says so is there, once it was so for a second, however often
   * it comes back: each reload of a development server does.
   */
  drain(reconnectAfterMs) {
    this.#drainMs = reconnectAfterMs;
    this.#ceilingMs = FIRST_CEILING_MS;
  }
  /** Milliseconds until it dials again; undefined: it stays closed. */
  delayAfter({ code, reason }, nowMs) {
    if (this.#openSinceMs !== void 0 && nowMs - this.#openSinceMs >= this.#ceilingMs) this.#failures = 0;
    this.#openSinceMs = void 0;
    const then = this.#retryOn.includes(code) ? "retry" : thenAfterClose(code, reason);
    if (then === "refresh-and-retry") this.#expired += 1;
    if (then === "stay-closed" || this.#expired > 1) return void 0;
    const drainMs = this.#failures === 0 && then === "retry-after-drain" ? this.#drainMs : void 0;
    this.#ceilingMs = Math.min(LAST_CEILING_MS, FIRST_CEILING_MS * 2 ** this.#failures);
    this.#failures += 1;
    return drainMs ?? this.#random() * this.#ceilingMs;
  }
};

// src/client/line.ts
var DEFAULT_HEARTBEAT_MS = 3e4;
var PATIENCE_MS = 1e4;
var PROBE_MS = 5e3;
var RENEWED_AT = 0.9;
var SHORTEST_RENEWAL_MS = 1e3;
var Line = class {
  status = "connecting";
  /** When it dials again, in milliseconds since 1970; undefined where it does not wait. */
  retryAtMs;
  clock;
  #options;
  #open;
  #redial;
  #forgetNetwork;
  #socket;
  /** What an earlier one still says is not heard. */
  #attempt = 0;
  #timer;
  #renewal;
  /** When it is taken for dead, unless it is heard of. */
  #silentAtMs = 0;
  #patienceMs = 0;
  constructor(options, { clock: clock2, open, random, onNetwork }) {
    this.clock = clock2;
    this.#options = options;
    this.#open = open;
    this.#redial = new Redial(random, options.retryOn ?? []);
    this.#forgetNetwork = onNetwork?.((isThere) => {
      if (this.status === "open") this.#probe();
      else if (isThere) this.reconnect();
    });
  }
  /** Asks for a token, dials, and says `connect`. */
  dial() {
    const attempt = this.#attempt += 1;
    this.#after(this.#options.timeoutMs, () => this.#lose("timeout"));
    this.#become("connecting");
    void this.#dialOnce(attempt);
  }
  /** Where it waits to dial again, it does so now. */
  reconnect() {
    if (this.status === "waiting") this.dial();
  }
  /** Only where it is open. */
  say(text) {
    this.#socket?.send(text);
  }
  /** For good. */
  close(code = 1e3, reason = "") {
    if (this.status === "closed") return;
    this.#socket?.close(code, reason);
    this.#end({ code, reason }, void 0);
  }
  /** Never rejects. */
  async #dialOnce(attempt) {
    const isOld = () => attempt !== this.#attempt;
    try {
      const token = await this.#askToken();
      if (isOld()) return;
      const protocols = token === void 0 ? [tidingsV1] : [tidingsV1, bearer(token)];
      const socket = await this.#open(this.#options.url, protocols);
      let isThere = false;
      socket.onerror = () => isThere || isOld() || this.#lose("");
      socket.onopen = () => {
        isThere = true;
        if (!isOld()) this.say(messageText("connect", { token, since: this.since() }));
      };
      socket.onmessage = ({ data }) => isOld() || this.#hear(data);
      socket.onclose = ({ code, reason }) => isOld() || this.#lose(reason, code || void 0);
      if (isOld()) socket.close();
      else this.#socket = socket;
    } catch (cause) {
      if (isOld()) return;
      const error = asError("token_failed", cause);
      this.#lose(error.code, error === cause ? 1008 : void 0);
      this.failed(error);
    }
  }
  /** What is no text is refused as one. */
  async #askToken() {
    const { token } = this.#options;
    const given = typeof token === "function" ? await token() : token;
    return given ? String(given) : void 0;
  }
  #hear(frame) {
    this.#silentAtMs = this.clock.elapsed() + this.#patienceMs;
    try {
      this.#take(JSON.parse(frame));
    } catch (cause) {
      this.failed(asError("invalid_message", cause));
    }
  }
  #take(message) {
    const { type, payload } = message;
    if (typeof type !== "string") throw new TypeError();
    if (type === "ping") this.say('{"type":"pong"}');
    else if (type === "drain") this.#redial.drain(countOf(payload.reconnectAfterMs));
    else if (type === "connected" && this.status === "connecting") this.#connected(message);
    else if (type === "auth_success") this.#renewIn(payload.expiresInMs);
    else if (type !== "pong" && this.status === "open") this.hear(message);
  }
  #connected(connected) {
    const { heartbeatMs, expiresInMs } = connected.payload;
    const nowMs = this.clock.elapsed();
    this.#redial.opened(nowMs);
    this.#patienceMs = (countOf(heartbeatMs) ?? DEFAULT_HEARTBEAT_MS) + PATIENCE_MS;
    this.#silentAtMs = nowMs + this.#patienceMs;
    this.#watch();
    this.#renewIn(expiresInMs);
    this.status = "open";
    this.opened(connected);
    this.changed("open", void 0);
  }
  /** Until it has been silent for too long. */
  #watch() {
    const leftMs = this.#silentAtMs - this.clock.elapsed();
    if (leftMs > 0) this.#after(leftMs, () => this.#watch());
    else this.#lose("silent");
  }
  /** Is the server still there? Whatever it says tells so. */
  #probe() {
    const soonMs = this.clock.elapsed() + PROBE_MS;
    if (this.#silentAtMs < soonMs) return;
    this.#silentAtMs = soonMs;
    this.say('{"type":"ping"}');
    this.#watch();
  }
  #renewIn(expiresInMs) {
    const leftMs = countOf(expiresInMs);
    if (leftMs === void 0 || typeof this.#options.token !== "function") return;
    const delayMs = Math.max(leftMs * RENEWED_AT, SHORTEST_RENEWAL_MS);
    this.#renewal?.cancel();
    this.#renewal = this.clock.after(delayMs, () => void this.#renew(this.#attempt));
  }
  /** Where nothing comes of it the server closes when the old one has expired, and a token is asked for again. Never rejects. */
  async #renew(attempt) {
    try {
      const token = await this.#askToken();
      if (attempt === this.#attempt) this.say(messageText("auth", { token }));
    } catch (cause) {
      this.failed(asError("token_failed", cause));
    }
  }
  /** 1006 is what a browser says where it can say nothing (RFC 6455 §7.1.5). */
  #lose(reason, code = 1006) {
    this.#end({ code, reason }, this.#redial.delayAfter({ code, reason }, this.clock.elapsed()));
  }
  /** Of this connection; where there is no delay, of the line. */
  #end(closed, delayMs) {
    const attempt = this.#attempt += 1;
    this.#timer?.cancel();
    this.#renewal?.cancel();
    this.#socket?.close();
    this.#socket = void 0;
    this.lost();
    if (attempt !== this.#attempt) return;
    if (delayMs === void 0) this.#forgetNetwork?.();
    else this.#after(delayMs, () => this.dial());
    this.#become(delayMs === void 0 ? "closed" : "waiting", closed, delayMs);
  }
  #become(status, why, delayMs) {
    if (status === this.status) return;
    this.status = status;
    this.retryAtMs = delayMs === void 0 ? void 0 : this.clock.now() + delayMs;
    this.changed(status, why);
  }
  #after(ms, run) {
    this.#timer?.cancel();
    this.#timer = this.clock.after(ms, run);
  }
};
function bearer(token) {
  const binary = String.fromCharCode(...new TextEncoder().encode(token));
  return `bearer.${btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

// src/client/task-book.ts
var REMEMBERED = 200;
var TaskBook = class {
  all = /* @__PURE__ */ new Map();
  #listeners = new Listeners();
  /** Of each task by itself; undefined: it is known no more. */
  #ends = new Listeners();
  #exchange;
  #ending;
  constructor(exchange) {
    this.#exchange = exchange;
  }
  on(type, listener) {
    return this.#listeners.on(type, listener);
  }
  done(id) {
    return new Promise((resolve, reject) => {
      const look = (task) => {
        if (task?.status === "completed")
          resolve(task.result);
        else if (task?.status !== "queued" && task?.status !== "started") reject(this.#whyNot(task));
        else return;
        stop();
      };
      const stop = this.#ends.on(id, look);
      const known = this.all.get(id);
      if (known || this.#ending) look(known);
    });
  }
  async cancel(id) {
    await this.#exchange.ask("task_cancel", { task: id });
  }
  /** An event of their channel. */
  hear({ type, payload }, channel) {
    const news = type.slice("task_".length);
    const { task: id, ...said } = payload;
    const before = this.all.get(id);
    const task = { ...said, id, channel, status: news === "progress" ? "started" : news };
    if (JSON.stringify(task) === JSON.stringify(before)) return;
    this.all.delete(id);
    this.all.set(id, task);
    const [oldest] = this.all.keys();
    if (this.all.size > REMEMBERED) this.all.delete(oldest);
    this.#ends.emit(id, task);
    this.#listeners.emit(news, task);
    this.#listeners.emit("change", task);
  }
  /** All that the server knows: the channel's state. */
  reset(state, channel) {
    const known = new Set(state.map(({ payload }) => payload.task));
    for (const [id, task] of this.all) {
      if (known.has(id) || task.channel !== channel) continue;
      this.all.delete(id);
      this.#ends.emit(id, void 0);
      this.#listeners.emit("change", task);
    }
    for (const said of state) this.hear(said, channel);
  }
  /** Whoever waits, waits in vain. */
  close(why) {
    this.#ending = why;
    this.#ends.emit(void 0, void 0);
  }
  #whyNot(task) {
    if (!task) return this.#ending ?? new TidingsError("not_found");
    const { error } = task;
    return new TidingsError(error?.code ?? "task_cancelled", error?.message, error);
  }
};

// src/client/connect.ts
function createConnect(surroundings) {
  return ((url, options) => new LiveClient(url, options ?? {}, surroundings));
}
var TASKS = "$tasks/";
var LiveClient = class extends Line {
  closed;
  tasks;
  user;
  #exchange;
  /** Those that it hears: because it asked for them, or because the server put it there. */
  #channels = /* @__PURE__ */ new Map();
  #arrivals = new Listeners();
  #changes = new Listeners();
  #resolveClosed;
  constructor(target, options, surroundings) {
    const { token, query, retryOn, timeout = "10s", queue: limit = 10 } = options;
    const timeoutMs = msOf(timeout);
    super({ url: addressOf(target, surroundings.base, query), token, timeoutMs, retryOn }, surroundings);
    this.#exchange = new Exchange(this, limit, timeoutMs, surroundings.random());
    this.tasks = new TaskBook(this.#exchange);
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.dial();
  }
  onStatus(listener) {
    return this.#changes.on("status", listener);
  }
  on(type, listener) {
    return this.#arrivals.on(type, listener);
  }
  send(type, payload) {
    return this.#exchange.tell(type, payload);
  }
  request(type, payload, options) {
    return this.#exchange.ask(type, payload, options);
  }
  subscribe(pattern, ...args) {
    const params = /(^|\/):/.test(pattern) ? args.shift() : {};
    const name = pattern.replace(/(?<![^/]):([^/]+)/g, (_, param) => params[param] ?? "");
    const channel = this.#channelAt(name);
    const subscription = new ChannelSubscription(channel, this.#exchange, args[0]);
    if (this.status === "closed") channel.close(lost());
    return subscription;
  }
  [Symbol.dispose]() {
    this.close();
  }
  // What its line and its channels need of it, and tell it.
  /**
   * Where it stood on those that the server had put it on when it last put it on any; what it asks for itself it asks for
   * with its place.
   */
  since() {
    const joined = [...this.#channels.values()].filter(({ isJoined }) => isJoined);
    const least = Math.min(...joined.map(({ missed }) => missed));
    const last = joined.filter(({ missed }) => missed === least);
    return Object.fromEntries(last.map(({ name, position }) => [name, position]));
  }
  opened({ payload }) {
    this.user = payload.user;
    this.#exchange.opened(() => {
      for (const channel of this.#channels.values()) channel.opened();
    });
  }
  hear(message) {
    const { type, id, channel, payload } = message;
    const isAnswer = this.#exchange.answer(message);
    if (type === "error") isAnswer || this.#arrivals.emit(type, errorOf(message), { channel });
    else if (type === "subscribed" && id === void 0) this.#channelAt(channel).arrived(message);
    else if (channel !== void 0) this.#channels.get(channel)?.hear(message);
    else if (!isAnswer) this.#arrivals.emit(type, payload, {});
  }
  lost() {
    this.#exchange.lost();
    for (const channel of this.#channels.values()) channel.lost();
  }
  changed(status, why) {
    if (status === "closed") this.#end(why);
    this.#changes.emit("status", status, why);
  }
  failed(error) {
    this.#arrivals.emit("error", error, {});
  }
  tell(type, payload, origin) {
    if (origin.channel?.startsWith(TASKS) && type !== "gap")
      this.tasks.hear({ type, payload }, origin.channel);
    this.#arrivals.emit(type, payload, origin);
  }
  tellState(channel, state) {
    if (channel.startsWith(TASKS)) this.tasks.reset(state, channel);
  }
  forget(channel) {
    this.#channels.delete(channel);
  }
  #channelAt(name) {
    const known = this.#channels.get(name);
    if (known) return known;
    const channel = new HeardChannel(name, this, this.#exchange);
    this.#channels.set(name, channel);
    return channel;
  }
  #end(closed) {
    const { code, reason } = closed;
    const why = lost(`${code} ${reason}`);
    this.#exchange.close(why);
    this.tasks.close(why);
    for (const channel of this.#channels.values()) channel.close(why);
    this.#resolveClosed?.(closed);
    if (code !== 1e3) this.failed(why);
  }
};
function addressOf(target, base, query) {
  const url = new URL(target, base);
  url.protocol = url.protocol.replace("http", "ws");
  if (!url.host) throw new TypeError(`No server: ${target}`);
  for (const [name, value] of Object.entries(query ?? {})) if (value !== void 0) url.searchParams.set(name, value);
  return url.href;
}

// src/client/when-live.ts
function whenLive(subscription) {
  return new Promise((resolve, reject) => {
    const look = () => {
      const { status, error } = subscription;
      if (status === "subscribing") return;
      stop();
      if (status === "live") resolve();
      else reject(error ?? new TidingsError("left"));
    };
    const stop = subscription.onStatus(look);
    look();
  });
}

// src/client/index.ts
var connect = createConnect(browser);

// src/client/node.ts
var connect2 = createConnect({
  ...browser,
  async open(url, protocols) {
    if ("WebSocket" in globalThis && globalThis.WebSocket !== void 0) return browser.open(url, protocols);
    const { WebSocket } = await import("ws");
    return new WebSocket(url, [...protocols], SETTINGS);
  }
});
var SETTINGS = { closeTimeout: 2e3 };
export {
  TidingsError,
  connect2 as connect,
  whenLive
};
