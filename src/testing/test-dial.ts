import type { TidingsApp } from "../app/app.js";
import type { CredentialWay, TokenPlace } from "../declare/credential.js";
import { tidingsV1 } from "../protocol/subprotocol.js";
import { dialMemory, type MemoryAnswer, type MemoryDial } from "../transport/memory.js";
import { FramesEnd } from "./frames-end.js";
import { MessagesEnd } from "./messages-end.js";
import { RefusedError } from "./refused-error.js";
import type { TestPosition } from "./test-channels.js";

/** What `connect` takes beside the path. */
export interface TestConnectOptions {
  /** Goes where the endpoint looks first, of the places such a client has: a browser can set no headers. */
  token?: string | undefined;
  /** Name → value. */
  cookies?: Readonly<Record<string, string>> | undefined;
  /** Of the page, where it is a browser. Default: the server's own, `http://localhost`. */
  origin?: string | undefined;
  /** Names in lower case. */
  headers?: Readonly<Record<string, string>> | undefined;
  /**
   * What connects: our client (`"tidings"`, the default for endpoints that speak messages), any other program
   * (`"plain"`, the default for raw ones), or a page in a browser, which can set no headers and is shown no HTTP status.
   */
  as?: "tidings" | "plain" | "browser" | undefined;
  /**
   * Where our client stood when its last connection ended, by the channel's name: `{ "prices/BTC": { epoch, offset } }`. It
   * counts for the server's first join of each. A TypeError for other clients, which give it to `subscribe`.
   */
  since?: Readonly<Record<string, TestPosition>> | undefined;
  /** False: it takes nothing from its socket until `startReading()`. Default: true. */
  reading?: boolean | undefined;
  /** False: it answers no pings, as if the network were gone. Default: true. */
  answersPings?: boolean | undefined;
  /** The peer's address. Default `"127.0.0.1"`. */
  address?: string | undefined;
}

/** Connects in memory, through the same checks as a real socket. */
export async function connect(
  app: TidingsApp,
  target: string,
  options: TestConnectOptions = {},
): Promise<FramesEnd | MessagesEnd> {
  const route = app.routeAt(target.split("?", 1)[0] ?? target);
  const isRaw = route?.endpoint.speaks.kind === "frames";
  const client = options.as ?? (isRaw ? "plain" : "tidings");
  if (options.since !== undefined && (isRaw || client !== "tidings")) throw new TypeError(ONLY_OUR_CLIENT);
  const place = options.token === undefined ? undefined : placeFor(route, client);
  const dial = dialFor(target, options, client, place, route?.endpoint.subprotocols ?? []);
  const answer = await dialMemory((upgrade) => void app.answer(upgrade), dial);
  if ("refused" in answer) throw refusedBy(answer, client, target);
  const isOurClient = answer.subprotocol === tidingsV1;
  const end = isRaw ? new FramesEnd(answer.peer) : new MessagesEnd(answer.peer, isOurClient);
  if (options.answersPings === false) end.ignorePings();
  const token = place?.place === "message" ? options.token : undefined;
  if (end instanceof MessagesEnd && isOurClient) await admitted(end, end.greet(token, options.since), target);
  else if (end instanceof MessagesEnd && token !== undefined) await admitted(end, end.authenticate(token), target);
  if (options.reading === false) end.stopReading();
  return end;
}

const ONLY_OUR_CLIENT =
  "`since` is what our client says when it connects: leave `as` out, or give it to `subscribe`. Frames have none.";

type ServedRoute = NonNullable<ReturnType<TidingsApp["routeAt"]>>;
type ClientKind = NonNullable<TestConnectOptions["as"]>;
type Place = Pick<CredentialWay, "place" | "cookie">;

/** The first place that an endpoint looks at and such a client has. */
function placeFor(route: ServedRoute | undefined, client: ClientKind): Place {
  const isBrowser = client === "browser";
  const isWithin = ({ place }: Place) => {
    if (place === "header") return !isBrowser;
    // A browser fails where it offers subprotocols and the server selects none of them.
    if (place === "subprotocol") return !isBrowser || route?.endpoint.subprotocols.length !== 0;
    return place !== "message" || route?.endpoint.speaks.kind === "messages";
  };
  return route?.plan.ways.find(isWithin) ?? { place: isBrowser ? "query" : "header" };
}

function dialFor(
  target: string,
  { token = "", headers, cookies, origin, address }: TestConnectOptions,
  client: ClientKind,
  at: Place | undefined,
  own: readonly string[],
): MemoryDial {
  const isAt = (place: TokenPlace) => at?.place === place;
  const protocols = [
    ...(client === "tidings" ? [tidingsV1] : []),
    ...(client === "browser" && isAt("subprotocol") ? own : []),
    ...(isAt("subprotocol") ? [`bearer.${Buffer.from(token).toString("base64url")}`] : []),
  ];
  const all = { ...cookies, ...(isAt("cookie") && at?.cookie !== undefined && { [at.cookie]: token }) };
  const cookie = Object.entries(all).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return {
    target: isAt("query") ? withToken(target, token) : target,
    address,
    headers: {
      ...(protocols.length > 0 && { "sec-websocket-protocol": protocols.join(", ") }),
      ...(isAt("header") && { authorization: `Bearer ${token}` }),
      ...(cookie.length > 0 && { cookie: cookie.join("; ") }),
      ...((client === "browser" || origin !== undefined) && { origin: origin ?? "http://localhost" }),
      ...headers,
    },
  };
}

/** A close before the answer is a refusal. */
async function admitted(end: MessagesEnd, answered: Promise<unknown>, target: string): Promise<void> {
  try {
    await answered;
  } catch {
    const { code, reason } = await end.closed;
    const message = `${target} was closed at once: ${code} ${reason}.`;
    throw new RefusedError({ status: 101, code: reason, closeCode: code, message });
  }
}

function refusedBy(
  { refused }: Extract<MemoryAnswer, { refused: unknown }>,
  client: ClientKind,
  target: string,
): RefusedError {
  if (client === "browser") {
    const message = `${target} was refused, and a page is told no more than 1006.`;
    return new RefusedError({ status: undefined, code: undefined, closeCode: 1006, message });
  }
  const { status, headers } = refused;
  const { code, message } = JSON.parse(refused.body) as { readonly code: string; readonly message: string };
  const told = `${target} was refused: ${status} ${code}. ${message}`;
  return new RefusedError({ status, code, closeCode: 1006, headers, message: told });
}

function withToken(target: string, token: string): string {
  return `${target}${target.includes("?") ? "&" : "?"}token=${encodeURIComponent(token)}`;
}
