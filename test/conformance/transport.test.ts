import { describe } from "vitest";
import { openMemoryDriver } from "./memory-driver.js";
import { describeTransport } from "./transport.js";
import { openWsDriver } from "./ws-driver.js";

describe("the transport in memory", () => describeTransport(openMemoryDriver));
describe("the transport over ws", () => describeTransport(openWsDriver));
