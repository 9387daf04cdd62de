import { sveltekit } from '@sveltejs/kit/vite';
import { PurgeCSS } from 'purgecss';
import { defineConfig, type Plugin } from 'vite';

// `npm run dev` serves the pages and hands every API call to a running platform.
const platform = process.env.ATRIO_BASE ?? 'http://127.0.0.1:8080';

/**
 * Keeps the rules of Bootstrap Italia that these pages use: all of it is 612 kB, most of it for
 * components that are not here, and a visitor queueing on a phone would download it first.
 */
function onlyUsedRules(): Plugin {
	return {
		name: 'only-used-rules',
		apply: 'build',
		enforce: 'pre',
		async transform(css, id) {
			if (!id.includes('/bootstrap-italia/') || !id.includes('.css')) return null;
			const [purged] = await new PurgeCSS().purge({
				content: ['src/**/*.{svelte,ts,html}'],
				css: [{ raw: css }],
				fontFace: true,
				keyframes: true
			});
			return { code: purged?.css ?? css, map: null };
		}
	};
}

export default defineConfig({
	plugins: [onlyUsedRules(), sveltekit()],
	assetsInclude: ['**/*.geojson'],
	server: {
		// The region outlines live in the repository's samples folder, outside `web`.
		fs: { allow: ['..'] },
		proxy: { '/v1': platform, '/sandbox': platform, '/healthz': platform, '/openapi.json': platform }
	},
	build: { chunkSizeWarningLimit: 800 }
});
