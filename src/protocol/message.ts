/** What a client puts on a message to know the answer by. `7` and `"7"` differ. */
export type MessageId = string | number;

/** A message from a client, its form checked and its payload not. */
export interface ClientMessage {
  readonly type: string;
  /** Any JSON value; `{}` where the client left it out. */
  readonly payload: unknown;
  /** Where an answer is wanted. */
  readonly id?: MessageId | undefined;
  /** A W3C `traceparent`. */
  readonly trace?: string | undefined;
}

/** A frame that is no message, and what its error answer says. */
export interface BadMessage {
  readonly error: "invalid_json" | "invalid_message";
  /** For people. Repeats nothing of the frame. */
  readonly message: string;
  /** Where a valid one could be read. */
  readonly id?: MessageId | undefined;
  /** Where it was a valid one. */
  readonly type?: string | undefined;
}

/** The text frame that is answered with {@link barePong}. It is no JSON: look for it before a frame is parsed. */
export const barePing = "ping";
/** The answer to {@link barePing}. From a client it is a sign of life and has no answer. */
export const barePong = "pong";
