import { expect, test } from "vitest";
import { endpoint } from "../declare/endpoint.js";
import { Description } from "./description.js";
import { Routes } from "./routes.js";

const HERE = [{ host: "a.example", protocol: "wss" }] as const;

test("what can't be described is told once", () => {
  const silent = { "~standard": { version: 1, vendor: "nobody", validate: () => ({ value: 1 }) } } as const;
  const routes = () => new Routes({ endpoints: [endpoint("/ws", { sends: { a: silent } })] });
  const told: string[] = [];
  const onWarning = ({ code }: { readonly code: string }) => told.push(code);
  const description = new Description({ info: () => undefined, routes, onWarning });
  for (let times = 0; times < 2; times += 1) description.reachedAt([]);
  expect(told).toEqual(["no_json_schema"]);
});

test("without servers it is the same object, until there is another endpoint", () => {
  let routes = new Routes({ endpoints: [endpoint("/one", {})] });
  const description = new Description({ info: () => undefined, routes: () => routes, onWarning: () => {} });
  const first = description.reachedAt([]);
  const here = description.reachedAt(HERE);
  expect(description.reachedAt([])).toBe(first);
  expect(here).toEqual({ ...first, servers: { server: { host: "a.example", protocol: "wss" } } });
  expect(here.components).toBe(first.components);
  routes = new Routes({ endpoints: [endpoint("/one", {}), endpoint("/two", {})] });
  expect(Object.keys(description.reachedAt([]).channels)).toEqual(["one", "two"]);
});
