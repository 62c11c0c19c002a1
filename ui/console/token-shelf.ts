import { type ReadonlySignal, signal } from "@preact/signals";

/** A token that somebody has used here. */
export interface KeptToken {
  readonly token: string;
  /** Whose it is, where it says so itself (RFC 7519 §4.1.2); it is not checked here. */
  readonly name: string;
  readonly expiresAtMs: number | undefined;
}

const KEY = "tidings.tokens";
const MOST = 6;

/** The tokens of this tab, the last used first: with the tab they are forgotten. */
export class TokenShelf {
  readonly #storage: Pick<Storage, "getItem" | "setItem">;
  readonly #tokens: ReturnType<typeof signal<readonly KeptToken[]>>;

  constructor(storage: Pick<Storage, "getItem" | "setItem">) {
    this.#storage = storage;
    this.#tokens = signal(this.#read().map(keptToken));
  }

  get tokens(): ReadonlySignal<readonly KeptToken[] | undefined> {
    return this.#tokens;
  }

  get last(): string {
    return this.#tokens.peek()?.[0]?.token ?? "";
  }

  keep(token: string): void {
    if (token === "") return;
    const others = (this.#tokens.peek() ?? []).filter((each) => each.token !== token);
    const kept = [keptToken(token), ...others].slice(0, MOST);
    this.#tokens.value = kept;
    try {
      this.#storage.setItem(KEY, JSON.stringify(kept.map((each) => each.token)));
    } catch {
      // Where nothing may be kept, it holds as long as the page does.
    }
  }

  #read(): string[] {
    try {
      const kept: unknown = JSON.parse(this.#storage.getItem(KEY) ?? "[]");
      return Array.isArray(kept) ? kept.filter((each) => typeof each === "string").slice(0, MOST) : [];
    } catch {
      return [];
    }
  }
}

/** What a token says of itself, where it is a JWT. */
export function keptToken(token: string): KeptToken {
  const [, body = ""] = token.split(".");
  try {
    const bytes = Uint8Array.from(atob(body.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
    const { sub, exp } = JSON.parse(new TextDecoder().decode(bytes));
    const name = typeof sub === "string" || typeof sub === "number" ? String(sub).slice(0, 40) : shortened(token);
    return { token, name, expiresAtMs: typeof exp === "number" ? exp * 1_000 : undefined };
  } catch {
    return { token, name: shortened(token), expiresAtMs: undefined };
  }
}

/** Enough to tell two of them apart, and too little to be one. */
function shortened(token: string): string {
  return token.length <= 8 ? "a short one" : `…${token.slice(-4)}`;
}
