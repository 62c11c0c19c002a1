import { createDashboard } from "../dashboard/dashboard.js";
import type { App, AppHost } from "../declare/app.js";
import type { Asked } from "../http/asked.js";
import type { PageDoor } from "../http/page-door.js";
import { type FoundRoute, Routes } from "./routes.js";

/** The dashboard's endpoint, beside the app's own: who comes to it comes by a page's door. */
export class ServedDashboard {
  readonly #dashboard = createDashboard();
  readonly routes: Routes = new Routes({ endpoints: [this.#dashboard.endpoint] });

  /** The app has started. */
  begin(app: App, host: AppHost): void {
    this.#dashboard.begin(app, host);
  }

  /** Undefined where it is not there for them. */
  find(path: string, asked: Asked, door: PageDoor | undefined): FoundRoute | undefined {
    const found = this.routes.find(path);
    if (found === undefined || door?.isThere("dashboard", asked) !== true) return undefined;
    return { ...found, enter: (upgrade) => door.enterSocket("dashboard", upgrade) };
  }
}
