import * as fc from "fast-check";
import { type App, channel, endpoint } from "tidings";
import { z } from "zod";

/** One call of server code, on one of the seats or channels. */
export type Call =
  | { readonly do: "send"; readonly seat: number; readonly size: number; readonly isAwaited: boolean }
  | {
      readonly do: "publish";
      readonly channel: number;
      readonly except: number | null;
      readonly size: number;
      readonly isAwaited: boolean;
    }
  | { readonly do: "join" | "leave"; readonly seat: number; readonly channel: number; readonly isAwaited: boolean }
  /** Lets the microtasks that are due run, or the turn of the event loop end. */
  | { readonly do: "wait"; readonly for: "microtasks" | "turn" };

const channelCount = 3;

export interface CallsOptions {
  readonly seats: number;
  /** Characters that now and then go with an event or a message. */
  readonly bigSize: number;
}

export function arbitraryCalls({ seats, bigSize }: CallsOptions): fc.Arbitrary<Call[]> {
  const seat = fc.nat({ max: seats - 1 });
  const on = fc.nat({ max: channelCount - 1 });
  const size = fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(bigSize) });
  const isAwaited = fc.boolean();
  const except = fc.option(seat, { freq: 2 });
  return fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ do: fc.constant("send" as const), seat, size, isAwaited }) },
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant("publish" as const), channel: on, except, size, isAwaited }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant("join" as const), seat, channel: on, isAwaited }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("leave" as const), seat, channel: on, isAwaited }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant("wait" as const), for: fc.constantFrom("microtasks", "turn" as const) }),
      },
    ),
    { minLength: 1, maxLength: 40 },
  );
}

/** What each seat is to hear of the calls, in this order: `sent 3`, `c1 4`, and `on c1`, `off c1` for who is told of it. */
export function expectedOf(calls: readonly Call[], seats: number): string[][] {
  const heard: string[][] = Array.from({ length: seats }, () => []);
  const on: Set<number>[] = Array.from({ length: seats }, () => new Set());
  for (const [n, call] of calls.entries()) {
    if (call.do === "wait") continue;
    if (call.do === "send") {
      heard[call.seat]?.push(`sent ${n} ${call.size}`);
    } else if (call.do === "publish") {
      for (const [seat, channels] of on.entries()) {
        if (channels.has(call.channel) && seat !== call.except) heard[seat]?.push(`c${call.channel} ${n} ${call.size}`);
      }
    } else {
      const isOn = on[call.seat]?.has(call.channel);
      if (call.do === "join" && !isOn) heard[call.seat]?.push(`on c${call.channel}`);
      if (call.do === "leave" && isOn) heard[call.seat]?.push(`off c${call.channel}`);
      if (call.do === "join") on[call.seat]?.add(call.channel);
      else on[call.seat]?.delete(call.channel);
    }
  }
  return heard;
}

/** What a seat was sent, in the words of `expectedOf`. */
export function heardAs(message: Heard): string {
  const { n, filler = "" } = (message.payload ?? {}) as { readonly n?: number; readonly filler?: string };
  const name = message.channel?.replace("/", "");
  if (message.type === "subscribed") return `on ${name}`;
  if (message.type === "unsubscribed") return `off ${name}`;
  return `${name ?? "sent"} ${n} ${filler.length}`;
}

interface Heard {
  readonly type: string;
  readonly channel?: string | undefined;
  readonly payload?: unknown;
}

const numbered = z.object({ n: z.number(), filler: z.string() });
const marker = z.object({});
const c = channel("c/:index", { events: { event: numbered } });

/** A connection, as the script sees it. */
interface Seat {
  readonly connection: { readonly id: string };
  send(type: "sent" | "begin" | "end", payload: object): boolean;
  change(what: "join" | "leave", index: number): Promise<void>;
}

/**
 * An endpoint whose handler of `run` makes the calls it is sent, all in one go. Each connection is a seat, in the order
 * of their coming; each hears `begin` before and `end` after.
 */
export function createCallEndpoint() {
  const seats: Seat[] = [];
  return endpoint("/ws/calls", {
    channels: [c],
    // So much that only the turn's own bound makes it write early, and no seat is closed for being slow.
    limits: { outbox: "256mb" },
    sends: { sent: numbered, begin: marker, end: marker },
    receives: { run: z.custom<readonly Call[]>(Array.isArray) },
    open({ connection }) {
      const send = connection.send as Seat["send"]; // each payload below is made for its message
      seats.push({ connection, send, change: (what, index) => connection[what](c({ index: `${index}` })) });
    },
    on: {
      async run({ app }, calls) {
        for (const seat of seats) {
          for (let index = 0; index < channelCount; index += 1) seat.change("leave", index);
          seat.send("begin", {});
        }
        for (const [n, call] of calls.entries()) {
          const done = make(call, n, seats, app);
          if (call.do === "wait" || call.isAwaited) await done;
        }
        for (const seat of seats) seat.send("end", {});
      },
    },
  });
}

function make(call: Call, n: number, seats: readonly Seat[], app: App): unknown {
  switch (call.do) {
    case "wait":
      return call.for === "turn" ? new Promise((resolve) => setImmediate(resolve)) : Promise.resolve();
    case "send":
      return seats[call.seat]?.send("sent", { n, filler: "x".repeat(call.size) });
    case "publish": {
      const except = call.except === null ? undefined : seats[call.except]?.connection;
      const payload = { n, filler: "x".repeat(call.size) };
      return app.publish(c({ index: `${call.channel}` }), "event", payload, { except });
    }
    case "join":
    case "leave":
      return seats[call.seat]?.change(call.do, call.channel);
  }
}
