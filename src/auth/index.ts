/**
 * Credentials: who somebody is by a JWT, a session, a token that only its issuer can read, or a password for pages.
 *
 * @module tidings/auth
 */
export type { Duration } from "../base/duration.js";
export type { Authenticated, TokenPlace } from "../declare/credential.js";
export type { Dependency } from "../declare/dependency.js";
export type { Handshake } from "../declare/handshake.js";
export type { Guard, Visit } from "../declare/http-options.js";
export type { Identity } from "../declare/identity.js";
export { type BasicAuthOptions, basicAuth } from "./basic-auth.js";
export { type BearerOptions, bearer } from "./bearer.js";
export { firstOf } from "./first-of.js";
export { type JwtOptions, jwt, type UserOf } from "./jwt.js";
export type { PublicJwk, VerificationKeyOptions } from "./key-options.js";
export type { ExpiresAt, Found, LookupGiven } from "./lookup.js";
export { type SessionOptions, session } from "./session.js";
export type { JwtAlgorithm } from "./signature-algorithm.js";
export type { TokenPlaces } from "./token-places.js";
