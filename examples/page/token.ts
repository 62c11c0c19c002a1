import { TidingsError } from "tidings/client";

/**
 * What `connect` takes as its `token`: asked before each dial, and again before a token expires. Where the server can't be
 * asked now this throws, and the client tries it again later; where it refuses the name, the client closes.
 */
export function tokenFor(name: string, role?: string): () => Promise<string> {
  return async () => {
    const response = await fetch(`/token?${new URLSearchParams(role === undefined ? { name } : { name, role })}`);
    if (response.status === 400) throw new TidingsError("unauthorized", await response.text());
    if (!response.ok) throw new Error(`There is no token now: ${response.status}`);
    return response.text();
  };
}
