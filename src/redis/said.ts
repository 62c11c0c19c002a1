import type { KeptEvent, PresentMember, Publication } from "../broker/broker.js";

/** An event as it is kept: all that is said of it but its place. */
export interface SaidEvent extends Omit<KeptEvent, "offset"> {
  readonly except: string | undefined;
  readonly latestOf: string | undefined;
  readonly trace: string | undefined;
}

/** What is told on a channel's topic. */
export type Said =
  | { readonly kind: "event"; readonly event: SaidEvent & { readonly epoch: string; readonly offset: number } }
  | { readonly kind: "joined" | "left"; readonly members: readonly PresentMember[]; readonly count: number };

/** Its head as JSON in one line, and the payload's text as it is. */
export function writeEvent({ type, except, latestOf, trace, payloadJson }: Publication): string {
  const isPlain = except === undefined && latestOf === undefined && trace === undefined;
  const head = isPlain ? [type] : [type, except ?? null, latestOf ?? null];
  // A process of an older version reads three.
  if (trace !== undefined) head.push(trace);
  return `${JSON.stringify(head)}\n${payloadJson}`;
}

/** Throws where it is none. */
export function readEvent(text: string): SaidEvent {
  const end = text.indexOf("\n");
  const head = JSON.parse(text.slice(0, end)) as [string, string?, string?, string?]; // `writeEvent` wrote it
  const [type, except, latestOf, trace] = head;
  return {
    type,
    payloadJson: text.slice(end + 1),
    except: except ?? undefined,
    latestOf: latestOf ?? undefined,
    trace: trace ?? undefined,
  };
}

/** Its id and what is shown of it, in one line. */
export function writeMember({ id, faceJson }: PresentMember): string {
  return JSON.stringify([id, faceJson]);
}

export function readMember(text: string): PresentMember {
  const [id, faceJson] = JSON.parse(text) as [string, string]; // `writeMember` wrote it
  return { id, faceJson };
}

/** What a script published (scripts/). Throws where it is none. */
export function readSaid(message: string): Said {
  if (message.startsWith("e")) {
    const afterEpoch = message.indexOf(" ");
    const afterOffset = message.indexOf(" ", afterEpoch + 1);
    const event = readEvent(message.slice(afterOffset + 1));
    const offset = number(message.slice(afterEpoch + 1, afterOffset));
    return { kind: "event", event: { ...event, epoch: message.slice(1, afterEpoch), offset } };
  }
  const [head = "", ...members] = message.split("\n");
  const kind = head.startsWith("j") ? "joined" : "left";
  return { kind, members: members.map(readMember), count: number(head.slice(1)) };
}

function number(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new SyntaxError(`${JSON.stringify(text.slice(0, 20))} is no number.`);
}
