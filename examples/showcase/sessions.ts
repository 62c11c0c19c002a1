import { randomBytes } from "node:crypto";

export interface Member {
  readonly id: string;
  readonly name: string;
  /** Only a token makes somebody an admin. */
  readonly role?: undefined;
}

/** The cookie that holds a session's id. */
export const sessionCookie = "session_id";

/** Who has signed in, in the memory of this process. When it is full, the oldest session makes room. */
export class Sessions {
  readonly lifetimeMs: number;
  readonly #limit: number;
  readonly #now: () => number;
  /** In the order they began, which is the order they expire in. */
  readonly #sessions = new Map<string, { readonly member: Member; readonly expiresAtMs: number }>();

  constructor({ limit = 10_000, lifetimeMs = 24 * 60 * 60 * 1_000, now = Date.now } = {}) {
    this.#limit = limit;
    this.lifetimeMs = lifetimeMs;
    this.#now = now;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Returns the session's id: 128 random bits, which nobody guesses. */
  begin(member: Member): string {
    this.#makeRoom();
    const id = randomBytes(16).toString("base64url");
    this.#sessions.set(id, { member, expiresAtMs: this.#now() + this.lifetimeMs });
    return id;
  }

  find(id: string): Member | undefined {
    const session = this.#sessions.get(id);
    return session !== undefined && session.expiresAtMs > this.#now() ? session.member : undefined;
  }

  /** Was there such a session? */
  end(id: string): boolean {
    return this.#sessions.delete(id);
  }

  #makeRoom(): void {
    for (const [id, { expiresAtMs }] of this.#sessions) {
      if (expiresAtMs > this.#now() && this.#sessions.size < this.#limit) return;
      this.#sessions.delete(id);
    }
  }
}

/** Those of this process. */
export const sessions = new Sessions();
