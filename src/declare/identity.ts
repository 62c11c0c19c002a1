/** Whoever is behind a connection. */
export interface Identity {
  readonly id: string;
}

/** What app code gives may be anything, whatever its type says. */
export function isIdentity(value: unknown): value is Identity {
  return (
    typeof value === "object" && value !== null && "id" in value && typeof value.id === "string" && value.id !== ""
  );
}
