import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Json } from "@/lib/json";
import { api, toQuery } from "./http";

export interface Item {
  platform: string;
  key: string;
  url: string;
  first_seen: string;
  last_seen: string;
  last_changed: string;
  item: Json;
}

export interface ItemList {
  items: Item[];
  next: string | null;
}

export interface ItemVersion {
  run_id: number;
  seen_at: string;
  url: string;
  item: Json;
}

export interface ItemFilters {
  platform?: string | null;
  search?: string | null;
  cursor?: string | null;
  limit?: number;
}

export const itemKeys = { all: ["items"] as const };

export const itemsQuery = (filters: ItemFilters) =>
  queryOptions({
    queryKey: [...itemKeys.all, "list", filters],
    queryFn: ({ signal }) => api.get<ItemList>(`/api/items${toQuery({ ...filters })}`, { signal }),
    placeholderData: keepPreviousData,
  });

export const itemQuery = (platform: string, key: string) =>
  queryOptions({
    queryKey: [...itemKeys.all, "one", platform, key],
    queryFn: ({ signal }) => api.get<Item>(`/api/items/one${toQuery({ platform, key })}`, { signal }),
  });

export const itemHistoryQuery = (platform: string, key: string) =>
  queryOptions({
    queryKey: [...itemKeys.all, "history", platform, key],
    queryFn: ({ signal }) => api.get<{ versions: ItemVersion[] }>(`/api/items/history${toQuery({ platform, key })}`, { signal }),
  });
