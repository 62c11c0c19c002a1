import type { App } from "../declare/app.js";
import type { AnyConnection } from "../declare/connection.js";
import { type Endpoint, endpoint } from "../declare/endpoint.js";
import type { EndpointLimits } from "../declare/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { DashboardContract } from "./contract.js";
import { answers, samples } from "./dashboard-channels.js";
import { type DashboardHost, Desk } from "./desk.js";
import { answerSchema, disconnectSchema, questionSchema, sampleSchema } from "./message-schemas.js";

export interface DashboardOptions {
  /** Asks anew whether who came in by this connection may: rejects with a `TidingsError` where they may not any more. */
  readonly mayStay: (connection: string) => Promise<void>;
  /** It is over. */
  readonly left: (connection: string) => void;
}

/** The server's side of an app's dashboard. Who may enter there is the app's to ask. */
export interface Dashboard {
  /** To be served with the app's own. */
  readonly endpoint: Endpoint<DashboardContract>;
  /** The app has started: from now on this process answers whoever looks, in any process, until it closes. */
  begin(app: Pick<App, "publish">, host: DashboardHost): void;
}

export function createDashboard({ mayStay, left }: DashboardOptions): Dashboard {
  let desk: Desk | undefined;
  const present = (): Desk => {
    if (desk === undefined) throw new TidingsError("unavailable");
    return desk;
  };
  // Whom the guard let in an hour ago it may not let in now.
  const asked = async (connection: AnyConnection): Promise<Desk> => {
    try {
      await mayStay(connection.id);
    } catch (error) {
      connection.close(1008, "unauthorized");
      throw error;
    }
    return present();
  };
  return {
    begin: (app, host) => {
      desk = new Desk({ app, host });
    },
    endpoint: endpoint("/dashboard/live", {
      channels: [samples, answers],
      receives: { ask: questionSchema, disconnect: disconnectSchema },
      sends: { sample: sampleSchema, answered: answerSchema },
      limits: LIMITS,
      open: ({ connection }) => present().enter(connection),
      on: {
        ask: async ({ connection }, question) => (await asked(connection)).ask(connection, question),
        async disconnect({ app, connection }, { user }) {
          await asked(connection);
          await app.disconnectUser(user);
        },
      },
      close({ connection }) {
        left(connection.id);
        desk?.leave(connection);
      },
    }),
  };
}

/** The app's own are for its users: this page shows whether they will do. */
const LIMITS: EndpointLimits = { messages: "20/1s", outbox: "4mb", channels: 2 };
