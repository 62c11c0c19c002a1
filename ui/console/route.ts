/** What a page's address means by its hash: `#/<endpoint>`, and behind it `?<channel>` where that is meant. */
export interface Route {
  /** Empty where none is named. */
  readonly endpoint: string;
  readonly channel: string | undefined;
}

export function readRoute(hash: string): Route {
  const [endpoint = "", channel] = hash.slice(2).split("?").map(decoded);
  return { endpoint, channel };
}

export function writeRoute(endpoint: string, channel?: string): string {
  return `#/${encodeURIComponent(endpoint)}${channel === undefined ? "" : `?${encodeURIComponent(channel)}`}`;
}

/** What is no percent-encoding stands for itself: somebody wrote it by hand, or cut it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
