import "@fontsource-variable/inter/wght.css";
import "@mantine/core/styles.css";
import "./app/global.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createQueryClient } from "@/api/query-client";
import { createChainClient } from "@/lib/chain-client";
import { App } from "./app/app";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element #root");

createRoot(root).render(
  <StrictMode>
    <App client={createChainClient()} queryClient={createQueryClient()} />
  </StrictMode>,
);
