import { Command, type Option } from "commander";
import { expect, test } from "vitest";
import { readRepositoryFile } from "../../test/support/repository.js";
import type { CommandShape } from "./command.js";
import { exitCodes } from "./exit-code.js";
import { COMMANDS } from "./program.js";

const page = readRepositoryFile("docs/reference/cli.md");
/** What stands under each heading. */
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.split("\n", 1).join(), section] as const),
);

test.each(COMMANDS.map((shape) => [shape.usage, shape] as const))(
  "docs/reference/cli.md has `tidings %s` with its examples and options, as its help has them",
  (usage, shape) => {
    const section = sections.get(`tidings ${usage}`);
    expect(section, `There is no "## tidings ${usage}". It would begin:\n${skeletonOf(shape)}`).toBeDefined();
    for (const part of partsOf(shape)) expect(section).toContain(part);
    // Of options that are no more.
    const rows = (section ?? "").split("\n").filter((line) => line.startsWith("| `-"));
    expect(rows).toEqual(rowsOf(shape));
    // Where it can end otherwise than well it says when.
    expect(section).toMatch(/^Exit code: 0 .*1 .*2 /m);
  },
);

test("docs/reference/cli.md lists the commands in the order of the help, and no others", () => {
  const commands = [...sections.keys()].filter((heading) => heading.startsWith("tidings "));
  expect(commands).toEqual(COMMANDS.map(({ usage }) => `tidings ${usage}`));
});

test("docs/reference/cli.md has every exit code", () => {
  const rows = [...(sections.get("Exit codes") ?? "").matchAll(/^\| `(\d+)` \| /gm)].map(([, code]) => Number(code));
  expect(rows).toEqual(Object.values(exitCodes));
});

function skeletonOf(shape: CommandShape<never>): string {
  return [`## tidings ${shape.usage}`, ...partsOf(shape)].join("\n\n");
}

function partsOf(shape: CommandShape<never>): readonly string[] {
  const { summary, examples } = shape;
  const lines = examples.map(([line, meaning]) => `${line}   # ${meaning}`);
  const rows = rowsOf(shape);
  return [
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ["```sh", ...lines, "```"].join("\n"),
    ...(rows.length === 0 ? [] : [["| option | |", "|---|---|", ...rows].join("\n")]),
  ];
}

function rowsOf(shape: CommandShape<never>): readonly string[] {
  const command = new Command();
  shape.options?.(command);
  return command.options.map((option) => `| \`${option.flags}\` | ${meaningOf(option)} |`);
}

function meaningOf({ description, defaultValue }: Option): string {
  const text = description.replaceAll("|", "\\|");
  return defaultValue === undefined ? text : `${text}; default \`${defaultValue}\``;
}
