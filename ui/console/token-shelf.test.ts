import { expect, test } from "vitest";
import { signToken } from "../../test/support/tokens.js";
import { keptToken, TokenShelf } from "./token-shelf.js";

test("the last six tokens are kept, each once, the last used first", () => {
  const storage = new Storage();
  const shelf = new TokenShelf(storage);
  for (const token of ["a", "b", "c", "d", "e", "f", "g", "c", ""]) shelf.keep(token);
  expect(shelf.tokens.value?.map(({ token }) => token)).toEqual(["c", "g", "f", "e", "d", "b"]);
  expect(new TokenShelf(storage).last).toBe("c");
});

test("a JWT says whose it is and until when, and of another no more is shown than tells two apart", () => {
  const token = signToken({ sub: "zoë", exp: 2_000_000_000 }, { key: "any key that is long enough: 32 bytes" });
  expect(keptToken(token)).toMatchObject({ name: "zoë", expiresAtMs: 2_000_000_000_000 });
  expect(keptToken("opaque-secret-1234")).toMatchObject({ name: "…1234", expiresAtMs: undefined });
  expect(keptToken("short")).toMatchObject({ name: "a short one" });
});

test.each(["{", "7", '[1,"a"]', "null"])("%s in the storage harms nothing", (kept) => {
  const storage = new Storage();
  storage.setItem("tidings.tokens", kept);
  expect(["", "a"]).toContain(new TokenShelf(storage).last);
});

class Storage {
  readonly #items = new Map<string, string>();

  getItem(key: string): string | null {
    return this.#items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.#items.set(key, value);
  }
}
