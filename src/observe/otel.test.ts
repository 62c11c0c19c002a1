import { context, isSpanContextValid, ROOT_CONTEXT, type Span, SpanKind, type Tracer, trace } from "@opentelemetry/api";
import { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler, type Sampler } from "@opentelemetry/sdk-trace-base";
import { afterEach, describe, expect, test } from "vitest";
import { readRepositoryFile } from "../../test/support/repository.js";
import { endOf, SpanRecorder } from "../../test/support/span-recorder.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { TracedRefusal, Tracing } from "./observe.js";
import { otel } from "./otel.js";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";
const sampled = `00-${TRACE_ID}-${SPAN_ID}-01`;
const unsampled = `00-${TRACE_ID}-${SPAN_ID}-00`;

const handshake = { endpoint: "/ws/rooms/:room", address: "::1", trace: undefined };
const message = { endpoint: "/ws/rooms/:room", type: "say", connection: "c1", trace: undefined };
const event = { channel: "chat/:room", type: "said" };
const delivery = { ...event, offset: 58, listeners: 3, trace: sampled };
const refusal: TracedRefusal = { code: "forbidden", status: 403, closeCode: undefined, error: undefined };

let recorder: SpanRecorder | undefined;
afterEach(() => recorder?.[Symbol.dispose]());

function open(sampler?: Sampler): { readonly tracing: Tracing; readonly spans: SpanRecorder } {
  recorder = new SpanRecorder(sampler);
  const failed = (error: unknown) => {
    throw error;
  };
  return { tracing: otel({ tracerProvider: recorder.provider }).start(failed), spans: recorder };
}

function activeTrace(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId;
}

describe("a span of a handshake", () => {
  test("tells of the endpoint, and of nothing that a client chose but its address", async () => {
    const { tracing, spans } = open();
    await tracing.handshake(handshake, async () => undefined);
    const span = spans.one("GET /ws/rooms/:room");
    expect(span.kind).toBe(SpanKind.SERVER);
    expect(span.attributes).toEqual({
      "http.request.method": "GET",
      "http.route": "/ws/rooms/:room",
      "http.response.status_code": 101,
      "network.protocol.name": "websocket",
      "client.address": "::1",
    });
    expect(endOf(span)).toEqual({ failed: undefined, error: undefined, exceptions: [] });
  });

  test.each<[string, TracedRefusal, object, object]>([
    ["by HTTP", refusal, { "http.response.status_code": 403 }, { failed: "forbidden", exceptions: [] }],
    [
      "by a close",
      { ...refusal, status: undefined, closeCode: 4003 },
      { "http.response.status_code": 101, "tidings.close.code": 4003 },
      { failed: "forbidden", exceptions: [] },
    ],
    [
      "because a dependency threw",
      { code: "internal", status: 500, closeCode: undefined, error: new Error("no database") },
      { "http.response.status_code": 500 },
      { failed: "internal", exceptions: ["no database"] },
    ],
  ])("tells why it was refused: %s", async (_, refused, attributes, end) => {
    const { tracing, spans } = open();
    await tracing.handshake(handshake, async () => refused);
    const span = spans.one("GET /ws/rooms/:room");
    expect(span.attributes).toMatchObject(attributes);
    expect(endOf(span)).toEqual({ ...end, error: refused.code });
  });

  test("where there is no endpoint has no name of one", async () => {
    const { tracing, spans } = open();
    await tracing.handshake({ ...handshake, endpoint: undefined }, async () => ({ ...refusal, code: "not_found" }));
    expect(spans.one("GET").attributes).not.toHaveProperty("http.route");
  });

  test("is of the trace that the request names, and what checks it runs in it", async () => {
    const { tracing, spans } = open();
    const traces: (string | undefined)[] = [];
    await tracing.handshake({ ...handshake, trace: sampled }, async () => {
      traces.push(activeTrace());
      await Promise.resolve();
      traces.push(activeTrace());
      return undefined;
    });
    expect(traces).toEqual([TRACE_ID, TRACE_ID]);
    expect(spans.lines).toEqual([`GET /ws/rooms/:room < ${SPAN_ID}`]);
  });
});

