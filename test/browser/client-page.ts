import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import type * as clientDoor from "../../src/client/index.js";

/** What the page has beside its own: the client, and where its token comes from. */
declare const tidings: typeof clientDoor;
declare const nextToken: () => Promise<string>;

/** A page that has nothing but a client. It lists what the client tells. */
export class ClientPage implements AsyncDisposable {
  readonly page: Page;
  readonly #server: Server;

  /** @param token asked for each time that the client wants one */
  static async open(browser: Browser, token: () => string): Promise<ClientPage> {
    const script = await bundleClient();
    const server = createServer((_, response) => {
      response.setHeader("content-type", "text/html");
      response.end(`<!doctype html><title>A page</title><ol></ol><script>${script}</script>`);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const page = await browser.newPage();
    page.setDefaultTimeout(15_000);
    await page.exposeFunction("nextToken", token);
    await page.goto(`http://127.0.0.1:${Object(server.address()).port}/`);
    return new ClientPage(page, server);
  }

  private constructor(page: Page, server: Server) {
    this.page = page;
    this.#server = server;
  }

  /** Connects, and subscribes to a channel where it is given one: its events have a `text`. */
  connect(url: string, channel?: string): Promise<void> {
    return this.page.evaluate(
      ([url, channel]) => {
        const tell = (line: string) => {
          const item = document.createElement("li");
          item.textContent = line;
          document.querySelector("ol")?.append(item);
        };
        // What the endpoint is, the page need not know here: its names are given as they are.
        const client: AnyClient = Reflect.apply(tidings.connect, undefined, [url, { token: () => nextToken() }]);
        client.onStatus((status, why) => tell(why ? `${status} ${why.code} ${why.reason}`.trim() : status));
        client.on("error", ({ code }) => tell(`error ${code}`));
        if (channel === undefined) return;
        const subscription = client.subscribe(channel, { onGap: () => tell("gap") });
        subscription.on("item", ({ text }) => tell(`heard ${text}`));
      },
      [url, channel] as const,
    );
  }

  /** Resolves when the client has told so, for the so-manieth time. */
  told(line: string, time = 1): Promise<void> {
    return this.page
      .getByText(line, { exact: true })
      .nth(time - 1)
      .waitFor();
  }

  /** All that the client has told. */
  lines(): Promise<string[]> {
    return this.page.getByRole("listitem").allTextContents();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
    this.#server.close();
  }
}

/** As the page uses it. */
interface AnyClient {
  onStatus(listener: (status: string, why: { code: number; reason: string } | undefined) => void): void;
  on(type: "error", listener: (error: { readonly code: string }) => void): void;
  subscribe(
    channel: string,
    options: { onGap: () => void },
  ): { on(type: string, listener: (payload: { readonly text: string }) => void): void };
}

async function bundleClient(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("../../src/client/index.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "tidings",
    target: "es2022",
  });
  return outputFiles[0]?.text.replaceAll("</script", "<\\/script") ?? "";
}
