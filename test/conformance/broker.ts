import type { Broker, BrokerLink, Publication } from "../../src/broker/broker.js";
import { RecordingNode } from "../support/recording-node.js";
import { describeEvents } from "./broker-events.js";
import { describeHistory } from "./broker-history.js";
import { describeLimits } from "./broker-limits.js";
import { describeNotices } from "./broker-notices.js";
import { describePresence } from "./broker-presence.js";
import { describeUsers } from "./broker-users.js";

/** A fresh broker that shares nothing with those before it. */
export type CreateBroker = () => Broker | Promise<Broker>;

/**
 * Everything that the port promises (src/broker/broker.ts), for one broker.
 *
 * Each link stands for a process. What another process does is waited for and never taken as done, so that a broker
 * behind a network passes too.
 */
export function describeBroker(create: CreateBroker): void {
  describeEvents(create);
  describeHistory(create);
  describePresence(create);
  describeUsers(create);
  describeLimits(create);
  describeNotices(create);
}

/** One process: what it may ask for, and what it was told. */
export interface Process {
  readonly link: BrokerLink;
  readonly node: RecordingNode;
  publish(channel: string, payload: unknown): ReturnType<BrokerLink["publish"]>;
}

export interface Processes extends AsyncDisposable {
  readonly all: readonly Process[];
  /** Resolves when what was told before has had time to reach everyone: a later event has, and a later member. */
  settle(): Promise<void>;
}

/** So many processes on one broker. */
export async function connectProcesses(create: CreateBroker, count: number): Promise<Processes> {
  const broker = await create();
  const all = await Promise.all(Array.from({ length: count }, () => connectProcess(broker)));
  return {
    all,
    settle: () => settle(broker, all),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map(({ link }) => link.close()));
    },
  };
}

export async function connectProcess(broker: Broker): Promise<Process> {
  const node = new RecordingNode();
  const link = await broker.connect(node);
  return { link, node, publish: (channel, payload) => link.publish(publicationOf(channel, payload)) };
}

export function publicationOf(channel: string, payload: unknown): Publication {
  return { channel, type: "said", payloadJson: JSON.stringify(payload), except: undefined };
}

/**
 * Asks, and asks again when it is answered, until this holds: what another process did may be known a little later. The
 * test's own time is the end of it.
 */
export async function untilAnswer<Answer>(
  ask: () => Promise<Answer>,
  holds: (answer: Answer) => boolean,
): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    // What is answered at once must not keep the event loop from what it waits for.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

let fences = 0;

async function settle(broker: Broker, processes: readonly Process[]): Promise<void> {
  fences += 1;
  const channel = `fence/${fences}`;
  await Promise.all(processes.map(({ link }) => link.subscribe(channel)));
  const other = await connectProcess(broker);
  for (let round = 1; round <= 3; round += 1) {
    await other.publish(channel, round);
    await other.link.attend(channel, { id: `fence-${round}`, faceJson: "{}" });
    for (const { node } of processes) {
      await node.until(() => node.heard(channel).length === round && node.met(channel).length === round);
    }
  }
  await other.link.close();
  await Promise.all(processes.map(({ link }) => link.unsubscribe(channel)));
}
