import axe from "axe-core";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import type { VisitorOptions } from "./visitor.js";

/** Somebody at the console of an app, in a browser profile of their own. */
export class ConsoleVisitor implements AsyncDisposable {
  readonly page: Page;
  /** What the page did wrong: errors thrown, and what a browser complains of, such as a broken policy. */
  readonly faults: string[] = [];
  readonly #context: BrowserContext;

  /** @param link to the console, with a token or an endpoint behind it where one is wanted */
  static async open(browser: Browser, link: string, options: VisitorOptions = {}): Promise<ConsoleVisitor> {
    const { viewport = { width: 1_400, height: 900 }, colorScheme = "light" } = options;
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
    const visitor = new ConsoleVisitor(context, await context.newPage());
    await visitor.page.goto(link);
    await visitor.page.getByRole("heading", { name: "Connections" }).waitFor();
    return visitor;
  }

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("console", (message) => {
      // That a dial was refused, the page says itself.
      if (message.type() === "error" && !/WebSocket connection to/.test(message.text()))
        this.faults.push(message.text());
    });
  }

  async choose(path: string): Promise<void> {
    const links = this.page.getByRole("navigation").getByRole("link");
    await links.filter({ has: this.page.getByText(path, { exact: true }) }).click();
    await this.page.getByRole("heading", { level: 1, name: path, exact: true }).waitFor();
  }

  get connectButton(): Locator {
    return this.page.getByRole("button", { name: "Connect", exact: true });
  }

  get outcome(): Locator {
    return this.page.getByRole("region", { name: "Connect", exact: true }).getByRole("status");
  }

  /** Resolves when it is open as that user. */
  async connectAs(user: string): Promise<void> {
    await this.connectButton.click();
    await this.outcome.getByText(`It is open, as ${user}.`, { exact: true }).waitFor();
  }

  get messages(): Locator {
    return this.page.getByRole("region", { name: "Messages" });
  }

  channel(pattern: string): Locator {
    return this.page.getByRole("main").getByRole("region", { name: pattern, exact: true });
  }

  connection(number: number): Locator {
    return this.page.getByRole("article", { name: `Connection ${number}`, exact: true });
  }

  /** Resolves when such a frame is in the log of a connection. */
  frame(number: number, text: string | RegExp): Locator {
    return this.connection(number).getByRole("option").filter({ hasText: text });
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** What axe calls serious or critical, and where. */
  async faultsOfAccess(): Promise<string[]> {
    // Not as a script of the page: its policy would have none of it.
    await this.page.evaluate(axe.source);
    const { violations } = (await this.page.evaluate("axe.run()")) as axe.AxeResults; // by axe's own types
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }

  /** What can be scrolled sideways, the page itself first. */
  sideways(): Promise<string[]> {
    return this.page.evaluate(() =>
      [...document.querySelectorAll("*")]
        .filter((each) => each.scrollWidth > each.clientWidth)
        .filter((each) => each === document.documentElement || /auto|scroll/.test(getComputedStyle(each).overflowX))
        .map((each) => `${each.tagName} ${each.className}: ${each.scrollWidth} in ${each.clientWidth}`),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}

/** The console of the app at that address, with somebody's token. */
export function consoleOf(url: string, token?: string): string {
  return `${url}/docs${token === undefined ? "" : `#token=${token}`}`;
}
