import { ConfigError } from "../base/config-error.js";
import type { ChannelDefinition } from "../declare/channel.js";
import type { CredentialDefinition, CredentialWay, TokenPlace } from "../declare/credential.js";
import { type Dependencies, type Dependency, type DependencyDefinition, isDependency } from "../declare/dependency.js";

/** One dependency in the order in which they are made. */
export interface Step {
  readonly definition: DependencyDefinition;
  /** The name it is needed by, such as `account`. */
  readonly name: string;
  /** Name → what it needs; each of them is an earlier step. */
  readonly needs: ReadonlyMap<string, Step>;
  /** Is there a credential among what it is made from, itself included? Then a refreshed one makes it anew. */
  readonly isOfUser: boolean;
}

/** What is made for each connection of an endpoint, in this order. */
export interface DependencyPlan {
  /** Who it is. */
  readonly auth: Step | undefined;
  /** What `auth` is made from, itself last. */
  readonly authSteps: readonly Step[];
  /** What follows. */
  readonly otherSteps: readonly Step[];
  /** Both, in this order. */
  readonly steps: readonly Step[];
  /** The names that handlers see. */
  readonly exposed: ReadonlyMap<string, Step>;
  /** The names that the permissions and the presence of each channel see. */
  readonly ofChannels: ReadonlyMap<ChannelDefinition, ReadonlyMap<string, Step>>;
  readonly credentials: readonly CredentialDefinition[];
  /** Where tokens may be, of all credentials. */
  readonly ways: readonly CredentialWay[];
  readonly places: ReadonlySet<TokenPlace>;
  /** The credentials behind `auth` of which a fresh one can come by message: those that are not cookies alone. */
  readonly refreshable: ReadonlySet<DependencyDefinition>;
}

/** Who needs something. */
export interface PlannedNeeds {
  readonly auth: DependencyDefinition | undefined;
  readonly needs: Dependencies;
  readonly channels?: readonly ChannelDefinition[] | undefined;
}

/**
 * Puts dependencies into an order in which each comes after all it needs.
 *
 * @param where whose they are, for errors
 * @param isReplaced a test has put something in its place, which needs nothing
 * @throws ConfigError `dependency_cycle`, `missing_dependency`, `reserved_name` or `wrong_scope`, with the way there
 */
export function planDependencies(
  where: string,
  { auth, needs, channels = [] }: PlannedNeeds,
  isReplaced: (definition: DependencyDefinition) => boolean = () => false,
): DependencyPlan {
  const steps = new Map<DependencyDefinition, Step>();
  const visit = (definition: DependencyDefinition, trail: readonly Visit[]): Step => {
    const known = steps.get(definition);
    if (known !== undefined) return known;
    const { name } = trail.at(-1) ?? { name: where };
    const given = definition.kind === "made" && !isReplaced(definition) ? definition.needs : {};
    checkNames(given, trail, definition.scope === "app" ? ["app"] : ["app", "request", "signal"]);
    const stepNeeds = new Map<string, Step>();
    for (const [need, dependency] of Object.entries(given)) {
      const way = [...trail, { name: need, definition: definitionOf(dependency, [...trail, { name: need }]) }];
      checkEdge(definition, way);
      stepNeeds.set(need, visit(definitionOf(dependency, way), way));
    }
    const isOfUser = definition.kind === "credential" || [...stepNeeds.values()].some((need) => need.isOfUser);
    const step = { definition, name, needs: stepNeeds, isOfUser };
    steps.set(definition, step);
    return step;
  };

  const root: Visit = { name: where };
  const authStep = auth && visit(auth, [root, { name: "auth", definition: auth }]);
  const authSteps = [...steps.values()];
  const expose = (given: Dependencies, trail: readonly Visit[], taken: readonly string[]) => {
    checkNames(given, trail, taken);
    const exposed = new Map<string, Step>();
    for (const [name, dependency] of Object.entries(given)) {
      const definition = definitionOf(dependency, [...trail, { name }]);
      exposed.set(name, visit(definition, [...trail, { name, definition }]));
    }
    return exposed;
  };
  const exposed = expose(needs, [root], TAKEN);
  const ofChannels = new Map(
    channels.map((channel) => {
      const trail = [root, { name: `channel "${channel.pattern.source}"` }];
      return [channel, expose(channel.needs, trail, TAKEN_IN_CHANNELS)];
    }),
  );
  const all = [...steps.values()];
  const credentials = all.flatMap(({ definition }) => (definition.kind === "credential" ? definition : []));
  const ways = credentials.flatMap((credential) => credential.ways);
  return {
    auth: authStep,
    authSteps,
    otherSteps: all.slice(authSteps.length),
    steps: all,
    exposed,
    ofChannels,
    credentials,
    ways,
    places: new Set(ways.map(({ place }) => place)),
    refreshable: new Set(authSteps.map(({ definition }) => definition).filter(isRefreshable)),
  };
}

function isRefreshable(definition: DependencyDefinition): boolean {
  return definition.kind === "credential" && definition.ways.some(isNoCookie);
}

export function isNoCookie({ place }: CredentialWay): boolean {
  return place !== "cookie";
}

/** What every context has already. */
const TAKEN: readonly string[] = ["app", "connection", "params", "query", "user", "request"];

const TAKEN_IN_CHANNELS: readonly string[] = ["app", "params"];

interface Visit {
  readonly name: string;
  readonly definition?: DependencyDefinition | undefined;
}

function definitionOf(dependency: Dependency<unknown>, trail: readonly Visit[]): DependencyDefinition {
  if (isDependency(dependency)) return dependency["~definition"];
  throw new ConfigError("missing_dependency", {
    message: `${show(trail)}: the last is no dependency.`,
    fix: "Make it with dependency(); where two files import each other, move it into a third.",
  });
}

function checkEdge(from: DependencyDefinition, trail: readonly Visit[]): void {
  const to = trail.at(-1)?.definition;
  if (trail.slice(0, -1).some(({ definition }) => definition !== undefined && definition === to)) {
    throw new ConfigError("dependency_cycle", {
      message: `${show(trail)}: the last needs itself.`,
      fix: "Take one of these needs out.",
    });
  }
  if (from.scope === "app" && to?.scope !== "app") {
    throw new ConfigError("wrong_scope", {
      message: `${show(trail)}: something of the app needs what each connection has its own of.`,
      fix: 'Take `scope: "app"` from the one, or need something of the app instead.',
    });
  }
}

function checkNames(needs: Dependencies, trail: readonly Visit[], taken: readonly string[]): void {
  const name = Object.keys(needs).find((each) => taken.includes(each));
  if (name === undefined) return;
  throw new ConfigError("reserved_name", {
    message: `${show([...trail, { name }])}: there is something else of the last name already.`,
    fix: "Choose another name.",
  });
}

/** `/ws/admin → admin → account` */
function show(trail: readonly Visit[]): string {
  return trail.map(({ name }) => name).join(" → ");
}
