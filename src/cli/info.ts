import type { CommandShape } from "./command.js";
import { exitCodes } from "./exit-code.js";
import { packageVersion } from "./package.js";

/** What a bug report needs. */
export const infoCommand: CommandShape = {
  usage: "info",
  summary: "what a bug report needs to know of this computer",
  examples: [["tidings info --json", "as JSON, to paste"]],
  async run({ terminal }) {
    const { arch, platform, versions } = process;
    terminal.result({ tidings: packageVersion, node: versions.node, platform, arch });
    return exitCodes.done;
  },
};
