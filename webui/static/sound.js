// A short tone, at most a second, for what must be noticed once.  A browser without sound stays silent.

export function beep(count = 1, hertz = 880) {
  document.body.dataset.rang = String(Number(document.body.dataset.rang ?? 0) + 1);
  try {
    const context = new AudioContext();
    const level = context.createGain();
    level.gain.value = 0.1;
    level.connect(context.destination);
    for (let at = 0; at < count; at += 1) {
      const tone = context.createOscillator();
      tone.frequency.value = hertz;
      tone.connect(level);
      tone.start(context.currentTime + at * 0.3);
      tone.stop(context.currentTime + at * 0.3 + 0.2);
    }
    setTimeout(() => context.close(), 400 * count + 500);
  } catch {
    // The words on the screen say it.
  }
}
