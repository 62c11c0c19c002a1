import { bearerFromSubprotocols, parseSubprotocols, selectSubprotocol } from "../../../src/protocol/subprotocol.js";
import { hold, type Target } from "../target.js";

export const subprotocols: Target = {
  about: "the header Sec-WebSocket-Protocol, and the token in it",
  words: ["tidings.v1", "bearer.", ", ", ",", "\t", " ", "chat", "=", "4pi6", "7bu_", "bearer.YWJj", "_-", "8J-SqQ"],
  open: () => ({ read: (input) => readHeader(input.toString("latin1")) }),
};

function readHeader(header: string): void {
  const offered = parseSubprotocols(header);
  if (offered === undefined) return;
  hold(offered.length > 0 && new Set(offered).size === offered.length, "one or more, each once", offered);
  hold(
    String(parseSubprotocols(offered.join(", "))) === String(offered),
    "what parses is read alike once more",
    offered,
  );
  const selected = selectSubprotocol(offered, ["chat", ...offered.filter((name) => name.startsWith("bearer."))]);
  hold(selected === undefined || offered.includes(selected), "what is selected was offered", selected);
  hold(selected?.startsWith("bearer.") !== true, "no token is selected", selected);

  const bearers = offered.filter((name) => name.startsWith("bearer."));
  const found = bearerFromSubprotocols(offered);
  hold((found === undefined) === (bearers.length === 0), "a token is found where there is one", offered);
  if (found === undefined || found === "invalid") return;
  const bytes = Buffer.from(found.token);
  hold(bearers.length === 1 && bytes.length >= 1 && bytes.length <= 8_192, "a token has its size", bytes.length);
  // Which of the last character's bits count is for whoever decodes to say: to another token they never lead.
  const again = bearerFromSubprotocols([`bearer.${bytes.toString("base64url")}`]);
  hold(typeof again === "object" && again.token === found.token, "what decodes is read alike once more", found.token);
}
