import { isPending } from "../base/eventually.js";
import { isThenable } from "../base/thenable.js";
import type { RawConnection } from "../declare/connection.js";
import type { SpeaksFrames } from "../declare/endpoint.js";
import type { Identity } from "../declare/identity.js";
import { encodeBinaryFrame, encodeTextFrame } from "../delivery/frame.js";
import type { RateLimit } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { Handover } from "./handover.js";
import { LiveConnection, type LiveConnectionOptions } from "./live-connection.js";
import { OneAtATime } from "./one-at-a-time.js";

export interface FrameConnectionOptions extends LiveConnectionOptions {
  readonly speaks: SpeaksFrames;
}

/** A connection that hands frames to the app as they are. */
export class FrameConnection extends LiveConnection implements RawConnection<Identity | undefined> {
  readonly isOurClient: boolean;
  readonly #speaks: SpeaksFrames;
  readonly #work: OneAtATime<string | Uint8Array>;
  /** Frames on their way to the loop of `run`. */
  readonly #loop: Handover<string | Uint8Array> | undefined;
  #isLooping = false;

  constructor(options: FrameConnectionOptions) {
    super(options);
    this.isOurClient = options.isOurClient;
    this.#speaks = options.speaks;
    this.#loop = options.speaks.run && new Handover();
    this.#work = new OneAtATime<string | Uint8Array>(this);
  }

  start(): void {
    this.enter();
  }

  text(text: string): void {
    this.#receive(text, text.length);
  }

  binary(bytes: Uint8Array): void {
    this.#receive(bytes, bytes.byteLength);
  }

  get waitingItems(): number {
    return this.#work.waitingItems;
  }

  get isBusy(): boolean {
    return this.#work.isBusy;
  }

  get waitingBytes(): number {
    return this.#work.waitingBytes;
  }

  /** Here `tidings.v1` means no more than how it closes. */
  drain(): void {}

  send(frame: string | Uint8Array): boolean {
    return this.push(() => (typeof frame === "string" ? encodeTextFrame(frame) : encodeBinaryFrame(frame)));
  }

  frames(): AsyncIterable<string | Uint8Array> {
    if (this.#loop === undefined)
      throw new TypeError("`frames()` is for `run`: this endpoint has handlers for frames.");
    if (this.#isLooping) throw new TypeError("`frames()` can be iterated only once.");
    this.#isLooping = true;
    return this.#loop;
  }

  protected begin(): void {
    if (this.#speaks.run !== undefined) void this.run(this.#run(this.#speaks.run));
    this.#work.release();
  }

  protected async finish(): Promise<void> {
    await this.#work.finish();
    this.#loop?.end();
  }

  protected stop(): void {
    this.#work.stop();
    this.#loop?.end();
  }

  protected warn(): boolean {
    return false;
  }

  /** The app's loop, whose end is the connection's. Never rejects. */
  async #run(loop: NonNullable<SpeaksFrames["run"]>): Promise<void> {
    try {
      await this.watch("run", () => loop(this.context));
      this.close();
    } catch (error) {
      this.fail(error, "run");
    }
  }

  #receive(frame: string | Uint8Array, bytes: number): void {
    this.heard();
    const { counters } = this.environment.observer;
    counters.messagesReceived += 1;
    counters.bytesReceived += bytes;
    this.record.received(bytes);
    this.#work.add(frame, bytes);
  }

  /** Its turn has come. Never throws; a promise it returns never rejects. */
  handle(frame: string | Uint8Array): void | Promise<void> {
    if (this.#loop === undefined) this.record.ended();
    const waitMs = this.rate.messageWaitMs;
    if (waitMs > 0) {
      this.limitRate(waitMs, {});
      return;
    }
    const { messagesPerUser } = this.route.limits;
    if (messagesPerUser !== undefined && this.user !== undefined) {
      return this.#handleWithinUsers(frame, this.user.id, messagesPerUser);
    }
    this.rate.passMessage();
    return this.#handleNow(frame);
  }

  /** Counts it among all that the user says, at any connection. Never throws, and never rejects. */
  #handleWithinUsers(frame: string | Uint8Array, user: string, limit: RateLimit): void | Promise<void> {
    const { hub, clock } = this.environment;
    const goOn = (waitMs: number) => {
      if (this.isStopped) return;
      if (waitMs > 0) {
        this.limitRate(waitMs, {});
        return;
      }
      this.rate.passMessage();
      return this.#handleNow(frame);
    };
    const fail = (error: unknown) => this.fail(error, "frame");
    try {
      const waitMs = hub.countMessage(user, this.route.userRateScope, limit, clock.elapsed());
      return isPending(waitMs) ? waitMs.then(goOn, fail) : goOn(waitMs);
    } catch (error) {
      fail(error);
    }
  }

  #handleNow(frame: string | Uint8Array): void | Promise<void> {
    if (this.#loop !== undefined) return this.#loop.give(frame);
    try {
      const { text, binary } = this.#speaks;
      const handled = this.watch("frame", () =>
        typeof frame === "string" ? text?.(this.context, frame) : binary?.(this.context, frame),
      );
      if (!isThenable(handled)) return;
      const done = Promise.resolve(handled).then(
        () => {},
        (error: unknown) => this.fail(error, "frame"),
      );
      const { handler } = this.route.limits;
      return this.run(handler === undefined ? done : this.#withinTime(done, handler));
    } catch (error) {
      this.fail(error, "frame");
    }
  }

  /** Resolves when it is done, or has taken too long: that closes: there is no error to answer with. */
  async #withinTime(done: Promise<void>, limitMs: number): Promise<void> {
    const isInTime = await this.environment.agenda.settledWithin(limitMs, done);
    if (isInTime) return;
    this.runOn(done);
    this.fail(new TidingsError("timeout"), "frame");
  }
}
