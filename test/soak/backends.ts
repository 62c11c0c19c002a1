import { Refusal } from "../support/ws-client.js";
import { API_KEY } from "./soak-app.js";
import type { Visitor } from "./visitor.js";

// Who asks over HTTP, and who looks at the pages.

/** Is sent away, and then not let in again with what it has. */
export async function sendAway(visitor: Visitor): Promise<void> {
  const token = `${visitor.name}/${Date.now() + 20_000}`;
  const client = await visitor.dial("/ws/desk", { token });
  const isRevoked = visitor.random.below(2) === 0;
  const { status } = isRevoked
    ? await visitor.ask("/api/revoke", { tokenId: token })
    : await visitor.ask("/api/disconnect", { user: visitor.name });
  if (status !== 200) throw new Error(`answered with ${status}`);
  const { code, reason } = await client.closed;
  if (code === 1001 || code === 1006) throw new Error(`closed with ${code}`);
  const wanted = { code: 1008, reason: isRevoked ? "unauthorized" : "forbidden" };
  visitor.expectSame("refused as the table says", { code, reason }, wanted);
  if (!isRevoked) return;
  const refused = await visitor.dial("/ws/desk", { token }).catch((error: unknown) => error);
  if (!(refused instanceof Refusal) || refused.status === 503) throw new Error(String(refused));
  visitor.expectSame("refused as the table says", refused.status, 401);
}

/** Publishes as another backend does, and looks whether it is there. */
export async function publishOverHttp(visitor: Visitor): Promise<void> {
  const channel = `briefly-kept/${visitor.name}`;
  const event = { channel, type: "said", payload: { n: "1" }, key: "once" };
  const first = await visitor.publish(event);
  const again = await visitor.publish(event);
  const { body } = await visitor.ask(`/api/history?channel=${channel}`);
  const { epoch, events = [] } = Object(body) as { readonly epoch?: string; readonly events?: readonly unknown[] };
  if (epoch !== first.epoch || again.epoch !== first.epoch) throw new Error("another epoch");
  visitor.expectSame("stored", again, first);
  visitor.expectSame("stored", events, [{ type: "said", offset: first.offset, payload: { n: "1" } }]);
  const { status } = await visitor.ask("/api/publish", event, `not-${API_KEY}`);
  visitor.expectSame("refused as the table says", status, 401);
}

/** Looks at the pages that there are. */
export async function lookAround(visitor: Visitor): Promise<void> {
  for (const path of ["/healthz", "/health/websockets", "/metrics", "/asyncapi.json", "/openapi.json", "/docs"]) {
    const { status } = await visitor.ask(path);
    if (status === 408) throw new Error("it was asked for too slowly");
    visitor.expectSame("refused as the table says", status, 200);
  }
}

/** Has the dashboard open for a moment. */
export async function look(visitor: Visitor): Promise<void> {
  const client = await visitor.dial("/dashboard/live");
  await client.ask("subscribe", { channel: "$dashboard" });
  client.send({ type: "ask", payload: { ask: "all", about: "connections", text: "", which: "open" }, id: 1 });
  let [samples, answers] = [0, 0];
  while (samples < 2 || answers < 1) {
    const { type, payload } = await client.next();
    if (type === "error" || type === "gap") throw new Error(`${type} ${JSON.stringify(payload)}`);
    if (type === "sample") samples += 1;
    if (type === "answered") answers += 1;
  }
  visitor.expect("order", true, "");
  client.close();
  await client.closed;
}
