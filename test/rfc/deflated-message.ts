import { constants, deflateRawSync, type ZlibOptions } from "node:zlib";
import { hex } from "./hex.js";

const tail = hex("00 00 ff ff");

/** RFC 7692 §7.2.1: deflated, ended by an empty block without compression, and without that block's last four octets. */
export function deflated(payload: Buffer | string, options: ZlibOptions = {}): Buffer {
  const bytes = deflateRawSync(Buffer.from(payload), { ...options, finishFlush: constants.Z_SYNC_FLUSH });
  const end = bytes.subarray(-tail.length);
  if (!end.equals(tail)) throw new Error("zlib ended otherwise");
  return bytes.subarray(0, -tail.length);
}
