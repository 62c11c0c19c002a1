import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bearerFromSubprotocols, parseSubprotocols, selectSubprotocol, tidingsV1 } from "./subprotocol.js";

const encode = (text: string) => `bearer.${Buffer.from(text).toString("base64url")}`;

describe("the offered subprotocols", () => {
  test.each([
    [undefined, []],
    ["tidings.v1", ["tidings.v1"]],
    ["tidings.v1, bearer.YWJj", ["tidings.v1", "bearer.YWJj"]],
    ["a,b", ["a", "b"]],
    [" \ta \t,\t b ", ["a", "b"]],
    ["a, A", ["a", "A"]],
    ["!#$%&'*+-.^_`|~09azAZ", ["!#$%&'*+-.^_`|~09azAZ"]],
    ["constructor, __proto__", ["constructor", "__proto__"]],
  ])("of %j are %j", (header, offered) => {
    expect(parseSubprotocols(header)).toEqual(offered);
  });

  test.each([
    "",
    " ",
    ",",
    "a,",
    ",a",
    "a,,b",
    "a, ,b",
    "a, a",
    "a,b,a",
    "a b",
    "a/b",
    'a"',
    "a;q=1",
    "a=b",
    "é",
    "a\n",
    "\u00a0a",
    "a\u0000",
    "(a)",
    "a@b",
  ])("of %j are malformed", (header) => {
    expect(parseSubprotocols(header)).toBeUndefined();
  });

  test("are good tokens, each once, or malformed, whatever the header", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[ab, \t]*$/)), (header) => {
        const offered = parseSubprotocols(header);
        if (offered === undefined) return;
        expect(offered.length).toBeGreaterThan(0);
        expect(new Set(offered).size).toBe(offered.length);
        expect(parseSubprotocols(offered.join(", "))).toEqual(offered);
      }),
    );
  });
});

describe("the selected subprotocol", () => {
  test.each([
    [[], ["own"], undefined],
    [["tidings.v1"], [], tidingsV1],
    [["own", "tidings.v1"], ["own"], "own"],
    [["tidings.v1", "own"], ["own"], "tidings.v1"],
    [["b", "a"], ["a", "b"], "b"],
    [["Tidings.v1"], [], undefined],
    [["other"], ["own"], undefined],
    [["bearer.YWJj", "tidings.v1"], [], "tidings.v1"],
    [["bearer.YWJj"], ["bearer.YWJj"], undefined],
  ])("of %j where the endpoint has %j is %s", (offered, own, selected) => {
    expect(selectSubprotocol(offered, own)).toBe(selected);
  });
});

describe("a token among the subprotocols", () => {
  test.each([["abc"], ["a.b.c"], ["é😀"], ["a"], ["ab"], ["\ufeffa"], ["a b\n"], ["?>?>~~"], ["x".repeat(8192)]])(
    "is read: %j",
    (token) => {
      expect(bearerFromSubprotocols(["tidings.v1", encode(token)])).toEqual({ token });
    },
  );

  test("is none where none is offered", () => {
    expect(bearerFromSubprotocols([])).toBeUndefined();
    expect(bearerFromSubprotocols(["tidings.v1", "bearer", "Bearer.YWJj", "x-bearer.YWJj"])).toBeUndefined();
  });

  test.each([
    ["twice", ["bearer.YWJj", "bearer.YWJk"]],
    ["empty", ["bearer."]],
    ["padded", ["bearer.YWI="]],
    ["plain base64", ["bearer.Pz4/Pn5+"]],
    ["not base64", ["bearer.a!b"]],
    ["of an impossible length", ["bearer.YWJjZ"]],
    ["with a blank in it", ["bearer.YW Jj"]],
    ["not UTF-8", [`bearer.${Buffer.from([0xff, 0xfe]).toString("base64url")}`]],
    ["half a surrogate pair", [`bearer.${Buffer.from([0xed, 0xa0, 0x80]).toString("base64url")}`]],
    ["a byte over 8 KiB", [encode("x".repeat(8193))]],
    ["over 8 KiB in bytes and not in characters", [encode("é".repeat(4097))]],
    ["much too long", [`bearer.${"A".repeat(1_000_000)}`]],
  ])("is invalid when %s", (_what, offered) => {
    expect(bearerFromSubprotocols(offered)).toBe("invalid");
  });

  test("comes back whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (token) => {
        const offered = parseSubprotocols(`tidings.v1, ${encode(token)}`);
        expect(offered && bearerFromSubprotocols(offered)).toEqual({ token });
      }),
    );
  });

  test("is a token or invalid, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        const read = bearerFromSubprotocols([`bearer.${Buffer.from(bytes).toString("base64url")}`]);
        const back = typeof read === "object" ? Buffer.from(read.token) : undefined;
        expect(read === "invalid" || back?.equals(bytes)).toBe(true);
      }),
    );
  });
});
