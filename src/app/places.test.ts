import fc from "fast-check";
import { expect, test } from "vitest";
import { TidingsError } from "../protocol/tidings-error.js";
import { networkOf, type Place, Places } from "./places.js";

const roomy = { connections: 100, connectionsPerAddress: 100, pending: 100 };

function knock(places: Places): Place {
  const place = places.knock();
  if (place === undefined) throw new Error("There was no place at the door.");
  return place;
}

/** The code of what it throws; undefined where it does not. */
function codeOf(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof TidingsError) return error.code;
    throw error;
  }
}

test.each([
  ["an IPv4 address", "203.0.113.7", "203.0.113.7"],
  ["an IPv4 address as IPv6 shows it", "::ffff:203.0.113.7", "203.0.113.7"],
  ["the same in capitals", "::FFFF:203.0.113.7", "203.0.113.7"],
  ["a whole IPv6 address", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["the /64's first address", "2001:db8:1:2::", "2001:db8:1:2"],
  ["one whose zeros are left out behind", "2001:db8:1:2::6", "2001:db8:1:2"],
  ["one whose zeros are left out across the border", "2001:db8::6", "2001:db8:0:0"],
  ["one whose zeros are left out before", "::2:3:4:5:6:7", "0:0:2:3"],
  ["one group for which :: stands", "2001:db8:1::4:5:6:7", "2001:db8:1:0"],
  ["capitals", "2001:DB8:A:B::1", "2001:db8:a:b"],
  ["zeros that need not be written", "2001:0db8:0001:0002::1", "2001:db8:1:2"],
  ["a zone", "fe80::1%eth0", "fe80:0:0:0"],
  ["a zone with a sign of its own", "fe80::1%a%b", "fe80:0:0:0"],
  ["an IPv4 address at the end", "2001:db8:1:2::203.0.113.7", "2001:db8:1:2"],
  ["nobody's address", "::", "0:0:0:0"],
])("what counts as one address: %s", (_, address, network) => {
  expect(networkOf(address)).toBe(network);
});

test.each(["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1", "::1%lo"])(
  "loopback is not counted: %s",
  (address) => {
    expect(networkOf(address)).toBeUndefined();
    const places = new Places({ ...roomy, connectionsPerAddress: 1 });
    for (let count = 0; count < 3; count += 1) knock(places).takeAddress(address);
  },
);

test("addresses of one /64 are one, and those of the next another", () => {
  const places = new Places({ ...roomy, connectionsPerAddress: 2 });
  knock(places).takeAddress("2001:db8:0:1::1");
  const second = knock(places);
  second.takeAddress("2001:db8:0:1:ffff:ffff:ffff:ffff");
  expect(codeOf(() => knock(places).takeAddress("2001:0db8::1:0:0:0:3"))).toBe("too_many_connections");
  expect(codeOf(() => knock(places).takeAddress("2001:db8:0:2::1"))).toBeUndefined();
  second.leave();
  expect(codeOf(() => knock(places).takeAddress("2001:db8:0:1::4"))).toBeUndefined();
});

test("as many are at the door as the limit says, until one is open or gone", () => {
  const places = new Places({ ...roomy, pending: 2 });
  const [first, second] = [knock(places), knock(places)];
  expect(places.pending).toBe(2);
  expect(places.knock()).toBeUndefined();
  expect(places.pending).toBe(2);
  first.enter();
  expect(places.knock()).toBeUndefined();
  first.passDoor();
  expect(places.pending).toBe(1);
  knock(places).leave();
  second.refuse();
  expect(places.pending).toBe(1);
  second.leave();
  expect(places.pending).toBe(0);
});

test("a connection counts from its checks to its end, and no longer where it is refused", () => {
  const places = new Places({ ...roomy, connections: 2 });
  const [first, second, third] = [knock(places), knock(places), knock(places)];
  first.enter();
  second.enter();
  expect(codeOf(() => third.enter())).toBe("overloaded");
  third.leave();
  expect(codeOf(() => knock(places).enter())).toBe("overloaded");
  second.refuse();
  const fourth = knock(places);
  expect(codeOf(() => fourth.enter())).toBeUndefined();
  second.leave();
  expect(codeOf(() => knock(places).enter())).toBe("overloaded");
  fourth.passDoor();
  fourth.leave();
  expect(codeOf(() => knock(places).enter())).toBeUndefined();
});

test("an address that was refused a place has taken none, and leaving takes none from others", () => {
  const places = new Places({ ...roomy, connectionsPerAddress: 1 });
  const [first, second] = [knock(places), knock(places)];
  first.takeAddress("203.0.113.7");
  expect(codeOf(() => second.takeAddress("203.0.113.7"))).toBe("too_many_connections");
  second.leave();
  second.leave();
  expect(codeOf(() => knock(places).takeAddress("203.0.113.7"))).toBe("too_many_connections");
});

test("one that was refused and then goes frees its address once", () => {
  const places = new Places({ ...roomy, connectionsPerAddress: 2 });
  const [first, second] = [knock(places), knock(places)];
  for (const place of [first, second]) place.takeAddress("203.0.113.7");
  first.refuse();
  first.leave();
  expect(codeOf(() => knock(places).takeAddress("203.0.113.7"))).toBeUndefined();
  expect(codeOf(() => knock(places).takeAddress("203.0.113.7"))).toBe("too_many_connections");
});

type Step = { readonly who: number; readonly do: "knock" | "enter" | "takeAddress" | "passDoor" | "refuse" | "leave" };

/** What one place holds, the naive way. */
interface Held {
  readonly place: Place;
  atDoor: boolean;
  inside: boolean;
  address: string | undefined;
  /** It was refused or has left: it asks for nothing more. */
  over: boolean;
  /** What a place asks for once. */
  readonly asked: Set<string>;
}

const people = 6;
const addressOf = (who: number) =>
  ["203.0.113.7", "::ffff:203.0.113.7", "2001:db8::1", "2001:db8::2", "::1"][who % 5] ?? "";

test("in whatever order they come, enter, are refused and leave: what is counted is who is there", () => {
  const limits = { connections: 3, connectionsPerAddress: 2, pending: 4 };
  const what = fc.constantFrom<Step["do"]>("knock", "enter", "takeAddress", "passDoor", "refuse", "leave");
  const steps = fc.array(fc.record({ who: fc.nat({ max: people - 1 }), do: what }), { maxLength: 80, size: "max" });
  fc.assert(
    fc.property(steps, (script) => {
      const places = new Places(limits);
      const all: Held[] = [];
      const current: (Held | undefined)[] = [];
      for (const { who, do: step } of script) {
        const held = current[who];
        if (step === "knock") {
          const place = places.knock();
          expect(place === undefined).toBe(all.filter(({ atDoor }) => atDoor).length >= limits.pending);
          if (place === undefined) continue;
          const next = {
            place,
            atDoor: true,
            inside: false,
            address: undefined,
            over: false,
            asked: new Set<string>(),
          };
          all.push(next);
          current[who] = next;
        } else if (held !== undefined) {
          act(held, step, addressOf(who), all, limits);
        }
        expect(places.pending).toBe(all.filter(({ atDoor }) => atDoor).length);
      }
      // When all have left it is as it was: all that the limits allow is free.
      for (const { place } of all) place.leave();
      expect(places.pending).toBe(0);
      const after = Array.from({ length: limits.connections }, () => knock(places));
      for (const place of after) place.enter();
      for (const place of after.slice(0, limits.connectionsPerAddress)) place.takeAddress("203.0.113.7");
      expect(codeOf(() => after[2]?.takeAddress("203.0.113.7"))).toBe("too_many_connections");
    }),
    { numRuns: 500 },
  );
});

function act(
  held: Held,
  step: Step["do"],
  address: string,
  all: readonly Held[],
  limits: { readonly connections: number; readonly connectionsPerAddress: number },
): void {
  if (step === "enter" || step === "takeAddress") {
    if (held.over || held.asked.has(step)) return;
    held.asked.add(step);
    if (step === "enter") {
      const isFull = all.filter(({ inside }) => inside).length >= limits.connections;
      expect(codeOf(() => held.place.enter())).toBe(isFull ? "overloaded" : undefined);
      held.inside = !isFull;
      return;
    }
    const network = networkOf(address);
    const isFull =
      network !== undefined && all.filter((each) => each.address === network).length >= limits.connectionsPerAddress;
    expect(codeOf(() => held.place.takeAddress(address))).toBe(isFull ? "too_many_connections" : undefined);
    if (!isFull) held.address = network;
    return;
  }
  if (step === "passDoor") {
    held.place.passDoor();
    held.atDoor = false;
    return;
  }
  if (step === "refuse") held.place.refuse();
  else held.place.leave();
  held.over = true;
  held.inside = false;
  held.address = undefined;
  if (step === "leave") held.atDoor = false;
}
