import type { Browser, BrowserContext, Locator, Page, ViewportSize } from "playwright-core";

/** Somebody at the page, in a browser profile of their own. */
export class Visitor implements AsyncDisposable {
  readonly page: Page;
  /** What the page did wrong: errors thrown, and what the console shows as one, such as a broken policy. */
  readonly faults: string[] = [];
  readonly #context: BrowserContext;

  static async open(
    browser: Browser,
    link: string | undefined,
    viewport: ViewportSize = { width: 800, height: 700 },
  ): Promise<Visitor> {
    const context = await browser.newContext({ viewport });
    const visitor = new Visitor(context, await context.newPage());
    await visitor.page.goto(link ?? "");
    return visitor;
  }

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") this.faults.push(message.text());
    });
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }

  #line(text: string): Locator {
    const shown = this.page.getByText(text, { exact: true });
    return this.page.getByRole("log").getByRole("listitem").filter({ has: shown });
  }
}
