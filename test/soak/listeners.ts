import { createHash } from "node:crypto";
import { Hearing } from "../support/redis/chaos/hearing.js";
import type { Arrival, WsClient } from "../support/ws-client.js";
import { TAIL_TTL_MS } from "./soak-app.js";
import type { Visitor } from "./visitor.js";

// Who hears what is told to all: quickly, slowly, or not at all.

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
    await visitor.publish({ channel, type: "bulk", payload: { n: String(index), text }, key: String(index) });
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
  const [slow, quick] = [await visitor.dialUncompressed("/ws/desk", visitor.name), await visitor.dialDesk()];
  const channel = `tail/${visitor.name}`;
  const hearing = new Hearing(channel, undefined);
  hearing.placed(placeOf(await slow.ask("subscribe", { channel })));
  slow.stopReading();
  const beganMs = performance.now();
  await blast(quick, "tail", visitor.name, BLAST);
  slow.startReading();
  while (hearing.position === undefined || hearing.position.offset < BLAST.count) hear(hearing, await slow.next());
  visitor.expect("resume", hearing.faults.length === 0, hearing.faults.join("; "));
  // Later some of it need not be kept any more.
  const isKept = performance.now() - beganMs < TAIL_TTL_MS;
  visitor.expect("resume", hearing.gaps === 0 || !isKept, () => `all is kept, and it hears of ${hearing.gapsInWords}`);
}

/** Is told more than it reads, where nothing is kept for it. */
export async function readNothing(visitor: Visitor): Promise<void> {
  const [slow, quick] = [await visitor.dialUncompressed("/ws/desk", visitor.name), await visitor.dialDesk()];
  const channel = `big/${visitor.name}`;
  await slow.ask("subscribe", { channel });
  slow.stopReading();
  await blast(quick, "big", visitor.name, FLOOD);
  slow.startReading();
  const { code, reason } = await slow.closed;
  // Whoever is so late that it does not see why is cut off.
  if (reason !== "slow_consumer") throw new Error(`closed with ${code} ${reason}`);
  visitor.expect("bounded", code === 1013, `closed with ${code} ${reason}`);
}

/** More than the kernel takes at once for one connection. */
const BLAST = { count: 100, bytes: 60_000 };
/** More than it ever takes: by the 32 MiB and the 4 MiB that Linux may let the two ends have. It ends when the reader is closed. */
const FLOOD = { count: 700, bytes: 60_000 };

/** Until all is said, or nobody hears it. */
async function blast(client: WsClient, on: "big" | "tail", id: string, size: typeof BLAST): Promise<void> {
  const answer = await client.ask("blast", { on, id, ...size });
  if (answer.type !== "reply") throw new Error(JSON.stringify(answer));
}

/** Comes back twice, wherever, and asks for what it missed. */
export async function comeBack(visitor: Visitor): Promise<void> {
  const channel = `briefly-kept/${visitor.name}`;
  const hearing = new Hearing(channel, undefined);
  const [first, ...others] = [await visitor.dialDesk(), await visitor.dialDesk(), await visitor.dialDesk()];
  hearing.placed(placeOf(await first.ask("subscribe", { channel })));
  const say = (n: number) => visitor.publish({ channel, type: "said", payload: { n: String(n) }, key: String(n) });
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

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
