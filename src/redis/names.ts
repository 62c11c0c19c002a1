/** Where a channel, a user, or what all processes share is kept: one key from which all others of it are made, in one slot. */
export interface Place {
  /** A key, and with it the slot (Redis Cluster specification, "Hash tags"). */
  readonly key: string;
  /** What Redis's publish and subscribe know it by. */
  readonly topic: string;
}

/** The names of all that the broker has in Redis. They begin with the prefix, and what belongs together is in one slot. */
export class Names {
  readonly #prefix: string;
  readonly #topicSuffix: string;

  /** @param database what is published does not know databases (`SELECT`), so a topic names all but the first */
  constructor(prefix: string, database: number) {
    this.#prefix = prefix;
    this.#topicSuffix = database === 0 ? "" : `@${database}`;
  }

  channel(channel: string): Place {
    return this.#place(tagOf(channel));
  }

  /** Which of the parts of all users this one is in; the parts are spread over a cluster. */
  partOfUser(user: string): number {
    return slotOfText(user) % USER_PARTS;
  }

  /** Users of a part who have an open connection. */
  users(part: number): string {
    return `${this.#place(`$users-${part}`).key}:open`;
  }

  user(user: string): string {
    return `${this.#place(`$users-${this.partOfUser(user)}`).key}:of:${user}`;
  }

  /** A user's messages that are counted together. */
  rate(user: string, counted: string): string {
    // Whatever is in a user's name, it is no other user's.
    return `${this.#place(`$users-${this.partOfUser(user)}`).key}:rate:${JSON.stringify([user, counted])}`;
  }

  /** What is known of all processes, and what is said to all of them. */
  get processes(): Place {
    return this.#place("$processes");
  }

  /** The stream of what others ask. */
  get requests(): string {
    return `${this.#prefix}:requests`;
  }

  /** The list of answers that somebody looks at. */
  reply(to: string): string {
    return `${this.#prefix}:replies:${to}`;
  }

  #place(tag: string): Place {
    const key = `${this.#prefix}:{${tag}}`;
    return { key, topic: key + this.#topicSuffix };
  }
}

/** A channel's name stands in braces, so it may have none; `%` for what is written in the place of others. */
function tagOf(channel: string): string {
  return channel.replace(/[%{}]/g, encodeURIComponent);
}

/** So many scripts are asked for a count of all users; as many servers of a cluster can share them. */
export const USER_PARTS = 32;

/** Which slot a key is in: CRC16 (XMODEM) of what stands in its first braces, or of all of it, modulo 16,384. */
export function slotOf(key: string): number {
  const open = key.indexOf("{");
  const close = open === -1 ? -1 : key.indexOf("}", open + 1);
  return slotOfText(close > open + 1 ? key.slice(open + 1, close) : key);
}

function slotOfText(text: string): number {
  let crc = 0;
  for (const byte of Buffer.from(text)) crc = ((crc << 8) & 0xffff) ^ (CRC16[((crc >> 8) ^ byte) & 0xff] ?? 0);
  return crc % SLOTS;
}

export const SLOTS = 16_384;

/** Polynomial 0x1021. */
const CRC16 = Uint16Array.from({ length: 256 }, (_, index) => {
  let crc = index << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  return crc;
});
