/** Saves a file that only a token opens, under a name, as a link would. */
export function saveFile(file: Blob, name: string) {
	const address = URL.createObjectURL(file);
	const link = document.createElement('a');
	link.href = address;
	link.download = name;
	link.click();
	URL.revokeObjectURL(address);
}
