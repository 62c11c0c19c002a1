import { RedisClient, type RedisClientOptions } from "redis";

/** Without the commands of modules, functions and scripts, which nobody needs here. */
export type DialledClient = ReturnType<ReturnType<typeof RedisClient.factory<None, None, None, 3>>>;
type None = Record<string, never>;

/** A client of node-redis that connects once, and does not come back by itself. */
export function createDialledClient(options: RedisClientOptions, patienceMs: number): DialledClient {
  return createPlainClient({
    ...options,
    ...protocol,
    // Of a socket by its path there is no address; what is said of it otherwise is the same.
    socket: { ...options.socket, connectTimeout: patienceMs, reconnectStrategy: false } as ClientSocket,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_IN_FLIGHT,
    // A timer for each command costs more than the command; silence is found out for all of them together.
    commandOptions: { timeout: 0 },
    maintNotifications: "disabled",
    // A user who may do just what is needed may not say this.
    disableClientInfo: true,
  });
}

/** So many wait for their answers, where a server is silent and has not been found to be away. One more is refused. */
const MAX_IN_FLIGHT = 50_000;

type ClientSocket = NonNullable<RedisClientOptions["socket"]>;

/** What is published comes over the connection that commands go by. */
const protocol = { RESP: 3 } as const;

/** One class for all of them: `createClient` makes one for each set of options, with all of Redis's commands, in 40 ms. */
const createPlainClient: (options: RedisClientOptions) => DialledClient = RedisClient.factory(protocol);
