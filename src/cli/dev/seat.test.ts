import { expect, test } from "vitest";
import { createGate } from "../../../test/support/gate.js";
import type { Leaving } from "../../app/handover.js";
import type { ChildSays } from "./messages.js";
import { Seat } from "./seat.js";

function takeSeat() {
  const said: ChildSays["is"][] = [];
  return { said, seat: new Seat(({ is }) => said.push(is)) };
}

const app = (state: unknown, leave: Leaving["leave"] = async () => {}): Leaving => ({ leave, state: () => state });

test("whoever starts waits for its turn, which is asked for once", async () => {
  const { seat, said } = takeSeat();
  const order: string[] = [];
  const starting = [seat.takeTurn(), seat.ask()].map((each) => each.then(() => order.push("started")));
  order.push("turn");
  expect([seat.hasAsked, seat.isTurn, said]).toEqual([true, false, ["waiting"]]);
  seat.begin({ is: "turn", states: [], agoMs: 0 });
  await Promise.all(starting);
  expect([order, seat.isTurn]).toEqual([["turn", "started", "started"], true]);
});

test("of several apps each goes on with what the one before it had, in the order of their start", async () => {
  const { seat } = takeSeat();
  const taking = [seat.takeTurn(), seat.takeTurn(), seat.takeTurn(), seat.takeTurn()];
  seat.begin({ is: "turn", states: [{ n: 1 }, null, { n: 3 }], agoMs: 40 });
  const left = await Promise.all(taking);
  expect(left.map((each) => each?.state)).toEqual([{ n: 1 }, undefined, { n: 3 }, undefined]);
  expect(left[0]?.agoMs).toBeGreaterThan(39);
});

test("what an app has is handed on when it has closed, and that of one that can't close too", async () => {
  const { seat, said } = takeSeat();
  const closed = createGate();
  let events = 1;
  seat.began({
    leave: async () => {
      await closed.opened;
      events = 2;
    },
    state: () => ({ events }),
  });
  seat.began(app(undefined));
  seat.began(app("kept", () => Promise.reject(new Error("It can't."))));
  const leaving = seat.leave();
  closed.open();
  expect(await leaving).toEqual([{ events: 2 }, null, "kept"]);
  expect(said).toEqual(["running", "running", "running"]);
});
