import { thenAfterClose } from "tidings/protocol";
import { WebSocket } from "ws";

// `COUNT` clients of `tidings.v1` that dial `URL`, and dial again as the close table says.
//
// When all were connected for the first time it prints `connected 1` and the connections' ids, when all of those have
// ended `ended 1` and how many ended how; then the same for the second time, and so on.

const { URL: url = "", COUNT: count = "1" } = process.env;

const connected: string[][] = [];
const endings: Record<string, number>[] = [];
const delays: number[][] = [];

class Client {
  #times = 0;
  /** Dials since it was connected. */
  #attempts = 0;

  dial(): void {
    const webSocket = new WebSocket(url, ["tidings.v1"]);
    let isConnected = false;
    let reconnectAfterMs: number | undefined;
    webSocket.on("open", () => webSocket.send('{"type":"connect"}'));
    webSocket.on("message", (data: Buffer) => {
      const { type, payload } = JSON.parse(data.toString()) as Heard;
      if (type === "ping") webSocket.send('{"type":"pong"}');
      if (type === "drain") reconnectAfterMs = payload?.reconnectAfterMs;
      if (type !== "connected") return;
      isConnected = true;
      this.#attempts = 0;
      this.#times += 1;
      tellConnected(this.#times, payload?.connection ?? "");
    });
    webSocket.on("error", () => {}); // the close tells it
    webSocket.on("close", (code, reason) => {
      const then = thenAfterClose(code, reason.toString());
      if (isConnected) {
        const heard = reconnectAfterMs === undefined ? "" : "drain, then ";
        tellEnded(this.#times, `${heard}${`${code} ${reason}`.trimEnd()}: ${then}`, reconnectAfterMs);
      }
      if (then === "retry-after-drain" && reconnectAfterMs !== undefined) this.#dialIn(reconnectAfterMs);
      else if (then === "retry-after-drain" || then === "retry") this.#dialIn(this.#backOffMs());
    });
  }

  #dialIn(ms: number): void {
    setTimeout(() => this.dial(), ms);
  }

  #backOffMs(): number {
    const longest = Math.min(800, 50 * 2 ** this.#attempts);
    this.#attempts += 1;
    return longest * (0.5 + Math.random() / 2);
  }
}

/** What is read of a message. */
interface Heard {
  readonly type: string;
  readonly payload?: { readonly connection?: string; readonly reconnectAfterMs?: number };
}

function tellConnected(time: number, id: string): void {
  const ids = (connected[time] ??= []);
  ids.push(id);
  if (ids.length === Number(count)) console.log(`connected ${time} ${JSON.stringify(ids)}`);
}

function tellEnded(time: number, how: string, delayMs: number | undefined): void {
  const tally = (endings[time] ??= {});
  tally[how] = (tally[how] ?? 0) + 1;
  const told = (delays[time] ??= []);
  if (delayMs !== undefined) told.push(delayMs);
  const ended = Object.values(tally).reduce((sum, each) => sum + each, 0);
  if (ended === Number(count)) console.log(`ended ${time} ${JSON.stringify({ tally, delays: told })}`);
}

process.on("SIGTERM", () => process.exit(0));
for (let n = 0; n < Number(count); n += 1) new Client().dial();
