/** Four times what a page shows, for screens that are finer. */
const MAX_HEIGHT = 112;
const MAX_WIDTH = 448;

/** A picture that somebody chose, drawn anew as a small PNG: whatever else its file held is gone. @throws where it is no picture */
export async function readMark(file: File): Promise<string> {
  const image = new Image();
  image.src = await addressOf(file);
  await image.decode();
  // A drawing (SVG) may have no size of its own.
  const [width, height] = [image.naturalWidth || MAX_HEIGHT, image.naturalHeight || MAX_HEIGHT];
  const scale = Math.min(1, MAX_HEIGHT / height, MAX_WIDTH / width);
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png');
}

function addressOf(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(String(reader.result)));
    reader.addEventListener('error', () => reject(new Error('the file cannot be read')));
    reader.readAsDataURL(file);
  });
}
