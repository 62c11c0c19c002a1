import { ConfigError } from "../../index.js";
import { isMessageType } from "../../protocol/index.js";
import { visibleText } from "../visible-text.js";

/** @throws {ConfigError} `invalid_type` */
export function checkType(type: string): void {
  const isType: boolean = isMessageType(type);
  if (isType) return;
  throw new ConfigError("invalid_type", {
    message: `No message has the type ${visibleText(JSON.stringify(type.slice(0, 80)))}.`,
    fix: "A type is 1–64 letters, digits and _ - . : with a letter first. Is the order URL, type, payload?",
  });
}
