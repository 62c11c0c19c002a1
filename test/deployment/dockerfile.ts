import { readRepositoryFile } from "../support/repository.js";

/** What the image of deploy/Dockerfile is like to whoever runs it. */
export interface Image {
  readonly env: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly port: string | undefined;
  readonly stopSignal: string | undefined;
  readonly command: readonly string[];
  /** The command that says whether it is well. */
  readonly healthCheck: readonly string[];
}

/** Of its last stage. Commands must be in the form of a list: a shell in between would not pass the signal on. */
export function readImage(): Image {
  const lines = readRepositoryFile("deploy/Dockerfile")
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n");
  const stage = lines.slice(lines.findLastIndex((line) => line.startsWith("FROM ")));
  const argumentOf = (instruction: string) => {
    const line = stage.find((each) => each.startsWith(`${instruction} `));
    return line?.slice(instruction.length + 1).trim();
  };
  return {
    env: Object.fromEntries((argumentOf("ENV") ?? "").split(/\s+/).map((pair) => pair.split("=") as [string, string])),
    user: argumentOf("USER"),
    port: argumentOf("EXPOSE"),
    stopSignal: argumentOf("STOPSIGNAL"),
    command: JSON.parse(argumentOf("CMD") ?? "[]"),
    healthCheck: JSON.parse(argumentOf("HEALTHCHECK")?.replace(/^.*?CMD /, "") ?? "[]"),
  };
}
