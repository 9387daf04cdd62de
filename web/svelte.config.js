import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/kit').Config} */
export default {
	preprocess: vitePreprocess(),
	kit: {
		// Plain files: the platform serves `build` as it is, and `404.html` for unknown addresses.
		// The .gz and .br twins let a file server that knows them send a tenth of the stylesheet.
		adapter: adapter({ pages: 'build', assets: 'build', fallback: '404.html', precompress: true }),
		// The pages show text and drawings that come from the API. The policy keeps any of it
		// from running as a script, and keeps the pages from talking to any other host.
		csp: {
			mode: 'hash',
			directives: {
				'default-src': ['self'],
				'script-src': ['self'],
				'style-src': ['self', 'unsafe-inline'],
				'img-src': ['self', 'data:', 'blob:'],
				'font-src': ['self'],
				'connect-src': ['self'],
				'media-src': ['self', 'blob:'],
				'object-src': ['none'],
				'base-uri': ['self'],
				'form-action': ['self']
			}
		}
	}
};