describe("a span of a message", () => {
  test("tells of its type, and of nothing that was said", () => {
    const { tracing, spans } = open();
    expect(tracing.message(message, () => "reply")).toBe("reply");
    const span = spans.one("say /ws/rooms/:room");
    expect(span.kind).toBe(SpanKind.SERVER);
    expect(span.attributes).toEqual({
      "tidings.endpoint": "/ws/rooms/:room",
      "tidings.message.type": "say",
      "tidings.connection.id": "c1",
      "network.protocol.name": "websocket",
    });
  });

  test("is of the trace that the message names, and what the handler does is under it", async () => {
    const { tracing, spans } = open();
    await tracing.message({ ...message, trace: sampled }, async () => {
      await Promise.resolve();
      spans.provider.getTracer("app").startSpan("compose").end();
    });
    expect(spans.lines).toEqual([`say /ws/rooms/:room < ${SPAN_ID}`, "compose < say /ws/rooms/:room"]);
    expect(new Set(spans.spans.map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE_ID]));
  });

  test("that names no trace is of none, whatever runs when its turn comes", () => {
    const { tracing, spans } = open();
    tracing.message({ ...message, type: "first", trace: sampled }, () => tracing.message(message, () => {}));
    expect(spans.lines).toContain("say /ws/rooms/:room");
    expect(spans.one("say /ws/rooms/:room").spanContext().traceId).not.toBe(TRACE_ID);
  });

  test("ends when what the handler gave is settled, and that is given on as it is", async () => {
    const { tracing, spans } = open();
    let resolve: ((reply: string) => void) | undefined;
    const reply = new Promise<string>((settle) => {
      resolve = settle;
    });
    expect(tracing.message(message, () => reply)).toBe(reply);
    expect(spans.lines).toEqual([]);
    resolve?.("later");
    await reply;
    expect(spans.lines).toEqual(["say /ws/rooms/:room"]);
  });

  const thrown: [string, unknown, object][] = [
    [
      "a client's fault by its code alone",
      new TidingsError("forbidden", "Ana is not a member."),
      { failed: "forbidden", error: "forbidden", exceptions: [] },
    ],
    [
      "our own with how it came about",
      new RangeError("no such row"),
      { failed: "internal", error: "internal", exceptions: ["no such row"] },
    ],
    ["what is no error", { password: "x" }, { failed: "internal", error: "internal", exceptions: [] }],
    ["nothing", undefined, { failed: "internal", error: "internal", exceptions: [] }],
  ];
  test.each(thrown)("tells what the handler threw: %s", (_, error, end) => {
    const { tracing, spans } = open();
    const fail = () => {
      throw error;
    };
    expect(caught(() => tracing.message(message, fail))).toEqual({ error });
    expect(endOf(spans.one("say /ws/rooms/:room"))).toEqual(end);
  });
  test.each(thrown)("tells what it rejected with: %s", async (_, error, end) => {
    const { tracing, spans } = open();
    const failing = tracing.message(message, () => Promise.reject(error));
    expect(await failing.then(String, (rejected: unknown) => ({ rejected }))).toEqual({ rejected: error });
    expect(endOf(spans.one("say /ws/rooms/:room"))).toEqual(end);
  });

  test.each([
    ["of another form", "trace-1"],
    ["empty", ""],
    ["in capitals", sampled.toUpperCase()],
    ["of no trace", `00-${"0".repeat(32)}-${SPAN_ID}-01`],
    ["of no span", `00-${TRACE_ID}-${"0".repeat(16)}-01`],
    ["of the version that there is not", `ff-${TRACE_ID}-${SPAN_ID}-01`],
    ["given twice", `${sampled}, ${sampled}`],
    ["with more behind it", `${sampled}-more`],
    ["with a line break", `${sampled}\n`],
  ])("is of no trace where what names it is none: %s", (_, text) => {
    const { tracing, spans } = open();
    tracing.message({ ...message, trace: text }, () => {});
    expect(spans.lines).toEqual(["say /ws/rooms/:room"]);
  });

  test.each([`01-${TRACE_ID}-${SPAN_ID}-09`, `cc-${TRACE_ID}-${SPAN_ID}-01-what-will-be`])(
    "is of the trace that a later version names: %s",
    (text) => {
      const { tracing, spans } = open();
      tracing.message({ ...message, trace: text }, () => {});
      expect(spans.lines).toEqual([`say /ws/rooms/:room < ${SPAN_ID}`]);
    },
  );
});

