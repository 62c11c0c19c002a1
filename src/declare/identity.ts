/** Whoever is behind a connection. */
export interface Identity {
  readonly id: string;
}
