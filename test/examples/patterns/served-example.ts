import type { App, ListenOptions } from "tidings";

/** An example's app on a port of its own. Disposing of it closes the app, which may then listen again, empty. */
export interface ServedExample extends AsyncDisposable {
  readonly app: App;
  /** Such as `http://127.0.0.1:49152`. */
  readonly url: string;
}

export async function serveExample(app: App, options: ListenOptions = {}): Promise<ServedExample> {
  const { url } = await app.listen(0, { signals: [], ...options });
  return { app, url, [Symbol.asyncDispose]: () => app.close() };
}
