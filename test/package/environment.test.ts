import { expect, test } from "vitest";
import { type EnvironmentVariable, environmentVariables } from "../../src/index.js";
import { readRepositoryFile } from "../support/repository.js";

test("docs/reference/environment.md has every variable that createApp() reads, as the code has it", () => {
  const lines = readRepositoryFile("docs/reference/environment.md").split("\n");
  const rows = environmentVariables.map(rowOf);
  expect(lines.filter((line) => line.startsWith("| `TIDINGS_") && line.split(" | ").length === 5)).toEqual(rows);
});

function rowOf({ name, option, kind, what, default: preset, isSecret }: EnvironmentVariable): string {
  const form = typeof kind === "string" ? kind : kind.map((word) => `\`${word}\``).join(", ");
  const shown = preset === undefined ? "" : `\`${preset}\``;
  return `| \`${name}\` | \`${option}\` | ${form}${isSecret ? ", secret" : ""} | ${shown} | ${what} |`;
}
