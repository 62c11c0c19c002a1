import {
  type AnyEndpoint,
  type ContractOf,
  channel,
  createApp,
  type Endpoint,
  endpoint,
  group,
  type JoinedPath,
  type RawEndpoint,
  rawEndpoint,
} from "tidings";
import { type ClientFor, connect } from "tidings/client";
import { z } from "zod";
import { type Member, user } from "./declarations.js";
import { is, isType } from "./is.js";

const chat = channel("chat/:room", { events: { said: z.object({ text: z.string() }) } });
const roomEndpoint = endpoint("/ws/rooms/:room", {
  auth: user,
  query: z.object({ page: z.coerce.number() }),
  channels: [chat],
  receives: { add: z.object({ a: z.number() }) },
  sends: { busy: z.object({ ms: z.number() }) },
  on: { add: (_, { a }) => a + 1 },
});
const echo = rawEndpoint("/echo", { text: ({ connection }, text) => void connection.send(text) });
const home = endpoint("/", {});

// Each keeps its type and its place; its path is another.
const grouped = group("/v1", { auth: user, limits: { messages: "5/1s" } }, [roomEndpoint, echo, home]);
const [room, rawEcho, root] = grouped;
type Room = ContractOf<typeof roomEndpoint>;
is<
  Endpoint<{
    path: "/v1/ws/rooms/:room";
    query: Room["query"];
    receives: Room["receives"];
    replies: Room["replies"];
    sends: Room["sends"];
    channels: Room["channels"];
  }>
>()(room);
is<RawEndpoint<"/v1/echo">>()(rawEcho);
is<"/v1">()(root.path);
isType<ContractOf<typeof room>["receives"], { add: { a: number } }>(true);
isType<ContractOf<typeof room>["replies"], { add: number }>(true);
isType<(typeof grouped)["length"], 3>(true);
isType<JoinedPath<"/", "/ws">, "/ws">(true);

// A client of it is typed by its new path.
const client = connect<typeof room>("/v1/ws/rooms/lobby", { query: { page: 1 } });
is<ClientFor<typeof room>>()(client);
is<Promise<number>>()(client.request("add", { a: 1 }));

// Groups of groups, and a list that goes into an app as it is.
const all = group("/tenants/:tenant", {}, [...grouped, endpoint("/news", {})]);
is<"/tenants/:tenant/v1/ws/rooms/:room">()(all[0].path);
is<"/tenants/:tenant/news">()(all[3].path);
createApp({ endpoints: all });
createApp({ endpoints: [...grouped, home] });

// Params of a prefix have types where the endpoint's `params` names them.
group("/tenants/:tenant", { auth: user }, [
  endpoint("/:room", {
    auth: user,
    params: z.object({ tenant: z.coerce.number(), room: z.string() }),
    open: (ctx) => {
      is<{ tenant: number; room: string }>()(ctx.params);
      is<Member>()(ctx.user);
    },
  }),
]);

// A list that is made when the app starts stays a list.
const many: readonly AnyEndpoint[] = [home];
is<readonly AnyEndpoint[]>()(group("/v1", {}, many));
