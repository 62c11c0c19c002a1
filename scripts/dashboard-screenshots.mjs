import { createHmac } from "node:crypto";
import { fileURLToPath } from "node:url";
import { channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { WebSocket } from "ws";
import { z } from "zod";
import { buildPages } from "../ui/build.mjs";

const secret = "for pictures only: forty characters or more";
const names = ["ana", "ben", "chloe", "dan", "eve", "finn", "grace", "hugo", "ida", "jon", "kim", "leo"];

const news = channel("news/:desk", {
  events: { item: z.object({ n: z.number(), text: z.string() }) },
  history: { size: 100, ttl: "5m" },
});
const desk = endpoint("/ws/desks/:desk", {
  auth: jwt({ secret }),
  channels: [news],
  limits: { outbox: "256kb", messages: "5/10s" },
  receives: { say: z.object({ text: z.string() }) },
  open: ({ connection, params }) => connection.join(news(params)),
  on: { say() {} },
});

/** Writes the dashboard as it looks, light, dark and on a phone, of an app where something is wrong. */
export async function shootDashboard(browser, folder) {
  await buildPages();
  const silent = { debug() {}, info() {}, warn() {}, error: console.error };
  const app = createApp({
    endpoints: [desk],
    logger: silent,
    limits: { expiryGrace: "1h" },
    heartbeat: { every: "1h" },
  });
  const { url } = await app.listen(0);
  const crowd = new Crowd(app, url);
  try {
    const page = await open(browser, `${url}/dashboard`, { viewport: { width: 1_280, height: 1_000 } });
    await crowd.come();
    // A minute of it is as wide as the charts are.
    await page
      .getByText(/^1 min \d+ s$/)
      .first()
      .waitFor({ timeout: 90_000 });
    await shot(page, folder, "overview");
    await page.getByRole("button", { name: "Use dark colours" }).click();
    await page.getByRole("button", { name: "Use light colours" }).waitFor();
    await shot(page, folder, "overview-dark");
    await page.getByRole("button", { name: "Use light colours" }).click();
    await page.getByRole("link", { name: "Connections", exact: true }).click();
    await page.getByText("stopped reading", { exact: true }).waitFor();
    await shot(page, folder, "connections");
    await page.getByRole("row").filter({ hasText: "stopped reading" }).getByRole("link").click();
    await page.getByText(/wait for its socket/).waitFor();
    await shot(page, folder, "connection");
    const phone = { viewport: { width: 360, height: 640 }, deviceScaleFactor: 2 };
    const small = await open(browser, page.url(), phone);
    await small.getByText(/wait for its socket/).waitFor();
    await shot(small, folder, "phone");
  } finally {
    crowd.go();
    await app.close();
  }
}

/** Readers of news, of whom one has stopped reading, one says too much and one's token has expired. */
class Crowd {
  #app;
  #url;
  #sockets = [];
  #timers = [];
  #n = 0;

  constructor(app, url) {
    this.#app = app;
    this.#url = url.replace("http", "ws");
  }

  async come() {
    for (const name of names) await this.#enter(name, "sport");
    await this.#enter("expired-otto", "sport", 1);
    const chatty = await this.#enter("chatty-carl", "sport");
    const slow = await this.#enter("slow-sam", "money");
    this.#every(250, () => this.#publish("sport", 200 * (2 + Math.sin(Date.now() / 6_000))));
    this.#every(100, () => this.#publish("money", 120_000));
    this.#every(1_500, () => chatty.send(JSON.stringify({ type: "say", payload: { text: "hi" }, id: this.#n })));
    this.#every(4_000, () => this.#visit());
    this.#timers.push(setTimeout(() => slow.pause(), 25_000));
  }

  go() {
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#sockets) socket.terminate();
  }

  #every(ms, run) {
    this.#timers.push(setInterval(run, ms));
  }

  #publish(place, length) {
    this.#n += 1;
    void this.#app.publish(news({ desk: place }), "item", { n: this.#n, text: "x".repeat(Math.round(length)) });
  }

  async #visit() {
    const socket = await this.#enter(`guest-${this.#n}`, "sport");
    this.#timers.push(setTimeout(() => socket.close(1000), 7_000));
  }

  #enter(sub, place, lifeSeconds = 3_600) {
    const exp = Math.floor(Date.now() / 1_000) + lifeSeconds;
    const socket = new WebSocket(`${this.#url}/ws/desks/${place}?token=${sign({ sub, exp })}`);
    socket.on("error", () => {}); // it is told by the dashboard
    this.#sockets.push(socket);
    return new Promise((resolve) => socket.once("open", () => resolve(socket)));
  }
}

function sign(claims) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${encode({ alg: "HS256" })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

async function open(browser, link, options) {
  const context = await browser.newContext({ reducedMotion: "reduce", colorScheme: "light", ...options });
  const page = await context.newPage();
  await page.goto(link);
  return page;
}

async function shot(page, folder, name) {
  const path = fileURLToPath(new URL(`dashboard-${name}.png`, folder));
  await page.screenshot({ path });
  console.log(path);
}
