import { Inbox } from "./inbox.js";

interface Followed {
  readonly status: string;
  onStatus(
    listener: (status: string, why: { readonly code: number; readonly reason: string } | undefined) => void,
  ): () => void;
  on(type: "error", listener: (error: Error & { readonly code: string }) => void): () => void;
}

/** What a client says of itself from now on. */
export function follow(client: Followed) {
  /** Such as `open`, and `waiting 1013 overloaded`. */
  const statuses = new Inbox<string>("A status");
  const errors = new Inbox<Error & { readonly code: string }>("An error");
  client.onStatus((status, why) =>
    statuses.put(why === undefined ? status : `${status} ${why.code} ${why.reason}`.trim()),
  );
  client.on("error", (error) => errors.put(error));
  /** The next of these statuses; what comes before is passed over. */
  const until = async (wanted: string): Promise<string> => {
    const status = await statuses.next();
    return status.split(" ")[0] === wanted ? status : await until(wanted);
  };
  return { statuses, errors, until };
}
