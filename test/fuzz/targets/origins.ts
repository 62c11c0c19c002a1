import { TrustedProxies } from "../../../src/app/proxies.js";
import { Origins } from "../../../src/connection/origins.js";
import { isThisComputer } from "../../../src/http/this-computer.js";
import { isOwnPage } from "../../../src/http/visit.js";
import { answerDeflateOffer } from "../../../src/transport/deflate-offer.js";
import { hold, type Target } from "../target.js";

const LISTED = ["https://app.example", "https://*.example.com", "capacitor://localhost"];

export const origins: Target = {
  about:
    "headers by which we know where somebody comes from, a line each: Origin, Host, X-Forwarded-For, -Proto, -Host, extensions",
  words: [
    ..."http:// https:// capacitor:// null app.example .example.com localhost 127.0.0.1 [::1] ::ffff:10.0.0.7".split(
      " ",
    ),
    ..."evil.example @ : / \\ # ? :443 :80 :0080 :65536 %2e xn-- . .. , 10.0.0.7 for= https wss 8000".split(" "),
    ...'permessage-deflate ; server_max_window_bits=15 client_max_window_bits client_no_context_takeover "'.split(" "),
  ],
  open: () => {
    const origins = new Origins(LISTED);
    const proxies = new TrustedProxies(["loopback", "10.0.0.0/8"]);
    return { read: (input) => look(input.toString("latin1").split("\n"), origins, proxies) };
  },
};

function look(lines: readonly string[], origins: Origins, proxies: TrustedProxies): void {
  // What `node:http` lets through, without blanks around it.
  const [origin = "", host = "", forwardedFor, proto, forwardedHost, extensions] = lines.map((line) =>
    line.replace(/[^\t\x20-\x7e\x80-\xff]/g, "").trim(),
  );
  for (const isSecure of [true, false]) {
    const isAllowed = origins.allows({ origin, host, isSecure });
    hold(!isAllowed || isKnown(origin, host), "a page is let in that is ours or listed", { origin, host });
  }
  const asked = {
    target: "/docs",
    rawHeaders: ["Origin", origin, "Host", host],
    address: "127.0.0.1",
    isSecure: false,
  };
  hold(!isOwnPage(asked, undefined) || isKnown(origin, host), "a page is our own where its host is ours", {
    origin,
    host,
  });
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\]|\[::ffff:127(\.\d+){3}\])(:\d+)?$/i.test(host);
  hold(!isThisComputer(asked) || isLocal, "this computer is asked by a local name", host);

  const said = new Map(
    Object.entries({ "x-forwarded-for": forwardedFor, "x-forwarded-proto": proto, "x-forwarded-host": forwardedHost }),
  );
  hold(proxies.read("192.0.2.1", (name) => said.get(name)) === undefined, "nobody else is believed");
  const seen = proxies.read("10.1.2.3", (name) => said.get(name));
  hold(seen?.address === undefined || /^[\d.]+$|^[\da-f:.]+$/.test(seen.address), "an address is one", seen);
  hold(seen?.host === undefined || URL.canParse(`http://${seen.host}/`), "a host is one", seen);
  hold(
    /^(permessage-deflate; [\w; =]+)?$/.test(answerDeflateOffer(extensions) ?? ""),
    "what is agreed on is ours",
    extensions,
  );
}

/** The rule in other words: by what the URL parser makes of it. */
function isKnown(origin: string, host: string): boolean {
  const { protocol = "", hostname = "", port = "" } = parsed(origin) ?? {};
  const own = ["http:", "https:"].includes(protocol) ? parsed(`${protocol}//${host}`) : undefined;
  if (own !== undefined && own.hostname === hostname && own.port === port) return true;
  // Of its own schemes alone the parser lowers a host.
  if (protocol === "capacitor:") return hostname.toLowerCase() === "localhost" && port === "";
  return protocol === "https:" && port === "" && (hostname === "app.example" || hostname.endsWith(".example.com"));
}

/** By trying: once it is optimised `URL.canParse` of Node 20 and 22 is wrong about what is not ASCII. */
function parsed(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
