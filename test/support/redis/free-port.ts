import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A port of the loopback that nobody listens on.
 *
 * Below those that Linux gives to the near ends of connections: a server that is started again on its port must find it
 * free, whoever dialled in the meantime.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
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
const COUNT = 12_000;
