import { defineConfig } from "vite";
import { precompress } from "./tools/precompress";

// The chain client alone, as one module that any page can import: dist/trawl-client.js.
export default defineConfig({
  publicDir: false,
  plugins: [precompress()],
  build: {
    emptyOutDir: false,
    target: "es2022",
    lib: { entry: "src/lib/chain-client/standalone.ts", formats: ["es"], fileName: () => "trawl-client.js" },
  },
});
