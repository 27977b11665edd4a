import { createContext, use, useMemo, useSyncExternalStore, type ReactNode } from "react";
import type { ChainClient, ConnectionStatus } from "@/lib/chain-client/types";
import { RunFeeds } from "@/lib/run-feed";

/** The client's functions on their own, the same ones at every call, so that they can be dependencies of effects. */
interface Chain {
  listen: ChainClient["listen"];
  getStatus: ChainClient["getStatus"];
  onStatus: ChainClient["onStatus"];
  reconnect: ChainClient["reconnect"];
  feeds: RunFeeds;
}

const ChainContext = createContext<Chain | null>(null);

export function ChainClientProvider({ client, children }: { client: ChainClient; children: ReactNode }) {
  const chain = useMemo(
    (): Chain => ({
      listen: (listener) => client.listen(listener),
      getStatus: () => client.getStatus(),
      onStatus: (listener) => client.onStatus(listener),
      reconnect: () => { client.reconnect(); },
      feeds: new RunFeeds(client),
    }),
    [client],
  );
  return <ChainContext value={chain}>{children}</ChainContext>;
}

export function useChain(): Chain {
  const chain = use(ChainContext);
  if (!chain) throw new Error("There is no ChainClientProvider above");
  return chain;
}

/** A part of the connection's status; select something small, so that a component is drawn again only when that has changed. */
export function useConnectionStatus<T>(select: (status: ConnectionStatus) => T): T {
  const { getStatus, onStatus } = useChain();
  return useSyncExternalStore(onStatus, () => select(getStatus()));
}
