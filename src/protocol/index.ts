/**
 * The wire protocol as data and functions, for whoever writes a client, a server or a proxy of their own.
 *
 * @module tidings/protocol
 */
export { type Then, thenAfterClose } from "./after-close.js";
export { type CloseCode, closeCodes, closeReason, isSendableCloseCode } from "./close-codes.js";
export {
  type AuthSuccessFields,
  type ConnectedFields,
  EncodeError,
  type ErrorFields,
  type EventFields,
  encodeAppMessage,
  encodeAuthSuccess,
  encodeConnected,
  encodeDrain,
  encodeError,
  encodeEvent,
  encodeGap,
  encodeHistory,
  encodePayload,
  encodePing,
  encodePong,
  encodePresence,
  encodeReply,
  encodeReplyJson,
  encodeSubscribed,
  encodeUnsubscribed,
  type GapFields,
  type HistoryFields,
  type MemberFields,
  type PresenceFields,
  type SubscribedFields,
  type UnsubscribedFields,
} from "./encode-message.js";
export { clientCodes, type ErrorCode, errorCodes, hasCodeForm, isErrorCode } from "./error-codes.js";
export { wordsOf } from "./error-words.js";
export { defaultLimits, type Limits, type RateLimit } from "./limits.js";
export { type BadMessage, barePing, barePong, type ClientMessage, type MessageId } from "./message.js";
export {
  isChannelName,
  isMessageId,
  isMessageType,
  isOwnErrorCode,
  isParamValue,
  isPublishKey,
  isReserved,
  type ReservedFromClients,
  type ReservedFromServers,
  reservedFromClients,
  reservedFromServers,
} from "./names.js";
export { parseMessage } from "./parse-message.js";
export { isRefusalReason, type Refusal, type RefusalReason, refusalOf, refusals } from "./refusals.js";
export { bearerFromSubprotocols, parseSubprotocols, selectSubprotocol, tidingsV1 } from "./subprotocol.js";
export { forbidden, type Issue, TidingsError, type TidingsErrorOptions, unauthorized } from "./tidings-error.js";
