import { Validator } from "@seriousme/openapi-schema-validator";
import { channel, createApp, endpoint } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { createShowcase } from "../../examples/showcase/app.js";
import { bodyBreach } from "../openapi/answers.js";
import { apiApp } from "../support/api-app.js";
import { apiKey } from "../support/api-client.js";
import { LogRecorder } from "../support/log-recorder.js";
import { serve } from "../support/served-app.js";

const leaf = z.object({
  name: z.string(),
  get kids() {
    return z.array(leaf).optional();
  },
});
/** Schemas that are written otherwise in draft 07 than in 2020-12, and such as need a name. */
const odd = channel("odd/:what", {
  events: {
    pair: z.tuple([z.string(), z.number()]),
    many: z.tuple([z.string()], z.number()),
    tree: leaf,
    at: z.object({ when: z.iso.datetime(), by: z.string().meta({ examples: ["ana"] }) }),
    bare: z.object({}),
    "*": z.unknown(),
  },
});
const nothing = channel("nothing", { events: {} });
const oddApp = () =>
  createApp({ ...apiApp(), endpoints: [endpoint("/ws", { channels: [odd, nothing] })], logger: new LogRecorder() });

test.each([
  ["an app with channels of many kinds", () => createApp(apiApp())],
  ["odd schemas", oddApp],
  ["no endpoints", () => createApp({ endpoints: [] })],
  ["the showcase", () => createShowcase()],
])("the document of %s is OpenAPI 3.1, by its official schema", async (_what, create) => {
  const document = create().openapi();
  const { valid, errors } = await new Validator().validate(
    structuredClone(document) as object as Record<string, unknown>,
  );
  expect([valid, errors]).toEqual([true, undefined]);
  expect(document.openapi).toBe("3.1.0");
  // Whatever is referred to is there.
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)].map(([, pointer = ""]) => pointer);
  for (const ref of new Set(refs)) {
    const steps = ref
      .split("/")
      .slice(1)
      .map((step) => decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~"));
    const found = steps.reduce<unknown>((at, step) => Object(at)[step], document);
    expect(found, ref).toBeDefined();
  }
});

test("it knows what fits each event of each channel", () => {
  const document = oddApp().openapi();
  const breach = (what: string, type: string, payload: unknown) =>
    bodyBreach(document, "/api/publish", { channel: `odd/${what}`, type, payload });
  for (const [type, payload] of [
    ["pair", ["a", 1]],
    ["many", ["a", 1, 2, 3]],
    ["tree", { name: "a", kids: [{ name: "b", kids: [] }] }],
    ["at", { when: "2026-01-02T03:04:05Z", by: "x" }],
    ["anything.else", [null]],
  ] as const) {
    expect(breach("a", type, payload), type).toBeUndefined();
  }
  for (const [type, payload] of [
    ["pair", ["a", "b"]],
    ["many", ["a", "b"]],
    ["tree", { name: "a", kids: [{ nome: "b" }] }],
    ["at", { when: "today", by: "x" }],
    ["*", {}],
    ["no type", {}],
  ] as const) {
    expect(breach("a", type, payload), type).toBeDefined();
  }
  expect(breach("a/b", "bare", {})).toBeDefined();
  expect(bodyBreach(document, "/api/publish", { channel: "odd/a", type: "bare" })).toBeUndefined();
  expect(bodyBreach(document, "/api/publish", { channel: "odd/a", type: "bare", exept: "c" })).toBeDefined();
  expect(
    bodyBreach(document, "/api/publish/batch", { items: [{ channel: "odd/a", type: "pair", payload: ["a", 1] }] }),
  ).toBeUndefined();
  expect(
    bodyBreach(document, "/api/publish/batch", { items: [{ channel: "odd/a", type: "pair", payload: [] }] }),
  ).toBeDefined();
});

test("it is served where the API is, as the app gives it, and is not sent again to who has it", async () => {
  await using server = await serve(apiApp({ info: { title: "Chat", version: "1.2.3", description: "Words." } }));
  const answer = await fetch(`${server.url}/openapi.json`);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json; charset=utf-8"]);
  const document = await answer.json();
  expect(document).toEqual(server.app.openapi());
  expect(document.info).toMatchObject({
    title: "Chat",
    version: "1.2.3",
    description: expect.stringContaining("Words."),
  });
  const again = await fetch(`${server.url}/openapi.json`, {
    headers: { "if-none-match": answer.headers.get("etag") ?? "" },
  });
  expect(again.status).toBe(304);
  expect(JSON.stringify(document)).not.toContain(apiKey);
});
