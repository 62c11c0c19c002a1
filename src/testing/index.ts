/**
 * Apps in memory, with a clock and a network that stand still until a test moves them.
 *
 * @module tidings/testing
 */
export type { TestNetwork } from "./network.js";
export { RefusedError } from "./refused-error.js";
export { type Simulation, type SimulationOptions, startSimulation } from "./simulation.js";
export type { Every, Weather } from "./storm.js";
export {
  type FakeGiven,
  type RestartOptions,
  startTestApp,
  type TestApp,
  type TestAppOptions,
  type TestClock,
  type TestPageOptions,
} from "./test-app.js";
export type {
  ListedRef,
  ListedRefWithPresence,
  TestChannelArrivals,
  TestChannels,
  TestEvent,
  TestGap,
  TestHistory,
  TestMembers,
  TestPosition,
  TestPresence,
  TestPublishOptions,
  TestSubscribed,
  TestSubscribeOptions,
} from "./test-channels.js";
export type { RawTestConnection, TestArrival, TestArrivals, TestConnection } from "./test-connection.js";
export type { TestConnectOptions } from "./test-dial.js";
