import { expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../../test/support/gate.js";
import { RecordingUpgrade } from "../../test/support/recording-upgrade.js";
import { createApp, type TidingsApp } from "../app/app.js";
import { channel } from "../declare/channel.js";
import { type AnyEndpoint, endpoint, rawEndpoint } from "../declare/endpoint.js";
import { startTestApp } from "../testing/test-app.js";

const any = z.object({});
const news = channel("news", { events: { item: z.string() } });

const start = (shape: AnyEndpoint) => startTestApp(createApp({ endpoints: [shape] }));

test("`close` runs when the handler that closed the connection is done", async () => {
  const log: string[] = [];
  const { open, opened } = createGate();
  const shape = endpoint("/ws", {
    receives: { bye: any },
    on: {
      async bye({ connection }) {
        connection.close(4000);
        await opened;
        log.push("handler is done");
      },
    },
    close() {
      log.push("close");
    },
  });
  await using server = await start(shape);
  const ana = await server.connect<typeof shape>("/ws");
  ana.send("bye");
  expect(await ana.closed).toMatchObject({ code: 4000 });
  await server.clock.advance("1s");
  open();
  await server.clock.advance("1ms");
  expect(log).toEqual(["handler is done", "close"]);
});

test("`close` runs when a synchronous handler that closed the connection has returned", async () => {
  const log: string[] = [];
  const shape = rawEndpoint("/ws", {
    text({ connection }) {
      connection.close(4000);
      log.push("handler is done");
    },
    close() {
      log.push("close");
    },
  });
  await using server = await start(shape);
  const ana = await server.connect<typeof shape>("/ws");
  ana.send("bye");
  await ana.closed;
  await server.clock.advance("1ms");
  expect(log).toEqual(["handler is done", "close"]);
});

test.each(["the peer", "a lost network"])(
  "`close` waits for the running handler when %s ends it, and for no longer than it may",
  async (who) => {
    const log: string[] = [];
    const shape = endpoint("/ws", {
      receives: { work: any },
      on: {
        async work({ connection }) {
          log.push("begun");
          await new Promise<void>((resolve) => connection.signal.addEventListener("abort", () => resolve()));
          log.push("aborted");
          await new Promise(() => {});
        },
      },
      close(_, { code }) {
        log.push(`close ${code}`);
      },
    });
    await using server = await start(shape);
    const ana = await server.connect<typeof shape>("/ws");
    ana.send("work");
    await ana.ping();
    if (who === "the peer") ana.close(4000);
    else ana.vanish();
    await server.clock.advance("4s");
    expect(log).toEqual(["begun", "aborted"]);
    expect(server.app.stats().connectionsClosed).toBe(0);
    await server.clock.advance("2s");
    expect(log).toEqual(["begun", "aborted", who === "the peer" ? "close 4000" : "close 1006"]);
    expect(server.app.stats().connectionsClosed).toBe(1);
  },
);

test("`close` runs once, after the connection left its channels, and for every `open` that began", async () => {
  const log: string[] = [];
  const { open, opened } = createGate();
  const shape = endpoint("/ws", {
    channels: [news],
    async open({ connection }) {
      log.push("open");
      await connection.join(news());
      await opened;
      log.push("open is done");
    },
    close({ connection }, { code }) {
      log.push(`close ${code} on ${connection.channels.size} channels`);
      connection.close(4001);
    },
  });
  await using server = await start(shape);
  const ana = await server.connect<typeof shape>("/ws", { as: "plain" });
  await server.clock.advance("1ms");
  ana.close(4000);
  await server.clock.advance("1ms");
  expect(log).toEqual(["open"]);
  open();
  await server.clock.advance("1ms");
  expect(log).toEqual(["open", "open is done", "close 4000 on 0 channels"]);
  expect(server.app.stats()).toMatchObject({ connections: 0, channels: 0, connectionsOpened: 1, connectionsClosed: 1 });
});

test("no `close` for a connection whose `open` did not begin", async () => {
  const log: string[] = [];
  const shape = endpoint("/ws", { open: () => log.push("open"), close: () => log.push("close") });
  const app = createApp({ endpoints: [shape] }) as TidingsApp; // what createApp makes
  await using server = await startTestApp(app);
  const upgrade = new RecordingUpgrade({ target: "/ws", headers: { "sec-websocket-protocol": "tidings.v1" } });
  await app.answer(upgrade);
  upgrade.listener?.closed(1006, "");
  await server.clock.advance("1s");
  expect(log).toEqual([]);
  expect(app.stats()).toMatchObject({ connections: 0, connectionsOpened: 1, connectionsClosed: 1 });
});

test("a client of tidings.v1 that does not greet in time is closed, and one that says something else first", async () => {
  const app = createApp({ endpoints: [endpoint("/ws", {})], limits: { auth: "3s" } }) as TidingsApp; // what createApp makes
  await using server = await startTestApp(app);
  const dial = async () => {
    const upgrade = new RecordingUpgrade({ target: "/ws", headers: { "sec-websocket-protocol": "tidings.v1" } });
    await app.answer(upgrade);
    return upgrade;
  };
  const [silent, rude] = [await dial(), await dial()];
  rude.listener?.text('{"type":"ping"}');
  await server.clock.advance("2999ms");
  expect([silent, rude].map(({ socket }) => socket.asked)).toEqual([[], ["close 1002 protocol_error"]]);
  await server.clock.advance("1ms");
  expect(silent.socket.asked).toEqual(["close 1008 auth_timeout"]);
  for (const { listener } of [silent, rude]) listener?.closed(1006, "");
});

test("what a peer said before it closed is handled, in order, and `close` comes after it", async () => {
  const log: string[] = [];
  const { open, opened } = createGate();
  const shape = endpoint("/ws", {
    receives: { say: z.number() },
    on: {
      async say(_, number) {
        if (number === 1) await opened;
        log.push(`say ${number}`);
      },
    },
    close(_, { code }) {
      log.push(`close ${code}`);
    },
  });
  await using server = await start(shape);
  const ana = await server.connect<typeof shape>("/ws");
  for (const number of [1, 2, 3]) ana.send("say", number);
  ana.close(4000);
  await ana.closed;
  await server.clock.advance("1s");
  expect(log).toEqual([]);
  open();
  await server.clock.advance("1ms");
  expect(log).toEqual(["say 1", "say 2", "say 3", "close 4000"]);
});

test("what is queued goes out before the close frame, and nothing is sent after", async () => {
  const sent: boolean[] = [];
  const shape = endpoint("/ws", {
    receives: { bye: any },
    sends: { last: z.string() },
    channels: [news],
    async open({ connection }) {
      await connection.join(news());
    },
    on: {
      bye({ app, connection }) {
        app.publish(news(), "item", "published before");
        sent.push(connection.send("last", "words"));
        connection.close(4000, "done");
        sent.push(connection.send("last", "too late"));
        app.publish(news(), "item", "published after");
      },
    },
  });
  await using server = await start(shape);
  const ana = await server.connect<typeof shape>("/ws");
  ana.send("bye");
  expect(await ana.closed).toEqual({ code: 4000, reason: "done" });
  expect(sent).toEqual([true, false]);
  expect(ana.unread.map(({ payload }) => payload)).toEqual(["published before", "words"]);
});

test("a raw connection that has closed sends nothing, and says so", async () => {
  const sent: boolean[] = [];
  const shape = rawEndpoint("/ws", {
    text({ connection }) {
      sent.push(connection.send("last words"));
      connection.close(4000);
      sent.push(connection.send("too late"), connection.send(Uint8Array.of(1)));
    },
    close({ connection }) {
      sent.push(connection.send("much too late"));
    },
  });
  await using server = await start(shape);
  const ana = await server.connect<typeof shape>("/ws");
  ana.send("bye");
  await ana.closed;
  await server.clock.advance("1ms");
  expect(sent).toEqual([true, false, false, false]);
  expect(ana.unread).toEqual(["last words"]);
});

test("a code that a server may not send is a RangeError, and closes nothing", async () => {
  const thrown: unknown[] = [];
  const shape = endpoint("/ws", {
    open({ connection }) {
      for (const code of [0, 999, 1004, 1005, 1006, 1010, 1015, 2999, 5000, 4000.5, Number.NaN]) {
        try {
          connection.close(code);
        } catch (error) {
          thrown.push(error);
        }
      }
    },
  });
  await using server = await start(shape);
  const ana = await server.connect<typeof shape>("/ws");
  await ana.ping();
  expect(thrown).toHaveLength(11);
  for (const error of thrown) expect(error).toBeInstanceOf(RangeError);
});
