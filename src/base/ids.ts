/**
 * Gives a fresh id at each call.
 *
 * An id must be unguessable (128 random bits or more) and written in `A–Z a–z 0–9 - _` alone, so that it can stand in a
 * URL, a header or a log line as it is. A test may hand in one that counts.
 */
export type IdSource = () => string;
