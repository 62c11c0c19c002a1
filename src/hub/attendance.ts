import type { BrokerLink } from "../broker/broker.js";

export interface AttendanceOptions {
  readonly link: Pick<BrokerLink, "attend" | "withdraw">;
  /** Runs it so many milliseconds later, and never before it has returned. */
  readonly after: (ms: number, run: () => void) => { cancel(): void };
  /** How long a member without a device is still present, where it may be about to come back; 0: not at all. */
  readonly graceMs: number;
  /** What nobody waits for and went wrong. Must not throw. */
  readonly onError: (error: unknown, during: string) => void;
}

/**
 * Who of this process is on which channels with presence, as the broker is told it: a member attends with its first device
 * and is withdrawn after its last.
 *
 * The broker may answer late. It does what it is asked in that order, so it is asked at the very call that is the reason,
 * and ends where the last one left it.
 */
export class Attendance {
  readonly #link: Pick<BrokerLink, "attend" | "withdraw">;
  readonly #after: AttendanceOptions["after"];
  readonly #graceMs: number;
  readonly #onError: AttendanceOptions["onError"];
  /** Channel → member → what is known of it. */
  readonly #channels = new Map<string, Map<string, Attendee>>();

  constructor({ link, after, graceMs, onError }: AttendanceOptions) {
    this.#link = link;
    this.#after = after;
    this.#graceMs = graceMs;
    this.#onError = onError;
  }

  /** Channels that somebody of this process is present on, or was within the grace. */
  get size(): number {
    return this.#channels.size;
  }

  /**
   * One more device of this member is on the channel. Resolves when the broker knows the member to be present.
   *
   * Rejects with the broker's error, or with what `faceJson` threw: then the device is not counted, and does not leave.
   *
   * @param faceJson makes what is shown of the member, as JSON text; called only where it was not present yet
   */
  async enter(channel: string, id: string, faceJson: () => string): Promise<void> {
    const known = this.#channels.get(channel)?.get(id);
    if (known !== undefined) {
      known.devices += 1;
      known.grace?.cancel();
      known.grace = undefined;
      return known.attending;
    }
    const member = { id, faceJson: faceJson() };
    const attendee: Attendee = { devices: 1, attending: undefined, grace: undefined };
    this.#put(channel, id, attendee);
    try {
      attendee.attending = this.#link.attend(channel, member);
      await attendee.attending;
      attendee.attending = undefined;
    } catch (error) {
      // It may have been done all the same, and only its answer been lost. Not where it was withdrawn since.
      if (this.#channels.get(channel)?.get(id) === attendee) this.#withdraw(channel, id, attendee);
      throw error;
    }
  }

  /** One device less: one that entered. After the last of them the member is no more present. */
  leave(channel: string, id: string, how: "at-once" | "after-grace"): void {
    const attendee = this.#channels.get(channel)?.get(id);
    if (attendee === undefined || attendee.devices === 0) return;
    attendee.devices -= 1;
    if (attendee.devices > 0) return;
    if (how === "at-once" || this.#graceMs <= 0) this.#withdraw(channel, id, attendee);
    else attendee.grace = this.#after(this.#graceMs, () => this.#withdraw(channel, id, attendee));
  }

  /** Forgets everything, and its timers. Withdraws nothing: the broker does when its link is closed. */
  close(): void {
    for (const attendees of this.#channels.values()) {
      for (const { grace } of attendees.values()) grace?.cancel();
    }
    this.#channels.clear();
  }

  #put(channel: string, id: string, attendee: Attendee): void {
    const attendees = this.#channels.get(channel);
    if (attendees === undefined) this.#channels.set(channel, new Map([[id, attendee]]));
    else attendees.set(id, attendee);
  }

  #withdraw(channel: string, id: string, { grace }: Attendee): void {
    grace?.cancel();
    const attendees = this.#channels.get(channel);
    attendees?.delete(id);
    if (attendees?.size === 0) this.#channels.delete(channel);
    this.#link.withdraw(channel, id).catch((error) => this.#onError(error, "withdraw"));
  }
}

/** One member on one channel. */
interface Attendee {
  /** Without any, it waits for the end of its grace. */
  devices: number;
  /** What the broker was asked, for as long as it has not answered. */
  attending: Promise<void> | undefined;
  grace: { cancel(): void } | undefined;
}
