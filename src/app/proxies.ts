import { BlockList, isIP } from "node:net";
import { ConfigError } from "../base/config-error.js";
import type { Forwarded } from "../http/asked.js";
import type { AcceptOptions, RefusalResponse, Socket, SocketListener, Upgrade } from "../transport/transport.js";

/** Words for blocks of addresses: RFC 1122 §3.2.1.3 and RFC 4291 §2.5.3; RFC 1918 §3 and RFC 4193 §3. */
const words: ReadonlyMap<string, readonly string[]> = new Map([
  ["loopback", ["127.0.0.0/8", "::1"]],
  ["private", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]],
]);

/** Of what a proxy can be made to forward, no more is looked at. */
const limits = { headerLength: 8192, hops: 50 };

/** The proxies whose `X-Forwarded-For`, `-Proto` and `-Host` are believed. Of anybody else's nothing is. */
export class TrustedProxies {
  readonly isEmpty: boolean;
  // One for each family: a BlockList finds an IPv4 address in `::/0` as well.
  readonly #blocks = { ipv4: new BlockList(), ipv6: new BlockList() };

  /**
   * @param trusted such as `10.1.2.3`, `fd00::/8`, `loopback` or `private`
   * @throws ConfigError `invalid_proxy`
   */
  constructor(trusted: readonly string[]) {
    this.isEmpty = trusted.length === 0;
    for (const text of trusted) {
      for (const block of words.get(text) ?? [text]) this.#trust(block);
    }
  }

  /** The upgrade as the client meant it: the same object where the peer is not trusted or says nothing. */
  see(upgrade: Upgrade): Upgrade {
    const forwarded = this.read(upgrade.address, (name) => upgrade.header(name));
    return forwarded === undefined ? upgrade : new ForwardedUpgrade(upgrade, forwarded);
  }

  /** What a trusted peer says of the client; undefined where the peer is not trusted or says nothing. */
  read(address: string, header: (name: string) => string | undefined): Forwarded | undefined {
    if (!this.trusts(address)) return undefined;
    const client = this.#findClient(listOf(header("x-forwarded-for")));
    const isSecure = readScheme(listOf(header("x-forwarded-proto")).at(-1));
    const host = readHost(listOf(header("x-forwarded-host")).at(-1));
    if (client === undefined && isSecure === undefined && host === undefined) return undefined;
    return { address: client, isSecure, host };
  }

  /** Is whoever has this address one of them? */
  trusts(address: string): boolean {
    return !this.isEmpty && this.#trusts(readAddress(address));
  }

  #trust(text: string): void {
    const [, before = text, digits] = /^(.*)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
    const address = readAddress(before);
    const isMapped = isIP(before) === 6 && isIP(address ?? "") === 4;
    const most = isIP(address ?? "") === 4 ? 32 : 128;
    const prefix = digits === undefined ? most : Number(digits) - (isMapped ? 96 : 0);
    if (address === undefined || prefix < 0 || prefix > most) {
      throw new ConfigError("invalid_proxy", {
        message: `"${text}" is no address of a proxy.`,
        fix: 'Write an address like 10.1.2.3, a block like 10.0.0.0/8 or fd00::/8, "loopback" or "private".',
      });
    }
    this.#blocks[familyOf(address)].addSubnet(address, prefix, familyOf(address));
  }

  #trusts(address: string | undefined): boolean {
    return address !== undefined && this.#blocks[familyOf(address)].check(address, familyOf(address));
  }

  /**
   * From the right, where our own proxies wrote: the first whom we do not trust is the client. What is further left it may
   * have made up. Something unreadable ends the walk: then the last good hop is all that is known.
   */
  #findClient(hops: readonly string[]): string | undefined {
    let client: string | undefined;
    for (const hop of hops.slice(-limits.hops).reverse()) {
      const address = readAddress(withoutPort(hop));
      if (address === undefined) return client;
      client = address;
      if (!this.#trusts(address)) return client;
    }
    return client;
  }
}

/** What a proxy said of the client, and the rest as it is. */
class ForwardedUpgrade implements Upgrade {
  readonly address: string;
  readonly isSecure: boolean;
  readonly #upgrade: Upgrade;
  readonly #host: string | undefined;

  constructor(upgrade: Upgrade, { address, isSecure, host }: Forwarded) {
    this.address = address ?? upgrade.address;
    this.isSecure = isSecure ?? upgrade.isSecure;
    this.#upgrade = upgrade;
    this.#host = host;
  }

  get method(): string {
    return this.#upgrade.method;
  }

  get httpVersion(): string {
    return this.#upgrade.httpVersion;
  }

  get target(): string {
    return this.#upgrade.target;
  }

  header(name: string): string | undefined {
    return name === "host" && this.#host !== undefined ? this.#host : this.#upgrade.header(name);
  }

  get rawHeaders(): readonly string[] {
    const { rawHeaders } = this.#upgrade;
    const host = this.#host;
    if (host === undefined) return rawHeaders;
    const isHost = (index: number) => rawHeaders[index]?.toLowerCase() === "host";
    return rawHeaders.map((text, index) => (index % 2 === 1 && isHost(index - 1) ? host : text));
  }

  get isGone(): boolean {
    return this.#upgrade.isGone;
  }

  accept(options: AcceptOptions, listen: (socket: Socket) => SocketListener): Socket | undefined {
    return this.#upgrade.accept(options, listen);
  }

  refuse(response: RefusalResponse): void {
    this.#upgrade.refuse(response);
  }
}

/** A header's values; of one that is too long its end, which is the trusted one. */
function listOf(header: string | undefined): readonly string[] {
  if (header === undefined) return [];
  const values = header.slice(-limits.headerLength).split(",");
  // The first is then half a value, and half an address can be one.
  return (header.length > limits.headerLength ? values.slice(1) : values).map((value) => value.trim());
}

/** An address in its shortest form, so that it is counted as one however it is written. */
function readAddress(text: string): string | undefined {
  const family = isIP(text);
  if (family !== 6) return family === 4 ? text : undefined;
  const [address] = text.split("%", 1); // without a link-local peer's zone, RFC 4007 §11
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return short;
  const [left, right] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [left >> 8, left & 255, right >> 8, right & 255].join(".");
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

/** Of `1.2.3.4:567`, `[::1]:567` and `[::1]`; an IPv6 address without brackets has no port. */
function withoutPort(hop: string): string {
  const [, v6, v4] = /^(?:\[([^\].:]*:[^\]]*)\]|([\d.]+))(?::\d{1,5})?$/.exec(hop) ?? [];
  return v6 ?? v4 ?? hop;
}

function readScheme(value: string | undefined): boolean | undefined {
  const scheme = value?.toLowerCase();
  if (scheme === "https" || scheme === "wss") return true;
  return scheme === "http" || scheme === "ws" ? false : undefined;
}

function readHost(value: string | undefined): string | undefined {
  if (value === undefined || value.length > 261) return undefined; // a name of 255, a colon and a port
  const isHost = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(value);
  return isHost && URL.canParse(`http://${value}/`) ? value : undefined;
}
