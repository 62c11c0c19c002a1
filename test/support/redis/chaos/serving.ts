import { createApp, endpoint, type Logger } from "tidings";
import { bearer } from "tidings/auth";
import { type RedisOptions, redis } from "tidings/redis";
import { anyRate } from "../../any-rate.js";
import { answerQuestions, notice } from "./questions.js";
import { channels, meeting, say, topics } from "./topics.js";

// One process of an app, on the Redis of `BROKER` (options as JSON), which is called `NAME`.
//
// It says where it listens, what it publishes as it is acknowledged or refused, and when the broker goes and comes.

const { BROKER: broker = "", NAME: name = "" } = process.env;

const user = bearer({ from: ["message"], verify: (token: string) => ({ id: token }) });
const main = endpoint("/ws", { auth: user, channels });
const log = (fields: object): void => {
  const { event } = fields as { readonly event?: string }; // as each line has it
  if (event === "broker_away" || event === "broker_back") notice(event);
};
const logger: Logger = { debug() {}, info: log, warn: log, error: log };
const app = createApp({
  endpoints: [main],
  broker: redis(JSON.parse(broker) as RedisOptions), // as the fleet wrote it
  limits: { ...anyRate, presenceGrace: "100ms" },
  drain: { reconnectWithin: "100ms" },
  logger,
  onError: (error, { during }) => notice("failed", `${during}: ${error} ${Object(error).cause ?? ""}`),
});

let count = 0;
let streaming: NodeJS.Timeout | undefined;
const pending = new Set<Promise<unknown>>();

async function publish(topic: string): Promise<number | string | undefined> {
  count += 1;
  const n = `${name}-${count}`;
  try {
    const acknowledged = await say(app, topic, n);
    notice("acknowledged", acknowledged);
    return acknowledged.offset;
  } catch (error) {
    notice("refused");
    return String(Object(error).code);
  }
}

answerQuestions({
  stream() {
    streaming = setInterval(() => {
      const published = publish(topics[count % topics.length] ?? "").finally(() => pending.delete(published));
      pending.add(published);
    }, PUBLISH_MS);
  },
  async stop() {
    clearInterval(streaming);
    await Promise.all(pending);
  },
  /** One event on each topic: rejects where one is not taken. */
  round: () =>
    Promise.all(
      topics.map((topic) => {
        count += 1;
        return say(app, topic, `${name}-${count}`);
      }),
    ),
  /** So many at once on one topic: where each was taken, or the code it was refused with, in the order of the calls. */
  burst: (topic: string, size: number) => Promise.all(Array.from({ length: size }, () => publish(topic))),
  presence: async () => (await app.presence(meeting)).map(({ id }) => id),
});
const { url } = await app.listen(0);
notice("listening", { url, pid: process.pid });

const PUBLISH_MS = 40;
