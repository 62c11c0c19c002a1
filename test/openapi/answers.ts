import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { OpenApiDocument } from "../../src/declare/openapi-document.js";

export interface GivenAnswer {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  readonly headers: { readonly "content-type"?: string | undefined };
  readonly said: string;
}

/** What of an answer is otherwise than its document says; undefined: nothing. */
export function apiBreach(document: OpenApiDocument, answer: GivenAnswer): string | undefined {
  const { method, path, status, headers, said } = answer;
  if (method === "HEAD" || status === 204) return said === "" ? undefined : "There is a body.";
  const [route = ""] = path.split("?");
  const operations = document.paths[route];
  // Of a path, or a method, that is not there it says nothing: the form of a problem holds there too.
  const operation = operations?.[method.toLowerCase() as "get" | "post"];
  if (operation === undefined) return misfit(document, "/components/schemas/Problem", said);
  if (operation.responses[status] === undefined) return `${status} is not documented.`;
  const pointer = pointerTo(document, route, method.toLowerCase(), status);
  const type = headers["content-type"]?.split(";")[0];
  const expected = status === 200 ? "application/json" : "application/problem+json";
  if (type !== expected) return `It is ${type}.`;
  return misfit(document, `${pointer}/content/${step(expected)}/schema`, said);
}

/** What of a body that is sent does not fit its document. */
export function bodyBreach(document: OpenApiDocument, path: string, body: unknown): string | undefined {
  const pointer = `/paths/${step(path)}/post/requestBody/content/application~1json/schema`;
  return misfit(document, pointer, JSON.stringify(body));
}

function pointerTo(document: OpenApiDocument, route: string, method: string, status: number): string {
  const response = document.paths[route]?.[method as "get" | "post"]?.responses[status];
  if (response !== undefined && "$ref" in response) return response.$ref.slice(1);
  return `/paths/${step(route)}/${method}/responses/${status}`;
}

function misfit(document: OpenApiDocument, pointer: string, said: string): string | undefined {
  const ajv = ajvOf(document);
  const check = ajv.getSchema(`${ID}#${pointer}`) ?? ajv.compile({ $ref: `${ID}#${pointer}` });
  if (check(JSON.parse(said)) === true) return undefined;
  return ajv.errorsText(check.errors);
}

const ID = "https://example.com/openapi.json";
const known = new WeakMap<OpenApiDocument, Ajv2020>();

function ajvOf(document: OpenApiDocument): Ajv2020 {
  const made = known.get(document) ?? new Ajv2020({ strict: false, allErrors: true, logger: false });
  if (!known.has(document)) {
    formats.default(made);
    // A document is no schema: the words of its own are let pass.
    made.addSchema({ $id: ID, ...document });
    known.set(document, made);
  }
  return made;
}

function step(text: string): string {
  return encodeURIComponent(text.replaceAll("~", "~0").replaceAll("/", "~1"));
}