describe("a span of a publish", () => {
  test("tells of the channel by its pattern", () => {
    const { tracing, spans } = open();
    tracing.publish(event, () => {});
    const span = spans.one("publish chat/:room");
    expect(span.kind).toBe(SpanKind.PRODUCER);
    expect(span.attributes).toEqual({
      "messaging.system": "tidings",
      "messaging.operation.name": "publish",
      "messaging.operation.type": "send",
      "messaging.destination.template": "chat/:room",
      "tidings.event.type": "said",
    });
  });

  test("is under what runs, and its place is what the event carries", () => {
    const { tracing, spans } = open();
    const carried = tracing.message({ ...message, trace: sampled }, () => tracing.publish(event, (sent) => sent));
    expect(spans.lines).toEqual([`say /ws/rooms/:room < ${SPAN_ID}`, "publish chat/:room < say /ws/rooms/:room"]);
    expect(carried).toBe(`00-${TRACE_ID}-${spans.one("publish chat/:room").spanContext().spanId}-01`);
  });

  test("on a channel of ours is there where something led to it, and not otherwise", () => {
    const { tracing, spans } = open();
    const ours = { channel: "$tasks/:user", type: "task_started" };
    expect(tracing.publish(ours, (sent) => sent ?? "none")).toBe("none");
    expect(spans.lines).toEqual([]);
    tracing.message(message, () => tracing.publish(ours, () => {}));
    expect(spans.lines).toEqual(["say /ws/rooms/:room", "publish $tasks/:user < say /ws/rooms/:room"]);
  });

  test("tells that the broker was away", async () => {
    const { tracing, spans } = open();
    const away = new TidingsError("unavailable");
    await expect(tracing.publish(event, () => Promise.reject(away))).rejects.toBe(away);
    expect(endOf(spans.one("publish chat/:room"))).toMatchObject({ failed: "unavailable", error: "unavailable" });
  });
});

describe("a span of a delivery", () => {
  test("is under the publish, and tells how many listen", () => {
    const { tracing, spans } = open();
    let delivered = 0;
    tracing.delivery(delivery, () => (delivered += 1));
    expect(delivered).toBe(1);
    expect(spans.lines).toEqual([`deliver chat/:room < ${SPAN_ID}`]);
    const span = spans.one("deliver chat/:room");
    expect(span.kind).toBe(SpanKind.CONSUMER);
    expect(span.attributes).toEqual({
      "messaging.system": "tidings",
      "messaging.operation.name": "deliver",
      "messaging.operation.type": "process",
      "messaging.destination.template": "chat/:room",
      "tidings.event.type": "said",
      "tidings.event.offset": 58,
      "tidings.event.listeners": 3,
    });
  });

  test.each([
    ["what was not sampled", unsampled],
    ["what is no trace", "trace-1"],
    ["a trace of nothing", `00-${"0".repeat(32)}-${SPAN_ID}-01`],
  ])("is not there for %s", (_, text) => {
    const { tracing, spans } = open(new AlwaysOnSampler());
    let delivered = 0;
    tracing.delivery({ ...delivery, trace: text }, () => (delivered += 1));
    expect(delivered).toBe(1);
    expect(spans.lines).toEqual([]);
  });
});

test("what is not sampled goes on as such, and leaves no span", () => {
  const { tracing, spans } = open(new ParentBasedSampler({ root: new AlwaysOffSampler() }));
  const publish = () => tracing.publish(event, (sent) => sent);
  const ofClient = tracing.message({ ...message, trace: unsampled }, publish);
  const ofOurs = tracing.message(message, publish);
  expect(ofClient).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
  expect(ofOurs).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(spans.spans).toEqual([]);
});

test("where no SDK is registered the client's trace goes through as it came, and nothing else carries one", () => {
  using spans = new SpanRecorder();
  const tracing = otel().start(() => {});
  expect(tracing.message({ ...message, trace: sampled }, () => tracing.publish(event, (sent) => sent))).toBe(sampled);
  expect(tracing.message(message, () => tracing.publish(event, (sent) => sent ?? "none"))).toBe("none");
  expect(spans.spans).toEqual([]);
});

