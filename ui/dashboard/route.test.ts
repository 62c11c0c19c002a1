import { expect, test } from "vitest";
import { hrefOf, parseRoute, type Route } from "./route.js";

const routes: readonly [string, Route][] = [
  ["#/", { page: "overview", process: undefined }],
  ["#/processes/p%2F1", { page: "overview", process: "p/1" }],
  ["#/connections", { page: "connections", which: "open", text: "" }],
  ["#/connections?which=troubled", { page: "connections", which: "troubled", text: "" }],
  ["#/connections?which=closed&text=a%26b%3F", { page: "connections", which: "closed", text: "a&b?" }],
  [
    "#/connections?which=troubled&text=a&process=p%2F1",
    { page: "connections", which: "troubled", text: "a", process: "p/1" },
  ],
  ["#/channels?process=p1", { page: "channels", text: "", process: "p1" }],
  ["#/connections/c%20%231", { page: "connection", id: "c #1" }],
  ["#/channels", { page: "channels", text: "" }],
  ["#/channels?text=prices%2FBTC", { page: "channels", text: "prices/BTC" }],
];

test.each(routes)("%s is a place, and back again", (hash, route) => {
  expect(parseRoute(hash)).toEqual(route);
  expect(hrefOf(route)).toBe(hash);
});

test.each(["", "#", "#/nowhere", "#/processes", "#/processes/"])("%j is the overview", (hash) => {
  expect(parseRoute(hash)).toEqual({ page: "overview", process: undefined });
});

test("what was cut in the middle of a character is taken as it is", () => {
  expect(parseRoute("#/connections/a%2")).toEqual({ page: "connection", id: "a%2" });
});

test("connections of a kind that there is not are the open ones", () => {
  expect(parseRoute("#/connections?which=all")).toEqual({ page: "connections", which: "open", text: "" });
});
