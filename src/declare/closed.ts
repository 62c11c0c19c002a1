/** How a connection ended: a close code of RFC 6455 §7.4 and a reason, empty where none was given. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}
