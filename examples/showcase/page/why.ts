/** Why something failed, for people. Of its own a client says only a code; what a server says has words. */
export function whyOf(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return words[said] ?? said;
}

const words: Readonly<Record<string, string>> = {
  connection_lost: "The connection was lost before the answer came.",
  not_found: "There is nothing of this name any more.",
  queue_full: "Too much waits for the connection already.",
  timeout: "The answer took too long.",
};
