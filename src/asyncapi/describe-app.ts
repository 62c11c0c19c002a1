import type {
  AsyncApiDocument,
  ChannelObject,
  OperationObject,
  ServerObject,
  TidingsChannel,
} from "../declare/asyncapi-document.js";
import type { ChannelDefinition } from "../declare/channel.js";
import type { StartupWarning } from "../declare/credential.js";
import type { AppInfo } from "../declare/http-options.js";
import { type CommonMessages, commonMessages } from "./common-messages.js";
import { describeEndpoint, type EndpointGiven } from "./describe-endpoint.js";
import { Draft } from "./draft.js";
import { tellChannel } from "./listed-channel.js";
import { freeKey, patternKey } from "./names.js";

export type { EndpointGiven } from "./describe-endpoint.js";

/** An app, as far as a document can tell of it. */
export interface AppGiven {
  readonly info?: AppInfo | undefined;
  /** Without any the document names none. */
  readonly servers?: readonly ServerGiven[] | undefined;
  readonly endpoints: readonly EndpointGiven[];
}

/** Where an app is served. */
export interface ServerGiven {
  /** With the port, such as `127.0.0.1:8000`. */
  readonly host: string;
  readonly protocol: "ws" | "wss";
  /** What a proxy puts before all paths. */
  readonly pathname?: string | undefined;
}

export interface DescribedApp {
  readonly document: AsyncApiDocument;
  /** What the document can't say, and how it could. */
  readonly warnings: readonly StartupWarning[];
}

/** Writes the AsyncAPI document of an app from its declarations. The same app gives the same document. */
export function describeApp({ info = {}, servers = [], endpoints }: AppGiven): DescribedApp {
  const draft = new Draft();
  const common = commonMessages(draft, channelsOf(endpoints));
  const channels = new Map<string, ChannelObject>();
  const operations = new Map<string, OperationObject>();
  for (const endpoint of endpoints) {
    const key = freeKey((each) => channels.has(each), [patternKey(endpoint.definition.pattern.source)]);
    const described = describeEndpoint(draft, endpoint, key, common);
    channels.set(key, described.channel);
    for (const [name, operation] of described.operations) {
      operations.set(
        freeKey((each) => operations.has(each), [name]),
        operation,
      );
    }
  }
  const told = toldChannels(draft, common);
  const { title = "WebSocket API", version = "0.0.0", description } = info;
  const document: AsyncApiDocument = {
    asyncapi: "3.0.0",
    info: { title, version, description },
    servers: serversOf(servers),
    defaultContentType: "application/json",
    channels: Object.fromEntries(channels),
    operations: Object.fromEntries(operations),
    components: draft.componentsFor([...channels.values()]),
    "x-tidings-channels": told,
  };
  // As JSON has it: without what is undefined.
  return { document: JSON.parse(JSON.stringify(document)) as AsyncApiDocument, warnings: draft.warnings };
}

/** As the document names them; undefined where there are none. */
export function serversOf(servers: readonly ServerGiven[]): AsyncApiDocument["servers"] {
  if (servers.length === 0) return undefined;
  const named = new Map<string, ServerObject>();
  for (const { host, protocol, pathname } of servers) {
    const key = freeKey((each) => named.has(each), ["server"]);
    named.set(key, { host, protocol, ...(pathname !== undefined && { pathname }) });
  }
  return Object.fromEntries(named);
}

/** Those that an endpoint lists. */
function channelsOf(endpoints: readonly EndpointGiven[]): readonly ChannelDefinition[] {
  const all = endpoints.flatMap(({ definition: { speaks } }) => (speaks.kind === "messages" ? speaks.channels : []));
  return [...new Set(all)];
}

function toldChannels(draft: Draft, { events }: CommonMessages): Readonly<Record<string, TidingsChannel>> {
  return Object.fromEntries(
    [...events].map(([channel, said]) => {
      // They are there already, for the endpoint that lists the channel.
      const refs = [...said].map(([type, each]) => [type, draft.addMessage(each.componentKeys, each.message)] as const);
      return [channel.pattern.source, tellChannel(channel, Object.fromEntries(refs))];
    }),
  );
}
