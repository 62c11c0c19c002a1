import { type Attributes, context, type SpanStatus, SpanStatusCode } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace-base";

/** What an SDK registers, with all spans that ended kept. Disposing of it takes it off. */
export class SpanRecorder implements Disposable {
  readonly provider: BasicTracerProvider;
  readonly #exporter = new InMemorySpanExporter();
  /** The ids of all, in the order they began: their times may be the same. */
  readonly #begun: string[] = [];

  constructor(sampler?: Sampler) {
    const begun: SpanProcessor = {
      onStart: (span) => void this.#begun.push(span.spanContext().spanId),
      onEnd() {},
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const spanProcessors = [begun, new SimpleSpanProcessor(this.#exporter)];
    this.provider = new BasicTracerProvider({ spanProcessors, ...(sampler !== undefined && { sampler }) });
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  }

  /** Those that have ended, in the order they did. */
  get spans(): readonly ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }

  /** The one of this name. */
  one(name: string): ReadableSpan {
    const [span, ...others] = this.spans.filter((each) => each.name === name);
    if (span !== undefined && others.length === 0) return span;
    throw new Error(`${others.length} more of "${name}" among ${this.spans.map((each) => each.name).join(" · ")}`);
  }

  /** Each under its parent, in the order they began: `"compose < say /ws"`. A parent of somewhere else is `"<span id>"`. */
  get lines(): readonly string[] {
    const names = new Map(this.spans.map((span) => [span.spanContext().spanId, span.name]));
    const byStart = (a: ReadableSpan, b: ReadableSpan) => this.#placeOf(a) - this.#placeOf(b);
    return [...this.spans].sort(byStart).map(({ name, parentSpanContext }) => {
      if (parentSpanContext === undefined) return name;
      return `${name} < ${names.get(parentSpanContext.spanId) ?? parentSpanContext.spanId}`;
    });
  }

  #placeOf(span: ReadableSpan): number {
    return this.#begun.indexOf(span.spanContext().spanId);
  }

  [Symbol.dispose](): void {
    context.disable();
  }
}

/** What a span says of how it ended. */
export function endOf({ status, attributes, events }: ReadableSpan): {
  readonly failed: string | undefined;
  readonly error: Attributes[string];
  readonly exceptions: readonly unknown[];
} {
  return {
    failed: failureIn(status),
    error: attributes["error.type"],
    exceptions: events.map((event) => event.attributes?.["exception.message"]),
  };
}

function failureIn({ code, message }: SpanStatus): string | undefined {
  return code === SpanStatusCode.ERROR ? (message ?? "") : undefined;
}
