import { expect, test } from "vitest";
import { HandlerTimes, handlerLabels } from "./handler-times.js";

test.each([
  ['message "say"', { handler: "message", message: "say" }],
  ['message "a "b"\nc"', { handler: "message", message: 'a "b"\nc' }],
  ["open", { handler: "open", message: "" }],
  ['allow of "chat/:room"', { handler: "allow", message: "" }],
  ['task "report of ana"', { handler: "task", message: "" }],
  ["other", { handler: "other", message: "" }],
])("%s has these labels", (during, labels) => {
  expect(handlerLabels("/ws", during)).toEqual({ endpoint: "/ws", ...labels });
});

/** What was counted, by `endpoint handler message`. */
function countsOf(times: HandlerTimes) {
  const counts = times.samples("took").filter(({ name }) => name === "took_count");
  return Object.fromEntries(
    counts.map(({ labels, value }) => [`${labels.endpoint} ${labels.handler} ${labels.message}`.trim(), value]),
  );
}

test("there is one series for each handler of each endpoint", () => {
  const times = new HandlerTimes();
  for (const [endpoint, during] of [
    ["/a", 'message "say"'],
    ["/a", 'message "say"'],
    ["/a", 'message "open"'],
    ["/a", "open"],
    ["/b", 'message "say"'],
  ] as const) {
    times.add(endpoint, during, 1);
  }
  expect(countsOf(times)).toEqual({ "/a message say": 2, "/a message open": 1, "/a open": 1, "/b message say": 1 });
});

test("the permissions of all channels at an endpoint are one series", () => {
  const times = new HandlerTimes();
  for (const channel of ["chat/:room", "prices/:symbol", "chat/:room"]) times.add("/a", `allow of "${channel}"`, 1);
  times.add("/b", 'allow of "chat/:room"', 1);
  expect(countsOf(times)).toEqual({ "/a allow": 3, "/b allow": 1 });
});

test("tasks and loops, which last, are none", () => {
  const times = new HandlerTimes();
  times.add("app", 'task "report"', 60_000);
  times.add("/a", "run", 3_600_000);
  expect(times.samples("took")).toEqual([]);
});

test("times are in seconds", () => {
  const times = new HandlerTimes();
  times.add("/a", "open", 250);
  const [sum] = times.samples("took").filter(({ name }) => name === "took_sum");
  expect(sum?.value).toBe(0.25);
});
