import { TidingsError } from "../../index.js";

/** What did not succeed, with what can be done about it. */
export class Trouble extends TidingsError {
  declare readonly fix?: string | undefined;

  constructor(code: string, message: string, fix?: string | undefined) {
    super(code, message);
    if (fix !== undefined) this.fix = fix;
  }
}
