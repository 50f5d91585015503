/// <reference types="vitest/config" />
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Beside each file that shrinks, its forms for callers who take them: nothing is compressed while serving. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      for (const entry of readdirSync("dist", { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || entry.name === "index.html" || !/\.(js|css|svg|json)$/.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const body = readFileSync(path);
        if (body.length < 512) continue;
        writeFileSync(`${path}.br`, brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
        writeFileSync(`${path}.gz`, gzipSync(body, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  base: "/console/",
  plugins: [react(), compressed()],
  html: { cspNonce: "__NONCE__" },
  build: {
    target: ["chrome123", "firefox121", "safari17.5"],
    reportCompressedSize: false,
    // ECharts is one file of 600 kB, which comes with the first chart.
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
    // Few files: each costs a request, its headers, and what a compressor would have learnt from its neighbour. But what is
    // joined comes whole: beyond a few kB, screens would bring what only others need.
    rolldownOptions: {
      output: {
        // What is shared is named after all who share it, which is too long for a path.
        chunkFileNames: (chunk) => `assets/${chunk.name.split("~")[0]}-[hash].js`,
        assetFileNames: (asset) => `assets/${(asset.names[0] ?? "file").replace(/(~.*)?\.\w+$/, "")}-[hash][extname]`,
        codeSplitting: {
          groups: [
            { name: "frame", tags: ["$initial"], priority: 2 },
            { name: "shared", minShareCount: 2, entriesAware: true, entriesAwareMergeThreshold: 3_000, priority: 1 },
          ],
        },
      },
    },
  },
  server: { proxy: { "/v1": "http://127.0.0.1:8775", "/openapi.json": "http://127.0.0.1:8775" } },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test/setup.ts"],
    css: false,
  },
});
