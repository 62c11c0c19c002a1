// @vitest-environment happy-dom
import { type ReactNode, StrictMode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { channel, createApp, endpoint } from "tidings";
import { bearer } from "tidings/auth";
import type { ClientFor } from "tidings/client";
import { TidingsProvider, useChannel, useClient, useLast, usePresence, useStatus } from "tidings/react";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { z } from "zod";
import { browser } from "../../src/client/browser.js";
import { createConnect } from "../../src/client/connect.js";
import type { Socket } from "../../src/client/surroundings.js";

const prices = channel("prices/:symbol", {
  events: { tick: z.object({ price: z.number() }) },
  history: { size: 10, ttl: "1m" },
  presence: true,
  snapshot: () => ({ price: 1 }),
  allow: { subscribe: true },
});
const desk = endpoint("/ws", { auth: bearer({ verify: (token) => ({ id: token }) }), channels: [prices] });
const btc = prices({ symbol: "BTC" });

test("components share a client and a channel of it, and each hears until it is unmounted", async () => {
  await using app = createApp({ endpoints: [desk] });
  const url = `${(await app.listen(0)).url}/ws` as const;
  using page = new Page();

  page.show(url, [<Price key="1" />, <Price key="2" />, <Guests key="3" />]);
  await page.shows("open live 1 none, open live 1 none, 1 here: ana");
  await app.publish(btc, "tick", { price: 2 });
  await page.shows("open live 1 2, open live 1 2, 1 here: ana");

  page.show(url, [<Price key="2" />]);
  await page.shows("open live 1 2, ");
  await app.publish(btc, "tick", { price: 3 });
  await page.shows("open live 1 3, ");

  page.show(url, [<Price key="1" />]);
  await page.shows("open live 1 none, ");
  expect(app.stats()).toMatchObject({ connectionsOpened: 1, connections: 1 });
});

test("a page that is left leaves no connection behind", async () => {
  await using app = createApp({ endpoints: [desk] });
  const url = `${(await app.listen(0)).url}/ws` as const;
  const clients: ClientFor<typeof desk>[] = [];
  {
    using page = new Page();
    page.show(url, <Price />, clients);
    await page.shows("open live 1 none, ");
  }
  expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual([{ code: 1000, reason: "" }]);
});

const connect = createConnect({
  ...browser,
  // happy-dom's own would ask Node's, which not all versions have.
  open: (url, protocols) => new WebSocket(url, [...protocols]) as Socket,
});

function Price() {
  const client = useClient<typeof desk>();
  const { status, state, subscription } = useChannel(client, "prices/:symbol", { symbol: "BTC" }, { onGap() {} });
  return `${useStatus(client)} ${status} ${state?.price} ${useLast(subscription, "tick")?.price ?? "none"}, `;
}

function Guests() {
  const { members, count } = usePresence(useClient<typeof desk>(), "prices/:symbol", { symbol: "BTC" });
  return `${count} here: ${members.map(({ id }) => id).join(" ")}`;
}

/** A page in strict mode, which nobody holds up: React renders when it will. */
class Page {
  readonly #element = document.createElement("main");
  readonly #root: Root = createRoot(this.#element);

  show(url: `${string}/ws`, content: ReactNode, clients: ClientFor<typeof desk>[] = []): void {
    const dial = () => {
      const client = connect<typeof desk>(url, { token: "ana" });
      clients.push(client);
      return client;
    };
    this.#root.render(
      <StrictMode>
        <TidingsProvider connect={dial}>{content}</TidingsProvider>
      </StrictMode>,
    );
  }

  /** Resolves when this is what it shows. */
  shows(text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.#element.textContent !== text) return;
        observer.disconnect();
        resolve();
      };
      const observer = new MutationObserver(look);
      observer.observe(this.#element, { childList: true, characterData: true, subtree: true });
      look();
    });
  }

  [Symbol.dispose](): void {
    this.#root.unmount();
  }
}
