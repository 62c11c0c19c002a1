import { createDashboard, type Dashboard } from "../dashboard/dashboard.js";
import type { App, AppHost } from "../declare/app.js";
import type { Asked } from "../http/asked.js";
import type { PageDoor } from "../http/page-door.js";
import { unauthorized } from "../protocol/tidings-error.js";
import { type FoundRoute, Routes } from "./routes.js";

/** The dashboard's endpoint, beside the app's own: who comes to it comes by a page's door. */
export class ServedDashboard {
  /** Connection → asks at the door again. */
  readonly #entered = new Map<string, () => Promise<void>>();
  readonly #dashboard: Dashboard = createDashboard({
    mayStay: (connection) => this.#askAgain(connection),
    left: (connection) => this.#entered.delete(connection),
  });
  readonly routes: Routes = new Routes({ endpoints: [this.#dashboard.endpoint] });

  /** The app has started. */
  begin(app: App, host: AppHost): void {
    this.#dashboard.begin(app, host);
  }

  /** Undefined where it is not there for them. */
  find(path: string, asked: Asked, door: PageDoor | undefined): FoundRoute | undefined {
    const found = this.routes.find(path);
    if (found === undefined || door?.isThere("dashboard", asked) !== true) return undefined;
    return {
      ...found,
      enter: async ({ target, rawHeaders, address, isSecure }, connection) => {
        // Not the upgrade itself, which holds a stream.
        const ask = () => door.enterSocket("dashboard", { target, rawHeaders, address, isSecure });
        await ask();
        this.#remember(connection, ask);
      },
    };
  }

  #remember(connection: string, ask: () => Promise<void>): void {
    this.#entered.set(connection, ask);
    // Some hang up before they have come in: nobody tells of those.
    const [oldest] = this.#entered.size > REMEMBERED ? this.#entered.keys() : [];
    if (oldest !== undefined) this.#entered.delete(oldest);
  }

  async #askAgain(connection: string): Promise<void> {
    const ask = this.#entered.get(connection);
    if (ask === undefined) throw unauthorized();
    await ask();
  }
}

/** More than there can be at a time. */
const REMEMBERED = 200;
