import { encodeTextFrame } from "../../src/delivery/frame.js";
import type { AcceptOptions, RefusalResponse, Socket, Upgrade } from "../../src/transport/transport.js";
import { RecordingListener } from "../support/recording-listener.js";
import { describeCompression } from "./transport-compression.js";
import { describeControlFrames } from "./transport-control.js";
import { describeEnd } from "./transport-end.js";
import { describeHandshake } from "./transport-handshake.js";
import { describeMessages } from "./transport-messages.js";
import { describePressure } from "./transport-pressure.js";

/** A transport under test, with somebody who dials it. */
export interface TransportDriver extends AsyncDisposable {
  /** Resolves when the core is handed the upgrade. */
  dial(dial?: Dial): Promise<Dialled>;
}

export interface Dial {
  readonly target?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly subprotocols?: readonly string[] | undefined;
  /** What `Sec-WebSocket-Extensions` offers; left out nothing. */
  readonly offer?: string | undefined;
}

export interface Dialled {
  readonly upgrade: Upgrade;
  /** What the peer was answered with. */
  readonly answer: Promise<Answer>;
}

export type Answer = { readonly peer: Peer } | { readonly refused: RefusalResponse };

/** The client's end of an accepted connection. */
export interface Peer {
  readonly subprotocol: string | undefined;
  /** What its `Sec-WebSocket-Extensions` was answered with. */
  readonly extensions: string | undefined;
  send(message: string | Uint8Array): void;
  /** Sends a ping frame. One that it is sent it answers by itself, as RFC 6455 §5.5.2 asks. */
  ping(data: Uint8Array): void;
  /** Without a code: a close frame without one. */
  close(code?: number, reason?: string): void;
  /** The connection is gone, without a close frame. */
  vanish(): void;
  stopReading(): void;
  startReading(): void;
  /** The oldest message that was not asked for yet, or the first that comes. */
  next(): Promise<string | Buffer>;
  /** What arrived and was not asked for. */
  readonly unread: readonly (string | Buffer)[];
  /** Messages and pongs in the order they arrived: `message hi`, `pong data`. */
  readonly order: readonly string[];
  /** Resolves with that order, when this is in it. */
  until(what: string): Promise<readonly string[]>;
  /** Resolves with what a client is told of the end, when all that came before was heard. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

export type OpenDriver = () => Promise<TransportDriver>;

/** Everything that the port promises (src/transport/transport.ts), for one adapter. */
export function describeTransport(open: OpenDriver): void {
  describeHandshake(open);
  describeMessages(open);
  describeControlFrames(open);
  describePressure(open);
  describeCompression(open);
  describeEnd(open);
}

export const roomy: AcceptOptions = {
  subprotocol: undefined,
  compression: false,
  messageSize: 1 << 20,
  fragments: 16,
  closeMs: 5_000,
};

export interface Connected {
  readonly socket: Socket;
  readonly heard: RecordingListener;
  readonly peer: Peer;
}

/** A connection that was accepted. */
export async function connect(
  driver: TransportDriver,
  options: Partial<AcceptOptions> = {},
  dial: Dial = {},
): Promise<Connected> {
  const { upgrade, answer } = await driver.dial(dial);
  const heard = new RecordingListener();
  const socket = upgrade.accept({ ...roomy, ...options }, () => heard);
  const answered = await answer;
  if (socket === undefined || "refused" in answered) throw new Error("The handshake was not completed.");
  return { socket, heard, peer: answered.peer };
}

/** Resolves when all that is on its way in this process has had time to arrive: as long as others take to talk. */
export async function othersTalk(driver: TransportDriver): Promise<void> {
  const { socket, heard, peer } = await connect(driver);
  for (let round = 0; round < 5; round += 1) {
    peer.send("ping");
    await heard.next();
    socket.write(encodeTextFrame("pong"));
    await peer.next();
  }
  peer.close(1000);
  await heard.whenClosed();
}
