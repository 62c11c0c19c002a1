import type { WebSocket } from "ws";

/** What is said to a server, and how its answer is known. */
export interface Probe {
  /** For people, such as `ping frames`. */
  readonly name: string;
  /** Does anybody wait for answers? */
  readonly isAnswered: boolean;
  /** Says the `n`th of all that is said. */
  say(socket: WebSocket, n: number): void;
  /** Which of them this is the answer to; undefined where it is none. */
  answerIn(heard: Heard): Answer | undefined;
}

export interface Heard {
  readonly kind: "pong" | "message";
  readonly data: Buffer;
}

export interface Answer {
  readonly to: number | "the oldest";
  /** Where it is an error. */
  readonly code?: string;
}

/** Every WebSocket server answers a ping frame with the same bytes (RFC 6455 §5.5.3). */
export function pingFrames(): Probe {
  return {
    name: "ping frames",
    isAnswered: true,
    say(socket, n) {
      const number = Buffer.allocUnsafe(8);
      number.writeDoubleBE(n);
      socket.ping(number);
    },
    answerIn: ({ kind, data }) => (kind === "pong" && data.length === 8 ? { to: data.readDoubleBE() } : undefined),
  };
}

/** JSON messages, each with an id that its answer carries. */
export function jsonMessages(message: Readonly<Record<string, unknown>>): Probe {
  const { id: _own, ...rest } = message;
  const after = JSON.stringify(rest).slice(1);
  return {
    name: `messages of type ${JSON.stringify(message.type)}`,
    isAnswered: true,
    say: (socket, n) => socket.send(`{${ID}${n}",${after}`),
    answerIn({ kind, data }) {
      // Most of what a busy channel says is no answer, and is not parsed.
      if (kind !== "message" || !data.includes(ID)) return undefined;
      const { type, id, payload } = parseObject(data);
      const n = typeof id === "string" ? Number(id.slice(ID_PREFIX.length)) : Number.NaN;
      if (Number.isNaN(n)) return undefined;
      return type === "error" ? { to: n, code: codeOf(payload) } : { to: n };
    },
  };
}

/** Texts as they are: the first that comes back is taken for the answer to the first, and so on. */
export function texts(text: string): Probe {
  return {
    name: `texts of ${Buffer.byteLength(text)} bytes`,
    isAnswered: true,
    say: (socket) => socket.send(text),
    answerIn: ({ kind }) => (kind === "message" ? { to: "the oldest" } : undefined),
  };
}

/** The same, and nobody waits for what comes back. */
export function withoutAnswers(probe: Probe): Probe {
  return {
    name: `${probe.name}, no answers`,
    isAnswered: false,
    say: (socket, n) => probe.say(socket, n),
    answerIn: () => undefined,
  };
}

const ID_PREFIX = "bench-";
const ID = `"id":"${ID_PREFIX}`;

export function parseObject(data: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(data.toString());
    return isObject(value) ? value : {};
  } catch {
    return {}; // not JSON: it is none of ours
  }
}

/** Of an error's payload, or of the body of a refusal. */
export function codeOf(value: unknown): string {
  return isObject(value) && typeof value.code === "string" ? value.code : "error";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
