import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** `npm run dev` in this folder proxies to a running Holdline; the build lands beside the servers. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/dashboard/',
  build: {
    outDir: fileURLToPath(new URL('../../dist/dashboard', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    // Inlined files would need `data:` in the policy for scripts and styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      // Marks for a server that renders React, which we have none of.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
  },
  server: { proxy: { '/v1': { target: 'http://127.0.0.1:3000', changeOrigin: true } } },
  logLevel: 'warn',
});
