import type { TaskId } from "../../src/declare/task.js";
import { TidingsProvider, useClient } from "../../src/react/tidings-provider.js";
import { useChannel } from "../../src/react/use-channel.js";
import { useLast } from "../../src/react/use-last.js";
import { useMessage } from "../../src/react/use-message.js";
import { usePresence } from "../../src/react/use-presence.js";
import { useStatus } from "../../src/react/use-status.js";
import { useTask, useTasks } from "../../src/react/use-task.js";
import type { DeskClient, DeskEndpoint, FakeClient } from "./fake-client.js";

/** What `AllHooks` shows while there is no client. */
export const nothingYet = "connecting subscribing 0 none none 0";

/** A component that shows what all hooks give. */
export function AllHooks({ client }: { client: DeskClient | undefined }) {
  const { status, subscription } = useChannel(client, "prices/:symbol", { symbol: "BTC" }, { onGap: ignore });
  useMessage(client, "hint", ignore);
  const { count } = usePresence(client, "news");
  const last = useLast(subscription, "tick")?.price ?? "none";
  const progress = useTask(client, taskId)?.progress ?? "none";
  return `${useStatus(client)} ${status} ${count} ${last} ${progress} ${useTasks(client).length}`;
}

/** The same in a provider. */
export function ProvidedHooks({ connect }: { connect: () => FakeClient }) {
  return (
    <TidingsProvider connect={() => connect().asClient}>
      <Inside />
    </TidingsProvider>
  );
}

export const taskId = "t1" as TaskId;

function Inside() {
  return <AllHooks client={useClient<DeskEndpoint>()} />;
}

function ignore(): void {}
