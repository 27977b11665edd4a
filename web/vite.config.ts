import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { precompress } from "./tools/precompress";

// Where `npm run dev` sends what is not a file of the dashboard.
const server = process.env.TRAWL_SERVER ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), precompress()],
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  server: {
    port: 5173,
    // The server answers only requests for an address that it serves, and checks the origin of those that change something.
    proxy: {
      "/api": { target: server, changeOrigin: true, ws: true, headers: { origin: server } },
      "/ready": { target: server, changeOrigin: true },
    },
  },
  // One larger file compresses better than a dozen of a few hundred bytes.
  build: { rollupOptions: { output: { experimentalMinChunkSize: 20_000 } } },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing/setup.ts"],
    testTimeout: 60_000,
  },
});
