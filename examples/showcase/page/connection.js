/** One WebSocket that speaks `tidings.v1`: messages both ways, answers by their `id`, and its end. */
export class Connection {
  #socket;
  #isOpen = false;
  #lastId = 0;
  /** Who waits for the answer to which `id`. */
  #waiting = new Map();

  /**
   * Of what it tells, `opened` comes first (the server has let us in), then any number of `heard`, and at last `closed`.
   * After `leave` nothing comes any more.
   */
  constructor(path, { token, by, opened, heard, closed }) {
    const url = new URL(path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    // With this subprotocol a refusal is a close code with a reason: of an HTTP status a page is told nothing.
    const protocols = ["tidings.v1"];
    if (by === "subprotocol") protocols.push(`bearer.${toBase64Url(token)}`);
    this.#socket = new WebSocket(url, protocols);
    this.#socket.onopen = () => this.#send({ type: "connect", payload: by === "message" ? { token } : {} });
    this.#socket.onmessage = ({ data }) => {
      const { type, payload, id, channel, offset } = JSON.parse(data);
      if (type === "connected") {
        this.#isOpen = true;
        opened(payload);
      } else if (type === "ping") this.#send({ type: "pong" });
      else if (id === undefined) heard?.(type, payload, { channel, offset });
      else if (type === "error") this.#take(id)?.reject(new Error(payload.message));
      else this.#take(id)?.resolve(payload);
    };
    this.#socket.onclose = ({ code, reason }) => {
      this.#dropRequests("The connection has ended.");
      closed(code, reason);
    };
  }

  /** Sends a message, and resolves with what its answer says. Rejects where the answer is an error, or none can come. */
  request(type, payload = {}) {
    if (!this.#isOpen) return Promise.reject(new Error("There is no connection."));
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ type, payload, id });
    });
  }

  leave() {
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close(1000);
    this.#dropRequests("The connection was left.");
  }

  #send(message) {
    this.#socket.send(JSON.stringify(message));
  }

  #take(id) {
    const asked = this.#waiting.get(id);
    this.#waiting.delete(id);
    return asked;
  }

  #dropRequests(why) {
    this.#isOpen = false;
    for (const { reject } of this.#waiting.values()) reject(new Error(why));
    this.#waiting.clear();
  }
}

/** When to dial again after a connection has ended. */
export class Redial {
  #dial;
  #failures = 0;
  #drainDelayMs;
  #timer;

  constructor(dial) {
    this.#dial = dial;
  }

  /** The server goes away soon, and asked us to stay away so long after that. */
  drain({ reconnectAfterMs }) {
    this.#drainDelayMs = reconnectAfterMs;
  }

  /** It works, or is another place: the next failure is the first again. */
  reset() {
    this.#failures = 0;
  }

  /** Dials again after a while, where that may help. Gives words for it, to put behind `inWords`. */
  plan(code) {
    if (!mayPass(code)) return "";
    const delayMs = this.#nextDelayMs();
    this.#timer = setTimeout(this.#dial, delayMs);
    return ` Connecting again in ${Math.ceil(delayMs / 1_000)} s.`;
  }

  /** Somebody dials now. */
  cancel() {
    clearTimeout(this.#timer);
    this.#drainDelayMs = undefined;
  }

  /** What the server asked for; otherwise longer each time, and at random, so that not everybody comes at once. */
  #nextDelayMs() {
    if (this.#drainDelayMs !== undefined) return this.#drainDelayMs;
    this.#failures += 1;
    return Math.min(30_000, 500 * 2 ** this.#failures) * (0.5 + Math.random() / 2);
  }
}

/** Codes after which it may work again by itself; the others are for a person to look at, 1008 above all. */
function mayPass(code) {
  return [1001, 1006, 1011, 1012, 1013].includes(code);
}

/** Why a connection was refused or closed, like `You may not be here (1008 forbidden).` */
export function inWords(code, reason) {
  const why = words[reason] ?? words[code] ?? "The connection was closed";
  return `${why} (${`${code} ${reason}`.trim()}).`;
}

const words = {
  unauthorized: "The token or session is missing or not valid",
  token_expired: "The token has expired",
  forbidden: "You may not be here",
  origin_not_allowed: "Pages of this address may not connect",
  not_found: "There is nothing to connect to at this path",
  bad_request: "The server did not understand the request",
  auth_timeout: "No token came in time",
  rate_limited: "Too many messages in too short a time",
  too_many_connections: "Too many connections",
  going_away: "The server is going away",
  1006: "The connection was lost, or could not be made",
  1011: "Something went wrong on the server",
  1013: "The server is full or going away",
};

function toBase64Url(text) {
  const bytes = new TextEncoder().encode(text);
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
