// Socket.IO alone: one process, all in its memory.
import { startSocketIo } from "./socket.io-server.mjs";

startSocketIo();
