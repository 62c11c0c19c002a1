import { WebSocket } from "ws";
import { closePayload, frame, handshakeRequest, opcodes } from "../support/raw-client.js";
import { Refusal } from "../support/ws-client.js";
import { NOBODY } from "./soak-app.js";
import type { Visitor } from "./visitor.js";

// Who is not let in, and who does not keep to the protocol.

/** A token that is nobody's, shown in any way. */
export async function showWrongToken(visitor: Visitor): Promise<void> {
  await seeRefusal(visitor, NOBODY, { status: 401, code: "unauthorized" });
}

/** A token that was good once. */
export async function showExpiredToken(visitor: Visitor): Promise<void> {
  await seeRefusal(visitor, `${visitor.name}/1`, { status: 401, code: "token_expired" });
}

async function seeRefusal(
  visitor: Visitor,
  token: string,
  wanted: { readonly status: number; readonly code: string },
): Promise<void> {
  const ours = visitor.random.below(2) === 0;
  const place = visitor.random.pick(["header", "subprotocol", "query"]);
  const bearer = `bearer.${Buffer.from(token).toString("base64url")}`;
  const protocols = [...(ours ? ["tidings.v1"] : []), ...(place === "subprotocol" ? [bearer] : [])];
  const path = place === "query" ? `/ws/desk?token=${encodeURIComponent(token)}` : "/ws/desk";
  const given = { protocols, ...(place === "header" && { token }) };
  try {
    const client = await visitor.dial(path, given);
    const closed = await client.closed;
    if (closed.code === 1013) return; // draining
    visitor.expectSame("refused as the table says", ours && closed, { code: 1008, reason: wanted.code });
  } catch (error) {
    if (!(error instanceof Refusal) || error.status === 503) throw error;
    const { code } = Object(error.body) as { readonly code?: string };
    visitor.expectSame("refused as the table says", { status: error.status, code }, wanted);
  }
}

/** A token that expires while its owner is here. */
export async function outstay(visitor: Visitor): Promise<void> {
  const client = await visitor.dial("/ws/desk", { token: `${visitor.name}/${Date.now() + 1_000}` });
  const { code, reason } = await client.closed;
  const isDrained = code === 1001 || code === 1006;
  if (isDrained) throw new Error(`closed with ${code}`);
  visitor.expectSame("refused as the table says", { code, reason }, { code: 1008, reason: "token_expired" });
}

/** Half a handshake, and nothing more. */
export async function stallInHandshake(visitor: Visitor): Promise<void> {
  const client = await visitor.dialRaw();
  const request = handshakeRequest("/ws/desk");
  client.write(request.slice(0, 10 + visitor.random.below(request.length - 20)));
  const { status } = await client.nextResponse();
  visitor.expectSame("bounded", status, 408);
}

/** Half a frame, and nothing more: no sign of life comes. */
export async function stallInFrame(visitor: Visitor): Promise<void> {
  const client = await visitor.openRaw("/ws/desk");
  const whole = frame({ payload: '{"type":"say","payload":{"n":1}}' });
  client.write(whole.subarray(0, 1 + visitor.random.below(whole.length - 2)));
  const { code, reason } = await client.nextClose();
  if (code === 1001) throw new Error("closed with 1001");
  visitor.expectSame("bounded", { code, reason }, { code: 1011, reason: "ping_timeout" });
}

/** Frames as no client may send them. */
export async function breakFrames(visitor: Visitor): Promise<void> {
  const [bytes, code] = visitor.random.pick(brokenFrames);
  const client = await visitor.openRaw("/ws/desk");
  client.write(bytes);
  const closed = await client.nextClose();
  if (closed.code === 1001) throw new Error("closed with 1001");
  visitor.expectSame("refused as the table says", closed.code, code);
  client.write(frame({ opcode: opcodes.close, payload: closePayload(code) }));
}

const brokenFrames: readonly (readonly [Buffer, number])[] = [
  [frame({ payload: "{}", isMasked: false }), 1002],
  [frame({ payload: "{}", reserved: 2 }), 1002],
  [frame({ payload: "{}", opcode: 3 }), 1002],
  [frame({ payload: "{}", opcode: opcodes.continuation }), 1002],
  [frame({ payload: "x".repeat(126), opcode: opcodes.ping }), 1002],
  [frame({ payload: new Uint8Array([0xc3, 0x28]) }), 1007],
  [frame({ payload: "", length: 1_000_000 }), 1009],
  [frame({ payload: "bytes", opcode: opcodes.binary }), 1003],
];

/** All at once: the handshake, and what is said before anybody is let in. */
export async function talkEarly(visitor: Visitor): Promise<void> {
  const client = await visitor.dialRaw();
  const say = (n: number) => frame({ payload: JSON.stringify({ type: "say", payload: { n }, id: n }) });
  const handshake = handshakeRequest("/ws/desk", { headers: { authorization: `Bearer ${visitor.name}` } });
  client.write(Buffer.concat([Buffer.from(handshake), say(1), say(2), say(3)]));
  const { status } = await client.nextResponse();
  if (status !== 101) throw new Error(`The handshake was refused: ${status}`);
  const heard: unknown[] = [];
  while (heard.length < 3) {
    const { opcode, payload } = await client.nextFrame();
    if (opcode === opcodes.close) throw new Error("closed");
    if (opcode === opcodes.text) heard.push(JSON.parse(payload.toString()));
  }
  visitor.expectSame(
    "one at a time",
    heard,
    [1, 2, 3].map((n) => ({ type: "reply", id: n, payload: n })),
  );
}

/** Goes away in the middle: by a reset, by half a close, or by nothing at all. */
export async function vanish(visitor: Visitor): Promise<void> {
  const client = await visitor.openRaw("/ws/desk");
  const slow = frame({ payload: '{"type":"slow","payload":{"n":1},"id":1}' });
  client.write(Buffer.concat([slow, frame({ payload: '{"type":"say","payload":{"n":2}}' })]));
  switch (visitor.random.below(3)) {
    case 0:
      return client.reset();
    case 1:
      return client.end();
    default:
      client.write(frame({ opcode: opcodes.close, payload: closePayload(1000) }));
  }
}

/** Dials, and is gone before it is answered. */
export async function changeItsMind(visitor: Visitor): Promise<void> {
  const webSocket = new WebSocket(`${visitor.url}/ws/desk`, { headers: { authorization: `Bearer ${visitor.name}` } });
  const closed = new Promise<void>((resolve) => webSocket.once("close", () => resolve()));
  webSocket.on("error", () => {}); // the close tells it
  setImmediate(() => webSocket.terminate());
  await closed;
}
