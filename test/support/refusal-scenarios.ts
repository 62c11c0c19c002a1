import {
  type App,
  type AppOptions,
  type CloseCodes,
  type Duration,
  endpoint,
  forbidden,
  type ListenOptions,
} from "tidings";
import { bearer, jwt, session } from "tidings/auth";
import { z } from "zod";
import { type Refusal, type RefusalReason, refusals } from "../../src/protocol/refusals.js";
import { createGate } from "./gate.js";
import { closePayload, frame, handshakeRequest, opcodes } from "./raw-client.js";
import { inSeconds, secret, signToken } from "./tokens.js";

/** Who looks: a `ws` client, the test client in its three kinds, and a page in a browser. */
export const viewers = [
  "ws plain",
  "ws tidings",
  "test plain",
  "test tidings",
  "test browser",
  "page plain",
  "page tidings",
] as const;
export type Viewer = (typeof viewers)[number];

/** What an endpoint says about how it refuses. */
export interface Ways {
  readonly refuse?: "http" | "close";
  readonly closeCodes?: CloseCodes;
}

/** What a viewer can know: the HTTP answer, or the `close` event. */
export type Seen =
  | {
      readonly status: number;
      readonly body: { readonly code: string; readonly message: string };
      readonly headers: SeenHeaders;
    }
  | { readonly code: number; readonly reason: string };

export interface SeenHeaders {
  readonly "www-authenticate": string | undefined;
  readonly upgrade: string | undefined;
  readonly "sec-websocket-version": string | undefined;
  readonly "retry-after": string | undefined;
  readonly "cache-control": string | undefined;
}

/** One way to meet one row of the table. */
export interface Scenario {
  readonly when: string;
  /** Before the handshake is accepted, or on a connection that was accepted. */
  readonly happens: "before" | "after";
  /** Where the answer's message says more than the table. */
  readonly message?: string;
  /** No endpoint is known yet: what one says about how it refuses does not count. */
  readonly hasNoEndpoint?: boolean;
  /** Who can't meet it, and why. */
  readonly impossibleFor?: Readonly<Partial<Record<Viewer, string>>>;
  /** Anew for each viewer. */
  provoke(ways: Ways): Provocation;
}

export interface Provocation {
  readonly app: AppOptions;
  readonly listen?: ListenOptions;
  /** Default `/ws/room`. */
  readonly path?: string;
  readonly token?: string;
  /** It is said in the first message; otherwise it goes where such a client best puts it. */
  readonly isTokenByMessage?: boolean;
  /** Of the page; a real page has its own, which is none of the server's. */
  readonly origin?: string;
  readonly cookies?: Readonly<Record<string, string>>;
  /** Somebody is there before, for example. */
  readonly before?: (there: There) => Promise<unknown>;
  /** When all is seen. */
  readonly after?: () => void;
  /** A client of tidings.v1 says no `connect`. */
  readonly isSilent?: boolean;
  /** Frames, when it is connected. */
  readonly says?: readonly (string | Uint8Array)[];
  /** In the place of a handshake, of `ws` as bytes over TCP. */
  readonly request?: { readonly bytes: string; readonly headers?: Readonly<Record<string, string>> };
  /** When it is connected, of `ws` as bytes over TCP. */
  readonly bytes?: Uint8Array;
  /** Of the clock that a test moves; on a real one it is short. */
  readonly passes?: Duration;
}

export interface There {
  readonly app: App;
  enter(path: string, options: { readonly token?: string }): Promise<{ readonly closed: Promise<unknown> }>;
}

/** One scenario in one of the ways in which an endpoint may refuse. */
export interface Case {
  readonly name: string;
  readonly reason: RefusalReason;
  readonly scenario: Scenario;
  readonly ways: Ways;
}

/** Can this viewer meet it? */
export function isPossible({ scenario }: Case, viewer: Viewer): boolean {
  return scenario.impossibleFor?.[viewer] === undefined;
}

