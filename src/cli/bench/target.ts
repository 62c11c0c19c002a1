import { lookup as resolve } from "node:dns/promises";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { ConfigError } from "../../base/config-error.js";
import { describeGiven } from "../../base/quantity.js";
import { nameOf } from "../talk/address.js";

/** What is loaded, and where it is: each connection goes to these very addresses, whatever the name leads to by then. */
export interface Target {
  readonly url: URL;
  /** As people are shown it: without what a query or a user's name may give away. */
  readonly shown: string;
  readonly addresses: readonly Address[];
  readonly lookup: LookupFunction;
}

export interface Address {
  readonly address: string;
  readonly family: number;
}

/**
 * Finds the server that is to be loaded: one of this computer, or one whose name was said twice.
 *
 * @param hostIsMine the host of the URL again, for a server elsewhere
 * @throws {ConfigError} `not_this_computer` or `unknown_host`
 */
export async function findTarget(
  url: URL,
  hostIsMine: string | undefined,
  findAddresses: (name: string) => Promise<readonly Address[]> = findAllAddresses,
): Promise<Target> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (hostIsMine !== undefined && hostIsMine.toLowerCase() !== host) {
    throw notThisComputer(`--host-is-mine names ${describeGiven(hostIsMine)}, and the URL ${host}.`, host);
  }
  const all = (await addressesOf(host, findAddresses)).map(reachable);
  const addresses = hostIsMine === undefined ? all.filter(isThisComputer) : all;
  if (addresses.length === 0) {
    const where = isIP(host) ? `${host} is` : `${host} leads to ${all[0]?.address}, which is`;
    throw notThisComputer(`${where} another computer.`, host);
  }
  const lookup: LookupFunction = (_host, { all: wantsAll }, callback) => {
    const [first] = addresses;
    if (wantsAll === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? "", first?.family);
  };
  return { url, shown: nameOf(url), addresses, lookup };
}

async function addressesOf(
  host: string,
  findAddresses: (name: string) => Promise<readonly Address[]>,
): Promise<readonly Address[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  try {
    return await findAddresses(host);
  } catch (cause) {
    throw new ConfigError("unknown_host", {
      message: `${host} leads to no address.`,
      fix: "Look for a typing mistake, or give its address.",
      cause,
    });
  }
}

function findAllAddresses(name: string): Promise<readonly Address[]> {
  return resolve(name, { all: true });
}

/** Who listens on every address shows none that can be asked for. */
function reachable({ address, family }: Address): Address {
  if (address === "0.0.0.0") return { address: "127.0.0.1", family };
  return address === "::" ? { address: "::1", family } : { address, family };
}

function isThisComputer({ address, family }: Address): boolean {
  return loopback.check(address, family === 6 ? "ipv6" : "ipv4");
}

/** RFC 1122 §3.2.1.3, RFC 4291 §2.5.3. */
const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);
loopback.addAddress("::1", "ipv6");

function notThisComputer(message: string, host: string): ConfigError {
  return new ConfigError("not_this_computer", {
    message,
    fix: `A load can put out a server: where it is yours, say so with --host-is-mine ${host}.`,
  });
}
