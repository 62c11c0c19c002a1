import axe from "axe-core";
import type { Browser, Locator, Page } from "playwright-core";

export interface OpenOptions {
  /** Default: light. */
  readonly colorScheme?: "light" | "dark";
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** The narrowest that a page is for. */
export const phone = { width: 360, height: 640 };

/**
 * An example's page in a browser profile of its own. Disposing of it fails for whatever the page did wrong: what it threw,
 * and what its console shows as an error, such as a broken policy.
 */
export class OpenedPage implements AsyncDisposable {
  readonly page: Page;
  readonly #faults: string[] = [];

  static async open(browser: Browser, url: string, { colorScheme, viewport }: OpenOptions = {}): Promise<OpenedPage> {
    const context = await browser.newContext({
      colorScheme: colorScheme ?? "light",
      viewport: viewport ?? { width: 1_000, height: 720 },
      reducedMotion: "reduce",
    });
    const opened = new OpenedPage(await context.newPage());
    await opened.page.goto(url);
    return opened;
  }

  private constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => this.#faults.push(String(error)));
    page.on("console", (message) => {
      // A server that is away can't be dialled: the browser says so, and the page can't keep it from that.
      if (message.type() === "error" && !message.text().includes("ERR_CONNECTION_REFUSED"))
        this.#faults.push(message.text());
    });
  }

  /** Resolves when it shows this. */
  async shows(text: string | RegExp): Promise<void> {
    await this.page.getByText(text, { exact: true }).first().waitFor();
  }

  /** Fills in a field by its label, and sends it by the keyboard. */
  async enter(label: string, text: string): Promise<void> {
    await this.field(label).fill(text);
    await this.field(label).press("Enter");
  }

  field(label: string): Locator {
    return this.page.getByLabel(label, { exact: true });
  }

  press(button: string): Promise<void> {
    return this.page.getByRole("button", { name: button, exact: true }).click();
  }

  /** Resolves when it is connected, after it was not. Where it waits to dial it is told to do so now. */
  async connectsAgain(): Promise<void> {
    await this.page.evaluate(() => document.querySelector<HTMLElement>(".status + button")?.click());
    await this.shows("Connected");
  }

  /** What axe finds, and what can be scrolled sideways: nothing, where all is well. */
  async flaws(): Promise<readonly string[]> {
    // Not as a script of the page: its policy would have none of it.
    await this.page.evaluate(axe.source);
    const { violations } = (await this.page.evaluate("axe.run()")) as axe.AxeResults; // by axe's own types
    const sideways = await this.page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth > clientWidth ? [`${scrollWidth} px in ${clientWidth}`] : [];
    });
    return [...violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`)), ...sideways];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
    if (this.#faults.length > 0) throw new Error(`The page went wrong: ${this.#faults.join(" · ")}`);
  }
}