/** What PROTOCOL.md's table says that a viewer sees. */
export function expectedFor({ reason, scenario, ways }: Case, viewer: Viewer): Seen {
  const row: Refusal = refusals[reason];
  const ownCodes: { readonly [Reason in RefusalReason]?: number | undefined } = ways.closeCodes ?? {};
  const byClose = viewer.endsWith("tidings") || (ways.refuse === "close" && scenario.hasNoEndpoint !== true);
  if (row.close !== undefined && (scenario.happens === "after" || byClose)) {
    return { code: ownCodes[reason] ?? row.close, reason };
  }
  // A page is told nothing of an HTTP answer.
  if (viewer === "test browser" || viewer.startsWith("page")) return { code: 1006, reason: "" };
  const status = row.http ?? 0;
  return { status, body: { code: reason, message: scenario.message ?? row.message }, headers: headersOf(status) };
}

function headersOf(status: number): SeenHeaders {
  return {
    "www-authenticate": status === 401 ? "Bearer" : undefined,
    upgrade: status === 426 ? "websocket" : undefined,
    "sec-websocket-version": status === 426 ? "13" : undefined,
    "retry-after": status === 429 || status === 503 ? "1" : undefined,
    "cache-control": "no-store",
  };
}

/** Those of an answer that a refusal is about. */
export function pickHeaders(headers: Readonly<Record<string, string | readonly string[] | undefined>>): SeenHeaders {
  const pick = (name: keyof SeenHeaders) => {
    const value = headers[name];
    return typeof value === "object" ? value.join(", ") : value;
  };
  return {
    "www-authenticate": pick("www-authenticate"),
    upgrade: pick("upgrade"),
    "sec-websocket-version": pick("sec-websocket-version"),
    "retry-after": pick("retry-after"),
    "cache-control": pick("cache-control"),
  };
}

const path = "/ws/room";
const say = { receives: { say: z.object({}) }, on: { say: () => {} } };
const byMessage = () => jwt({ secret, from: ["message"] });
const good = () => signToken({ sub: "ana" });
const forged = () => signToken({ sub: "ana" }, { key: "somebody else's secret, just as long" });
const expired = () => signToken({ sub: "ana", exp: inSeconds(-60) });

const onlyByBytes = {
  "test plain": "It sends whole frames of text or bytes: what is between them is the transport's, and tested there.",
  "test tidings": "It sends whole frames of text or bytes: what is between them is the transport's, and tested there.",
  "test browser": "It sends whole frames of text or bytes: what is between them is the transport's, and tested there.",
  "page plain": "A browser frames what a page sends, and encodes its text.",
  "page tidings": "A browser frames what a page sends, and encodes its text.",
} as const;

