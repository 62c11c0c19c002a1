import { expect, test } from "vitest";
import { endpoint } from "../declare/endpoint.js";
import type { Schema } from "../schema/standard.js";
import { Description } from "./description.js";
import { Routes } from "./routes.js";

/** One that says nothing of itself as JSON Schema. */
const mute: Schema = { "~standard": { version: 1, vendor: "mute", validate: (value) => ({ value }) } };

const say = endpoint("/ws", { receives: { say: mute }, on: { say: () => null } });

test("a document is made once, and what is wrong with it told once; where it is reached differs", () => {
  const warnings: string[] = [];
  const routes = new Routes({ endpoints: [say] });
  let asked = 0;
  const description = new Description({
    info: { title: "Chat" },
    routes: () => {
      asked += 1;
      return routes;
    },
    onWarning: ({ code }) => warnings.push(code),
  });
  const here = description.reachedAt([{ host: "a.example", protocol: "wss" }]);
  const there = description.reachedAt([{ host: "b.example:8000", protocol: "ws" }]);
  expect(asked).toBeGreaterThan(0);
  expect(Object.values(here.servers ?? {})).toMatchObject([{ host: "a.example", protocol: "wss" }]);
  expect(Object.values(there.servers ?? {})).toMatchObject([{ host: "b.example:8000", protocol: "ws" }]);
  expect(here.channels).toBe(there.channels);
  expect(description.reachedAt([]).servers).toBeUndefined();
  expect(warnings).toEqual(["no_json_schema"]);
});

test("when the app starts anew with other limits it is made anew, and nobody is warned again", () => {
  const warnings: string[] = [];
  let routes = new Routes({ endpoints: [say] });
  const description = new Description({
    info: undefined,
    routes: () => routes,
    onWarning: ({ code }) => warnings.push(code),
  });
  const before = description.reachedAt([]);
  routes = new Routes({ endpoints: [say], limits: { messageSize: "1kb" } });
  const after = description.reachedAt([]);
  expect(JSON.stringify(before)).toContain('"messageSize":65536');
  expect(JSON.stringify(after)).toContain('"messageSize":1024');
  expect(warnings).toEqual(["no_json_schema"]);
});
