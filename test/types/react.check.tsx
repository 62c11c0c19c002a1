import { type ContractOf, channel, endpoint, type TidingsError } from "tidings";
import type { ClientFor, Gap, Origin, SubscriptionStatus, TaskId, TaskState, Tasks } from "tidings/client";
import {
  type ChannelView,
  TidingsProvider,
  type TidingsProviderProps,
  useChannel,
  useClient,
  useEvent,
  useLast,
  useMessage,
  usePresence,
  useStatus,
  useTask,
  useTasks,
} from "tidings/react";
import { z } from "zod";
import { is, isType } from "./is.js";

const chat = channel("chat/:room", {
  events: { said: z.object({ from: z.string(), text: z.string() }), left: z.object({ at: z.date() }) },
  presence: () => ({ name: "ana" }),
});
const prices = channel("prices/:symbol", {
  events: { tick: z.object({ price: z.number() }) },
  history: { size: 100, ttl: "5m" },
  snapshot: () => ({ price: 1, at: new Date() }),
});
const news = channel("news", { events: { item: z.object({ title: z.string() }) }, presence: true });
export const room = endpoint("/ws", {
  receives: { say: z.object({ text: z.string() }) },
  sends: { hint: z.object({ text: z.string() }) },
  channels: [chat, prices, news],
});
type RoomClient = ClientFor<typeof room>;
declare const client: RoomClient;
declare const perhaps: RoomClient | undefined;
declare const withTasks: { readonly tasks: Tasks };
declare const id: TaskId<{ url: string }>;
declare function reload(gap: Gap): void;

// A client of any endpoint fits the provider, somebody else's or its own.
export const provided = [
  <TidingsProvider key="1" connect={() => client} />,
  <TidingsProvider key="2" client={client}>
    text
  </TidingsProvider>,
  <TidingsProvider key="3" client={perhaps} fallback={<p>Connecting …</p>}>
    <p>Here</p>
    <p>There</p>
  </TidingsProvider>,
  <TidingsProvider key="4" connect={() => client} client={undefined} fallback={undefined} />,
];
isType<keyof TidingsProviderProps, "connect" | "client" | "fallback" | "children">(true);

export function Typed() {
  // The client inside is the endpoint's, once it is said which.
  is<RoomClient | undefined>()(useClient<typeof room>());
  is<"Say which endpoint: useClient<typeof room>()">()(useClient());

  is<"connecting" | "open" | "waiting" | "closed">()(useStatus(client));
  useStatus(useClient<typeof room>());
  useStatus(undefined);

  useMessage(perhaps, "said", (payload, origin) => {
    is<{ from: string; text: string }>()(payload);
    is<Origin>()(origin);
  });
  useMessage(client, "hint", ({ text }) => is<string>()(text));
  useMessage(client, "left", ({ at }) => is<string>()(at));
  useMessage(client, "error", ({ code }) => code === "rate_limited");
  useMessage(client, "gap", (gap) => is<Gap>()(gap));

  // Params where the pattern has some, and options as `subscribe` takes them.
  const said = useChannel(client, "chat/:room", { room: "a" });
  is<SubscriptionStatus>()(said.status);
  is<undefined>()(said.state);
  useChannel(perhaps, "chat/:room", { room: "a" }, { presence: true, rewind: undefined, onGap: undefined });
  useChannel(client, "news");
  useChannel(client, "news", { onState: (state) => is<never>()(state) });
  const price = useChannel(perhaps, "prices/:symbol", { symbol: "BTC" }, { onGap: reload, rewind: 1 });
  is<{ price: number; at: string } | undefined>()(price.state);
  is<TidingsError | undefined>()(price.error);
  useChannel(
    client,
    "prices/:symbol",
    { symbol: "BTC" },
    {
      onGap: (gap) => is<Gap>()(gap),
      onState: (state) => is<{ price: number; at: string }>()(state),
    },
  );

  // What hangs on a subscription knows its events.
  is<{ price: number } | undefined>()(useLast(price.subscription, "tick"));
  is<{ at: string } | undefined>()(useLast(said.subscription, "left"));
  useEvent(said.subscription, "said", (payload, origin) => {
    is<{ from: string; text: string }>()(payload);
    is<Origin>()(origin);
  });
  said.subscription?.publish("left", { at: new Date() });

  // Members, where there is presence.
  const present = usePresence(perhaps, "chat/:room", { room: "a" });
  is<readonly { readonly id: string; name: string }[]>()(present.members);
  is<number>()(present.count);
  is<readonly { readonly id: string }[]>()(usePresence(client, "news").members);
  is<"Give this channel a `presence` first.">()(usePresence(client, "prices/:symbol", { symbol: "BTC" }));

  // The id remembers what a task gives.
  is<TaskState<{ url: string }> | undefined>()(useTask(withTasks, id));
  is<{ url: string } | undefined>()(useTask(withTasks, id)?.result);
  useTask(undefined, id);
  is<TaskState | undefined>()(useTask(withTasks, undefined));
  is<readonly TaskState[]>()(useTasks(withTasks));
  return null;
}

// A component of one's own may be given a view.
export function Ticker({ view }: { view: ChannelView<ContractOf<typeof prices>> }) {
  return <p>{useLast(view.subscription, "tick")?.price}</p>;
}
export const Whole = () => <Ticker view={useChannel(client, "prices/:symbol", { symbol: "BTC" }, { onGap: reload })} />;
