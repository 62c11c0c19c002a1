import { expect, test } from "vitest";
import type { Guard, PageOption } from "../declare/http-options.js";
import { pageAccess } from "./page-access.js";

const all: Guard = () => true;
const own: Guard = () => true;

/** Of the dashboard, on the app's port and on the one apart. The others are left out. */
const table: [option: PageOption | undefined, guard: Guard | undefined, host: string | undefined, is: string][] = [
  // Without a port of their own.
  [undefined, undefined, undefined, "this computer | nobody"],
  [true, undefined, undefined, "everybody"],
  [false, undefined, undefined, "nobody"],
  [{ guard: own }, undefined, undefined, "own guard"],
  [undefined, all, undefined, "guard"],
  [true, all, undefined, "everybody"],
  [false, all, undefined, "nobody"],
  [{ guard: own }, all, undefined, "own guard"],
  // With one, on this computer.
  [undefined, undefined, "127.0.0.1", "this computer"],
  [true, undefined, "127.0.0.1", "everybody"],
  [false, undefined, "127.0.0.1", "nobody"],
  [{ guard: own }, undefined, "127.0.0.1", "own guard"],
  [undefined, all, "127.0.0.1", "guard"],
  [true, all, "127.0.0.1", "everybody"],
  [false, all, "127.0.0.1", "nobody"],
  [{ guard: own }, all, "127.0.0.1", "own guard"],
  // With one that others can reach.
  [undefined, undefined, "0.0.0.0", "everybody"],
  [true, undefined, "0.0.0.0", "everybody"],
  [false, undefined, "0.0.0.0", "nobody"],
  [{ guard: own }, undefined, "0.0.0.0", "own guard"],
  [undefined, all, "0.0.0.0", "guard"],
  [true, all, "0.0.0.0", "everybody"],
  [false, all, "0.0.0.0", "nobody"],
  [{ guard: own }, all, "0.0.0.0", "own guard"],
];

const nameOf = (access: unknown) => (access === all ? "guard" : access === own ? "own guard" : access);

test.each(
  table.map(([option, guard, host, is]) => ({
    option,
    guard,
    host,
    is,
    title: `${JSON.stringify(option)}, ${guard ? "a" : "no"} guard, ${host ? `a port on ${host}` : "no port"}`,
  })),
)("who may see a page: $title → $is", ({ option, guard, host, is }) => {
  const options = { dashboard: option, guard, ...(host !== undefined && { host, port: 9100 }) };
  const [inDevelopment, inProduction = inDevelopment] = is.split(" | ");
  for (const [isProduction, expected] of [
    [false, inDevelopment],
    [true, inProduction],
  ] as const) {
    const { app, apart } = pageAccess(options, isProduction);
    expect(nameOf((apart ?? app).dashboard)).toBe(expected);
    // There, and there alone.
    if (host !== undefined) expect(app).toEqual({ docs: "nobody", dashboard: "nobody", metrics: "nobody" });
    else expect(apart).toBeUndefined();
  }
});

test("each page has its own", () => {
  const { app } = pageAccess({ docs: true, metrics: { guard: own }, guard: all }, true);
  expect(Object.entries(app).map(([page, access]) => [page, nameOf(access)])).toEqual([
    ["docs", "everybody"],
    ["dashboard", "guard"],
    ["metrics", "own guard"],
  ]);
});

test.each([
  [undefined, "this computer"],
  ["localhost", "this computer"],
  ["127.8.8.8", "this computer"],
  ["::1", "this computer"],
  ["::", "everybody"],
  ["10.0.0.5", "everybody"],
  ["ops.internal", "everybody"],
])("a port apart on %s is for %s", (host, expected) => {
  expect(pageAccess({ host, port: 0 }, true).apart?.metrics).toBe(expected);
});

test.each([
  ["unknown_option", /Did you mean `dashboard`/, { dashbord: false }],
  ["invalid_option", /`guard`/, { guard: true }],
  ["invalid_option", /http\.docs: `guard` is undefined/, { docs: { guard: undefined } }],
  ["invalid_option", /http\.docs: `guard` is undefined/, { docs: {} }],
  ["invalid_options", /http\.docs is given/, { docs: all }],
  ["invalid_options", /http\.metrics is given/, { metrics: null }],
  ["invalid_options", /http\.metrics is given/, { metrics: "yes" }],
  ["unknown_option", /http\.dashboard has no option `gaurd`/, { dashboard: { gaurd: all } }],
  ["invalid_host", /http\.host is empty/, { port: 9100, host: "" }],
  ["invalid_host", /http\.host is empty/, { port: 9100, host: " " }],
  ["missing_port", /http\.host is given without/, { host: "0.0.0.0" }],
  ["invalid_port", /http\.port is NaN/, { port: Number.NaN }],
  ["invalid_port", /http\.port is/, { port: "9100" }],
  ["invalid_port", /http\.port is/, { port: 65_536 }],
  ["invalid_port", /http\.port is/, { port: -1 }],
  ["invalid_challenge", /http\.guard has a/, { guard: Object.assign(() => true, { challenge: "a\r\nb: c" }) }],
  ["invalid_challenge", /http\.docs\.guard/, { docs: { guard: Object.assign(() => true, { challenge: "" }) } }],
])("options that can't be keep the app from being made: %s %s", (code, message, options) => {
  expect(() => pageAccess(options as never, false)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  );
});
