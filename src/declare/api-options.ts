/** What other programs may ask of an app over HTTP, at `/api` (docs/reference/http-api.md). */
export interface ApiOptions {
  /**
   * Whoever shows one of these may ask: a text of 16 characters or more, all of them visible ASCII, or such a text with a name
   * and what it may. Several, so that one can take the place of another. Without any there is no API.
   */
  keys: readonly (string | ApiKey)[];
  /** Pages that may ask, such as `["https://admin.example"]`: a key in a page is a key that its visitors have. Default: none. */
  origins?: readonly string[] | undefined;
}

/** A key of the HTTP API that may do less than everything, or has a name. */
export interface ApiKey {
  /** What it is called, for people. */
  readonly name?: string | undefined;
  /** 16 characters or more, all of them visible ASCII. */
  readonly key: string;
  /** What may be asked with it. Default: everything. */
  readonly may?: readonly ApiOperation[] | undefined;
}

/** What can be asked of an app from without. */
export type ApiOperation =
  | "publish"
  | "publish_batch"
  | "presence"
  | "history"
  | "channels"
  | "report_task"
  | "cancel_task"
  | "tasks"
  | "connections"
  | "connected"
  | "disconnect"
  | "revoke"
  | "stats";
