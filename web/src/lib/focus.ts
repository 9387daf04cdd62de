// Where the keyboard goes on after something came or went.
import { tick } from 'svelte';

/** Moves the focus to what has that id, once the page shows it. */
export async function focusOn(id: string) {
	await tick();
	document.getElementById(id)?.focus();
}
