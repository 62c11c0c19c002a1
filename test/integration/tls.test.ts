import { endpoint, rawEndpoint } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { tlsCertificate } from "../conformance/tls-certificate.js";
import { serve } from "../support/served-app.js";
import { dial, dialRefused } from "../support/ws-client.js";

const tls = { ca: tlsCertificate.cert, servername: "localhost" };

test("with a certificate the app speaks wss, and nothing in the clear", async () => {
  const echo = rawEndpoint("/ws/echo", {
    text: ({ connection }, text) => void connection.send(text),
    binary: ({ connection }, bytes) => void connection.send(bytes),
  });
  await using server = await serve({ endpoints: [echo] }, { tls: tlsCertificate });
  expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const client = await dial(`${server.url}/ws/echo`, { tls });
  client.sendText("over TLS");
  expect(await client.nextText()).toBe("over TLS");
  const bytes = Buffer.alloc(60_000, "x");
  client.sendBinary(bytes);
  expect(bytes.equals(Buffer.from(await client.nextFrame()))).toBe(true);
  await expect(dial(`${server.url}/ws/echo`)).rejects.toThrow("self-signed certificate");
  await expect(dial(`${server.url.replace("https", "http")}/ws/echo`)).rejects.toThrow();
  client.close(1000, "bye");
  expect(await client.closed).toEqual({ code: 1000, reason: "bye" });
});

test("checks see that it came over TLS, and a refusal is answered over it", async () => {
  const show = endpoint("/ws/show/:what", {
    allow: ({ request, params }) => params.what === request.url.protocol.replace(":", ""),
    receives: { ping2: z.object({}) },
    on: { ping2: () => "pong2" },
  });
  await using server = await serve({ endpoints: [show] }, { tls: tlsCertificate });
  const client = await dial(`${server.url}/ws/show/wss`, { tls });
  expect(await client.ask("ping2", {})).toMatchObject({ payload: "pong2" });
  const refused = await dialRefused(`${server.url}/ws/show/ws`, { tls });
  expect(refused).toMatchObject({ status: 403, body: { code: "forbidden" } });
});

test("many frames in one turn arrive whole and in order over TLS, and a close ends it", async () => {
  const burst = endpoint("/ws/burst", {
    sends: { item: z.object({ n: z.number(), text: z.string() }) },
    open({ connection }) {
      for (let n = 0; n < 200; n += 1) connection.send("item", { n, text: "x".repeat(n * 20) });
      connection.close(4000, "all");
    },
  });
  await using server = await serve({ endpoints: [burst] }, { tls: tlsCertificate });
  const client = await dial(`${server.url}/ws/burst`, { tls });
  const items = (await client.take(200)).map(({ payload }) => payload as { readonly n: number; readonly text: string });
  expect(items.map(({ n, text }) => [n, text.length])).toEqual(Array.from({ length: 200 }, (_, n) => [n, n * 20]));
  expect(await client.closed).toEqual({ code: 4000, reason: "all" });
});

test("a certificate that is none is refused at `listen`", async () => {
  const echo = rawEndpoint("/ws/echo", {});
  await expect(serve({ endpoints: [echo] }, { tls: { cert: "nonsense", key: "nonsense" } })).rejects.toThrow();
});
