import type { ConnectionView } from "../declare/process-view.js";
import { isSendableCloseCode } from "../protocol/close-codes.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { utf8Length } from "../protocol/utf8.js";
import type { ApiHost } from "./api-host.js";
import { limitParam, PROCESS } from "./channel-operations.js";
import { listOf, type Operation, objectOf, operation } from "./operation.js";
import { count, type Given, optional, type Param, text } from "./param.js";
import { channelParam } from "./publish-operations.js";

export const userParam: Param<string> = text("The id of a user.", undefined, ["ana"]);
const connectionParam = text("The id of a connection.", 128);

export const connections: Operation = operation({
  name: "connections",
  summary: "The connections of this process.",
  description: "Only of the process that answers: others have their own. The oldest first.",
  isRead: true,
  params: { user: optional(userParam), channel: optional(channelParam), limit: limitParam },
  result: objectOf({
    process: PROCESS,
    count: { type: "integer", minimum: 0, description: "How many there are that were meant." },
    connections: listOf(
      objectOf(
        {
          id: { type: "string" },
          endpoint: { type: "string", description: "The endpoint's path as it was declared." },
          address: { type: "string" },
          openedAt: { type: "string", format: "date-time" },
          bufferedBytes: { type: "integer", minimum: 0, description: "That wait to go out." },
        },
        {
          user: { type: "string" },
          trouble: { type: "string", description: "What is wrong with it for the longest time." },
        },
      ),
    ),
  }),
  async run({ view }, { user, channel, limit = 100 }) {
    const shown: object[] = [];
    let found = 0;
    for (const connection of view.connections()) {
      if (connection.stage !== "open" && connection.stage !== "closing") continue;
      if (user !== undefined && connection.userId !== user) continue;
      if (channel !== undefined && !connection.isOn(channel)) continue;
      found += 1;
      if (shown.length < limit) shown.push(rowOf(connection));
    }
    return { process: view.process, count: found, connections: shown };
  },
});

export const connected: Operation = operation({
  name: "connected",
  summary: "Has this user an open connection, in any process?",
  description: "",
  isRead: true,
  params: { user: userParam },
  result: objectOf({ connected: { type: "boolean" } }),
  run: async (host, { user }) => ({ connected: await host.isConnected(user) }),
});

const disconnectParams = {
  user: optional(userParam),
  connection: optional(connectionParam),
  code: optional(count("The close code. Default 1008, with the reason `forbidden`.", 1_000, 4_999)),
  reason: optional(text("The reason in the close frame, of 123 bytes at most.", 123)),
};

export const disconnect: Operation = operation({
  name: "disconnect",
  summary: "Closes a user's connections, or one connection, in every process.",
  description:
    "Give a `user` or a `connection`. It is answered when the processes were told; whether they had any is not known. They may come back: `revoke` keeps them out.",
  isRead: false,
  params: disconnectParams,
  result: objectOf({}),
  async run(host, given) {
    const { code = 1_008, reason = given.code === undefined ? "forbidden" : "" } = given;
    if (!isSendableCloseCode(code)) throw unfit("code", "A server may not close with this one (RFC 6455 §7.4).");
    if ((utf8Length(reason) ?? Infinity) > 123) throw unfit("reason", "It is longer than 123 bytes.");
    await disconnectOne(host, given, code, reason);
    return {};
  },
});

export const revoke: Operation = operation({
  name: "revoke",
  summary: "Closes the connections that entered with it, in every process, and refuses it until it expires.",
  description: "Give a `user`, for all that was issued to them until now, or a `tokenId`, for one credential.",
  isRead: false,
  params: {
    user: optional(userParam),
    tokenId: optional(text("A JWT's `jti`, a session's id, a bearer's token.")),
  },
  result: objectOf({}),
  async run(host, { user, tokenId }) {
    if ((user === undefined) === (tokenId === undefined)) throw eitherOr("user", "tokenId");
    if (user !== undefined) await host.revoke({ user });
    if (tokenId !== undefined) await host.revoke({ tokenId });
    return {};
  },
});

async function disconnectOne(
  host: ApiHost,
  { user, connection }: Given<typeof disconnectParams>,
  code: number,
  reason: string,
): Promise<void> {
  if ((user === undefined) === (connection === undefined)) throw eitherOr("user", "connection");
  if (user !== undefined) await host.disconnectUser(user, code, reason);
  if (connection !== undefined) await host.disconnectConnection(connection, code, reason);
}

function rowOf({ id, endpoint, userId, address, openedAtMs, bufferedBytes, trouble }: ConnectionView): object {
  const openedAt = new Date(openedAtMs).toISOString();
  return { id, endpoint, user: userId, address, openedAt, bufferedBytes, trouble: trouble?.word };
}

function unfit(name: string, message: string): TidingsError {
  return new TidingsError("bad_request", `\`${name}\`: ${message}`, { issues: [{ path: [name], message }] });
}

function eitherOr(one: string, other: string): TidingsError {
  const message = `Give \`${one}\` or \`${other}\`, and not both.`;
  return new TidingsError("bad_request", message, { issues: [{ path: [one], message }] });
}
