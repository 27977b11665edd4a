import { MantineProvider } from "@mantine/core";
import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { render, renderHook, screen } from "@testing-library/react";
import { StrictMode, type ReactNode } from "react";
import { MemoryRouter, useLocation } from "react-router-dom";
import { createQueryClient } from "@/api/query-client";
import { ROUTER_FUTURE } from "@/app/router-future";
import { AnnouncerProvider } from "@/components/announcer";
import { ChainClientProvider } from "@/hooks/chain-client";
import { FakeChainClient } from "./fake-chain-client";

interface World {
  client: FakeChainClient;
  queryClient: QueryClient;
}

interface Options {
  client?: FakeChainClient;
  /** Where the page is. */
  at?: string;
  strict?: boolean;
}

function Address() {
  const { pathname, search } = useLocation();
  return <output data-testid="address">{pathname + search}</output>;
}

/** Where the page is now, as the browser's address bar would show it. */
export function address(): string {
  return decodeURIComponent(screen.getByTestId("address").textContent ?? "");
}

function makeWorld({ client = new FakeChainClient(), at = "/", strict = false }: Options) {
  const queryClient = createQueryClient();
  queryClient.setDefaultOptions({ queries: { ...queryClient.getDefaultOptions().queries, retry: false } });
  const wrapper = ({ children }: { children: ReactNode }) => {
    const tree = (
      <QueryClientProvider client={queryClient}>
        <ChainClientProvider client={client}>
          <MantineProvider env="test">
            <MemoryRouter initialEntries={[at]} future={ROUTER_FUTURE}>
              <AnnouncerProvider>{children}</AnnouncerProvider>
              <Address />
            </MemoryRouter>
          </MantineProvider>
        </ChainClientProvider>
      </QueryClientProvider>
    );
    return strict ? <StrictMode>{tree}</StrictMode> : tree;
  };
  return { world: { client, queryClient }, wrapper };
}

export function renderApp(ui: ReactNode, options: Options = {}): World & { unmount: () => void } {
  const { world, wrapper } = makeWorld(options);
  const { unmount } = render(ui, { wrapper });
  return { ...world, unmount };
}

export function renderInApp<R, P>(hook: (props: P) => R, initialProps: P, options: Options = {}) {
  const { world, wrapper } = makeWorld(options);
  return { ...world, ...renderHook(hook, { wrapper, initialProps }) };
}
