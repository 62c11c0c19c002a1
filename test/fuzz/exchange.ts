import { once } from "node:events";
import { connect } from "node:net";

/** Sends these bytes, says that no more come, and gives all that is answered until the server hangs up. */
export async function exchange(url: string, bytes: Uint8Array): Promise<Buffer> {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  const heard: Buffer[] = [];
  socket.on("data", (chunk) => heard.push(chunk));
  // The server may have hung up before all was sent: what it said until then counts.
  socket.on("error", () => {});
  socket.on("end", () => socket.destroy());
  const closed = once(socket, "close");
  socket.end(bytes);
  await closed;
  return Buffer.concat(heard);
}
