import { describe } from "vitest";
import { openMemoryDriver } from "./memory-driver.js";
import { describeTransport } from "./transport.js";
import { describeCompression } from "./transport-compression.js";
import { describePressure } from "./transport-pressure.js";
import { openTlsDriver, openWsDriver } from "./ws-driver.js";

describe("the transport in memory", () => describeTransport(openMemoryDriver));
describe("the transport over ws", () => describeTransport(openWsDriver));
describe("the transport over ws and TLS", () => {
  describePressure(openTlsDriver);
  describeCompression(openTlsDriver);
});
