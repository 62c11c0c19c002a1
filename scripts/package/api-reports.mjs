// The public API as API Extractor reads it from the declarations in the package: one report for each door, in docs/api. What
// has changed in one is a change for every user, and stands in the commit that makes it.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { waysTo } from "./doors.mjs";
import { requireTool } from "./tools.mjs";

const kept = fileURLToPath(new URL("../../docs/api/", import.meta.url));

/** What a door shows and no door exports, with why nobody needs its name. */
const UNNAMED = {
  "works out a type, and is seen as what comes of it": [
    ...["At", "AtOnce", "AuthUser", "ConnectedTo", "Declared", "EventsIn", "Handler", "Inputs", "IsAny", "Kept"],
    ...["MaybePromise", "MemberOf", "Named", "Of", "OfRef", "OutputEvent", "ParamArgs", "ParamNames", "PayloadArgs"],
    ...[
      "PayloadOf",
      "RefOf",
      "ScopeOf",
      "ShapeOf",
      "StateOf",
      "Strings",
      "ThroughJson",
      "Url",
      "ValuesOfApp",
      "WithAny",
    ],
    ...["EndpointBase", "wordsFromClients", "wordsFromServers"],
  ],
  "is what the compiler advises where something does not fit": [
    ...["KnownNames", "OrTell", "Refuse", "ReservedAdvice", "WrongScope"],
  ],
  "is behind a name that begins with ~, and so ours": [
    ...["AppHost", "ChannelDefinition", "DependencyDefinition", "EndpointDefinition", "StartupWarning", "TokenCheck"],
  ],
  "is a port that only what is in the package implements": ["BrokerLink", "BrokerNode", "Tracing"],
  "is written out where it is given": [
    "ConfigErrorDetails",
    "RefusedErrorDetails",
    "RedisClientLike",
    "RedisClusterLike",
  ],
  "is a part of a document that another specification describes": [
    ...["ChannelObject", "ComponentsObject", "DocumentInfo", "JsonSchema", "OpenApiOperation", "OpenApiResponse"],
    ...["OperationObject", "ServerObject", "TidingsChannel"],
  ],
};

/** Rejects with what differs from the reports that are kept, and with what can't be named by whoever gets it. */
export async function checkApiReports({ unpacked, isWriting }) {
  const folder = mkdtempSync(join(tmpdir(), "tidings-api-"));
  try {
    const { problems, unexported } = extract(unpacked, folder);
    const reports = readReports(folder);
    if (isWriting) keep(reports);
    problems.push(...namelessOf(unexported, reports), ...differences(readReports(kept), reports));
    if (problems.length > 0) throw new Error(problems.join("\n"));
    return `${reports.size} reports ${isWriting ? "written" : "as they are kept"}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One program for all doors. */
function extract(unpacked, folder) {
  const { CompilerState, Extractor } = requireTool("@microsoft/api-extractor");
  const ways = waysTo(unpacked).filter(({ condition }) => condition === "default");
  const configs = ways.map((way) => configOf(unpacked, folder, way));
  const [first, ...others] = configs;
  const additionalEntryPoints = others.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath);
  const compilerState = CompilerState.create(first, { additionalEntryPoints });
  const problems = [];
  const unexported = new Set();
  const messageCallback = (message) => {
    message.handled = true;
    const [, name] = /^The symbol "(.+?)(?:\$\d+)?" needs to be exported/.exec(message.text) ?? [];
    if (name !== undefined) unexported.add(name);
    else if (message.logLevel === "error") problems.push(message.formatMessageWithLocation(unpacked));
  };
  for (const config of configs) Extractor.invoke(config, { localBuild: true, compilerState, messageCallback });
  return { problems, unexported };
}

function configOf(unpacked, folder, { door, types }) {
  const { ExtractorConfig } = requireTool("@microsoft/api-extractor");
  const configObject = {
    projectFolder: unpacked,
    mainEntryPointFilePath: join(unpacked, types),
    compiler: { overrideTsconfig: { compilerOptions: OPTIONS } },
    newlineKind: "lf",
    apiReport: {
      enabled: true,
      reportFileName: `${door.replace("/", "-")}.api.md`,
      reportFolder: folder,
      reportTempFolder: join(folder, "temporary"),
    },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: MESSAGES,
  };
  return ExtractorConfig.prepare({ configObject, packageJsonFullPath: join(unpacked, "package.json") });
}

const OPTIONS = {
  target: "ES2023",
  lib: ["ES2023", "ESNext.Disposable", "DOM"],
  module: "NodeNext",
  strict: true,
  exactOptionalPropertyTypes: true,
  types: ["node"],
};

const off = { logLevel: "none" };
/** Release tags we have none, and comments are written for editors, which show `@throws {ConfigError}` as it is meant. */
const MESSAGES = {
  compilerMessageReporting: { default: { logLevel: "error" } },
  extractorMessageReporting: { default: { logLevel: "error" }, "ae-missing-release-tag": off, "ae-undocumented": off },
  tsdocMessageReporting: { default: off },
};

function readReports(folder) {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".api.md")) : [];
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

function keep(reports) {
  rmSync(kept, { recursive: true, force: true });
  mkdirSync(kept, { recursive: true });
  for (const [name, text] of reports) writeFileSync(join(kept, name), text);
}

/** One door may show what another exports. */
function namelessOf(unexported, reports) {
  const text = [...reports.values()].join("\n");
  const exported = new Set(Array.from(text.matchAll(EXPORT), ([, named, listed]) => named ?? listed));
  const reasons = new Set(Object.values(UNNAMED).flat());
  const nameless = [...unexported].filter((name) => !exported.has(name));
  return [
    ...nameless
      .filter((name) => !reasons.has(name))
      .map((name) => `${name} is shown by a door, and no door exports it`),
    ...[...reasons].filter((name) => !nameless.includes(name)).map((name) => `${name} is excused, and need not be`),
  ];
}

const EXPORT =
  /^export (?:(?:declare |abstract |default )*(?:class|const|function|interface|type) (\w+)|\{ (\w+) \})/gm;

function differences(before, now) {
  return [...new Set([...before.keys(), ...now.keys()])].flatMap((name) => {
    const [was, is] = [linesOf(before.get(name)), linesOf(now.get(name))];
    const changed = [
      ...was.filter((line) => !is.includes(line)).map((line) => `- ${line}`),
      ...is.filter((line) => !was.includes(line)).map((line) => `+ ${line}`),
    ];
    if (before.get(name) === now.get(name)) return [];
    return [`docs/api/${name} is not what the door exports now; npm run api writes it anew:`, ...changed];
  });
}

function linesOf(text = "") {
  return text.split("\n");
}