test("a provider that is registered later is the one that is asked", () => {
  using spans = new SpanRecorder();
  const tracing = otel().start(() => {});
  trace.setGlobalTracerProvider(spans.provider);
  tracing.message(message, () => {});
  trace.disable();
  expect(spans.lines).toEqual(["say /ws/rooms/:room"]);
  const { name, version } = spans.one("say /ws/rooms/:room").instrumentationScope;
  const { version: ours } = JSON.parse(readRepositoryFile("package.json")) as { readonly version: string };
  expect({ name, version }).toEqual({ name: "tidings", version: ours });
});

test("a tracer of one's own makes the spans", () => {
  using spans = new SpanRecorder();
  const tracing = otel({ tracer: spans.provider.getTracer("mine") }).start(() => {});
  tracing.message(message, () => {});
  expect(spans.one("say /ws/rooms/:room").instrumentationScope.name).toBe("mine");
});

test.each([[{ tracerprovider: {} }], [{ tracer: "global" }], ["global"]])(
  "options that can't be are told: %j",
  (given) => {
    expect(() => otel(given as object)).toThrow(expect.objectContaining({ name: "ConfigError" }));
  },
);

describe("a tracer that is broken breaks nothing, and is told of once:", () => {
  const broken = new Error("broken");
  const fail = (): never => {
    throw broken;
  };
  const span: Span = trace.wrapSpanContext({ traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1 });
  const spanWith = (changes: object): Tracer["startSpan"] => {
    return () => Object.assign(Object.create(span) as Span, changes);
  };
  const cases: [string, Tracer["startSpan"]][] = [
    ["it can't begin a span", fail],
    ["a span does not know its place", spanWith({ spanContext: fail })],
    ["a span takes no attributes", spanWith({ setAttributes: fail, setAttribute: fail })],
    ["a span takes no error", spanWith({ setStatus: fail, recordException: fail })],
    ["a span can't end", spanWith({ end: fail })],
  ];

  test.each(cases)("%s", async (_, startSpan) => {
    using _spans = new SpanRecorder();
    await expectUnharmed({ startSpan, startActiveSpan: fail });
  });

  test.each([
    ["before what it is given", fail],
    [
      "behind it",
      (_: unknown, call: () => unknown) => {
        call();
        fail();
      },
    ],
  ])("the context manager throws %s", async (_, within) => {
    const manager = {
      active: () => ROOT_CONTEXT,
      with: within,
      bind: fail,
      enable: () => manager,
      disable: () => manager,
    };
    context.setGlobalContextManager(manager as never); // no more is used
    try {
      await expectUnharmed({ startSpan: () => span, startActiveSpan: fail });
    } finally {
      context.disable();
    }
  });

  test("the context manager does not know what runs", async () => {
    const manager = {
      active: fail,
      with: (_: unknown, call: () => unknown) => call(),
      bind: fail,
      enable: () => manager,
      disable: () => manager,
    };
    context.setGlobalContextManager(manager as never); // no more is used
    try {
      await expectUnharmed({ startSpan: () => span, startActiveSpan: fail });
    } finally {
      context.disable();
    }
  });

  async function expectUnharmed(tracer: Tracer): Promise<void> {
    const told: unknown[] = [];
    const tracing = otel({ tracer }).start((error) => told.push(error));
    const calls: string[] = [];
    const done = (name: string) => {
      calls.push(name);
      return name;
    };
    const wrong = new Error("the handler's own");
    await tracing.handshake(handshake, async () => {
      done("accepted");
      return undefined;
    });
    await tracing.handshake(handshake, async () => {
      done("refused");
      return refusal;
    });
    expect(tracing.message(message, () => done("handled"))).toBe("handled");
    expect(await tracing.message(message, async () => done("handled later"))).toBe("handled later");
    expect(caught(() => tracing.message(message, () => raise(done("threw"), wrong)))).toEqual({ error: wrong });
    await expect(tracing.message(message, () => Promise.reject(wrong))).rejects.toBe(wrong);
    expect(tracing.publish(event, () => done("published"))).toBe("published");
    tracing.delivery(delivery, () => done("delivered"));
    expect(calls).toEqual(["accepted", "refused", "handled", "handled later", "threw", "published", "delivered"]);
    expect(told).toEqual([broken]);
  }
});

test("the traces that these tests name are such", () => {
  expect(isSpanContextValid({ traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1 })).toBe(true);
});

function raise(_: string, error: Error): never {
  throw error;
}

function caught(call: () => unknown): { readonly error: unknown } | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return { error };
  }
}
