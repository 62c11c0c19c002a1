import { channel, endpoint } from "tidings";
import type { ClientFor, ConnectOptions } from "tidings/client";
import { tasks } from "tidings/tasks";
import { z } from "zod";
import { createConnect } from "../../src/client/connect.js";
import type { Socket, Surroundings } from "../../src/client/surroundings.js";
import { FakeClock, settle } from "../../src/testing/fake-clock.js";

const events = { said: z.object({ n: z.number() }) };
const plain = channel("plain/:id", { events, presence: true, allow: { subscribe: true, publish: true } });
const kept = channel("kept/:id", {
  events,
  history: { size: 10, ttl: "1m" },
  presence: true,
  snapshot: () => ({ sum: 0 as number }),
  allow: { subscribe: true, publish: true },
});
/** What the clients of a `ClientWorld` believe to be connected to. */
export const talk = endpoint("/ws", {
  query: z.object({ page: z.string().optional() }),
  receives: { say: z.object({ n: z.number() }), ask: z.object({}) },
  sends: { note: z.object({ n: z.number() }) },
  channels: [plain, kept, tasks],
  on: { say() {}, ask: () => 7 as number },
});

/** What a client runs on, under control: a clock that is moved by hand, chance that is told, sockets that a test is the server of. */
export class ClientWorld implements Surroundings {
  readonly clock: FakeClock = new FakeClock({ startMs: 1_000_000 });
  base: string | undefined = "https://app.example/page";
  /** What `random` gives. */
  chance = 0.5;
  /** Every dial so far, in order. */
  readonly dials: ScriptedSocket[] = [];
  readonly #listeners = new Set<(isThere: boolean) => void>();
  /** In the place of a socket, from now on. */
  dialling: (() => Promise<Socket>) | undefined;

  readonly random = (): number => this.chance;

  readonly open = (url: string, protocols: readonly string[]): Socket | Promise<Socket> => {
    const socket = new ScriptedSocket(url, protocols);
    this.dials.push(socket);
    return this.dialling?.() ?? socket;
  };

  readonly onNetwork = (listener: (isThere: boolean) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  connect(options: ConnectOptions<{ page?: string | undefined }> = {}): ClientFor<typeof talk> {
    return createConnect(this)<typeof talk>("/ws", options);
  }

  /** How many want to know whether the network is there. */
  get networkListeners(): number {
    return this.#listeners.size;
  }

  network(isThere: boolean): void {
    for (const listener of this.#listeners) listener(isThere);
  }

  /** The newest socket. */
  get socket(): ScriptedSocket {
    const last = this.dials.at(-1);
    if (last === undefined) throw new Error("Nobody has dialled.");
    return last;
  }

  /** What was begun has reached whom it concerns. */
  settled(): Promise<void> {
    return settle();
  }

  /** The newest dial is let in: its socket opens, and hears `connected` with this. */
  async letIn(payload: object = {}): Promise<ScriptedSocket> {
    await settle();
    this.socket.opens();
    this.socket.says("connected", { connection: "c", heartbeatMs: 30_000, ...payload });
    await settle();
    return this.socket;
  }
}

/** A page's WebSocket, of which a test is the server. */
export class ScriptedSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((message: { readonly data: unknown }) => void) | null = null;
  onerror: ((error: never) => void) | null = null;
  onclose: ((closed: { readonly code: number; readonly reason: string }) => void) | null = null;
  readonly url: string;
  readonly protocols: readonly string[];
  /** What the client said, in order. */
  readonly heard: Said[] = [];
  /** How the client closed it, each time. */
  readonly closings: { readonly code?: number | undefined; readonly reason?: string | undefined }[] = [];

  constructor(url: string, protocols: readonly string[]) {
    this.url = url;
    this.protocols = protocols;
  }

  send(text: string): void {
    this.heard.push(JSON.parse(text));
  }

  close(code?: number, reason?: string): void {
    this.closings.push({ code, reason });
  }

  opens(): void {
    this.onopen?.();
  }

  says(type: string, payload?: unknown, more: object = {}): void {
    this.saysText(JSON.stringify({ type, payload, ...more }));
  }

  saysText(data: unknown): void {
    this.onmessage?.({ data });
  }

  closes(code: number, reason: string = ""): void {
    this.onclose?.({ code, reason });
  }

  /** What it heard of this type, but for the first of all, which is `connect`. */
  heardOf(type: string): readonly Said[] {
    return this.heard.slice(1).filter((said) => said.type === type);
  }

  /** The types of what it heard, in order. */
  get types(): readonly string[] {
    return this.heard.map(({ type }) => type);
  }
}

/** What a client says. */
export interface Said {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into it, and fails where it is another
  readonly payload?: any;
  readonly id?: number;
}
