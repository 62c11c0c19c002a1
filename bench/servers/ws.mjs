// `ws`, and the loop over `send` that its documentation shows. It parses what comes; it checks nothing.
import { createWsServer } from "./ws-server.mjs";

createWsServer({ read: JSON.parse });
