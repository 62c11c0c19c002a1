import { createHash, randomFillSync } from "node:crypto";
import { Hearing } from "../support/redis/chaos/hearing.js";
import { type Arrival, Refusal, type WsClient } from "../support/ws-client.js";
import { API_KEY, TAIL_TTL_MS } from "./soak-app.js";
import type { Visitor } from "./visitor.js";

// Who is let in, and says or hears something that can be held against a promise.

/** Says much more than it may. */
export async function flood(visitor: Visitor): Promise<void> {
  const client = await visitor.dial("/ws/desk", { token: visitor.name });
  const count = 60;
  const beganMs = performance.now();
  for (let n = 1; n <= count; n += 1) client.send({ type: "say", payload: { n }, id: n });
  const answers: Arrival[] = [];
  const closed = client.closed;
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
  const { code, reason } = await closed;
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

/** What is told to all comes whole, compressed and not. */
export async function hearLongTexts(visitor: Visitor): Promise<void> {
  const channel = `tail/${visitor.name}`;
  const listeners = [
    await visitor.dial("/ws/desk", { token: visitor.name }),
    await visitor.dialUncompressed("/ws/desk", visitor.name),
  ];
  for (const client of listeners) await client.ask("subscribe", { channel });
  const texts = Array.from({ length: 5 }, (_, n) => String(n).repeat(100 + visitor.random.below(8_000)));
  for (const [index, text] of texts.entries()) {
    await publish(visitor, { channel, type: "bulk", payload: { n: String(index), text }, key: String(index) });
  }
  for (const client of listeners) {
    for (const text of texts) {
      const { type, payload } = await client.next();
      if (type !== "bulk") throw new Error(`${type} ${JSON.stringify(payload)}`);
      const { text: heard } = payload as { readonly text: string }; // as every one has it
      visitor.expect("order", digestOf(heard) === digestOf(text), `${heard.length} characters, and not ${text.length}`);
    }
  }
}

/** Is told more than it reads, where that is made up for. */
export async function readSlowly(visitor: Visitor): Promise<void> {
  const [slow, quick] = [await visitor.dialUncompressed("/ws/desk", visitor.name), await dialDesk(visitor)];
  const channel = `tail/${visitor.name}`;
  const hearing = new Hearing(channel, undefined);
  hearing.placed(placeOf(await slow.ask("subscribe", { channel })));
  slow.stopReading();
  const beganMs = performance.now();
  await blast(quick, "tail", visitor.name);
  slow.startReading();
  while (hearing.position === undefined || hearing.position.offset < BLAST.count) hear(hearing, await slow.next());
  visitor.expect("resume", hearing.faults.length === 0, hearing.faults.join("; "));
  // Later some of it need not be kept any more.
  const isKept = performance.now() - beganMs < TAIL_TTL_MS;
  visitor.expect("resume", hearing.gaps === 0 || !isKept, () => `all is kept, and it hears of ${hearing.gapsInWords}`);
}

/** Is told more than it reads, where nothing is kept for it. */
export async function readNothing(visitor: Visitor): Promise<void> {
  const [slow, quick] = [await visitor.dialUncompressed("/ws/desk", visitor.name), await dialDesk(visitor)];
  const channel = `big/${visitor.name}`;
  await slow.ask("subscribe", { channel });
  slow.stopReading();
  await blast(quick, "big", visitor.name);
  slow.startReading();
  const { code, reason } = await slow.closed;
  // Whoever is so late that it does not see why is cut off.
  if (reason !== "slow_consumer") throw new Error(`closed with ${code} ${reason}`);
  visitor.expect("bounded", code === 1013, `closed with ${code} ${reason}`);
}

/** More than the kernel takes for one connection. */
const BLAST = { count: 100, bytes: 60_000 };

async function blast(client: WsClient, on: "big" | "tail", id: string): Promise<void> {
  const answer = await client.ask("blast", { on, id, ...BLAST });
  if (answer.type !== "reply") throw new Error(JSON.stringify(answer));
}

/** Comes back twice, wherever, and asks for what it missed. */
export async function comeBack(visitor: Visitor): Promise<void> {
  const channel = `briefly-kept/${visitor.name}`;
  const hearing = new Hearing(channel, undefined);
  const [first, ...others] = [await dialDesk(visitor), await dialDesk(visitor), await dialDesk(visitor)];
  hearing.placed(placeOf(await first.ask("subscribe", { channel })));
  const say = (n: number) => publish(visitor, { channel, type: "said", payload: { n: String(n) }, key: String(n) });
  await say(1);
  hear(hearing, await first.next());
  first.terminate();
  for (const [index, client] of others.entries()) {
    await say(2 * index + 2);
    const subscribed = await client.ask("subscribe", { channel, since: hearing.position });
    const { recovered } = Object(subscribed.payload) as { readonly recovered?: boolean };
    if (recovered === false) {
      hearing.placed(placeOf(subscribed));
      hearing.gap(placeOf(subscribed).offset);
    }
    await say(2 * index + 3);
    const due = 2 * index + 3;
    while ((hearing.position?.offset ?? 0) < due) hear(hearing, await client.next());
    client.terminate();
  }
  visitor.expect("resume", hearing.faults.length === 0, hearing.faults.join("; "));
}

/** The same key twice is one event. */
export async function repeat(visitor: Visitor): Promise<void> {
  const channel = `briefly-kept/${visitor.name}`;
  const client = await dialDesk(visitor);
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
  const client = await dialDesk(visitor);
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
  const [ana, bob] = [await dialDesk(visitor, "ana"), await dialDesk(visitor, "bob")];
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

/** Is sent away, and then not let in again with what it has. */
export async function sendAway(visitor: Visitor): Promise<void> {
  const token = `${visitor.name}/${Date.now() + 20_000}`;
  const client = await visitor.dial("/ws/desk", { token });
  const isRevoked = visitor.random.below(2) === 0;
  const { status } = isRevoked
    ? await visitor.ask("/api/revoke", { tokenId: token })
    : await visitor.ask("/api/disconnect", { user: visitor.name });
  if (status !== 200) throw new Error(`answered with ${status}`);
  const { code, reason } = await client.closed;
  if (code === 1001 || code === 1006) throw new Error(`closed with ${code}`);
  const wanted = { code: 1008, reason: isRevoked ? "unauthorized" : "forbidden" };
  visitor.expectSame("refused as the table says", { code, reason }, wanted);
  if (!isRevoked) return;
  const refused = await visitor.dial("/ws/desk", { token }).catch((error: unknown) => error);
  if (!(refused instanceof Refusal) || refused.status === 503) throw new Error(String(refused));
  visitor.expectSame("refused as the table says", refused.status, 401);
}

/** Publishes as another backend does, and looks whether it is there. */
export async function publishOverHttp(visitor: Visitor): Promise<void> {
  const channel = `briefly-kept/${visitor.name}`;
  const event = { channel, type: "said", payload: { n: "1" }, key: "once" };
  const first = await publish(visitor, event);
  const again = await publish(visitor, event);
  const { body } = await visitor.ask(`/api/history?channel=${channel}`);
  const { epoch, events = [] } = Object(body) as { readonly epoch?: string; readonly events?: readonly unknown[] };
  if (epoch !== first.epoch || again.epoch !== first.epoch) throw new Error("another epoch");
  visitor.expectSame("stored", again, first);
  visitor.expectSame("stored", events, [{ type: "said", offset: first.offset, payload: { n: "1" } }]);
  const { status } = await visitor.ask("/api/publish", event, `not-${API_KEY}`);
  visitor.expectSame("refused as the table says", status, 401);
}

async function publish(visitor: Visitor, event: object): Promise<{ readonly epoch: string; readonly offset: number }> {
  const { status, body } = await visitor.ask("/api/publish", event);
  if (status !== 200) throw new Error(`publish is answered with ${status} ${JSON.stringify(body)}`);
  return body as { readonly epoch: string; readonly offset: number }; // as docs/reference/http-api.md says
}

/** Looks at the pages that there are. */
export async function lookAround(visitor: Visitor): Promise<void> {
  for (const path of ["/healthz", "/health/websockets", "/metrics", "/asyncapi.json", "/openapi.json", "/docs"]) {
    const { status } = await visitor.ask(path);
    visitor.expectSame("refused as the table says", status, 200);
  }
}

/** Has the dashboard open for a moment. */
export async function look(visitor: Visitor): Promise<void> {
  const client = await visitor.dial("/dashboard/live");
  await client.ask("subscribe", { channel: "$dashboard" });
  client.send({ type: "ask", payload: { ask: "all", about: "connections", text: "", which: "open" }, id: 1 });
  let [samples, answers] = [0, 0];
  while (samples < 2 || answers < 1) {
    const { type, payload } = await client.next();
    if (type === "error" || type === "gap") throw new Error(`${type} ${JSON.stringify(payload)}`);
    if (type === "sample") samples += 1;
    if (type === "answered") answers += 1;
  }
  visitor.expect("order", true, "");
  client.close();
  await client.closed;
}

function dialDesk(visitor: Visitor, who?: string): Promise<WsClient> {
  return visitor.dial("/ws/desk", { token: who === undefined ? visitor.name : `${visitor.name}-${who}` });
}

async function askUntil(client: WsClient, type: string, payload: object, id: number): Promise<void> {
  const answer = await client.ask(type, payload, id);
  if (answer.type === "error") throw new Error(JSON.stringify(answer));
}

function placeOf({ payload }: Arrival): { readonly epoch: string; readonly offset: number } {
  const { epoch = "", offset = 0 } = Object(payload) as { readonly epoch?: string; readonly offset?: number };
  if (epoch === "") throw new Error(`This names no place: ${JSON.stringify(payload)}`);
  return { epoch, offset };
}

function hear(hearing: Hearing, arrival: Arrival & { readonly offset?: number }): void {
  if (arrival.type === "gap") {
    hearing.placed(placeOf(arrival));
    hearing.gap(placeOf(arrival).offset);
  } else if (arrival.channel !== undefined) {
    const { n = "" } = Object(arrival.payload) as { readonly n?: string };
    hearing.event(n, arrival.offset);
  }
}

function sameBytes(some: Uint8Array, others: Uint8Array): boolean {
  return Buffer.compare(some, others) === 0;
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
