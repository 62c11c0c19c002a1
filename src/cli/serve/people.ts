import { bearer, jwt } from "../../auth/index.js";
import { type Dependency, dependency, forbidden, type Handshake, type Identity, unauthorized } from "../../index.js";
import type { JwtConfig, ServeConfig, WebhooksConfig } from "./config.js";
import type { EventSchemas } from "./event-schemas.js";
import { type Answer, BadAnswerError } from "./webhooks/answer.js";
import type { Backend } from "./webhooks/backend.js";

/** Whoever is behind a connection, with all that is known of them: the claims of a token, or what the backend says. */
export interface Person extends Identity {
  readonly [claim: string]: unknown;
}

/** What tells who somebody is: a JWT, the backend, or both; undefined where nothing does. */
export function declarePeople(
  { jwt: tokens, webhooks = {} }: ServeConfig,
  schemas: EventSchemas,
  backend: Backend | undefined,
): Dependency<Person, "connection"> | undefined {
  const byToken = tokens === undefined ? undefined : personOfToken(tokens, schemas);
  if (backend === undefined || webhooks.hooks?.includes("connect") !== true) return byToken;
  return byToken === undefined ? personOfBackend(webhooks, backend) : personOfBoth(byToken, webhooks, backend);
}

function personOfToken({ claims, ...options }: JwtConfig, schemas: EventSchemas): Dependency<Person, "connection"> {
  const schema = claims === undefined ? undefined : schemas.make("jwt.claims", claims);
  const made = jwt({ ...options, ...(schema !== undefined && { claims: schema as never }) });
  return made as Dependency<Identity, "connection"> as Dependency<Person, "connection">; // the claims, and an `id`
}

/** By a token that the backend alone can read, or by what else of the handshake it is told. */
function personOfBackend(webhooks: WebhooksConfig, backend: Backend): Dependency<Person, "connection"> {
  const { from, cookie } = webhooks;
  const ask = async (request: Handshake, signal: AbortSignal, token?: string): Promise<Person> => {
    const check = token === undefined ? checkNamedForGood : checkNamed;
    return personIn(await backend.ask("connect", { ...told(request, webhooks), token }, signal, check));
  };
  if (from?.length === 0) return dependency({ create: ({ request, signal }) => ask(request, signal) });
  return bearer<Person>({
    ...(from !== undefined && { from }),
    ...(cookie !== undefined && { cookie }),
    verify: (token, { request, signal }) => ask(request, signal, token),
    expiresAt: (person) => expiries.get(person),
  });
}

/** The token says who it is, and the backend whether they may come, and what else is known of them. */
function personOfBoth(
  token: Dependency<Person, "connection">,
  webhooks: WebhooksConfig,
  backend: Backend,
): Dependency<Person, "connection"> {
  return dependency({
    needs: { token },
    create: async ({ token: user, request, signal }): Promise<Person> => {
      const check = (answer: Answer) => {
        checkLasting(answer);
        if (answer.user === undefined || answer.user.id === user.id) return;
        throw new BadAnswerError("a `user` with another `id` than the token's");
      };
      return personIn(await backend.ask("connect", { ...told(request, webhooks), user }, signal, check), user);
    },
  });
}

/** Somebody must be named, where no token names them. */
function checkNamed({ user, allow }: Answer): void {
  if (user === undefined && allow !== false) throw new BadAnswerError("no `user`");
}

function checkNamedForGood(answer: Answer): void {
  checkNamed(answer);
  checkLasting(answer);
}

/** A time that nobody would look at must not seem to end anything. */
function checkLasting({ exp }: Answer): void {
  if (exp !== undefined)
    throw new BadAnswerError("an `exp`, which counts only of a token that the backend reads itself");
}

/** When those that the backend named expire, in milliseconds since 1970. */
const expiries = new WeakMap<Person, number>();

function personIn({ user, exp, allow }: Answer, otherwise?: Person): Person {
  const found = user ?? otherwise;
  // Who is known by a token needs no other one: a no is of them.
  if (allow === false && otherwise !== undefined) throw forbidden();
  if (found === undefined || allow === false) throw unauthorized();
  const person: Person = { ...found };
  if (exp !== undefined) expiries.set(person, exp * 1_000);
  return person;
}

/** Of a handshake, what the configuration lists: by itself nothing that a client chose but the path. */
function told(request: Handshake, { headers = [], cookies = [], query = [] }: WebhooksConfig): object {
  const { url, params, address } = request;
  return {
    path: url.pathname,
    params,
    address,
    query: picked(query, (name) => (Object.hasOwn(request.query, name) ? request.query[name] : undefined)),
    headers: picked(headers, (name) => request.headers.get(name) ?? undefined),
    cookies: cookies.length === 0 ? {} : picked(cookies, (name) => cookieOf(request, name)),
  };
}

/** Its object has no prototype. */
function cookieOf({ cookies }: Handshake, name: string): string | undefined {
  return cookies[name];
}

function picked(names: readonly string[], read: (name: string) => string | undefined): Record<string, string> {
  const found = names.map((name) => [name, read(name)] as const);
  return Object.fromEntries(found.filter((pair): pair is readonly [string, string] => pair[1] !== undefined));
}
