export { RefusedError } from "./refused-error.js";
export {
  startTestApp,
  type TestApp,
  type TestAppOptions,
  type TestClock,
  type TestConnectOptions,
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
