import type { ChainClient, ConnectionStatus, TransportKind } from "@/lib/chain-client/types";
import { useChain, useConnectionStatus } from "./chain-client";

export type ConnectionState = "connecting" | "connected" | "reconnecting" | "disconnected";

/** How the connection does as seen by those who want one of these transports: disconnected while it is on another. */
export function connectionStateOf(status: ConnectionStatus, mine: (kind: TransportKind) => boolean): ConnectionState {
  if (status.transport !== null && !mine(status.transport)) return "disconnected";
  if (status.phase === "offline" || status.phase === "closed") return "disconnected";
  return status.phase;
}

export const isWebSocket = (kind: TransportKind) => kind === "websocket";

export interface SharedConnection {
  /** Of the whole chain, whichever transport it is on. */
  status: ConnectionStatus;
  listen: ChainClient["listen"];
  reconnect: () => void;
  isConnected: boolean;
  connectionState: ConnectionState;
}

/** The one connection that all parts of the page (and all tabs) share, seen as a WebSocket. */
export function useWebSocket(): SharedConnection {
  const { listen, reconnect } = useChain();
  const status = useConnectionStatus((whole) => whole);
  const connectionState = connectionStateOf(status, isWebSocket);
  return {
    status,
    listen,
    reconnect,
    isConnected: connectionState === "connected",
    connectionState,
  };
}
