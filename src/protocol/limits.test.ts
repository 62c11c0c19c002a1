import { expect, test } from "vitest";
import { defaultLimits } from "./limits.js";

test("the default limits are these, in milliseconds, bytes and counts", () => {
  const [kib, mib, second, hour] = [1_024, 1_024 ** 2, 1_000, 3_600_000];

  expect(defaultLimits).toStrictEqual({
    messageSize: 64 * kib,
    fragments: 1_024,
    handshake: 10 * second,
    auth: 10 * second,
    needs: 10 * second,
    handler: undefined,
    close: 5 * second,
    refusalClose: 2 * second,
    waitingMessages: 64,
    waitingBytes: mib,
    messages: { count: 10, windowMs: second },
    messagesPerUser: undefined,
    strikes: { count: 20, windowMs: 60 * second },
    control: { count: 200, windowMs: 10 * second },
    refreshes: 8,
    channels: 100,
    connections: 100_000,
    connectionsPerUser: 50,
    connectionsPerAddress: 1_000,
    pending: 10_000,
    outbox: mib,
    type: 64,
    id: 64,
    key: 64,
    param: 128,
    channelName: 255,
    token: 8 * kib,
    heartbeat: 30 * second,
    pong: 10 * second,
    expiryGrace: 25 * second,
    presenceGrace: 5 * second,
    revocations: 10_000,
    lease: 60 * second,
    members: 1_000,
    historyPage: 500,
    issues: 10,
    historyBytes: 64 * mib,
    positionTtl: 24 * hour,
  });
});
