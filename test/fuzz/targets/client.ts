import { ClientWorld } from "../../support/client-world.js";
import { hold, type Target } from "../target.js";

export const client: Target = {
  about: "what a server says to our client, a frame a line; `close 1013 why` ends the connection, and it comes back",
  words: [
    ..."connected auth_success ping pong subscribed unsubscribed presence reply error gap drain note said".split(" "),
    ..."task_queued task_started task_progress task_completed task_failed task_cancelled close".split(" "),
    ..."type payload id channel offset epoch recovered members state joined left count code message issues".split(" "),
    ..."retryAfterMs heartbeatMs expiresInMs reconnectAfterMs user task name progress result events".split(" "),
    ...["kept/a", "plain/x", "$tasks/ana", "close 1001 going_away", "close 4000", "1008 token_expired"],
  ],
  batch: 64,
  open: () => ({ read: (input) => hear(input.toString().split("\n").slice(0, MOST_LINES)) }),
};

const MOST_LINES = 64;

async function hear(lines: readonly string[]): Promise<void> {
  const world = new ClientWorld();
  const page = world.connect({ token: async () => "t", queue: 5 });
  const answered = Promise.allSettled(askAll(page));
  await world.letIn({ user: { id: "ana" }, expiresInMs: 60_000 });
  for (const line of lines) {
    const [, code, reason = ""] = /^close (\d{4}) ?(.{0,100})/.exec(line) ?? [];
    if (code === undefined) world.socket.saysText(line);
    else {
      world.socket.closes(Number(code), reason);
      await world.clock.advance("31s");
      if (page.status === "connecting") await world.letIn();
    }
  }
  await world.settled();
  if (page.status === "open") {
    const heard: unknown[] = [];
    page.on("note", ({ n }) => heard.push(n));
    world.socket.says("note", { n: 7 });
    hold(heard.at(-1) === 7, "after all of it a good message is heard");
  }
  page.close();
  await world.clock.advance("11s");
  // What waits on for good would never come to this line's end.
  await answered;
  hold(page.status === "closed", "it closes");
}

/** All that a page may want of a client. Gives what it waits for. */
function askAll(page: ReturnType<ClientWorld["connect"]>): readonly Promise<unknown>[] {
  page.on("error", () => {});
  page.on("said", () => {});
  page.on("gap", () => {});
  page.onStatus(() => {});
  page.tasks.on("change", () => {});
  const kept = page.subscribe("kept/:id", { id: "a" }, { presence: true, rewind: 3, onGap() {}, onState() {} });
  const plain = page.subscribe("plain/:id", { id: "x" });
  plain.presence.on("change", () => {});
  plain.onStatus(() => {});
  page.send("say", { n: 1 });
  return [
    page.request("ask", {}),
    kept.publish("said", { n: 2 }),
    kept.history({ limit: 2 }),
    page.tasks.done("t7" as never), // an id that this server gave
    page.tasks.cancel("t8" as never), // likewise
    page.closed,
  ];
}
