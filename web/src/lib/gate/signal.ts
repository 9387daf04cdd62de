// A short sound and a vibration, so that staff need not look at the screen for each visitor.
let audio: AudioContext | null = null;

/** Browsers allow sound only after a gesture: call this from a click or a key. */
export function allowSound() {
	audio ??= new AudioContext();
	audio.resume().catch(() => {});
}

export function signal(isAdmitted: boolean) {
	navigator.vibrate?.(isAdmitted ? 80 : [120, 80, 120]);
	if (audio?.state !== 'running') return;
	const tones = isAdmitted ? [880, 1320] : [220, 180];
	tones.forEach((frequency, at) => beep(audio!, frequency, audio!.currentTime + at * 0.14));
}

function beep(context: AudioContext, frequency: number, start: number) {
	const tone = context.createOscillator();
	const volume = context.createGain();
	tone.frequency.value = frequency;
	volume.gain.setValueAtTime(0.18, start);
	volume.gain.exponentialRampToValueAtTime(0.001, start + 0.13);
	tone.connect(volume).connect(context.destination);
	tone.start(start);
	tone.stop(start + 0.14);
}
