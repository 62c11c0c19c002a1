/**
 * Spans for OpenTelemetry, from the handshake to the delivery.
 *
 * @module tidings/otel
 */
import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  type TracerProvider,
  trace as traces,
} from "@opentelemetry/api";
import { checkOptions, type OptionKind } from "../base/options.js";
import { isThenable } from "../base/thenable.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type {
  TracedDelivery,
  TracedEvent,
  TracedHandshake,
  TracedMessage,
  TracedRefusal,
  Tracing,
  TracingSource,
} from "./observe.js";

export type { TracingSource } from "./observe.js";

/** What `otel` takes. */
export interface OtelOptions {
  /** Makes the spans. Default: what `tracerProvider` gives for `"tidings"`. */
  tracer?: Tracer | undefined;
  /** Default: the global one, also where it is registered later. */
  tracerProvider?: TracerProvider | undefined;
}

/**
 * Spans for OpenTelemetry, for `createApp({ tracing: otel() })`: of handshakes, messages, publishes, and of each process that
 * tells an event on. A handler runs in its message's span, so what it calls comes to stand under it, and what it publishes
 * takes the trace along, through the broker and to the clients.
 *
 * It needs what every SDK registers: a tracer provider, and a context manager.
 *
 * @throws {ConfigError} for an option that can't be
 */
export function otel(options: OtelOptions = {}): TracingSource {
  checkOptions("otel()", options, OPTIONS);
  const { tracer, tracerProvider = traces } = options;
  return { start: (failed) => new OtelTracing(tracer ?? tracerProvider.getTracer("tidings", VERSION), failed) };
}

const OPTIONS: Readonly<Record<string, OptionKind>> = { tracer: "object", tracerProvider: "object" };

/** This package's. */
const VERSION = "0.9.0";

class OtelTracing implements Tracing {
  readonly #tracer: Tracer;
  readonly #failed: (error: unknown) => void;
  #hasFailed = false;

  constructor(tracer: Tracer, failed: (error: unknown) => void) {
    this.#tracer = tracer;
    this.#failed = failed;
  }

  handshake(what: TracedHandshake, answer: () => Promise<TracedRefusal | undefined>): Promise<unknown> {
    const { endpoint, address, trace } = what;
    const attributes = {
      "http.request.method": "GET",
      "http.route": endpoint,
      "network.protocol.name": "websocket",
      "client.address": address,
    };
    const name = endpoint === undefined ? "GET" : `GET ${endpoint}`;
    const parent = contextOf(readTraceparent(trace));
    const span = this.#begin(name, SpanKind.SERVER, attributes, parent);
    return this.#within(span, parent, answer).then((refusal) => this.#end(span, refusal, attributesOf(refusal)));
  }

  message<Result>({ endpoint, type, connection, trace }: TracedMessage, handle: () => Result): Result {
    const attributes = {
      "tidings.endpoint": endpoint,
      "tidings.message.type": type,
      "tidings.connection.id": connection,
      "network.protocol.name": "websocket",
    };
    // Never of what runs now: its turn may have come when the message before it was done.
    const parent = contextOf(readTraceparent(trace));
    return this.#follow(this.#begin(`${type} ${endpoint}`, SpanKind.SERVER, attributes, parent), parent, handle);
  }

  publish<Result>({ channel, type }: TracedEvent, publish: (trace: string | undefined) => Result): Result {
    const parent = this.#try(() => context.active()) ?? ROOT_CONTEXT;
    // What this package says of its own accord, such as a dashboard's figures each second, is nobody's trace.
    if (channel.startsWith("$") && traces.getSpan(parent) === undefined) return publish(undefined);
    const attributes = { ...messagingOf("publish", "send", channel), "tidings.event.type": type };
    const span = this.#begin(`publish ${channel}`, SpanKind.PRODUCER, attributes, parent);
    const trace = this.#traceparentOf(span);
    return this.#follow(span, parent, () => publish(trace));
  }

