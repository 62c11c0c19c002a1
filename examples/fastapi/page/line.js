const FIRST_CEILING_MS = 1_000;
const LAST_CEILING_MS = 30_000;
/** How long the server may be late with its heartbeat. */
const GRACE_MS = 10_000;
const UNTIL_CONNECTED_MS = 10_000;

/**
 * A line to Tidings as PROTOCOL.md has it, by hand: what tidings/client does for a page that is built. It dials again until the
 * server says that there is no use.
 */
export class Line {
  #hooks;
  #socket;
  #ceilingMs = FIRST_CEILING_MS;
  #drainMs;
  #heartbeatMs;
  #id = 0;
  #silence;
  #renewal;

  /** @param hooks fetchCredentials() → {url, token}; onMessage(message); onStatus("connecting" | "open" | "waiting" | "closed", words) */
  constructor(hooks) {
    this.#hooks = hooks;
  }

  async dial() {
    this.#hooks.onStatus("connecting", "Connecting…");
    try {
      const { url, token } = await this.#hooks.fetchCredentials();
      this.#open(url, token);
    } catch {
      this.#dialLater(this.#backOff(), "There is no token");
    }
  }

  /** Where there is no line it is not said. */
  ask(type, payload) {
    this.#id += 1;
    this.#send({ type, payload, id: this.#id });
  }

  #open(url, token) {
    // As a subprotocol it is in no log, as it may be in the address.
    const socket = new WebSocket(url, ["tidings.v1", `bearer.${toBase64Url(token)}`]);
    this.#socket = socket;
    this.#drainMs = undefined;
    socket.addEventListener("open", () => this.#send({ type: "connect", payload: {} }));
    socket.addEventListener("message", ({ data }) => this.#hear(JSON.parse(data)));
    socket.addEventListener("close", ({ code, reason }) => this.#lost(socket, code, reason));
    this.#heartbeatMs = UNTIL_CONNECTED_MS - GRACE_MS;
    this.#watch();
  }

  #hear(message) {
    this.#watch();
    const { type, payload } = message;
    if (type === "connected") this.#connected(payload);
    else if (type === "ping") this.#send({ type: "pong" });
    else if (type === "drain") this.#drainMs = payload.reconnectAfterMs;
    else this.#hooks.onMessage(message);
  }

  #connected({ heartbeatMs, expiresInMs }) {
    this.#heartbeatMs = heartbeatMs;
    this.#ceilingMs = FIRST_CEILING_MS;
    this.#watch();
    this.#hooks.onStatus("open", "Live");
    // In band, and in time: so nobody is closed for a token that grew old.
    if (expiresInMs !== undefined) this.#renewal = setTimeout(() => this.#renew(), expiresInMs * 0.9);
  }

  async #renew() {
    const socket = this.#socket;
    try {
      const { token } = await this.#hooks.fetchCredentials();
      if (socket === this.#socket) this.ask("auth", { token });
    } catch {
      // Then it is closed with token_expired, and dials with a fresh one.
    }
  }

  /** A line that is dead may say nothing for ever: no close comes then. */
  #watch() {
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#silence = setTimeout(() => {
      this.#lost(socket, 1006, "");
      socket.close();
    }, this.#heartbeatMs + GRACE_MS);
  }

  #lost(socket, code, reason) {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    clearTimeout(this.#silence);
    clearTimeout(this.#renewal);
    if (isFinal(code, reason)) this.#hooks.onStatus("closed", `Closed: ${reason || code}. Reload the page.`);
    else this.#dialLater(this.#drainMs ?? this.#backOff(), "Not connected");
  }

  #dialLater(delayMs, why) {
    this.#hooks.onStatus("waiting", `${why}. Trying again…`);
    setTimeout(() => this.dial(), delayMs);
  }

  /** At random, that not all who were lost at once come back at once. */
  #backOff() {
    const delayMs = Math.random() * this.#ceilingMs;
    this.#ceilingMs = Math.min(2 * this.#ceilingMs, LAST_CEILING_MS);
    return delayMs;
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}

/** Would the same be answered again? The table in PROTOCOL.md, Refusing and closing. */
function isFinal(code, reason) {
  if (["token_expired", "auth_timeout", "rate_limited"].includes(reason)) return false;
  return [1000, 1002, 1003, 1007, 1008, 1009].includes(code) || code >= 3000;
}

/** Of a token, which is ASCII. */
function toBase64Url(text) {
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
