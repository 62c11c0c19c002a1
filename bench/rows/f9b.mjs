import { paceOf } from "../redis-benchmark.mjs";

const settings = Object.fromEntries(
  [false, true].flatMap((isKept) => {
    return [false, true].flatMap((isHeard) => {
      return [1, 64].map((inFlight) => {
        const name = `${isKept ? "kept" : "not kept"}, ${isHeard ? "one hears" : "nobody hears"}, ${inFlight} in flight`;
        return [name, { isKept, isHeard, inFlight }];
      });
    });
  }),
);

/** @type {import("./row.mjs").Row} */
export const f9b = {
  id: "F9B",
  title: "publishes of one process, beside redis-benchmark with the same command",
  figure: "publishes per second",
  contenders: Object.keys(settings),
  peerOf: () => "tidings-link",
  isEachAlone: true,
  redis: "server",
  besides: [
    { head: "redis-benchmark", of: "limit" },
    { head: "to that", of: "ratio", isRatio: true },
    { head: "per CPU second of Redis", of: "perRedisSecond" },
    { head: "redis-benchmark's", of: "limitPerRedisSecond" },
    { head: "to those", of: "redisRatio", isRatio: true },
    { head: "per CPU second of the process", of: "perCpuSecond" },
  ],
  goals: [],
  async measure(stage, contender) {
    const { isKept, isHeard, inFlight } = settings[contender];
    if (isHeard) await stage.server.ask("listen", { isKept });
    const publish = (forMs, atOnce = inFlight) => stage.server.ask("publish", { isKept, inFlight: atOnce, forMs });
    await publish(200);
    await stage.redis.ask("watch");
    await publish(0, 1);
    const { commands } = await stage.redis.ask("watched");
    if (commands.length !== 1) throw new Error(`A publish was not one command but ${JSON.stringify(commands)}`);

    const { result, cpuSeconds, redisCpuSeconds } = await stage.costOf(() => publish(500));
    const count = Math.ceil(result.published / inFlight) * inFlight;
    const before = await stage.server.ask("position");
    const limit = await stage.costOf(() => paceOf(commands[0], { port: stage.redis.port, count, inFlight }));
    const after = await stage.server.ask("position");
    // A command that Redis refuses is quick.
    if (after.offset - before.offset !== count) {
      throw new Error(`Of redis-benchmark's ${count} publishes ${after.offset - before.offset} were taken.`);
    }
    const perSecond = result.published / result.seconds;
    const perRedisSecond = result.published / redisCpuSeconds;
    const limitPerRedisSecond = count / limit.redisCpuSeconds;
    return {
      value: perSecond,
      published: result.published,
      limit: limit.result,
      ratio: perSecond / limit.result,
      perRedisSecond,
      limitPerRedisSecond,
      redisRatio: perRedisSecond / limitPerRedisSecond,
      perCpuSecond: result.published / cpuSeconds,
    };
  },
};
