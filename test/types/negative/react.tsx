import { channel, endpoint } from "tidings";
import type { Client, ClientFor, TaskId } from "tidings/client";
import {
  TidingsProvider,
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

const events = { said: z.object({ text: z.string() }) };
const chat = channel("chat/:room", { events, presence: true });
const prices = channel("prices/:symbol", {
  events: { tick: z.object({ price: z.number() }) },
  history: { size: 1, ttl: "1m" },
});
const news = channel("news", { events });
const room = endpoint("/ws", { channels: [chat, prices, news] });
declare const client: ClientFor<typeof room>;
declare const any: Client | undefined;
declare const id: TaskId<{ url: string }>;
declare function reload(): void;

export function Faulty() {
  // @ts-expect-error it isn't said of which endpoint
  useClient().status;
  // @ts-expect-error it may not be there yet
  useClient<typeof room>().status;
  // @ts-expect-error a channel is no endpoint
  useClient<typeof chat>();

  // @ts-expect-error an address is no client
  useStatus("/ws");
  // @ts-expect-error no such message
  useMessage(client, "sid", reload);
  // @ts-expect-error no such key
  useMessage(client, "said", ({ txt }) => txt);
  // @ts-expect-error a listener is needed
  useMessage(client, "said");

  // @ts-expect-error no such channel
  useChannel(client, "chat/:rom", { room: "a" });
  // @ts-expect-error the pattern and its params, not a name
  useChannel(client, "chat/a");
  // @ts-expect-error of a client that nobody knows the endpoint of, there are no channels
  useChannel(any, "news");
  // @ts-expect-error params are needed
  useChannel(client, "chat/:room");
  // @ts-expect-error a param of another name
  useChannel(client, "chat/:room", { rom: "a" });
  // @ts-expect-error a param is there for certain
  useChannel(client, "chat/:room", { room: undefined });
  // @ts-expect-error this one has none
  useChannel(client, "news", { room: "a" });
  // @ts-expect-error what becomes of a gap is to be said, where there is a history
  useChannel(client, "prices/:symbol", { symbol: "BTC" });
  // @ts-expect-error in the options too
  useChannel(client, "prices/:symbol", { symbol: "BTC" }, { rewind: 1 });
  // @ts-expect-error no such option
  useChannel(client, "news", { onGaps: reload });

  const { subscription, status } = useChannel(client, "news");
  // @ts-expect-error no such status
  status === "open";
  // @ts-expect-error no such event
  useLast(subscription, "tick");
  // @ts-expect-error there may have been none
  useLast(subscription, "said").text;
  // @ts-expect-error no such event
  useEvent(subscription, "tick", reload);
  // @ts-expect-error no such key
  useEvent(subscription, "said", ({ txt }) => txt);
  // @ts-expect-error not there before it is mounted
  subscription.publish("said", { text: "a" });
  // @ts-expect-error a client hears all channels: `useMessage`
  useEvent(client, "said", reload);

  // @ts-expect-error this channel has no presence
  usePresence(client, "news").members;
  // @ts-expect-error a member shows what `presence` gives
  usePresence(client, "chat/:room", { room: "a" }).members[0]?.name;
  // @ts-expect-error it takes no options
  usePresence(client, "chat/:room", { room: "a" }, { onGap: reload });

  // @ts-expect-error the endpoint lists no tasks
  useTask(client, id);
  // @ts-expect-error here neither
  useTasks(client);
  // @ts-expect-error no such key in what it gives
  useTask(undefined, id)?.result?.uri;

  return [
    // @ts-expect-error a client, or how it is made
    <TidingsProvider key="1" />,
    // @ts-expect-error not both
    <TidingsProvider key="2" connect={() => client} client={client} />,
    // @ts-expect-error a client is made by a function, not while rendering
    <TidingsProvider key="3" connect={client} />,
    // @ts-expect-error at once, not later
    <TidingsProvider key="4" connect={async () => client} />,
  ];
}
