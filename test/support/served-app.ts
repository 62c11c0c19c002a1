import { type App, type AppOptions, createApp, type ErrorPlace, type ListenOptions } from "tidings";
import { Inbox } from "./inbox.js";
import { LogRecorder } from "./log-recorder.js";

/** An app on a port of its own. Disposing of it closes the app. */
export interface ServedApp extends AsyncDisposable {
  readonly app: App;
  /** Such as `http://127.0.0.1:49152`. */
  readonly url: string;
  readonly log: LogRecorder;
  /** What `onError` was given. */
  readonly errors: Inbox<{ readonly error: unknown; readonly at: ErrorPlace }>;
}

export async function serve(options: AppOptions, listenOptions: ListenOptions = {}): Promise<ServedApp> {
  const log = new LogRecorder();
  const errors: ServedApp["errors"] = new Inbox("onError");
  const app = createApp({ logger: log, onError: (error, at) => errors.put({ error, at }), ...options });
  const { url } = await app.listen(0, listenOptions);
  return { app, url, log, errors, [Symbol.asyncDispose]: () => app.close() };
}
