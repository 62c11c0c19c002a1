import { randomFillSync } from "node:crypto";
import type { Arrival, WsClient } from "../support/ws-client.js";
import type { Visitor } from "./visitor.js";

// Who is let in, and says something.

/** Says much more than it may. */
export async function flood(visitor: Visitor): Promise<void> {
  const client = await visitor.dial("/ws/desk", { token: visitor.name });
  const count = 60;
  const beganMs = performance.now();
  for (let n = 1; n <= count; n += 1) client.send({ type: "say", payload: { n }, id: n });
  const answers: Arrival[] = [];
  try {
    for (let last = 0; last < count; last = Number(answers.at(-1)?.id)) answers.push(await client.next());
  } catch {
    // It is closed: how, is looked at now.
  }
  const ids = answers.map(({ id }) => id);
  visitor.expectSame(
    "one at a time",
    ids,
    ids.map((_, index) => index + 1),
  );
  const refused = answers.filter(({ type }) => type === "error").length;
  const replied = answers.length - refused;
  const most = MOST_A_SECOND * (1 + Math.ceil((performance.now() - beganMs) / 1_000));
  visitor.expect("bounded", replied <= most, `${replied} messages are handled, and not ${most} at most`);
  if (answers.length === count) return; // so slow that it was no flood
  const { code, reason } = await client.closed;
  if (reason !== "rate_limited") throw new Error(`closed with ${code} ${reason}`);
  visitor.expect("bounded", refused === STRIKES && code === 1008, `${code} after ${refused} refusals`);
}

// The defaults of `limits.messages` and `limits.strikes`.
const MOST_A_SECOND = 10;
const STRIKES = 20;

/** Binary frames of any size, there and back. */
export async function echo(visitor: Visitor): Promise<void> {
  const client = await visitor.dial("/raw");
  const frames = Array.from({ length: 8 }, () => randomFillSync(new Uint8Array(visitor.random.below(60_000))));
  for (const bytes of frames) client.sendBinary(bytes);
  for (const bytes of frames) {
    const back = await client.nextFrame();
    visitor.expect("order", typeof back !== "string" && sameBytes(back, bytes), "an echo is of other bytes");
  }
  client.close();
  await client.closed;
}

/** The same key twice is one event. */
export async function repeat(visitor: Visitor): Promise<void> {
  const channel = `briefly-kept/${visitor.name}`;
  const client = await visitor.dialDesk();
  await client.ask("subscribe", { channel });
  const event = { channel, type: "said", payload: { n: "1" }, key: "k" };
  client.send({ type: "publish", payload: event, id: 1 });
  client.send({ type: "publish", payload: event, id: 2 });
  const heard = [...(await client.takeUntil(2)), ...(await client.takeAll())];
  const events = heard.filter(({ type }) => type === "said").length;
  if (heard.some(({ type }) => type === "error" || type === "gap")) throw new Error("unavailable");
  visitor.expect("stored", events === 1, `one key is heard ${events} times`);
}

/** Many channels, each for a moment. */
export async function browse(visitor: Visitor): Promise<void> {
  const client = await visitor.dialDesk();
  for (let index = 0; index < 60; index += 1) {
    const channel = `${visitor.random.pick(["brief", "briefly-kept"])}/${visitor.name}-${index}`;
    await askUntil(client, "subscribe", { channel }, index + 1);
    if (visitor.random.below(2) === 0) await askUntil(client, "unsubscribe", { channel }, -index - 1);
  }
  client.close();
  await client.closed;
}

/** Two come and go where one sees who is there. */
export async function meet(visitor: Visitor): Promise<void> {
  const channel = `brief/${visitor.name}`;
  const [ana, bob] = [await visitor.dialDesk("ana"), await visitor.dialDesk("bob")];
  const { payload } = await ana.ask("subscribe", { channel, presence: true });
  const { members } = payload as { readonly members: readonly Member[] }; // as it asked for them
  const present = new Set(members.map(({ id }) => id));
  const bobs = `${visitor.name}-bob`;
  visitor.expect("presence", !present.has(bobs), "somebody is present who has not come");
  await bob.ask("subscribe", { channel });
  while (!present.has(bobs)) change(present, await nextPresence(ana));
  bob.terminate();
  while (present.has(bobs)) change(present, await nextPresence(ana));
  visitor.expectSame("presence", [...present], [`${visitor.name}-ana`]);
}

async function nextPresence(client: WsClient): Promise<PresenceNews> {
  for (;;) {
    const { type, payload } = await client.next();
    if (type === "presence") return payload as PresenceNews; // as it always is
  }
}

function change(present: Set<string>, { members, left = [], joined = [] }: PresenceNews): void {
  if (members !== undefined) present.clear();
  for (const { id } of left) present.delete(id);
  for (const { id } of [...joined, ...(members ?? [])]) present.add(id);
}

interface Member {
  readonly id: string;
}

interface PresenceNews {
  readonly members?: readonly Member[];
  readonly joined?: readonly Member[];
  readonly left?: readonly Member[];
}

/** Has something done for it, and hears how that goes. */
export async function start(visitor: Visitor): Promise<void> {
  const client = await visitor.dial("/ws/desk", { token: `tasks-${visitor.name}` });
  const isCancelled = visitor.random.below(3) === 0;
  client.send({ type: "start", payload: { ms: isCancelled ? 2_000 : visitor.random.below(100) }, id: 1 });
  const seen: string[] = [];
  while (!ENDS.includes(seen.at(-1) ?? "")) {
    const { type, payload } = await client.next();
    if (type === "error" || type === "gap") throw new Error(`${type} ${JSON.stringify(payload)}`);
    if (type.startsWith("task_")) seen.push(type);
    const { task } = Object(payload) as { readonly task?: string };
    if (isCancelled && type === "task_started") client.send({ type: "task_cancel", payload: { task }, id: 2 });
  }
  const end = isCancelled ? "task_cancelled" : "task_completed";
  visitor.expectSame(
    "order",
    seen.filter((type) => type !== "task_progress"),
    ["task_queued", "task_started", end],
  );
  const after = (await client.takeAll()).filter(({ type }) => type.startsWith("task_"));
  visitor.expect("order", after.length === 0, () => `a task is told of after its end: ${JSON.stringify(after)}`);
}

const ENDS = ["task_completed", "task_cancelled", "task_failed"];

/** Says something and closes at once: then it has said it. */
export async function sayLastWord(visitor: Visitor): Promise<void> {
  const url = visitor.url;
  const [one, other] = [
    await visitor.dial("/ws/desk", { token: visitor.name }, url),
    await visitor.dial("/ws/desk", { token: visitor.name }, url),
  ];
  one.send({ type: "note", payload: { n: 1 } });
  one.close();
  const { type, payload } = await other.ask("noted", { n: 1 });
  if (type === "error") throw new Error(JSON.stringify(payload));
  if (payload !== true) throw new Error("what was said before the close is not handled in time");
  visitor.expect("one at a time", true, "");
}

async function askUntil(client: WsClient, type: string, payload: object, id: number): Promise<void> {
  const answer = await client.ask(type, payload, id);
  if (answer.type === "error") throw new Error(JSON.stringify(answer));
}

function sameBytes(some: Uint8Array, others: Uint8Array): boolean {
  return Buffer.compare(some, others) === 0;
}
