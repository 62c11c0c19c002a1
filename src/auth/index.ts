export type {
  Authenticated,
  Credential,
  CredentialRequest,
  Identity,
  OfferedTokens,
  TokenPlace,
} from "../declare/credential.js";
export { type JwtAlgorithm, type JwtOptions, jwt, type UserOf } from "./jwt.js";