/** How each row of the table is met, by all who can meet it. */
export const scenarios: { readonly [Reason in RefusalReason]: readonly [Scenario, ...Scenario[]] } = {
  bad_request: [
    {
      when: "a token is given twice",
      happens: "before",
      message: "The query has more than one token.",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, auth: jwt({ secret }) })] },
        path: `${path}?token=a&token=b`,
      }),
    },
    {
      when: "a token by message is too long",
      happens: "after",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, auth: byMessage() })] },
        token: "x".repeat(8_193),
        isTokenByMessage: true,
      }),
    },
  ],
  unauthorized: [
    {
      when: "a token is somebody else's",
      happens: "before",
      message: "The token is not valid.",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, auth: jwt({ secret }) })] },
        token: forged(),
      }),
    },
    {
      when: "there is no token",
      happens: "before",
      message: "A token is needed.",
      provoke: (ways) => ({ app: { endpoints: [endpoint(path, { ...ways, auth: jwt({ secret }) })] } }),
    },
    {
      when: "nobody has the session of a cookie",
      happens: "before",
      message: "The token is not valid.",
      impossibleFor: {
        "page plain": "A page of another origin may not use a cookie: see `origin_not_allowed`.",
        "page tidings": "A page of another origin may not use a cookie: see `origin_not_allowed`.",
      },
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, auth: session({ lookup: () => undefined }) })] },
        cookies: { session_id: "nobody's" },
      }),
    },
    {
      when: "a token by message is somebody else's",
      happens: "after",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, auth: byMessage() })] },
        token: forged(),
        isTokenByMessage: true,
      }),
    },
    {
      when: "a credential is revoked",
      happens: "after",
      provoke: (ways) => ({
        app: {
          endpoints: [
            endpoint(path, {
              ...ways,
              auth: jwt({ secret }),
              open: ({ app, user }) => void app.revoke({ user: user.id }),
            }),
          ],
        },
        token: good(),
      }),
    },
  ],
  token_expired: [
    {
      when: "a token has expired",
      happens: "before",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, auth: jwt({ secret }) })] },
        token: expired(),
      }),
    },
    {
      when: "a token by message has expired",
      happens: "after",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, auth: byMessage() })] },
        token: expired(),
        isTokenByMessage: true,
      }),
    },
    {
      when: "a token expires, and no fresh one comes",
      happens: "after",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, auth: jwt({ secret }) })], limits: { expiryGrace: "1ms" } },
        token: signToken({ sub: "ana", exp: inSeconds(2) }),
        passes: "10s",
      }),
    },
  ],
  forbidden: [
    {
      when: "`allow` says no",
      happens: "before",
      provoke: (ways) => ({ app: { endpoints: [endpoint(path, { ...ways, allow: () => false })] } }),
    },
    {
      when: "`open` throws it",
      happens: "after",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, open: () => Promise.reject(forbidden("Not today.")) })] },
      }),
    },
  ],
  origin_not_allowed: [
    {
      when: "a page is of an origin that is not listed",
      happens: "before",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways })], origins: ["https://app.example"] },
        origin: "https://evil.example",
      }),
    },
    {
      when: "a cookie comes from a page of another origin",
      happens: "before",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, auth: session({ lookup: () => ({ id: "ana" }) }) })] },
        origin: "https://evil.example",
        cookies: { session_id: "ana's" },
      }),
    },
  ],
  not_found: [
    {
      when: "there is no such endpoint",
      happens: "before",
      hasNoEndpoint: true,
      provoke: () => ({ app: { endpoints: [] } }),
    },
  ],
  handshake_timeout: [
    {
      when: "the request does not end",
      happens: "before",
      hasNoEndpoint: true,
      impossibleFor: {
        "ws tidings": "Who has not sent all headers has offered no subprotocol yet.",
        "test plain": "In memory a handshake is there as a whole.",
        "test tidings": "In memory a handshake is there as a whole.",
        "test browser": "In memory a handshake is there as a whole.",
        "page plain": "A browser sends whole requests.",
        "page tidings": "A browser sends whole requests.",
      },
      provoke: () => ({
        app: { endpoints: [endpoint(path, {})], limits: { handshake: "50ms" } },
        request: { bytes: `GET ${path} HTTP/1.1\r\nhost: localhost\r\n` },
      }),
    },
  ],
  upgrade_required: [
    {
      when: "it is another version of the WebSocket protocol",
      happens: "before",
      message: "Only version 13 of the WebSocket protocol is spoken here.",
      hasNoEndpoint: true,
      impossibleFor: {
        "page plain": "A browser speaks version 13.",
        "page tidings": "A browser speaks version 13.",
      },
      provoke: () => {
        const headers = { "sec-websocket-version": "12" };
        return {
          app: { endpoints: [endpoint(path, {})] },
          request: { bytes: handshakeRequest(path, { headers }), headers },
        };
      },
    },
  ],
  header_too_large: [
    {
      when: "the request's line and headers have more than 16 KiB",
      happens: "before",
      hasNoEndpoint: true,
      impossibleFor: {
        "test plain": "In memory there are no bytes of a request to count.",
        "test tidings": "In memory there are no bytes of a request to count.",
        "test browser": "In memory there are no bytes of a request to count.",
      },
      provoke: () => ({ app: { endpoints: [endpoint(path, {})] }, path: `${path}?filler=${"x".repeat(17_000)}` }),
    },
  ],
  too_many_connections: [
    {
      when: "a user has as many as one may have",
      happens: "before",
      provoke: (ways) => ({
        app: {
          endpoints: [endpoint(path, { ...ways, auth: jwt({ secret }) })],
          limits: { connectionsPerUser: 1 },
        },
        token: good(),
        before: ({ enter }) => enter(path, { token: good() }),
      }),
    },
    {
      when: "a user who says so by message has as many as one may have",
      happens: "after",
      provoke: (ways) => ({
        app: {
          endpoints: [endpoint(path, { ...ways, auth: byMessage() }), endpoint("/ws/first", { auth: jwt({ secret }) })],
          limits: { connectionsPerUser: 1 },
        },
        token: good(),
        isTokenByMessage: true,
        before: ({ enter }) => enter("/ws/first", { token: good() }),
      }),
    },
  ],
  internal: [
    {
      when: "`allow` throws",
      happens: "before",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, allow: () => Promise.reject(new Error("broken")) })] },
      }),
    },
    {
      when: "`open` throws",
      happens: "after",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, open: () => Promise.reject(new Error("broken")) })] },
      }),
    },
  ],
  overloaded: [
    {
      when: "as many are in as may be",
      happens: "before",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways })], limits: { connections: 1 } },
        before: ({ enter }) => enter(path, {}),
      }),
    },
  ],
  draining: [
    {
      when: "the app closes",
      happens: "before",
      provoke: (ways) => {
        const gate = createGate();
        return {
          app: {
            endpoints: [endpoint(path, { ...ways }), endpoint("/ws/held", { close: () => gate.opened })],
          },
          async before({ app, enter }) {
            const held = await enter("/ws/held", {});
            void app.close();
            await held.closed;
          },
          after: gate.open,
        };
      },
    },
  ],
  unavailable: [
    {
      when: "the store of the credentials is away",
      happens: "before",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, auth: bearer({ verify: storeIsAway }) })] },
        token: "some key",
      }),
    },
    {
      when: "the check takes longer than it may",
      happens: "before",
      provoke: (ways) => ({
        app: {
          endpoints: [endpoint(path, { ...ways, allow: () => new Promise(() => {}) })],
          limits: { needs: "50ms" },
        },
        passes: "1s",
      }),
    },
    {
      when: "the store is away when a token comes by message",
      happens: "after",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, auth: bearer({ verify: storeIsAway, from: ["message"] }) })] },
        token: "some key",
        isTokenByMessage: true,
      }),
    },
  ],
  going_away: [
    {
      when: "the app closes",
      happens: "after",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, open: ({ app }) => void app.close() })] },
      }),
    },
  ],
  // A development server closes so; that it does is test/integration/dev.test.ts.
  restarting: [
    {
      when: "the server comes back at once",
      happens: "after",
      provoke: (ways) => ({
        app: {
          endpoints: [endpoint(path, { ...ways, open: ({ connection }) => connection.close(1012, "restarting") })],
        },
      }),
    },
  ],
  protocol_error: [
    {
      when: "a client of tidings.v1 says something before `connect`",
      happens: "after",
      impossibleFor: {
        "ws plain": "Only tidings.v1 begins with `connect`.",
        "test plain": "Only tidings.v1 begins with `connect`.",
        "test tidings": "It says `connect` itself.",
        "test browser": "Only tidings.v1 begins with `connect`.",
        "page plain": "Only tidings.v1 begins with `connect`.",
      },
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, ...say })] },
        isSilent: true,
        says: ['{"type":"say"}'],
      }),
    },
    {
      when: "a frame has a bit that means nothing",
      happens: "after",
      impossibleFor: onlyByBytes,
      provoke: (ways) => ({ app: { endpoints: [endpoint(path, { ...ways })] }, bytes: frame({ reserved: 1 }) }),
    },
    {
      when: "a client closes with a code that it may not send",
      happens: "after",
      impossibleFor: onlyByBytes,
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways })] },
        bytes: frame({ opcode: opcodes.close, payload: closePayload(1005) }),
      }),
    },
  ],
  unsupported_data: [
    {
      when: "a binary frame comes where messages are spoken",
      happens: "after",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways })] },
        says: [Uint8Array.of(1, 2, 3)],
      }),
    },
  ],
  invalid_data: [
    {
      when: "a text frame is not UTF-8",
      happens: "after",
      impossibleFor: onlyByBytes,
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways })] },
        bytes: frame({ payload: Uint8Array.of(0xff) }),
      }),
    },
  ],
  message_too_big: [
    {
      when: "a message is longer than it may be",
      happens: "after",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, limits: { messageSize: "1kb" } })] },
        says: ["x".repeat(1_025)],
      }),
    },
  ],
  auth_timeout: [
    {
      when: "no token comes by message",
      happens: "after",
      impossibleFor: { "test tidings": "It says `connect` at once, with the token that it has." },
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, auth: byMessage() })], limits: { auth: "50ms" } },
        isSilent: true,
        passes: "1s",
      }),
    },
  ],
  rate_limited: [
    {
      when: "somebody goes on after a warning",
      happens: "after",
      provoke: (ways) => ({
        app: { endpoints: [endpoint(path, { ...ways, ...say, limits: { messages: "1/60s", strikes: "1/60s" } })] },
        says: ['{"type":"say"}', '{"type":"say"}', '{"type":"say"}'],
      }),
    },
  ],
  ping_timeout: [
    {
      when: "nothing is heard after a ping",
      happens: "after",
      provoke: (ways) => ({
        app: {
          endpoints: [endpoint(path, { ...ways })],
          // A ping frame is answered by the other side's library, and by a browser; a message by whoever is asked to.
          heartbeat: { every: "50ms", timeout: "50ms", by: "message" },
        },
        passes: "1s",
      }),
    },
  ],
  slow_consumer: [
    {
      when: "more is sent than a socket takes meanwhile",
      happens: "after",
      provoke: (ways) => ({
        app: {
          endpoints: [
            endpoint(path, {
              ...ways,
              limits: { outbox: "1kb" },
              sends: { word: z.object({ filler: z.string() }) },
              open({ connection }) {
                // One that waits for nothing takes any frame, also more than the network does at once; the next waits.
                connection.send("word", { filler: "x".repeat(16_000_000) });
                connection.send("word", { filler: "x".repeat(2_000) });
              },
            }),
          ],
        },
      }),
    },
  ],
};