  delivery({ channel, type, offset, listeners, trace }: TracedDelivery, deliver: () => void): void {
    const sent = readTraceparent(trace);
    // Of what is not recorded where it was published there is nothing to be told here.
    if (sent === undefined || !isSampled(sent)) {
      deliver();
      return;
    }
    const attributes = {
      ...messagingOf("deliver", "process", channel),
      "tidings.event.type": type,
      "tidings.event.offset": offset,
      "tidings.event.listeners": listeners,
    };
    const parent = contextOf(sent);
    this.#follow(this.#begin(`deliver ${channel}`, SpanKind.CONSUMER, attributes, parent), parent, deliver);
  }

  /** Runs it within the span, which ends when it is over. */
  #follow<Result>(span: Span | undefined, parent: Context, run: () => Result): Result {
    try {
      const result = this.#within(span, parent, run);
      if (isThenable(result)) {
        result.then(
          () => this.#end(span),
          (error: unknown) => this.#end(span, failureOf(error)),
        );
      } else this.#end(span);
      return result;
    } catch (error) {
      this.#end(span, failureOf(error));
      throw error;
    }
  }

  #begin(name: string, kind: SpanKind, attributes: Attributes, parent: Context): Span | undefined {
    return this.#try(() => this.#tracer.startSpan(name, { kind, attributes }, parent));
  }

  /** Calls it once, whatever the tracer does. */
  #within<Result>(span: Span | undefined, parent: Context, run: () => Result): Result {
    if (span === undefined) return run();
    let outcome = undefined as Outcome<Result> | undefined; // it is given one in a function
    this.#try(() =>
      context.with(traces.setSpan(parent, span), () => {
        outcome = outcomeOf(run);
      }),
    );
    outcome ??= outcomeOf(run);
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  #end(span: Span | undefined, failure?: Failure, attributes: Attributes = {}): void {
    if (span === undefined) return;
    this.#try(() => {
      span.setAttributes(attributes);
      if (failure !== undefined) {
        const { code, error } = failure;
        span.setAttribute("error.type", code);
        span.setStatus({ code: SpanStatusCode.ERROR, message: code });
        if (error instanceof Error) span.recordException(error);
      }
    });
    this.#try(() => span.end());
  }

  /** What was not sampled goes on too, and is not sampled elsewhere. */
  #traceparentOf(span: Span | undefined): string | undefined {
    return this.#try(() => {
      const sent = span?.spanContext();
      if (sent === undefined || !isSpanContextValid(sent)) return undefined;
      return `00-${sent.traceId}-${sent.spanId}-${isSampled(sent) ? "01" : "00"}`;
    });
  }

  /** A tracer that is broken is told of once, and breaks nothing else. */
  #try<Result>(call: () => Result): Result | undefined {
    try {
      return call();
    } catch (error) {
      if (!this.#hasFailed) this.#failed(error);
      this.#hasFailed = true;
      return undefined;
    }
  }
}

/** What a call came to. */
type Outcome<Result> = { readonly value: Result } | { readonly error: unknown };

function outcomeOf<Result>(call: () => Result): Outcome<Result> {
  try {
    return { value: call() };
  } catch (error) {
    return { error };
  }
}

/** What a span ended with: its code, and where it is our own fault, how it came about. */
type Failure = Pick<TracedRefusal, "code" | "error">;

/** As it is answered. */
function failureOf(error: unknown): Failure {
  return error instanceof TidingsError ? { code: error.code, error: undefined } : { code: "internal", error };
}

function attributesOf(refusal: TracedRefusal | undefined): Attributes {
  // Who is refused by a close was let in first.
  return {
    "http.response.status_code": refusal?.status ?? 101,
    "tidings.close.code": refusal?.closeCode,
  };
}

/** By the channel's pattern alone: a name may be of a user. */
function messagingOf(name: string, type: string, channel: string): Attributes {
  return {
    "messaging.system": "tidings",
    "messaging.operation.name": name,
    "messaging.operation.type": type,
    "messaging.destination.template": channel,
  };
}

function readTraceparent(text: string | undefined): SpanContext | undefined {
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(text ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === "00" && more !== undefined) return undefined;
  const sent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
  return isSpanContextValid(sent) ? sent : undefined;
}

/** W3C Trace Context §3.2. A later version may have more at the end. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;

function contextOf(sent: SpanContext | undefined): Context {
  return sent === undefined ? ROOT_CONTEXT : traces.setSpanContext(ROOT_CONTEXT, sent);
}

function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}
