import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../../../src/base/config-error.js";
import { silentLogger } from "../../../src/base/logger.js";
import type { ServeConfig } from "../../../src/cli/serve/config.js";
import { findingsIn } from "../../../src/cli/serve/findings.js";
import { checkConfig, loadConfig, tellFault } from "../../../src/cli/serve/loaded-config.js";
import { printedSettings, printSettings } from "../../../src/cli/serve/printed-config.js";
import { makeApp } from "../../../src/cli/serve/served-app.js";
import { hold, type Opened, type Target } from "../target.js";

const SECRET = "sEcReT-0123456789-0123456789-0123456789";

export const config: Target = {
  about: "what `tidings serve` goes by: variables, one a line, an empty line, and the text of tidings.config.json",
  words: [
    ..."channels endpoints jwt webhooks redis tls http limits heartbeat drain info log origins trustProxy".split(" "),
    ..."subscribe publish history presence events match overflow users everybody webhook size ttl receives".split(" "),
    ..."auth join tasks none secret key jwks issuer audience algorithms from cookie claims api keys may name".split(
      " ",
    ),
    ..."chat/:room inbox/:user /ws 64kb 10/1s 30s HS256 header query message port host compression workers".split(" "),
    ..."\nTIDINGS_JWT_SECRET=|\nTIDINGS_CHANNELS=|\nTIDINGS_LIMITS_MESSAGES=|\nTIDINGS_PORT=|\nTIDINGS_REDIS_URL=".split(
      "|",
    ),
    ..."\nTIDINGS_HTTP_API_KEYS=|\nTIDINGS_WEBHOOKS_URL=|\nTIDINGS_ORIGINS=|\nTIDINGS_TRUST_PROXY=|\n\n|keepLatestBy".split(
      "|",
    ),
    ...[SECRET, `redis://u:${SECRET}@127.0.0.1:6379/0`, `https://u:${SECRET}@example.com/hooks?key=${SECRET}`],
  ],
  batch: 16,
  open,
};

async function open(): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), "tidings-fuzz-"));
  const file = join(folder, "tidings.config.json");
  return {
    async read(input) {
      const [, lines = "", text = ""] = /^(.*?)\n\n(.*)$/s.exec(input.toString()) ?? [];
      writeFileSync(file, text);
      await load({ env: variablesIn(lines), file, folder, text });
    },
    async close() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Given {
  readonly env: Readonly<Record<string, string>>;
  readonly file: string;
  readonly folder: string;
  readonly text: string;
}

function variablesIn(lines: string): Readonly<Record<string, string>> {
  const pairs = lines.split("\n").flatMap((line) => {
    const [, name, value] = /^(TIDINGS_[A-Z_]+)=(.*)$/.exec(line) ?? [];
    // Which file is read is not for strangers to say.
    return name === undefined || value === undefined || name === "TIDINGS_CONFIG" ? [] : [[name, value] as const];
  });
  return Object.fromEntries(pairs);
}

async function load({ env, file, folder, text }: Given): Promise<void> {
  const sources = { file, env, ownEnv: env, flags: {}, folder };
  const told: string[] = [];
  try {
    const checked = await checkConfig(sources);
    told.push(...checked.faults.map((fault) => `${tellFault(fault, checked)} ${fault.fix}`));
    const isGood = await loadConfig(sources).then(
      () => true,
      () => false,
    );
    hold(isGood === (checked.faults.length === 0), "what has no faults is loaded", told);
    if (checked.faults.length === 0) {
      told.push(printSettings(printedSettings(checked)));
      told.push(...findingsIn(checked.config, () => true).map(({ message, fix }) => message + fix));
      checkSecrets(told.join("\n"), checked.config);
      (await makeApp(checked.config, silentLogger)).asyncapi();
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    hold(error.fix !== "" && error.message.endsWith(error.fix), "an error says what to do", error.message);
    // Where it can't be read nobody knows what of it is a secret.
    const isUnread = error.code === "config_unreadable";
    hold(
      !isUnread || !shownOf(text).some((part) => error.message.includes(part)),
      "a secret is not told",
      error.message,
    );
  }
}

/** Longer words of a text that no message has of itself. */
function shownOf(text: string): readonly string[] {
  return text.includes(SECRET) ? [SECRET] : [];
}

/** What is one, wherever it stands. */
function checkSecrets(told: string, { jwt, webhooks, http, redis, ...others }: ServeConfig): void {
  const { secret: _, ...openJwt } = jwt ?? {};
  const { secret: __, url: ___, ...openHooks } = webhooks ?? {};
  const open = JSON.stringify([openJwt, openHooks, others]);
  const secrets = [
    jwt?.secret,
    webhooks?.secret,
    ...Object.values(http?.users ?? {}),
    passwordIn(redis?.url),
    passwordIn(webhooks?.url),
  ];
  for (const secret of secrets) {
    const isKnown = secret === undefined || secret.length < 8 || open.includes(secret);
    hold(isKnown || !told.includes(secret), "a secret is not told", { secret, told });
  }
}

function passwordIn(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? decodeURIComponent(new URL(url).password) : undefined;
}
