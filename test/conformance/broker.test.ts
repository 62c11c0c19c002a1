import { describe } from "vitest";
import { randomId, systemClock } from "../../src/app/system.js";
import { MemoryBroker } from "../../src/broker/memory.js";
import { describeBroker } from "./broker.js";

describe("the broker in memory", () =>
  describeBroker(() => new MemoryBroker({ createId: randomId, clock: systemClock })));
