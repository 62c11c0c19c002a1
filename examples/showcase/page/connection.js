/** One WebSocket that speaks `tidings.v1`: messages both ways, replies by their `id`, and its end. */
export class Connection {
  #socket;
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
      const { type, payload, id } = JSON.parse(data);
      if (type === "connected") opened(payload);
      else if (type === "ping") this.#send({ type: "pong" });
      else if (type === "reply") this.#take(id)?.resolve(payload);
      else if (type === "error" && id !== undefined) this.#take(id)?.reject(new Error(payload.message));
      else heard?.(type, payload);
    };
    this.#socket.onclose = ({ code, reason }) => {
      this.#dropRequests("The connection has ended.");
      closed(code, reason);
    };
  }

  /** Sends a message, and resolves with the reply. */
  request(type, payload = {}) {
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
    for (const { reject } of this.#waiting.values()) reject(new Error(why));
    this.#waiting.clear();
  }
}

/** Why a connection was refused or closed, like `You may not be here (1008 forbidden).` */
export function inWords(code, reason) {
  const why = words[reason] ?? words[code] ?? "The connection was closed";
  return `${why} (${`${code} ${reason}`.trim()}).`;
}

/** Codes after which it may work again by itself; the others are for a person to look at, 1008 above all. */
export function mayPass(code) {
  return [1001, 1006, 1011, 1012, 1013].includes(code);
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
