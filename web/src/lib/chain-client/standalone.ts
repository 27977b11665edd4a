/** /trawl-client.js: for any page. The server is the one that the script came from. */
import { createChainClient as create } from "./index";
import type { ChainClient, ChainClientOptions } from "./types";

export { ENDS } from "./types";

export function createChainClient(options: ChainClientOptions = {}): ChainClient {
  return create({ url: new URL(import.meta.url).origin, ...options });
}
