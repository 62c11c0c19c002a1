import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A port of the loopback that nobody listens on, and that stays its taker's also while nobody does.
 *
 * It is below those that Linux gives to the near ends of connections: a server that is started again on its port must
 * find it free, whoever dialled in the meantime. And processes that run at the same time look at different ports.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + (process.pid % OWNERS) * EACH + (taken % EACH);
    taken += 1;
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
  } catch {
    return false;
  }
  await once(server.close(), "close");
  return true;
}

const FIRST = 20_000;
/** Ports of each process. */
const EACH = 100;
const OWNERS = 120;
let taken = 0;
