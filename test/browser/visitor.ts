import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import type { Arrival } from "../support/ws-client.js";

export interface VisitorOptions {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: "light" | "dark";
}

/** Somebody at the page, in a browser profile of their own. */
export class Visitor implements AsyncDisposable {
  readonly page: Page;
  /** What the page did wrong: errors thrown, and what the console shows as one, such as a broken policy. */
  readonly faults: string[] = [];
  /** All messages that came, over all connections. */
  readonly heard: Arrival[] = [];
  readonly #context: BrowserContext;

  static async open(browser: Browser, link: string | undefined, options: VisitorOptions = {}): Promise<Visitor> {
    const { viewport = { width: 1_100, height: 800 }, colorScheme = "light" } = options;
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
    const visitor = new Visitor(context, await context.newPage());
    await visitor.page.goto(link ?? "");
    return visitor;
  }

  /** Resolves when they are in the room. */
  static async enter(browser: Browser, link: string | undefined, options?: VisitorOptions): Promise<Visitor> {
    const visitor = await Visitor.open(browser, link, options);
    await visitor.page.getByText(/^You are in /).waitFor();
    return visitor;
  }

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.setDefaultTimeout(15_000);
    page.on("websocket", (socket) => {
      socket.on("framereceived", ({ payload }) => this.heard.push(JSON.parse(String(payload))));
    });
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") this.faults.push(message.text());
    });
  }

  /** A second tab, of the same profile. */
  async openTab(link: string | undefined): Promise<Page> {
    const page = await this.#context.newPage();
    await page.goto(link ?? "");
    return page;
  }

  isIn(room: string, name: string): Promise<void> {
    return this.page.getByText(`You are in ${room} as ${name}`, { exact: true }).waitFor();
  }

  async say(text: string): Promise<void> {
    await this.page.getByLabel("Message", { exact: true }).fill(text);
    await this.page.keyboard.press("Enter");
  }

  message(from: string, text: string): Locator {
    return this.#line(text).filter({ has: this.page.getByText(from, { exact: true }) });
  }

  notice(text: string): Locator {
    return this.#line(text);
  }

  /** What is said in the room, and what has happened there, in order. */
  lines(): Promise<string[]> {
    return this.page.getByRole("log", { name: "Messages" }).locator("li > span").allTextContents();
  }

  /** Resolves when the journal of the connection has a line that says so. */
  noted(text: string | RegExp): Promise<void> {
    return this.journal.getByText(text).first().waitFor();
  }

  /** The offsets of the events that came of a channel, in order. */
  offsetsOn(channel: string): number[] {
    const events = this.heard.filter((each) => each.channel === channel && "offset" in each);
    return events.map((each) => Number(Object(each).offset));
  }

  get journal(): Locator {
    return this.page.getByRole("log", { name: "What happened to the connection" });
  }

  async cutLine(): Promise<void> {
    await this.page.getByRole("switch", { name: "Cut the line", checked: false }).click();
    await this.page.getByText("Reconnecting…", { exact: true }).waitFor();
  }

  async mendLine(): Promise<void> {
    await this.page.getByRole("switch", { name: "Cut the line", checked: true }).click();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }

  #line(text: string): Locator {
    const shown = this.page.getByText(text, { exact: true });
    return this.page.getByRole("log", { name: "Messages" }).getByRole("listitem").filter({ has: shown });
  }
}