function storeIsAway(): Promise<never> {
  return Promise.reject(new Error("The store is away."));
}

const closeCodes = { unauthorized: 4001, token_expired: 4002, forbidden: 4003 };
const waysByName: readonly (readonly [name: string, ways: Ways])[] = [
  ["", {}],
  [", with close codes of its own", { closeCodes }],
  [', with `refuse: "close"`', { refuse: "close" }],
  [', with `refuse: "close"` and close codes of its own', { refuse: "close", closeCodes }],
];

/** Every row of the table in every scenario, in each of the ways in which an endpoint can say that it refuses. */
export function casesOf(table: Readonly<Record<RefusalReason, Refusal>>): readonly Case[] {
  // The table's keys are its reasons.
  return (Object.keys(table) as RefusalReason[]).flatMap((reason) =>
    scenarios[reason].flatMap((scenario) =>
      waysFor(scenario).map(([way, ways]) => ({ name: `${reason}: ${scenario.when}${way}`, reason, scenario, ways })),
    ),
  );
}

function waysFor({ happens, hasNoEndpoint }: Scenario): typeof waysByName {
  if (hasNoEndpoint === true) return waysByName.slice(0, 1);
  // How it refuses is of no account once it is accepted.
  return happens === "after" ? waysByName.slice(0, 2) : waysByName;
}
