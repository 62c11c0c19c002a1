import { type App, channel, createApp, dependency, endpoint, forbidden, TidingsError } from "tidings";
import { z } from "zod";
import { user } from "../sign-in.js";
import type { Change } from "./alerts.js";
import { Watch } from "./watch.js";

/** Five minutes of figures are kept: a page that comes begins with them. */
const figures = channel("figures", {
  events: {
    sample: z.object({
      at: z.number(),
      cpu: z.number(),
      memory: z.number(),
      requests: z.number(),
      median: z.number(),
      p95: z.number(),
    }),
  },
  history: { size: 300, ttl: "10m" },
  allow: { subscribe: true },
});

/** One for the app. It publishes, and nobody waits for that: what fails goes to the app's `onError`. */
export const watch = dependency({
  scope: "app",
  create: ({ app }) =>
    new Watch({
      onSample: (sample) => void app.publish(figures(), "sample", sample),
      onChange: (change) => void tell(app, change),
    }),
});

const alert = z.object({
  id: z.string(),
  figure: z.enum(["cpu", "memory", "p95"]),
  value: z.number(),
  at: z.number(),
  acknowledgedBy: z.string().optional(),
});

/** Who arrives, or comes back after too long, is told what stands, and then what changes. */
const alerts = channel("alerts", {
  needs: { watch },
  events: {
    raised: alert,
    acknowledged: z.object({ id: z.string(), by: z.string() }),
    eased: z.object({ id: z.string() }),
  },
  snapshot: ({ watch }) => watch.standing,
  allow: { subscribe: true },
});

function tell(app: App, change: Change): Promise<unknown> {
  switch (change.type) {
    case "raised":
      return app.publish(alerts(), "raised", change.alert);
    case "acknowledged":
      return app.publish(alerts(), "acknowledged", { id: change.id, by: change.by });
    case "eased":
      return app.publish(alerts(), "eased", { id: change.id });
  }
}

export const desk = endpoint("/ws/desk", {
  auth: user,
  needs: { watch },
  receives: { acknowledge: z.object({ alert: z.string().max(64) }) },
  channels: [figures, alerts],
  open: ({ watch }) => watch.enter(),
  on: {
    acknowledge({ user, watch }, { alert }) {
      if (user.role !== "operator") throw forbidden("Only an operator acknowledges.");
      if (!watch.acknowledge(alert, user.id)) throw new TidingsError("no_such_alert", "It does not stand any more.");
    },
  },
  close: ({ watch }) => watch.leave(),
});

export const app = createApp({ endpoints: [desk] });
