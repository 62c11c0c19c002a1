import { channel, createApp, endpoint } from "tidings";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { TidingsApp } from "../../src/app/app.js";
import { RecordingUpgrade } from "../support/recording-upgrade.js";

const events = { item: z.object({ number: z.number() }) };
const history = { size: 100, ttl: "5m" } as const;

/** An endpoint that joins everybody to its channel. */
function feedOf(options: {
  readonly history?: typeof history;
  readonly presence?: true;
  readonly overflow?: "drop-oldest";
}) {
  const news = channel("news/:topic", { events, ...options });
  const feed = endpoint("/feed/:topic", {
    channels: [news],
    open({ connection, params }) {
      connection.join(news(params));
    },
  });
  return { news, feed };
}

const PUBLISHES = 32;
const SUBSCRIBERS = 100;

test.each([
  ["that keeps nothing", {}],
  ["with history", { history }],
  ["with presence", { presence: true }],
  ["that drops its oldest", { overflow: "drop-oldest" }],
] as const)(
  "32 publishes in one turn to 100 subscribers of a channel %s are 32 encodings and 100 writes",
  async (_, options) => {
    const { news, feed } = feedOf(options);
    const app = createApp({ endpoints: [feed] });
    await using server = await startTestApp(app);
    const sockets = await Promise.all(
      Array.from({ length: SUBSCRIBERS }, async () => {
        const upgrade = new RecordingUpgrade({ target: "/feed/a" });
        if (app instanceof TidingsApp) await app.answer(upgrade);
        return upgrade;
      }),
    );
    await server.clock.advance("1ms");
    expect(app.stats()).toMatchObject({ connections: SUBSCRIBERS, channels: 1, writes: 0, framesEncoded: 0 });

    const published = Array.from({ length: PUBLISHES }, (_, number) =>
      app.publish(news({ topic: "a" }), "item", { number }),
    );
    expect(sockets.flatMap(({ socket }) => socket.writes)).toEqual([]);
    await Promise.all(published);
    await server.clock.advance("1ms");

    expect(app.stats()).toMatchObject({
      eventsPublished: PUBLISHES,
      framesEncoded: PUBLISHES,
      writes: SUBSCRIBERS,
    });
    for (const { socket } of sockets) expect(socket.writes).toHaveLength(1);
    const [first, ...others] = sockets.map(({ socket }) => socket.writes[0]);
    for (const written of others) expect(written).toBe(first);
    expect(sockets[0]?.socket.texts.map((text) => JSON.parse(text))).toEqual(
      Array.from({ length: PUBLISHES }, (_, number) => ({
        ...{ type: "item", channel: "news/a", payload: { number } },
        ...("history" in options && { offset: number + 1 }),
      })),
    );
    expect(app.stats().bytesWritten).toBe(SUBSCRIBERS * Number(first?.byteLength));
    for (const { listener } of sockets) listener?.closed(1006, "");
  },
);

test("publishing to a channel that nobody is on encodes no frame", async () => {
  const { news, feed } = feedOf({ history });
  const app = createApp({ endpoints: [feed] });
  await using _ = await startTestApp(app);
  await app.publish(news({ topic: "a" }), "item", { number: 1 });
  expect(app.stats()).toMatchObject({ eventsPublished: 1, framesEncoded: 0, writes: 0 });
});
