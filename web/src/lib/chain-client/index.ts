import { Client } from "./client";
import type { ChainClient, ChainClientOptions } from "./types";

export type * from "./types";
export { ENDS } from "./types";

/** Follow runs, over whichever transport works, in all tabs of the browser over one connection. */
export function createChainClient(options: ChainClientOptions = {}): ChainClient {
  return new Client(options);
}
