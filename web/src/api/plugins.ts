import { queryOptions } from "@tanstack/react-query";
import type { Json } from "@/lib/json";
import { api } from "./http";

/** An entry of a plugin's option table; those of lists, maps and objects hold further ones in `fields`. */
export interface Option {
  name?: string;
  type: string;
  required?: boolean;
  default?: Json;
  min?: number;
  max?: number;
  choices?: string;
  help?: string;
  fields?: Option[];
}

export interface Plugin {
  name: string;
  version: string;
  summary?: string | null;
  kind: "scraper" | "transport";
  file?: string;
  abi?: string;
  options?: Option[];
}

export const pluginsQuery = () =>
  queryOptions({
    queryKey: ["plugins"],
    queryFn: async ({ signal }) => (await api.get<{ plugins: Plugin[] }>("/api/plugins", { signal })).plugins,
    staleTime: 60_000,
  });
