import { buildPage } from "../../examples/showcase/build-page.js";
import { type ServerOptions, startServer } from "../../examples/showcase/server.js";
import { linkWith, signTokens } from "../../examples/showcase/tokens.js";
import { LogRecorder } from "../support/log-recorder.js";

/** The showcase in the test's own process. Disposing of it drains it. */
export interface ServedShowcase extends AsyncDisposable {
  /** Such as `http://127.0.0.1:49152`. */
  readonly url: string;
  /** The links to the page, by who they are for: alice, bob, admin. */
  readonly links: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function serveShowcase(options: Partial<ServerOptions> = {}): Promise<ServedShowcase> {
  await buildPage();
  const server = await startServer({ port: 0, logger: new LogRecorder(), ...options });
  const tokens = await signTokens();
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= server.close();
    return closed;
  };
  return {
    url: server.url,
    links: Object.fromEntries(tokens.map(({ sub, token }) => [sub, linkWith(token, `${server.url}/`)])),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The same link, to a room of its own or by another server's address. */
export function linkTo(link: string | undefined, { room, url }: { room?: string; url?: string }): string {
  const to = new URL(link ?? "");
  if (room !== undefined) to.hash += `&room=${encodeURIComponent(room)}`;
  return url === undefined ? to.href : to.href.replace(to.origin, url);
}
