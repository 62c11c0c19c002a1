import { describe } from "vitest";
import { closeRules } from "./close-rules.js";
import { controlRules } from "./control-rules.js";
import { deflatingRules } from "./deflating-rules.js";
import { fragmentRules } from "./fragment-rules.js";
import { framingRules } from "./framing-rules.js";
import { handshakeRules } from "./handshake-rules.js";
import { inflatingRules } from "./inflating-rules.js";
import { leavingRules } from "./leaving-rules.js";
import { lines } from "./line.js";
import { offerRules } from "./offer-rules.js";
import { segmentRules } from "./segment-rules.js";
import { sendingRules } from "./sending-rules.js";
import { textRules } from "./text-rules.js";

// One file for all of them: loading the server takes longer than most of the rules.
describe.each(lines)("RFC 6455 $name", (line) => {
  framingRules(line);
  fragmentRules(line);
  controlRules(line);
  textRules(line);
  closeRules(line);
  leavingRules(line);
  sendingRules(line);
  segmentRules(line);
});

describe("the handshake", handshakeRules);

describe("RFC 7692", () => {
  offerRules();
  inflatingRules();
  deflatingRules();
});
