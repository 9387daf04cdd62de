// Reads QR codes from the camera until told to stop. `oncode` answers whether it took the code. It hands over each code once while it stays
// in view: a ticket held still for three seconds is one scan, not twenty.
import decodeQR from 'qr/decode.js';

const LONGEST_SIDE = 720;
const PAUSE_MS = 120;
const OUT_OF_VIEW_MS = 2500;

export async function startCamera(video: HTMLVideoElement, oncode: (code: string) => boolean) {
	const stream = await navigator.mediaDevices.getUserMedia({
		audio: false,
		video: { facingMode: { ideal: 'environment' }, width: { ideal: 1280 }, height: { ideal: 720 } }
	});
	video.srcObject = stream;
	await video.play();

	const canvas = document.createElement('canvas');
	const context = canvas.getContext('2d', { willReadFrequently: true });
	let isStopped = false;
	let last = { code: '', seenAt: 0 };

	function look() {
		if (isStopped) return;
		const code = context && read(video, canvas, context);
		if (code) {
			const now = performance.now();
			const isNew = code !== last.code || now - last.seenAt > OUT_OF_VIEW_MS;
			// A code that came while another was being checked is offered again at the next frame.
			if (!isNew || oncode(code)) last = { code, seenAt: now };
		}
		setTimeout(look, PAUSE_MS);
	}
	look();

	return () => {
		isStopped = true;
		for (const track of stream.getTracks()) track.stop();
		video.srcObject = null;
	};
}

function read(
	video: HTMLVideoElement,
	canvas: HTMLCanvasElement,
	context: CanvasRenderingContext2D
): string | null {
	if (video.readyState < video.HAVE_CURRENT_DATA || !video.videoWidth) return null;
	const scale = Math.min(1, LONGEST_SIDE / Math.max(video.videoWidth, video.videoHeight));
	canvas.width = Math.round(video.videoWidth * scale);
	canvas.height = Math.round(video.videoHeight * scale);
	context.drawImage(video, 0, 0, canvas.width, canvas.height);
	try {
		return decodeQR(context.getImageData(0, 0, canvas.width, canvas.height)) || null;
	} catch {
		// No code in this frame: the decoder says so by throwing.
		return null;
	}
}
