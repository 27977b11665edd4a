import { MantineProvider } from "@mantine/core";
import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { BrowserRouter } from "react-router-dom";
import { AnnouncerProvider } from "@/components/announcer";
import { ChainClientProvider } from "@/hooks/chain-client";
import type { ChainClient } from "@/lib/chain-client/types";
import { ROUTER_FUTURE } from "./router-future";
import { AppRoutes } from "./routes";
import { Shell } from "./shell";
import { cssVariables, theme } from "./theme";

export function App({ client, queryClient }: { client: ChainClient; queryClient: QueryClient }) {
  return (
    <QueryClientProvider client={queryClient}>
      <ChainClientProvider client={client}>
        <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
          <BrowserRouter future={ROUTER_FUTURE}>
            <AnnouncerProvider>
              <Shell>
                <AppRoutes />
              </Shell>
            </AnnouncerProvider>
          </BrowserRouter>
        </MantineProvider>
      </ChainClientProvider>
    </QueryClientProvider>
  );
}
